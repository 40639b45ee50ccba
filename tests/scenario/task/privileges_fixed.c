/* SPDX-License-Identifier: MIT */
/* no_new_privs of an ordinary user's process stays set. */
/* user: 65534 */
/* needs: root */
#include <sys/prctl.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[16];

	scenario_check_equal(getuid(), 65534);
	scenario_call(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	scenario_status_field("NoNewPrivs", text, sizeof(text));
	scenario_check(strcmp(text, "1") == 0);
	scenario_check_equal(getuid(), 65534);
	scenario_check_equal(getgroups(0, NULL), 0);
	scenario_pass();
}
