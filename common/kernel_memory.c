/* SPDX-License-Identifier: MIT */
/* Reads kernel memory by a BPF program. */
#include "common/kernel_memory.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* What one run of the program reads at most: the size of its window, one page. */
#define WINDOW_SIZE PAGE_SIZE_BYTES

/* What the program gets, and gives back. */
struct request {
	uint64_t address; /* 0: it is to become that of the calling task */
	uint64_t size;    /* at most WINDOW_SIZE */
	int64_t result;
};

struct kernel_memory {
	int program_fd, map_fd;
	void *window; /* the value of the map, mapped */
};

static long bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int make_map(struct kernel_memory *memory)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = WINDOW_SIZE,
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};

	memory->map_fd = (int)bpf(BPF_MAP_CREATE, &attributes);
	if (memory->map_fd < 0)
		return -errno;
	memory->window = mmap(NULL, WINDOW_SIZE, PROT_READ, MAP_SHARED, memory->map_fd, 0);
	if (memory->window != MAP_FAILED)
		return 0;
	memory->window = NULL;
	return -errno;
}

#define INSTRUCTION(operation, to, from, offset, number)                                                     \
	{                                                                                                    \
		.code = (operation), .dst_reg = (to), .src_reg = (from), .off = (offset), .imm = (number)    \
	}
#define LOAD(to, from, offset) INSTRUCTION(BPF_LDX | BPF_MEM | BPF_DW, to, from, offset, 0)
#define STORE(to, offset, from) INSTRUCTION(BPF_STX | BPF_MEM | BPF_DW, to, from, offset, 0)
#define CALL(function) INSTRUCTION(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define JUMP(count) INSTRUCTION(BPF_JMP | BPF_JA, 0, 0, count, 0)

static int load_program(struct kernel_memory *memory)
{
	/* clang-format off */
	const struct bpf_insn program[] = {
		INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0), /* 6: the request */
		LOAD(3, 6, offsetof(struct request, address)),
		LOAD(2, 6, offsetof(struct request, size)),
		INSTRUCTION(BPF_JMP | BPF_JNE | BPF_K, 3, 0, 3, 0), /* to read, if there is an address */
		CALL(BPF_FUNC_get_current_task),
		STORE(6, offsetof(struct request, address), 0),
		JUMP(5), /* to the end */
		/* read: */
		INSTRUCTION(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, memory->map_fd),
		INSTRUCTION(0, 0, 0, 0, 0), /* the offset in the value */
		INSTRUCTION(BPF_JMP | BPF_JGT | BPF_K, 2, 0, 2, WINDOW_SIZE), /* to the end */
		CALL(BPF_FUNC_probe_read_kernel),
		STORE(6, offsetof(struct request, result), 0),
		/* the end: */
		INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	/* clang-format on */
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE, /* as this type has to be */
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (uintptr_t) "Dual MIT/GPL", /* the function that reads is for such */
	};

	memory->program_fd = (int)bpf(BPF_PROG_LOAD, &attributes);
	return memory->program_fd < 0 ? -errno : 0;
}

void kernel_memory_free(struct kernel_memory *memory)
{
	if (memory->window)
		munmap(memory->window, WINDOW_SIZE);
	close_fd(&memory->program_fd);
	close_fd(&memory->map_fd);
	free(memory);
}

int kernel_memory_open(struct kernel_memory **ret_memory)
{
	cleanup_(kernel_memory_freep) struct kernel_memory *memory = calloc(1, sizeof(*memory));
	int r;

	if (!memory)
		return -ENOMEM;
	memory->program_fd = memory->map_fd = -EBADF;
	r = make_map(memory);
	if (r == 0)
		r = load_program(memory);
	if (r < 0)
		return r;
	*ret_memory = take_ptr(memory);
	return 0;
}

static int run(struct kernel_memory *memory, struct request *request)
{
	union bpf_attr attributes = {.test = {
					     .prog_fd = (uint32_t)memory->program_fd,
					     .ctx_in = (uintptr_t)request,
					     .ctx_size_in = sizeof(*request),
				     }};

	return bpf(BPF_PROG_TEST_RUN, &attributes) < 0 ? -errno : (int)request->result;
}

int kernel_memory_read(struct kernel_memory *memory, struct kernel_address address, void *buffer, size_t size)
{
	unsigned char *to = buffer;

	if (address.value == 0)
		return -EFAULT;
	while (size > 0) {
		size_t part = MIN(size, WINDOW_SIZE);
		struct request request = {.address = address.value, .size = part};
		int r = run(memory, &request);

		if (r < 0)
			return r;
		memcpy(to, memory->window, part);
		address = kernel_offset(address, part);
		to += part;
		size -= part;
	}
	return 0;
}

int kernel_memory_read_member(struct kernel_memory *memory, struct kernel_address address,
			      const struct kernel_member *member, uint64_t *ret_value)
{
	uint64_t value = 0;
	int r;

	if (member->size == 0 || member->size > sizeof(value))
		return -EBADMSG;
	r = kernel_memory_read(memory, kernel_offset(address, member->offset), &value, member->size);
	if (r < 0)
		return r;
	if (member->bit_count > 0)
		value = value >> member->bit_shift & ((UINT64_C(1) << member->bit_count) - 1);
	*ret_value = value;
	return 0;
}

int kernel_memory_read_pointer(struct kernel_memory *memory, struct kernel_address address, uint64_t offset,
			       struct kernel_address *ret)
{
	return kernel_memory_read(memory, kernel_offset(address, offset), &ret->value, sizeof(ret->value));
}

int kernel_memory_own_task(struct kernel_memory *memory, struct kernel_address *ret_task)
{
	struct request request = {0};
	int r = run(memory, &request);

	if (r == 0)
		ret_task->value = request.address;
	return r;
}

int kernel_descriptors_find(struct kernel_types *types, struct kernel_descriptors *ret)
{
	int r = kernel_types_find(types, "task_struct.files", &ret->task_files);

	if (r == 0)
		r = kernel_types_find(types, "files_struct.fdt", &ret->files_table);
	return r < 0 ? r : kernel_types_find(types, "fdtable.fd", &ret->table_fd);
}

int kernel_memory_own_file(struct kernel_memory *memory, const struct kernel_descriptors *descriptors, int fd,
			   struct kernel_address *ret_file)
{
	const struct kernel_member slot = {.offset = (uint32_t)fd * sizeof(uint64_t),
					   .size = sizeof(uint64_t)};
	const struct kernel_member *const way[] = {&descriptors->task_files, &descriptors->files_table,
						   &descriptors->table_fd, &slot};
	struct kernel_address at;
	int r = kernel_memory_own_task(memory, &at);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(way); i++)
		r = kernel_memory_read_member(memory, at, way[i], &at.value);
	if (r == 0)
		*ret_file = at;
	return r;
}
