/* driver.c: run a fuzz target on mutated seeds, the same ones every time.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *     fuzz_trace RUNS LAST SEED...
 *
 * Each run takes a seed in turn and mutates it a few times with a generator of
 * a fixed start. The input in use is in the file LAST, so that it is still
 * there after a crash. Long campaigns link the same target with libFuzzer.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX (4u << 20)

struct input {
	uint8_t *data; /* INPUT_MAX bytes, shared with the file LAST */
	size_t bytes;
};

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t random_below(size_t n)
{
	return n ? (size_t)(random_next() % n) : 0;
}

/* Numbers that parsers trip over, in 1, 2, 4 or 8 bytes. */
static void put_number(struct input *in)
{
	static const uint64_t numbers[] = {0,
	                                   1,
	                                   0x7f,
	                                   0x80,
	                                   0xff,
	                                   0x7fff,
	                                   0xffff,
	                                   0x7fffffff,
	                                   0x80000000,
	                                   0xffffffff,
	                                   0x7fffffffffffffff,
	                                   0xffffffffffffffff};
	uint64_t v = numbers[random_below(sizeof(numbers) / sizeof(numbers[0]))] - random_below(2);
	size_t size = (size_t)1 << random_below(4), at;

	if (in->bytes < size)
		return;
	at = random_below(in->bytes - size + 1);
	memcpy(in->data + at, &v, size);
}

/* Copy a part of the input to elsewhere in it, over what is there or between. */
static void copy_part(struct input *in, int between)
{
	size_t from = random_below(in->bytes), to = random_below(in->bytes), n = random_below(64) + 1;
	uint8_t part[64];

	if (in->bytes < 2)
		return;
	if (n > in->bytes - from)
		n = in->bytes - from;
	memcpy(part, in->data + from, n);
	if (between && in->bytes + n <= INPUT_MAX) {
		memmove(in->data + to + n, in->data + to, in->bytes - to);
		in->bytes += n;
	}
	if (n > in->bytes - to)
		n = in->bytes - to;
	memcpy(in->data + to, part, n);
}

static void remove_part(struct input *in)
{
	size_t at = random_below(in->bytes), n = random_below(64) + 1;

	if (n > in->bytes - at)
		n = in->bytes - at;
	memmove(in->data + at, in->data + at + n, in->bytes - at - n);
	in->bytes -= n;
}

static void mutate(struct input *in)
{
	static const char text[] = "{}[]:,-.\"'0123456789eE#&*!|>\n\t ";

	switch (random_below(8)) {
	case 0:
	case 1:
		if (in->bytes)
			in->data[random_below(in->bytes)] ^= (uint8_t)(1u << random_below(8));
		break;
	case 2:
		if (in->bytes)
			in->data[random_below(in->bytes)] = (uint8_t)random_next();
		break;
	case 3:
		put_number(in);
		break;
	case 4:
		copy_part(in, (int)random_below(2));
		break;
	case 5:
		remove_part(in);
		break;
	case 6:
		if (in->bytes)
			in->data[random_below(in->bytes)] = (uint8_t)text[random_below(sizeof(text) - 1)];
		break;
	default:
		if (random_below(4) == 0)
			in->bytes = random_below(in->bytes + 1);
		break;
	}
}

static int load(const char *path, struct input *in)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, in->data, INPUT_MAX);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -1;
	in->bytes = (size_t)n;
	return 0;
}

int main(int argc, char **argv)
{
	struct input in = {NULL, 0};
	long runs = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
	int last;

	if (runs <= 0) {
		fprintf(stderr, "usage: %s RUNS LAST SEED...\n", argv[0]);
		return 2;
	}
	last = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (last < 0 || ftruncate(last, INPUT_MAX) != 0
	    || (in.data = mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, last, 0)) == MAP_FAILED) {
		perror(argv[2]);
		return 1;
	}
	for (long i = 0; i < runs; i++) {
		const char *seed = argv[3 + i % (argc - 3)];

		if (load(seed, &in) != 0) {
			perror(seed);
			return 1;
		}
		/* The first round takes the seeds as they are. */
		for (size_t k = i < argc - 3 ? 0 : 1 + random_below(6); k > 0; k--)
			mutate(&in);
		if (LLVMFuzzerTestOneInput(in.data, in.bytes) != 0) {
			if (ftruncate(last, (off_t)in.bytes) == 0)
				fprintf(stderr, "run %ld, of %s: the input is in %s\n", i, seed, argv[2]);
			return 1;
		}
	}
	munmap(in.data, INPUT_MAX);
	close(last);
	unlink(argv[2]);
	return 0;
}
