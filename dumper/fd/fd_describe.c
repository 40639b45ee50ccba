/* SPDX-License-Identifier: MIT */
/* Says in words what a descriptor leads to, for refusals. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "dumper/fd/fd_info.h"

#define ADDRESS_TEXT_SIZE 512

static const char *or_unnamed(const char *text)
{
	return text ? text : "file";
}

const char *fd_info_printable(const char *text, struct arena *arena)
{
	char *copy = arena_alloc(arena, strlen(text) * 4 + 1), *end = copy;

	if (!copy)
		return "?";
	for (const char *at = text; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			end += sprintf(end, "\\%03o", (unsigned char)*at);
		else
			*end++ = *at;
	}
	return copy;
}

/* netlink(7) */
static const char *netlink_protocol_name(int protocol)
{
	static const char *const names[] = {
		[NETLINK_ROUTE] = "netlink (route)",           [NETLINK_USERSOCK] = "netlink (user)",
		[NETLINK_SOCK_DIAG] = "netlink (sock_diag)",   [NETLINK_XFRM] = "netlink (xfrm)",
		[NETLINK_SELINUX] = "netlink (SELinux)",       [NETLINK_AUDIT] = "netlink (audit)",
		[NETLINK_CONNECTOR] = "netlink (connector)",   [NETLINK_NETFILTER] = "netlink (netfilter)",
		[NETLINK_KOBJECT_UEVENT] = "netlink (uevent)", [NETLINK_GENERIC] = "netlink (generic)",
	};

	if (protocol < 0 || (size_t)protocol >= ARRAY_SIZE(names) || !names[protocol])
		return "netlink";
	return names[protocol];
}

static const char *internet_protocol_name(int type, int protocol)
{
	static const struct {
		int protocol;
		const char *name;
	} protocols[] = {
		{IPPROTO_TCP, "TCP"},   {IPPROTO_UDP, "UDP"},     {IPPROTO_UDPLITE, "UDP-Lite"},
		{IPPROTO_ICMP, "ping"}, {IPPROTO_ICMPV6, "ping"}, {IPPROTO_SCTP, "SCTP"},
		{IPPROTO_DCCP, "DCCP"}, {IPPROTO_MPTCP, "MPTCP"}, {115, "L2TP"},
		{256, "SMC"},
	};

	for (size_t i = 0; type != SOCK_RAW && i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].protocol == protocol)
			return protocols[i].name;
	return type == SOCK_RAW ? "raw IP" : "IP";
}

/* socket(7) domains and the usual names of what is spoken on them. */
static const char *socket_protocol_name(int domain, int type, int protocol)
{
	static const struct {
		int domain;
		const char *name;
	} domains[] = {
		{AF_PACKET, "packet"},
		{AF_VSOCK, "vsock"},
		{AF_ALG, "kernel crypto (AF_ALG)"},
		{AF_BLUETOOTH, "Bluetooth"},
		{AF_CAN, "CAN"},
		{AF_XDP, "XDP"},
		{AF_TIPC, "TIPC"},
		{AF_KEY, "IPsec key (AF_KEY)"},
		{AF_PPPOX, "PPP (AF_PPPOX)"},
		{AF_RDS, "RDS"},
		{AF_SMC, "SMC"},
		{AF_KCM, "KCM"},
		{AF_QIPCRTR, "QIPCRTR"},
		{AF_RXRPC, "RxRPC"},
		{AF_NFC, "NFC"},
		{AF_LLC, "LLC"},
		{AF_PHONET, "Phonet"},
		{AF_IEEE802154, "IEEE 802.15.4"},
		{AF_AX25, "AX.25"},
		{AF_X25, "X.25"},
		{AF_ISDN, "ISDN"},
		{AF_IUCV, "IUCV"},
		{44 /* AF_MCTP */, "MCTP"},
	};

	if (domain == AF_UNIX)
		return type == SOCK_STREAM  ? "unix stream"
		       : type == SOCK_DGRAM ? "unix datagram"
					    : "unix seqpacket";
	if (domain == AF_NETLINK)
		return netlink_protocol_name(protocol);
	if (domain == AF_INET || domain == AF_INET6)
		return internet_protocol_name(type, protocol);
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		if (domains[i].domain == domain)
			return domains[i].name;
	}
	return "unknown";
}

