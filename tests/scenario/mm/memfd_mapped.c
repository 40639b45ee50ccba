/* SPDX-License-Identifier: MIT */
/* Mappings of a memfd, shared and private, writable or not, share it with its descriptor; also of one that is
 * sealed, or that nothing but a mapping has. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL
#define SIZE (64 * PAGE)
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif

static char *map(int fd, int protection, int flags)
{
	return scenario_call(mmap(NULL, SIZE, protection, flags, fd, 0));
}

static int make(unsigned flags)
{
	int fd = scenario_call(memfd_create("mapped", flags));

	scenario_call(ftruncate(fd, SIZE));
	return fd;
}

int main(void)
{
	int fd = make(0), sealed = make(MFD_ALLOW_SEALING), future = make(MFD_ALLOW_SEALING), lone = make(0);
	char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *again = map(fd, PROT_READ, MAP_SHARED);
	char *private = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *written = map(future, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *first = map(lone, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *second = map(lone, PROT_READ | PROT_WRITE, MAP_SHARED), *constant;

	scenario_fill(shared, SIZE / 2, 1);
	private[3 * PAGE] = 'p';
	scenario_check_equal(pwrite(sealed, "sealed", 6, PAGE), 6);
	scenario_call(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
	constant = map(sealed, PROT_READ, MAP_PRIVATE);
	written[0] = 'w';
	scenario_call(fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	first[5 * PAGE] = '5';
	scenario_call(close(lone));
	scenario_checkpoint();
	scenario_check(scenario_is_filled(shared, SIZE / 2, 1));
	scenario_check(scenario_is_filled(again, SIZE / 2, 1));
	scenario_check_equal(private[3 * PAGE], 'p');
	scenario_check_equal(private[4 * PAGE], shared[4 * PAGE]);
	scenario_check_equal(pwrite(fd, "new", 3, PAGE), 3);
	scenario_check(memcmp(shared + PAGE, "new", 3) == 0 && memcmp(again + PAGE, "new", 3) == 0);
	shared[60 * PAGE] = 'q';
	scenario_check_equal(again[60 * PAGE], 'q');
	scenario_check(memcmp(constant + PAGE, "sealed", 6) == 0);
	scenario_check_equal(fcntl(sealed, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
	scenario_check_equal(written[0], 'w');
	written[PAGE] = 'x';
	scenario_check(pwrite(future, "x", 1, 0) < 0 && errno == EPERM);
	scenario_check_equal(second[5 * PAGE], '5');
	second[6 * PAGE] = '6';
	scenario_check_equal(first[6 * PAGE], '6');
	scenario_pass();
}
