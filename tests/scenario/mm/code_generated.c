/* SPDX-License-Identifier: MIT */
/* Code written at run time goes on: in a writable and executable page, changing itself, and in a sealed one.
 */
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL

typedef int (*function)(void);

/* mov $NUMBER, %eax; ret */
static void write_function(unsigned char *place, int number)
{
	place[0] = 0xb8;
	memcpy(place + 1, &number, sizeof(number));
	place[5] = 0xc3;
}

/* incl 2f(%rip), which is the operand of the mov that follows; mov $N, %eax; ret */
static const unsigned char self_changing[] = {0xff, 0x05, 0x01, 0x00, 0x00, 0x00,
					      0xb8, 0x00, 0x00, 0x00, 0x00, 0xc3};

int main(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	unsigned char *open_page =
		scenario_call(mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0));
	unsigned char *sealed = scenario_call(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0));
	unsigned char *changing = open_page + 256;

	write_function(open_page, 17);
	memcpy(changing, self_changing, sizeof(self_changing));
	write_function(sealed, 4711);
	scenario_call(mprotect(sealed, PAGE, PROT_READ | PROT_EXEC));
	scenario_check_equal(((function)open_page)(), 17);
	scenario_check_equal(((function)changing)(), 1);
	scenario_check_equal(((function)changing)(), 2);
	scenario_checkpoint();
	scenario_check_equal(((function)changing)(), 3);
	scenario_check_equal(((function)open_page)(), 17);
	scenario_check_equal(((function)sealed)(), 4711);
	write_function(open_page, 18);
	scenario_check_equal(((function)open_page)(), 18);
	scenario_pass();
}