/* " 'NAME'" with a blank in front, or "" for what has none. */
static void format_address(const struct sockaddr_storage *address, socklen_t size,
			   char text[ADDRESS_TEXT_SIZE])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_un *un = (const struct sockaddr_un *)address;
	int length = (int)size - (int)offsetof(struct sockaddr_un, sun_path);
	char host[INET6_ADDRSTRLEN] = "";

	text[0] = '\0';
	if (address->ss_family == AF_INET && inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)))
		snprintf(text, ADDRESS_TEXT_SIZE, " %s:%u", host, ntohs(in->sin_port));
	else if (address->ss_family == AF_INET6 && inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)))
		snprintf(text, ADDRESS_TEXT_SIZE, " [%s]:%u", host, ntohs(in6->sin6_port));
	else if (address->ss_family == AF_UNIX && length > 1 && un->sun_path[0] == '\0')
		snprintf(text, ADDRESS_TEXT_SIZE, " '@%.*s'", length - 1, un->sun_path + 1);
	else if (address->ss_family == AF_UNIX && length > 0)
		snprintf(text, ADDRESS_TEXT_SIZE, " '%.*s'", length, un->sun_path);
}

static const char *describe_socket(const struct fd_info *info, struct arena *arena)
{
	char name[ADDRESS_TEXT_SIZE] = "", peer_name[ADDRESS_TEXT_SIZE] = "";
	struct sockaddr_storage own = {0}, peer = {0};
	const struct socket_type *type = &info->socket;
	socklen_t size = sizeof(own);

	if (type->family < 0)
		return or_unnamed(arena_format(arena, "socket %ju", (uintmax_t)info->stat.st_ino));
	if (getsockname(info->our_fd, (struct sockaddr *)&own, &size) == 0)
		format_address(&own, MIN(size, (socklen_t)sizeof(own)), name);
	size = sizeof(peer);
	if (getpeername(info->our_fd, (struct sockaddr *)&peer, &size) == 0)
		format_address(&peer, MIN(size, (socklen_t)sizeof(peer)), peer_name);
	return or_unnamed(arena_format(
		arena, "%s socket %ju%s%s%s", socket_protocol_name(type->family, type->type, type->protocol),
		(uintmax_t)info->stat.st_ino, fd_info_printable(name, arena),
		peer_name[0] ? " connected to" : "", fd_info_printable(peer_name, arena)));
}

static const char *describe_pipe(const struct fd_info *info, struct arena *arena)
{
	static const char *const ends[] = {"read end", "write end", "both ends", "no end"};
	const char *end = ends[info->flags & O_ACCMODE];

	if (info->link[0] == '/')
		return or_unnamed(arena_format(arena, "FIFO '%s' (inode %ju, %s)",
					       fd_info_printable(info->link, arena),
					       (uintmax_t)info->stat.st_ino, end));
	return or_unnamed(arena_format(arena, "pipe %ju (%s)", (uintmax_t)info->stat.st_ino, end));
}

/* Linux's devices.txt: 4 consoles and serial lines, 5 /dev/tty and the like, 128 to 143 pseudo-terminals. */
static bool is_terminal(dev_t device)
{
	unsigned number = major(device);

	return number == 4 || number == 5 || (number >= 128 && number <= 143);
}

static const char *describe_device(const struct fd_info *info, struct arena *arena)
{
	const char *type = S_ISBLK(info->stat.st_mode)       ? "block device"
			   : is_terminal(info->stat.st_rdev) ? "terminal"
							     : "character device";

	return or_unnamed(arena_format(arena, "%s '%s' (%u:%u)", type, fd_info_printable(info->link, arena),
				       major(info->stat.st_rdev), minor(info->stat.st_rdev)));
}

/* "anon_inode:[eventfd]", "anon_inode:inotify": the kernel's names, where a person knows another, in words.
 */
