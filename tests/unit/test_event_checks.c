/* SPDX-License-Identifier: MIT */
/* What is a valid entry of the kinds of files that tell of events. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/fd/eventfd.h"

/* CHECK is 0 for ENTRY as it is, and -EBADMSG with a reason after CHANGE. */
#define assert_good(check, entry)                                                                            \
	do {                                                                                                 \
		const char *reason_ = NULL;                                                                  \
		assert_int_equal(check(&(entry), &reason_), 0);                                              \
		assert_null(reason_);                                                                        \
	} while (0)
#define assert_bad(check, entry)                                                                             \
	do {                                                                                                 \
		const char *reason_ = NULL;                                                                  \
		assert_int_equal(check(&(entry), &reason_), -EBADMSG);                                       \
		assert_non_null(reason_);                                                                    \
	} while (0)

static void eventfd_counts(void **state maybe_unused)
{
	Cr__Eventfd entry = CR__EVENTFD__INIT;

	assert_good(eventfd_check, entry);
	entry.count = UINT64_MAX - 1;
	entry.is_semaphore = 1;
	assert_good(eventfd_check, entry);
	entry.count = UINT64_MAX;
	assert_bad(eventfd_check, entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eventfd_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
