/* energy_meter.c: one energy meter of the machine, and how it is read.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/energy/energy_meter.h"

#include <fcntl.h>
#include <stddef.h>

#include "runtime/energy/energy_raw.h"

#define PATH_BYTES  (METER_FOLDER_BYTES + METER_FILE_BYTES + 2)
#define TEXT_BYTES  32
#define DISCHARGING "Discharging"
#define NS_PER_S    1e9
#define UNKNOWN_W   1000.0 /* assumed where a meter tells no limit: more than any one package takes */
#define VALUE_MAX   (UINT64_MAX / 16) /* more is no energy, and no power, of a machine */
#define SLACK_S     1.0               /* of doubt about when a counter was last brought up to date */

/* ---- files ---- */

static long put(char *path, long at, const char *text)
{
	for (; *text && at < PATH_BYTES - 1; text++)
		path[at++] = *text;
	path[at] = 0;
	return at;
}

static int open_file(const char *folder, const char *file)
{
	char path[PATH_BYTES];
	long at = put(path, 0, folder);

	put(path, put(path, at, "/"), file);
	return (int)raw_syscall(SYS_openat,
	                        (struct raw_call){AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0});
}

void meter_close(struct meter_fds *fds)
{
	for (int i = 0; i < METER_FILES; i++) {
		if (fds->fd[i] >= 0)
			raw_syscall(SYS_close, (struct raw_call){fds->fd[i], 0, 0, 0});
		fds->fd[i] = -1;
	}
}

bool meter_open(const struct energy_meter *m, struct meter_fds *fds)
{
	bool ok = true;

	for (int i = 0; i < METER_FILES; i++) {
		fds->fd[i] = m->file[i][0] ? open_file(m->folder, m->file[i]) : -1;
		ok &= fds->fd[i] >= 0 || !m->file[i][0];
	}
	return ok;
}

/* The bytes of a small file, from its beginning; how many, or negative. */
static long read_text(int fd, char text[TEXT_BYTES])
{
	long n = raw_syscall(SYS_pread64, (struct raw_call){fd, (long)text, TEXT_BYTES - 1, 0});

	text[n > 0 ? n : 0] = 0;
	return n;
}

/* The number in a file; power that flows the other way has a minus sign, and
 * is told by its size. */
static bool read_number(int fd, uint64_t *value)
{
	char text[TEXT_BYTES];
	const char *p = text;
	uint64_t v = 0;

	if (read_text(fd, text) <= 0)
		return false;
	p += *p == '-';
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9' && v <= VALUE_MAX; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	*value = v;
	return v <= VALUE_MAX && (!*p || *p == '\n');
}

static bool is_discharging(int fd)
{
	char text[TEXT_BYTES];
	long n = read_text(fd, text);
	long i = 0;

	while (i < (long)sizeof(DISCHARGING) - 1 && i < n && text[i] == DISCHARGING[i])
		i++;
	return i == (long)sizeof(DISCHARGING) - 1;
}

/* ---- sums ---- */

/* A counter that went back has wrapped around, when what it then counted is
 * plausible; else it was set to zero (a driver loaded anew, a battery
 * recharged), and what it had counted before that is lost. */
static double counted(struct energy_meter *m, uint64_t value, double unit_uj, double dt_s)
{
	bool back = m->falls ? value > m->last : value < m->last;
	double units;

	if (!back)
		return (m->falls ? (double)(m->last - value) : (double)(value - m->last)) * unit_uj;
	if (m->range && !m->falls && m->last <= m->range) {
		units = (double)(m->range - m->last + value);
		if (units * unit_uj <= (m->most_w > 0 ? m->most_w : UNKNOWN_W) * 1e6 * (dt_s + SLACK_S))
			return units * unit_uj;
	}
	m->restarts++;
	return 0;
}

void meter_take(struct energy_meter *m, uint64_t value, double factor, uint64_t now, double raw_ns)
{
	double unit = factor * m->scale, power_uw = (double)value * unit;
	double longest_ns = meter_longest_ns(m), dt_ns;

	if (m->has_last) {
		dt_ns = (double)(now - m->last_raw) * raw_ns;
		m->changes += value != m->last;
		m->gaps += longest_ns > 0 && dt_ns > longest_ns;
		if (m->is_power)
			m->sum_uj += (m->last_uw + power_uw) / 2 * (dt_ns / NS_PER_S);
		else
			m->sum_uj += counted(m, value, unit, dt_ns / NS_PER_S);
	}
	m->has_last = true;
	m->last = value;
	m->last_uw = power_uw;
	m->last_raw = now;
}

enum meter_result meter_read(struct energy_meter *m, const struct meter_fds *fds, uint64_t now, double raw_ns)
{
	uint64_t value, factor = 1;

	if (m->file[METER_STATUS][0] && !is_discharging(fds->fd[METER_STATUS])) {
		m->has_last = false;
		return METER_AWAY;
	}
	if (!read_number(fds->fd[METER_VALUE], &value) || (m->range && value > m->range)
	    || (m->file[METER_FACTOR][0] && !read_number(fds->fd[METER_FACTOR], &factor))) {
		m->failures++;
		m->has_last &= !m->is_power; /* a counter goes on counting meanwhile */
		return METER_UNREADABLE;
	}
	meter_take(m, value, (double)factor, now, raw_ns);
	return METER_READ;
}

void meter_restart(struct energy_meter *m)
{
	m->has_last = false;
	m->sum_uj = 0;
	m->changes = m->restarts = m->failures = m->gaps = 0;
}

double meter_longest_ns(const struct energy_meter *m)
{
	if (!m->range || m->is_power)
		return 0;
	return (double)m->range * m->scale / 1e6 / (m->most_w > 0 ? m->most_w : UNKNOWN_W) * NS_PER_S;
}
