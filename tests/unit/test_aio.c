/* SPDX-License-Identifier: MIT */
/* The sizes of AIO rings, and what of an image is valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "format/task/aio.h"

#define START UINT64_C(0x7f0000000000)

static void counts_slots(void **state maybe_unused)
{
	assert_int_equal(aio_slots(4096), 127);
	assert_int_equal(aio_slots(65536), 2047);
	assert_int_equal(aio_waiting(0, 0, 127), 0);
	assert_int_equal(aio_waiting(5, 126, 127), 121);
	assert_int_equal(aio_waiting(126, 5, 127), 6);
}

static void finds_requests(void **state maybe_unused)
{
	assert_int_equal(aio_requests(4096, 1), 62);
	assert_int_equal(aio_requests(4096, 15), 62);
	/* 16 processors take 64 requests at least, which no longer fit into a page. */
	assert_int_equal(aio_requests(4096, 16), 0);
	assert_int_equal(aio_requests(8192, 16), 126);
	assert_int_equal(aio_requests(8192, 1), 126);
}

/* What the kernel makes of it here. */
static void agrees_with_the_kernel(void **state maybe_unused)
{
	for (unsigned requests = 1; requests < 3000; requests += 97) {
		const struct aio_ring *ring, *again;
		unsigned long context = 0, other = 0;
		uint64_t size;

		if (syscall(SYS_io_setup, requests, &context) < 0)
			skip();
		ring = (const struct aio_ring *)context;
		assert_int_equal(ring->magic, AIO_RING_MAGIC);
		assert_int_equal(ring->header_size, sizeof(*ring));
		size = ALIGN_UP(sizeof(*ring) + (uint64_t)ring->slots * AIO_EVENT_SIZE,
				(uint64_t)PAGE_SIZE_BYTES);
		assert_int_equal(aio_slots(size), ring->slots);
		assert_int_equal(syscall(SYS_io_setup, aio_requests(size, 1), &other), 0);
		again = (const struct aio_ring *)other;
		assert_int_equal(again->slots, ring->slots);
		assert_int_equal(syscall(SYS_io_destroy, context), 0);
		assert_int_equal(syscall(SYS_io_destroy, other), 0);
	}
}

static void checks_contexts(void **state maybe_unused)
{
	Cr__Mapping mapping = CR__MAPPING__INIT, *mappings[] = {&mapping};
	Cr__AioContext context = CR__AIO_CONTEXT__INIT, *contexts[] = {&context, &context};
	Cr__Memory memory = CR__MEMORY__INIT;
	uint8_t events[6 * AIO_EVENT_SIZE];

	memory.mappings = mappings;
	memory.n_mappings = 1;
	memory.aio_contexts = contexts;
	mapping.start = START;
	mapping.end = START + 4096;
	assert_int_equal(aio_check(&memory), 0);
	mapping.kind = CR__MAPPING_KIND__MAPPING_AIO;
	assert_int_equal(aio_check(&memory), -EBADMSG);
	memory.n_aio_contexts = 1;
	assert_int_equal(aio_check(&memory), -EBADMSG);
	context.start = START;
	assert_int_equal(aio_check(&memory), 0);
	memory.n_aio_contexts = 2;
	assert_int_equal(aio_check(&memory), -EBADMSG);
	memory.n_aio_contexts = 1;
	context.head = 126;
	context.tail = 5;
	context.events = (ProtobufCBinaryData){sizeof(events), events};
	assert_int_equal(aio_check(&memory), 0);
	context.events.len--;
	assert_int_equal(aio_check(&memory), -EBADMSG);
	context.events.len++;
	context.head = 127;
	assert_int_equal(aio_check(&memory), -EBADMSG);
	context.head = 126;
	context.tail = UINT32_MAX;
	assert_int_equal(aio_check(&memory), -EBADMSG);
	context.tail = 5;
	mapping.end = START + (UINT64_C(1) << 40);
	assert_int_equal(aio_check(&memory), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_slots),
		cmocka_unit_test(finds_requests),
		cmocka_unit_test(agrees_with_the_kernel),
		cmocka_unit_test(checks_contexts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
