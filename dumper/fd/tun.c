/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of TUN and TAP devices, at dump.
 *
 * A device goes with its last descriptor, unless it is told to stay; it is made again then. What other
 * programs have given it, such as addresses and routes, would be gone.
 */
#include "format/fd/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/netlink/tun_link.h"
#include "common/vector.h"
#include "dumper/fd/named_file.h"

#define ROUTES_SIZE_MAX ((size_t)16 << 20)

/* A descriptor that is attached to a device which goes with it. */
struct tun_entry {
	const struct process *process;
	int fd;
	const Cr__TunFile *image;
	uint32_t queue_count; /* of the device */
};

/* The state of the kind. */
struct tun_files {
	struct tun_entry *entries;
	size_t entries_count, entries_capacity;
};

static bool tun_matches(const struct fd_info *info)
{
	return S_ISCHR(info->stat.st_mode) && info->stat.st_rdev == makedev(10, 200) &&
	       !(info->flags & O_PATH) && fd_info_has_path(info);
}

static int stat_network(int fd, struct stat *ret_stat)
{
	return fd < 0 || fstat(fd, ret_stat) < 0 ? -errno : 0;
}

/* It belongs to the network in which it was opened. */
static int check_network(struct dump *dump, int our_fd)
{
	cleanup_close int own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	cleanup_close int fd = ioctl(our_fd, SIOCGSKNS);
	struct stat own, other;
	int r = stat_network(own_fd, &own);

	if (r == 0)
		r = stat_network(fd, &other);
	if (r < 0)
		return log_error_errno(r, "cannot ask which network its tunnel belongs to");
	if (own.st_dev != other.st_dev || own.st_ino != other.st_ino)
		blockers_add(
			&dump->blockers,
			"its tunnel (%s) belongs to another network namespace than its process, which cannot "
			"be preserved",
			"/dev/net/tun");
	return 0;
}

/* Those that the kernel gives by itself do not count. */
static int has_address(const char *name, bool *ret_has_address)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) < 0)
		return log_error_errno(-errno, "cannot ask for the addresses of network devices");
	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)at->ifa_addr;

		if (!at->ifa_addr || strcmp(at->ifa_name, name) != 0)
			continue;
		if (at->ifa_addr->sa_family == AF_INET ||
		    (at->ifa_addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)))
			*ret_has_address = true;
	}
	freeifaddrs(list);
	return 0;
}

/* The first word of a line is the device. */
static int has_route(const char *name, bool *ret_has_route)
{
	cleanup_free char *text = NULL;
	size_t length = strlen(name);
	int r = file_read_at(AT_FDCWD, "/proc/thread-self/net/route", ROUTES_SIZE_MAX, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : log_error_errno(r, "cannot read routes");
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, name, length) == 0 && line[length] == '\t')
			*ret_has_route = true;
	return 0;
}

static int check_surroundings(struct dump *dump, const char *name)
{
	bool has_any = false;
	int r = has_address(name, &has_any);

	if (r == 0)
		r = has_route(name, &has_any);
	if (has_any)
		blockers_add(
			&dump->blockers,
			"its network device '%s' has addresses or routes, and goes with the program, which "
			"cannot be preserved: make it one that stays (TUNSETPERSIST, ip tuntap add)",
			name);
	return r;
}

static int ask_device(int fd, unsigned long request, const char *name, struct ifreq *ret_request)
{
	*ret_request = (struct ifreq){0};
	memcpy(ret_request->ifr_name, name, strnlen(name, IF_NAMESIZE - 1));
	return ioctl(fd, request, ret_request) < 0
		       ? log_error_errno(-errno, "cannot ask about network device '%s'", name)
		       : 0;
}

static int collect_device(struct dump *dump, const Cr__TunFile *image, int our_fd, Cr__TunDevice *device)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request;
	int r = fd < 0 ? log_error_errno(-errno, "cannot make a socket")
		       : ask_device(fd, SIOCGIFFLAGS, image->name, &request);

	device->flags = (uint16_t)request.ifr_flags & TUN_DEVICE_FLAGS;
	if (r == 0)
		r = ask_device(fd, SIOCGIFMTU, image->name, &request);
	device->mtu = (uint32_t)request.ifr_mtu;
	if (r == 0)
		r = ask_device(fd, SIOCGIFTXQLEN, image->name, &request);
	device->queue_length = (uint32_t)request.ifr_qlen;
	if (r == 0)
		r = ask_device(fd, SIOCGIFINDEX, image->name, &request);
	device->index = (uint32_t)request.ifr_ifindex;
	if (r == 0)
		r = ask_device(fd, SIOCGIFHWADDR, image->name, &request);
	if (r < 0)
		return r;
	device->link_type = request.ifr_hwaddr.sa_family;
	if (image->flags & IFF_TAP)
		device->hardware_address = arena_bytes(&dump->arena, request.ifr_hwaddr.sa_data, 6);
	if (image->flags & IFF_TAP && !device->hardware_address.data)
		return log_error_errno(-ENOMEM, "cannot note its network device");
	return ioctl(our_fd, TUNGETSNDBUF, &device->send_buffer) < 0
		       ? log_error_errno(-errno, "cannot ask for the buffer of its network device")
		       : check_surroundings(dump, image->name);
}

