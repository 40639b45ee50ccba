/* SPDX-License-Identifier: MIT */
/* Open files are found again whatever their names are. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static const char *const names[] = {
	"with blank",
	" ",
	"new\nline",
	"trailing newline\n",
	"tab\tand\\backslash\\012",
	"real suffix (deleted)",
	"(deleted)",
	"\xff\xfe\x80 not utf-8",
	"gr\xc3\xbc\xc3\x9f",
	"quote'\"`$HOME*?",
	"-o",
	"%s%n%d",
	"..three dots",
};
#define COUNT (sizeof(names) / sizeof(names[0]))

int main(void)
{
	int fds[COUNT + 1];
	char longest[256], text[4];

	memset(longest, 'n', 255);
	longest[255] = '\0';
	for (size_t i = 0; i <= COUNT; i++) {
		unsigned char byte = (unsigned char)i;

		fds[i] = scenario_call(open(i < COUNT ? names[i] : longest, O_RDWR | O_CREAT | O_EXCL, 0600));
		scenario_check_equal(write(fds[i], &byte, 1), 1);
	}
	/* The name without the suffix is another file. */
	scenario_create("real suffix", 0600);
	scenario_checkpoint();
	for (size_t i = 0; i <= COUNT; i++) {
		struct stat open_one, named_one;

		scenario_check_equal(pread(fds[i], text, 4, 0), 1);
		scenario_check_equal(text[0], (char)i);
		scenario_call(fstat(fds[i], &open_one));
		scenario_call(stat(i < COUNT ? names[i] : longest, &named_one));
		if (open_one.st_ino != named_one.st_ino)
			scenario_fail("the file '%s' is another one", i < COUNT ? names[i] : longest);
	}
	scenario_pass();
}
