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
	uint64_t pointers_count;
	uint64_t pointers[KERNEL_POINTERS_MAX]; /* where the next address stands, from the last one on */
	uint64_t offset;                        /* what is read, from the last address on */
	uint64_t size;                          /* at most WINDOW_SIZE */
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
#define MOVE(to, from) INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define SET(to, number) INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number)
#define ADD(to, from) INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0)
#define ADD_NUMBER(to, number) INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, number)
#define CALL(function) INSTRUCTION(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define JUMP_IF(how, register, number, count) INSTRUCTION(BPF_JMP | (how) | BPF_K, register, 0, count, number)

#define HEAD_SIZE 6
#define POINTER_SIZE 10
#define TAIL_SIZE 10
#define PROGRAM_SIZE (HEAD_SIZE + KERNEL_POINTERS_MAX * POINTER_SIZE + TAIL_SIZE)
/* Of TAIL, where the result is kept. */
#define RESULT_AT 7

/* Registers: 6 the request, 7 the address; 10 is the kernel's, the end of the stack. */
static void write_program(struct bpf_insn program[PROGRAM_SIZE], int map_fd)
{
	const size_t tail_at = HEAD_SIZE + KERNEL_POINTERS_MAX * POINTER_SIZE;
	const struct bpf_insn head[HEAD_SIZE] = {
		MOVE(6, 1),
		LOAD(7, 6, offsetof(struct request, address)),
		JUMP_IF(BPF_JNE, 7, 0, 3),
		CALL(BPF_FUNC_get_current_task),
		MOVE(7, 0),
		STORE(6, offsetof(struct request, address), 7),
	};
	const struct bpf_insn tail[TAIL_SIZE] = {
		LOAD(2, 6, offsetof(struct request, size)),
		JUMP_IF(BPF_JGT, 2, WINDOW_SIZE, 6), /* to the end */
		INSTRUCTION(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, map_fd),
		INSTRUCTION(0, 0, 0, 0, 0), /* the offset in the value */
		LOAD(3, 6, offsetof(struct request, offset)),
		ADD(3, 7),
		CALL(BPF_FUNC_probe_read_kernel),
		STORE(6, offsetof(struct request, result), 0),
		SET(0, 0),
		INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	memcpy(program, head, sizeof(head));
	for (size_t i = 0; i < KERNEL_POINTERS_MAX; i++) {
		size_t at = HEAD_SIZE + i * POINTER_SIZE;
		const struct bpf_insn pointer[POINTER_SIZE] = {
			LOAD(1, 6, offsetof(struct request, pointers_count)),
			JUMP_IF(BPF_JLE, 1, (int)i, (short)(tail_at - at - 2)),
			LOAD(3, 6, (short)(offsetof(struct request, pointers) + i * sizeof(uint64_t))),
			ADD(3, 7),
			MOVE(1, 10),
			ADD_NUMBER(1, -8),
			SET(2, 8),
			CALL(BPF_FUNC_probe_read_kernel),
			JUMP_IF(BPF_JNE, 0, 0, (short)(tail_at + RESULT_AT - at - 9)),
			LOAD(7, 10, -8),
		};

		memcpy(program + at, pointer, sizeof(pointer));
	}
	memcpy(program + tail_at, tail, sizeof(tail));
}

static int load_program(struct kernel_memory *memory)
{
	struct bpf_insn program[PROGRAM_SIZE];
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.prog_flags = BPF_F_SLEEPABLE, /* as this type has to be */
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (uintptr_t) "Dual MIT/GPL", /* the function that reads is for such */
	};

	write_program(program, memory->map_fd);
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

uint64_t kernel_member_value(const struct kernel_member *member, uint64_t bytes)
{
	return member->bit_count == 0 ? bytes
				      : bytes >> member->bit_shift & ((UINT64_C(1) << member->bit_count) - 1);
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
	*ret_value = kernel_member_value(member, value);
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

int kernel_memory_follow(struct kernel_memory *memory, struct kernel_address address, const uint32_t *offsets,
			 size_t count, void *buffer, size_t size)
{
	struct request request = {.address = address.value, .size = size};
	int r;

	if (count == 0 || count - 1 > KERNEL_POINTERS_MAX || size > WINDOW_SIZE)
		return -EINVAL;
	request.pointers_count = count - 1;
	for (size_t i = 0; i + 1 < count; i++)
		request.pointers[i] = offsets[i];
	request.offset = offsets[count - 1];
	r = run(memory, &request);
	if (r == 0)
		memcpy(buffer, memory->window, size);
	return r;
}

int kernel_memory_own_file(struct kernel_memory *memory, const struct kernel_descriptors *descriptors, int fd,
			   struct kernel_address *ret_file)
{
	const uint32_t way[] = {descriptors->task_files.offset, descriptors->files_table.offset,
				descriptors->table_fd.offset, (uint32_t)fd * (uint32_t)sizeof(uint64_t)};

	return kernel_memory_follow(memory, (struct kernel_address){0}, way, ARRAY_SIZE(way),
				    &ret_file->value, sizeof(ret_file->value));
}