static const char *describe_anonymous(const struct fd_info *info, struct arena *arena)
{
	static const struct {
		const char *link, *name;
	} names[] = {
		{"[eventpoll]", "epoll instance"},
		{"[eventfd]", "eventfd"},
		{"[timerfd]", "timerfd"},
		{"[signalfd]", "signalfd"},
		{"inotify", "inotify instance"},
		{"[pidfd]", "pidfd"},
		{"[io_uring]", "io_uring instance"},
		{"[userfaultfd]", "userfaultfd"},
		{"[perf_event]", "perf event"},
		{"[fanotify]", "fanotify group"},
		{"seccomp notify", "seccomp listener"},
		{"bpf-map", "BPF map"},
		{"bpf-prog", "BPF program"},
		{"bpf_link", "BPF link"},
		{"bpf-link", "BPF link"},
		{"btf", "BPF type information"},
		{"[landlock-ruleset]", "Landlock ruleset"},
		{"[fscontext]", "file system context (fsopen)"},
		{"kvm-vm", "KVM virtual machine"},
	};
	const char *link = info->link + strlen("anon_inode:");
	const char *pid = fdinfo_get(&info->fdinfo, "Pid");

	if (pid && strcmp(link, "[pidfd]") == 0)
		return or_unnamed(arena_format(arena, "pidfd of process %s", fd_info_printable(pid, arena)));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(link, names[i].link) == 0)
			return names[i].name;
	}
	return or_unnamed(arena_format(arena, "kernel object '%s'", fd_info_printable(link, arena)));
}

static const char *describe_named(const struct fd_info *info, struct arena *arena)
{
	const char *type = "file";

	if (info->filesystem == SECRETMEM_MAGIC)
		return "secret memory (memfd_secret)";
	if (info->filesystem == PROC_SUPER_MAGIC)
		type = S_ISDIR(info->stat.st_mode) ? "process information directory"
						   : "process information file";
	else if (fd_info_is_pseudo(info))
		type = S_ISDIR(info->stat.st_mode) ? "kernel directory" : "kernel file";
	else if (!fd_info_has_path(info))
		type = "memfd";
	return or_unnamed(arena_format(arena, "%s '%s'", type, fd_info_printable(info->link, arena)));
}

/* Devices that hold more for a program than can be asked, by the beginning of their paths. */
static const char *device_advice(const struct fd_info *info)
{
	static const struct {
		const char *prefix, *advice;
	} advices[] = {
		{"/dev/nvidia", ": what the GPU holds cannot be saved: let the program release it first"},
		{"/dev/dri/", ": what the GPU holds cannot be saved: let the program release it first"},
		{"/dev/kfd", ": what the GPU holds cannot be saved: let the program release it first"},
		{"/dev/fuse", ": it serves a file system, which would be cut off: unmount that"},
		{"/dev/watchdog", ": the machine would be reset while nobody looks after it"},
		{"/dev/kmsg", ": how far it has read is not told"},
		{"/dev/rtc", ": alarms and ticks are its driver's: let the program close it first"},
		{"/dev/vfio", ": a device is under the control of the program"},
		{"/dev/snd/", ": what is being played or recorded is its driver's: let the program close it "
			      "first"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (strncmp(info->link, advices[i].prefix, strlen(advices[i].prefix)) == 0)
			return advices[i].advice;
	return "";
}

const char *fd_info_advice(const struct fd_info *info)
{
	if (S_ISCHR(info->stat.st_mode) || S_ISBLK(info->stat.st_mode))
		return device_advice(info);
	if (fd_info_is_anonymous(info, "[perf_event]"))
		return ": stop what is being measured";
	return "";
}

const char *fd_info_describe(const struct fd_info *info, struct arena *arena)
{
	if (strncmp(info->link, "anon_inode:", strlen("anon_inode:")) == 0)
		return describe_anonymous(info, arena);
	if (S_ISFIFO(info->stat.st_mode))
		return describe_pipe(info, arena);
	if (S_ISSOCK(info->stat.st_mode) && !(info->flags & O_PATH))
		return describe_socket(info, arena);
	if (S_ISCHR(info->stat.st_mode) || S_ISBLK(info->stat.st_mode))
		return describe_device(info, arena);
	if (info->link[0] != '/' && !info->is_long)
		return or_unnamed(
			arena_format(arena, "kernel object '%s'", fd_info_printable(info->link, arena)));
	return describe_named(info, arena);
}
