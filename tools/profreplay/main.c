/* main.c: profreplay, which prices a recorded run on other devices.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/arch/arch_schema.h"
#include "tools/profreplay/profreplay.h"

int main(int argc, char **argv)
{
	struct session s = {.n_replays = 0};
	struct diag d = {""};
	int rc;

	cli_begin();
	rc = settings_parse(&s.set, argc, argv);
	if (rc != CLI_GO_ON) {
		session_release(&s);
		return cli_finish("profreplay", rc);
	}
	rc = CLI_OK;
	if (s.set.arch_schema)
		arch_schema_print(stdout);
	else if (s.set.check_arch)
		rc = check_archs(&s.set);
	else if (session_archs(&s, &d))
		rc = cli_error("profreplay", d.text);
	else if (s.set.list_archs)
		session_list_archs(&s);
	else if (s.set.validate ? validate_print(&s, &d) : session_run(&s, &d) || session_print(&s, &d))
		rc = cli_error("profreplay", d.text);
	session_release(&s);
	return cli_finish("profreplay", rc);
}
