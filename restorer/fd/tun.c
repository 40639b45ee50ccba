/* SPDX-License-Identifier: MIT */
/* Descriptors of TUN and TAP devices, at restore: the first of a device that had gone makes it. */
#include "format/fd/tun.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/netlink/tun_link.h"
#include "restorer/fd/named_file.h"

extern const struct fd_restorer tun_fd_restorer;

/* What of TUNGETIFF is for TUNSETIFF. */
#define ATTACH_FLAGS                                                                                         \
	(IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE | IFF_NAPI |         \
	 IFF_NAPI_FRAGS)
/* Told of a queue that was taken off for now. */
#define IS_DETACHED(file) ((file)->flags & IFF_DETACH_QUEUE)

static const Cr__TunFile *image_of(const struct object *object)
{
	return (const Cr__TunFile *)object->entry;
}

static int tun_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	int r = tun_check(image_of(object), ret_reason);

	if (r == 0)
		object->path = image_of(object)->file->path;
	return r;
}

static void preflight_object(struct restore *restore, const Cr__TunFile *image)
{
	const char *kind = image->flags & IFF_TAP ? "TAP" : "TUN";
	struct tun_link link;

	if (!image->name[0])
		return;
	if (!kernel_features_has_cap(&restore->features, CAP_NET_ADMIN))
		blockers_add(&restore->blockers, "the %s device '%s': run cr-restore with CAP_NET_ADMIN",
			     kind, image->name);
	if (image->device && if_nametoindex(image->name) != 0)
		blockers_add(
			&restore->blockers,
			"the %s device '%s' is to be made, and there is a network interface of that name: "
			"end the program that has it, or rename it",
			kind, image->name);
	if (!image->device && tun_link_read(image->name, &link) < 0)
		blockers_add(&restore->blockers,
			     "the %s device '%s' is not there: ip tuntap add dev %s mode %s", kind,
			     image->name, image->name, image->flags & IFF_TAP ? "tap" : "tun");
}

static int tun_preflight(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		if (restore->objects[i].kind == &tun_fd_restorer)
			preflight_object(restore, image_of(&restore->objects[i]));
	return 0;
}

static struct ifreq request_for(const char *name)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, name, strnlen(name, IF_NAMESIZE - 1));
	return request;
}

static int set_device(int fd, unsigned long command, const struct ifreq *request, const char *what)
{
	return ioctl(fd, command, request) < 0
		       ? log_error_errno(-errno, "cannot set %s of network device '%s'", what,
					 request->ifr_name)
		       : 0;
}

/* All but that it is up. */
static int dress_device(const Cr__TunFile *image, int tun_fd)
{
	const Cr__TunDevice *device = image->device;
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_for(image->name);
	int r = 0;

	if (fd < 0)
		return log_error_errno(-errno, "cannot make a socket");
	if ((device->has_owner && ioctl(tun_fd, TUNSETOWNER, (unsigned long)device->owner) < 0) ||
	    (device->has_group && ioctl(tun_fd, TUNSETGROUP, (unsigned long)device->group) < 0))
		return log_error_errno(-errno, "cannot set the owner of network device '%s'", image->name);
	if (ioctl(tun_fd, TUNSETSNDBUF, &device->send_buffer) < 0)
		return log_error_errno(-errno, "cannot set the buffer of network device '%s'", image->name);
	if (image->flags & IFF_TUN && ioctl(tun_fd, TUNSETLINK, (unsigned long)device->link_type) < 0)
		return log_error_errno(-errno, "cannot set the type of network device '%s'", image->name);
	if (image->flags & IFF_TAP) {
		request.ifr_hwaddr.sa_family = (unsigned short)device->link_type;
		memcpy(request.ifr_hwaddr.sa_data, device->hardware_address.data,
		       device->hardware_address.len);
		r = set_device(fd, SIOCSIFHWADDR, &request, "the address");
	}
	request = request_for(image->name);
	request.ifr_mtu = (int)device->mtu;
	if (r == 0)
		r = set_device(fd, SIOCSIFMTU, &request, "the packet size");
	request = request_for(image->name);
	request.ifr_qlen = (int)device->queue_length;
	return r < 0 ? r : set_device(fd, SIOCSIFTXQLEN, &request, "the queue length");
}

static int attach(const Cr__TunFile *image, int fd)
{
	bool is_first = image->device && if_nametoindex(image->name) == 0;
	struct ifreq request = request_for(image->name);
	unsigned index = image->device ? image->device->index : 0;
	char taken[IF_NAMESIZE];

	/* Who has its number has it again, unless it was given to another meanwhile. */
	if (is_first && index != 0 && !if_indextoname(index, taken) && ioctl(fd, TUNSETIFINDEX, &index) < 0)
		return log_error_errno(-errno, "cannot choose the number of network device '%s'",
				       image->name);
	request.ifr_flags = (short)(image->flags & ATTACH_FLAGS);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return log_error_errno(-errno, "cannot attach to network device '%s'", image->name);
	if (IS_DETACHED(image)) {
		request = (struct ifreq){.ifr_flags = IFF_DETACH_QUEUE};
		if (ioctl(fd, TUNSETQUEUE, &request) < 0)
			return log_error_errno(-errno, "cannot take a queue off network device '%s'",
					       image->name);
	}
	return is_first ? dress_device(image, fd) : 0;
}

static int tun_open(struct restore *restore maybe_unused, const struct object *object, int *ret_fd)
{
	const Cr__TunFile *image = image_of(object);
	cleanup_close int fd = -EBADF;
	int r = named_file_open_path(image->file->path, object->image->flags, image->file->mode,
				     image->file->device, &fd);

	if (r == 0 && image->name[0])
		r = attach(image, fd);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

/* Each of a device's descriptors says the same. */
static int set_flags(const Cr__TunFile *image)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_for(image->name);
	int r;

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return log_error_errno(-errno, "cannot ask about network device '%s'", image->name);
	request.ifr_flags = (short)(((unsigned)request.ifr_flags & ~TUN_DEVICE_FLAGS) | image->device->flags);
	r = set_device(fd, SIOCSIFFLAGS, &request, "the flags");
	return r;
}

static int tun_finish(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++)
		if (restore->objects[i].kind == &tun_fd_restorer && image_of(&restore->objects[i])->device)
			r = set_flags(image_of(&restore->objects[i]));
	return r;
}

const struct fd_restorer tun_fd_restorer = {
	.name = "tun",
	.read = tun_read,
	.preflight = tun_preflight,
	.open = tun_open,
	.finish = tun_finish,
};
