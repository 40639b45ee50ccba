/* SPDX-License-Identifier: MIT */
/* What a valid descriptor of a TUN or TAP device is. */
#include "format/fd/tun.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include "format/fd/named_file.h"

#define HARDWARE_ADDRESS_SIZE 6U
#define MTU_MIN 68U
#define MTU_MAX 65535U

_Static_assert(TUN_FLAG_PERSIST == IFF_PERSIST, "as the kernel has it");
_Static_assert(TUN_DEVICE_FLAGS ==
		       (IFF_UP | IFF_DEBUG | IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST),
	       "what can be set");

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static bool is_interface(const char *name)
{
	size_t length = strnlen(name, IF_NAMESIZE);

	return length > 0 && length < IF_NAMESIZE && !strchr(name, '/') && !strchr(name, '%');
}

static int check_device(const Cr__TunFile *file, const char **ret_reason)
{
	const Cr__TunDevice *device = file->device;

	if (device->index > INT32_MAX || device->flags & ~TUN_DEVICE_FLAGS || device->link_type > UINT16_MAX)
		return refuse("its network device has a number that none can have", ret_reason);
	if (device->mtu < MTU_MIN || device->mtu > MTU_MAX || device->queue_length > INT32_MAX)
		return refuse("its network device has packets of a wrong size", ret_reason);
	if (device->hardware_address.len != (file->flags & IFF_TAP ? HARDWARE_ADDRESS_SIZE : 0))
		return refuse("its network device has an address of the wrong size", ret_reason);
	if (device->send_buffer <= 0)
		return refuse("its network device has no buffer", ret_reason);
	return 0;
}

int tun_check(const Cr__TunFile *file, const char **ret_reason)
{
	int r = file->file ? named_file_check(file->file, ret_reason)
			   : refuse("it has no device node", ret_reason);

	if (r < 0)
		return r;
	if (file->name[0] == '\0')
		return file->device || file->flags != 0
			       ? refuse("it has a network device without a name", ret_reason)
			       : 0;
	if (!is_interface(file->name))
		return refuse("its network device has an invalid name", ret_reason);
	if (file->flags > UINT16_MAX || ((file->flags & IFF_TUN) != 0) == ((file->flags & IFF_TAP) != 0))
		return refuse("it is neither TUN nor TAP", ret_reason);
	if (!file->device != ((file->flags & IFF_PERSIST) != 0))
		return refuse("its network device neither stays nor goes", ret_reason);
	return file->device ? check_device(file, ret_reason) : 0;
}
