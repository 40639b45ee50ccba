/* SPDX-License-Identifier: MIT */
/*
 * The archive reader: INPUT as an archive, and then as the tar inside one that is otherwise sound, since no
 * change to a compressed frame gets past its checksum.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "format/archive_reader.h"
#include "format/frame_writer.h"
#include "format/message.h"
#include "format/seal.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the sanitizers' run-time library, where there is one. */
extern void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static void read_archive(int fd)
{
	cleanup_(archive_reader_freep) struct archive_reader *reader = NULL;
	struct archive_extent extent;
	struct archive_member member;
	uint64_t sum = 0;

	lseek(fd, 0, SEEK_SET);
	if (archive_reader_new(fd, 1, &reader) < 0)
		return;
	if (archive_reader_check_complete(reader, &extent) == 0)
		sum += extent.content_size;
	for (unsigned number = 0; archive_reader_next(reader, &member) > 0; number++) {
		cleanup_(message_freep) ProtobufCMessage *message = NULL;
		const void *piece;
		size_t size;

		if (number % 3 == 0 &&
		    archive_reader_message(reader, &cr__seal__descriptor, 65536, &message) < 0)
			break;
		while (number % 3 == 1 && archive_reader_data(reader, &piece, &size) == 0 && size > 0)
			sum += ((const uint8_t *)piece)[size - 1];
	}
	/* What was read is used, so that nothing of it is left out. */
	__asm__ volatile("" : : "r"(sum));
}

static int make_frames(int fd, const uint8_t *data, size_t size)
{
	cleanup_(frame_writer_freep) struct frame_writer *frames = NULL;
	int r = frame_writer_new(fd, "the input", -5, 1, &frames);

	if (r == 0)
		r = frame_writer_write(frames, data, size);
	return r < 0 ? r : frame_writer_finish(frames);
}

static void run(const uint8_t *data, size_t size)
{
	cleanup_close int archive = memfd_create("archive", MFD_CLOEXEC);
	cleanup_close int framed = memfd_create("framed", MFD_CLOEXEC);

	if (archive < 0 || framed < 0 || file_write_full(archive, data, size) < 0)
		return;
	read_archive(archive);
	if (make_frames(framed, data, size) == 0)
		read_archive(framed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int console = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	cleanup_close int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	/* Nearly every input is bad, and is said to be. A sanitizer's report must still be seen. */
	if (console < 0 || nowhere < 0)
		return 0;
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)console);
	dup2(nowhere, STDERR_FILENO);
	run(data, size);
	dup2(console, STDERR_FILENO);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
	return 0;
}
