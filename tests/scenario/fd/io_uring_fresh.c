/* SPDX-License-Identifier: MIT */
/* needs: root */
/* io_urings that were never used, of several kinds, are there again and work. */
#include "io_urings.h"

int main(void)
{
	struct ring plain = ring_make(8, 0), tiny = ring_make(1, 0);
	struct ring large = ring_make(64, IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
	struct ring flat = ring_make(16, RING_SETUP_NO_SQARRAY | RING_SETUP_SINGLE_ISSUER);
	struct ring lazy = ring_make(16, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);
	struct ring *const rings[] = {&plain, &tiny, &large, &flat, &lazy};

	scenario_checkpoint();
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		scenario_check_equal(*ring_word(rings[i], rings[i]->params.sq_off.head), 0);
		scenario_check_equal(*ring_word(rings[i], rings[i]->params.cq_off.tail), 0);
		ring_check_works(rings[i]);
	}
	scenario_pass();
}