/* A device that goes with its descriptors. */
static int collect_going(struct dump *dump, struct tun_entry *entry, Cr__TunFile *image, int our_fd)
{
	Cr__TunDevice *device = arena_new(&dump->arena, Cr__TunDevice);
	struct tun_link link;
	int r = device ? tun_link_read(image->name, &link) : -ENOMEM;

	if (r < 0)
		return log_error_errno(r, "cannot ask about network device '%s'", image->name);
	cr__tun_device__init(device);
	entry->queue_count = link.queue_count;
	device->has_owner = link.owner >= 0;
	device->owner = device->has_owner ? (uint32_t)link.owner : 0;
	device->has_group = link.group >= 0;
	device->group = device->has_group ? (uint32_t)link.group : 0;
	image->device = device;
	if (image->flags & IFF_VNET_HDR)
		blockers_add(
			&dump->blockers,
			"its network device '%s' takes work off the program's hands (IFF_VNET_HDR), and goes "
			"with the program, which cannot be preserved: make it one that stays "
			"(TUNSETPERSIST, ip tuntap add)",
			image->name);
	return collect_device(dump, image, our_fd, device);
}

static int collect_attachment(struct dump *dump, struct tun_entry *entry, Cr__TunFile *image, int our_fd)
{
	struct ifreq request = {0};
	struct pollfd input = {.fd = our_fd, .events = POLLIN};

	/* EBADFD: it is attached to none. */
	if (ioctl(our_fd, TUNGETIFF, &request) < 0)
		return errno == EBADFD ? 0 : log_error_errno(-errno, "cannot ask which tunnel it is");
	image->name = arena_format(&dump->arena, "%.*s", IF_NAMESIZE - 1, request.ifr_name);
	image->flags = (uint16_t)request.ifr_flags;
	if (!image->name)
		return log_error_errno(-ENOMEM, "cannot note its network device");
	if (!(image->flags & IFF_NOFILTER))
		blockers_add(&dump->blockers,
			     "its network device '%s' has a filter (TUNATTACHFILTER), which cannot be read, "
			     "and so "
			     "not be preserved",
			     image->name);
	if (poll(&input, 1, 0) == 1 && input.revents & POLLIN)
		log_notice("left out the packets that wait in its tunnel '%s'", image->name);
	return image->flags & IFF_PERSIST ? 0 : collect_going(dump, entry, image, our_fd);
}

static int tun_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
		       struct open_file *file)
{
	Cr__TunFile *image = arena_new(&dump->arena, Cr__TunFile);
	struct tun_files *files = dump->fd_kind_states[FD_KIND_tun] ?: calloc(1, sizeof(*files));
	struct tun_entry *entry;
	int r = named_file_collect(dump, process, info, file);

	dump->fd_kind_states[FD_KIND_tun] = files;
	if (r < 0)
		return r;
	entry = files ? vector_append(files, entries) : NULL;
	if (!image || !entry)
		return log_error_errno(-ENOMEM, "cannot note its tunnel");
	cr__tun_file__init(image);
	image->file = (Cr__NamedFile *)(uintptr_t)file->entry;
	*entry = (struct tun_entry){.process = process, .fd = info->fd, .image = image};
	r = check_network(dump, info->our_fd);
	if (r == 0)
		r = collect_attachment(dump, entry, image, info->our_fd);
	file->entry = &image->base;
	return r;
}

static uint32_t count_descriptors(const struct tun_files *files, const char *name)
{
	uint32_t count = 0;

	for (size_t i = 0; i < files->entries_count; i++)
		count += strcmp(files->entries[i].image->name, name) == 0;
	return count;
}

static int tun_check_outside(struct dump *dump)
{
	const struct tun_files *files = dump->fd_kind_states[FD_KIND_tun];

	for (size_t i = 0; files && i < files->entries_count; i++) {
		const struct tun_entry *entry = &files->entries[i];

		if (!entry->image->device ||
		    entry->queue_count <= count_descriptors(files, entry->image->name))
			continue;
		LOG_SCOPE("pid %d (%s): fd %d", (int)entry->process->pidref.pid, entry->process->status.name,
			  entry->fd);
		blockers_add(
			&dump->blockers,
			"its network device '%s' has queues of other processes, which are not part of the "
			"dump: dump all from a common parent",
			entry->image->name);
	}
	return 0;
}

static void tun_done(struct dump *dump)
{
	struct tun_files *files = dump->fd_kind_states[FD_KIND_tun];

	if (!files)
		return;
	free(files->entries);
	free(files);
	dump->fd_kind_states[FD_KIND_tun] = NULL;
}

const struct fd_dumper tun_fd_dumper = {
	.name = "tun",
	.matches = tun_matches,
	.collect = tun_collect,
	.check = tun_check_outside,
	.done = tun_done,
};
