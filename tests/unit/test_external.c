/* SPDX-License-Identifier: MIT */
/* Keys of open files that lead outside, and what a valid one is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "format/fd/external.h"

static void keys_have_one_form(void **state maybe_unused)
{
	static const struct {
		const char *text, *form;
	} samples[] = {
		{"unix[4711]", "unix[4711]"},
		{"socket:[4711]", "unix[4711]"},
		{"socket[4711]", "unix[4711]"},
		{"pipe:[1]", "pipe[1]"},
		{"tty[8803:1b]", "tty[8803:1b]"},
		{"file[1C:a3f]", "file[1c:a3f]"},
		{"pipe[18446744073709551615]", "pipe[18446744073709551615]"},
	};
	char text[EXTERNAL_KEY_SIZE];
	struct external_key key;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		assert_int_equal(external_key_parse(samples[i].text, &key), 0);
		assert_string_equal(external_key_format(&key, text), samples[i].form);
	}
}

static void other_texts_are_no_keys(void **state maybe_unused)
{
	static const char *const texts[] = {
		"",          "unix",      "unix[",       "unix[]", "unix[1",   "unix[1]x",
		"unix[-1]",  "unix[1:2]", "mnt[1]",      "tty[1]", "file[1:]", "pipe[99999999999999999999]",
		"unix::[1]", "unixes[1]", "file[1:2:3]",
	};
	struct external_key key;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(external_key_parse(texts[i], &key), -EINVAL);
}

static void entries_fit_their_keys(void **state maybe_unused)
{
	Cr__OpenFile file = CR__OPEN_FILE__INIT;
	Cr__External external = CR__EXTERNAL__INIT;
	const char *reason;

	external.key = (char *)"unix[1]";
	external.type = S_IFSOCK;
	external.socket_type = SOCK_SEQPACKET;
	file.flags = O_RDWR;
	assert_int_equal(external_check(&file, &external, &reason), 0);
	external.socket_type = SOCK_RAW;
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
	external.socket_type = SOCK_DGRAM;
	external.standard = 8;
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
	external.standard = 7;
	assert_int_equal(external_check(&file, &external, &reason), 0);
	external.key = (char *)"pipe[1]";
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
	external.type = S_IFIFO;
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
	external.socket_type = 0;
	assert_int_equal(external_check(&file, &external, &reason), 0);
	file.flags = O_ACCMODE;
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
	file.flags = O_RDONLY;
	external.key = (char *)"pipe";
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
	external.key = NULL;
	assert_int_equal(external_check(&file, &external, &reason), -EBADMSG);
}

static void records_have_a_process(void **state maybe_unused)
{
	Cr__ExternalFile external = CR__EXTERNAL_FILE__INIT;
	const char *reason;

	external.key = (char *)"tty[1:2]";
	external.pid = 1;
	external.fd = -1;
	assert_int_equal(external_file_check(&external, &reason), 0);
	external.fd = -2;
	assert_int_equal(external_file_check(&external, &reason), -EBADMSG);
	external.fd = 0;
	external.pid = 0;
	assert_int_equal(external_file_check(&external, &reason), -EBADMSG);
	external.pid = 1;
	external.key = (char *)"";
	assert_int_equal(external_file_check(&external, &reason), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_one_form),
		cmocka_unit_test(other_texts_are_no_keys),
		cmocka_unit_test(entries_fit_their_keys),
		cmocka_unit_test(records_have_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
