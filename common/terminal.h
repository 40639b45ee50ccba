/* SPDX-License-Identifier: MIT */
/* What can be asked of a terminal, and set, through a descriptor (ioctl_tty(2)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

/* NCCS of the kernel. */
#define TERMINAL_CHARACTERS 19

/* struct termios2, which the headers of libc do not let one use beside its own. */
struct terminal_modes {
	uint32_t input_flags, output_flags, control_flags, local_flags;
	uint8_t line;
	unsigned char characters[TERMINAL_CHARACTERS];
	uint32_t input_speed, output_speed;
};

struct terminal_settings {
	struct terminal_modes modes;
	struct terminal_modes locked; /* bits set: cannot be changed; no speeds */
	uint16_t rows, columns, width_pixels, height_pixels;
};

/* Through a master, those of its slave. -ENOTTY: no terminal; -EIO: it is hung up. */
int must_check terminal_read_settings(int fd, struct terminal_settings *ret);

/* At once, whatever is waiting to be put out. -EINVAL if the terminal does not take all of it. */
int must_check terminal_set_modes(int fd, const struct terminal_modes *modes);
int must_check terminal_read_modes(int fd, struct terminal_modes *ret);
/* Needs CAP_SYS_ADMIN unless nothing is locked. */
int must_check terminal_set_locked(int fd, const struct terminal_modes *locked);
int must_check terminal_set_window(int fd, const struct terminal_settings *settings);

/* No processing and no echo, of input and output. Lines and EXTPROC stay as they are. */
void terminal_make_plain(struct terminal_modes *modes);

/* Input is processed by whoever has the master (EXTPROC). */
bool terminal_has_external_processing(const struct terminal_modes *modes);

/* By the flags: input comes in lines; the stop character stops output. */
bool terminal_is_canonical(uint32_t local_flags);
bool terminal_has_flow_control(uint32_t input_flags);

/* Output is stopped and started by ^S and ^Q: what packet mode tells the master by TIOCPKT_DOSTOP
 * (ioctl_tty(2)). */
bool terminal_has_usual_flow_control(const struct terminal_modes *modes);
void terminal_set_usual_flow_control(struct terminal_modes *modes, bool is_on);
#define TERMINAL_STOP '\023'
#define TERMINAL_START '\021'

/* The device number of the terminal behind FD, which for /dev/tty and /dev/console is another than the
 * node's (TIOCGDEV). For a master, its slave's. */
int must_check terminal_device(int fd, dev_t *ret_device);

/* The device number that /proc/PID/stat and TIOCGDEV write as ENCODED. */
dev_t terminal_decode_device(uint32_t encoded);

/* Pseudo-terminals have the numbers 136:0 and up (Linux, devices.txt); the index is the minor number. */
bool terminal_is_pseudo(dev_t device);
dev_t terminal_pseudo_device(unsigned index);

/*
 * Of a master: the filesystem that its slave's node is on, and, unless RET_FD is NULL, an O_PATH descriptor
 * of the node, which does not open it. -EIO: the master is hung up.
 */
int must_check terminal_find_slave(int master_fd, dev_t *ret_filesystem, int *ret_fd);

/* A number that an ioctl(2) gives, as TIOCGPTN does. */
int must_check terminal_get_number(int fd, unsigned long request, unsigned *ret_number);
