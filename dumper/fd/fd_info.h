/* SPDX-License-Identifier: MIT */
/* One descriptor of a frozen process, as far as it can be seen whatever its kind. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "common/arena.h"
#include "common/pidref.h"
#include "common/proc/fdinfo.h"
#include "dumper/fd/own_files.h"

/* statfs(2) of POSIX message queues, mq_overview(7), and others that <linux/magic.h> lacks. */
#define MQUEUE_MAGIC 0x19800202
#define CONFIGFS_MAGIC 0x62656570
#define FUSE_CONTROL_MAGIC 0x65735543

/* SO_DOMAIN, SO_TYPE and SO_PROTOCOL; -1 of what is no socket, or one that was opened with O_PATH. */
struct socket_type {
	int family, type, protocol;
};

struct fd_info {
	int fd;       /* the number in the process */
	int our_fd;   /* of ours, leading to the same open file description */
	char *link;   /* what /proc/PID/fd/N leads to, as seen from our root; owned */
	bool is_long; /* its path is longer than the kernel tells; LINK is "" then */
	struct stat stat;
	int64_t filesystem; /* statfs.f_type, see <linux/magic.h>; 0: not told */
	struct fdinfo fdinfo;
	struct socket_type socket;
	uint32_t flags; /* O_*, without O_CLOEXEC, which is the descriptor's: dumper/task/descriptors.c */
};

/* Silent. -EPERM without ptrace access to the process. OWN_FILES may be NULL, which takes longer. */
int must_check fd_info_read(struct fd_info *ret, const struct pidref *pidref, int proc_fd, int fd,
			    struct own_files *own_files);
void fd_info_done(struct fd_info *info);

/* "/proc" and the like: the content is not that of a file, and the name may mean another process later. */
bool fd_info_is_pseudo(const struct fd_info *info);

/* It was made by memfd_create(2): on a tmpfs or hugetlbfs that is mounted nowhere, under a name that is no
 * path. */
bool fd_info_is_memfd(const struct fd_info *info);

/* It was opened by a path of the file tree, which may be gone by now. */
bool fd_info_has_path(const struct fd_info *info);

/* It is one of the kernel's own, NAME as in "anon_inode:NAME". */
bool fd_info_is_anonymous(const struct fd_info *info, const char *name);

/* What it is and which one, for a message: "pipe 4711 (read end)", "TCP socket 127.0.0.1:22". Never NULL. */
const char *fd_info_describe(const struct fd_info *info, struct arena *arena);

/* What a user can do about it, to stand behind a refusal; "" if nothing is known. Static text. */
const char *fd_info_advice(const struct fd_info *info);

/* TEXT without control characters, for a message. Never NULL. */
const char *fd_info_printable(const char *text, struct arena *arena);
