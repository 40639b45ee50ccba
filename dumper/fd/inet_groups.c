/* SPDX-License-Identifier: MIT */
/*
 * Which multicast groups a socket is a member of.
 *
 * No file tells. But each group that any socket has joined is known with its interface, and a socket that is
 * asked for its filter of a group answers EADDRNOTAVAIL if it is no member (MCAST_MSFILTER, ip(7)).
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/proc/multicast.h"
#include "common/vector.h"
#include "dumper/fd/inet_socket.h"

/* For the first question; who has more tells how many. */
#define SOURCES_EXPECTED 8

struct memberships {
	Cr__InetMembership **items;
	size_t items_count, items_capacity;
};

static void memberships_done(struct memberships *memberships)
{
	free(memberships->items);
}

/* NULL with *ret_error 0: it is no member. The caller frees the filter. */
static struct group_filter *ask(int fd, const struct inet_address *group, size_t capacity, int *ret_error)
{
	struct group_filter *filter = calloc(1, GROUP_FILTER_SIZE(capacity));
	socklen_t size = (socklen_t)GROUP_FILTER_SIZE(capacity);

	*ret_error = filter ? 0 : -ENOMEM;
	if (!filter)
		return NULL;
	filter->gf_interface = group->interface;
	filter->gf_numsrc = (uint32_t)capacity;
	(void)inet_address_to_sockaddr(group, &filter->gf_group);
	if (getsockopt(fd, group->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, MCAST_MSFILTER, filter,
		       &size) == 0)
		return filter;
	/* ENODEV: the interface has gone. */
	*ret_error = errno == EADDRNOTAVAIL || errno == ENODEV || errno == ENOPROTOOPT ? 0 : -errno;
	free(filter);
	return NULL;
}

static struct group_filter *ask_for_all(int fd, const struct inet_address *group, int *ret_error)
{
	struct group_filter *filter = ask(fd, group, SOURCES_EXPECTED, ret_error);
	uint32_t count;

	if (!filter || filter->gf_numsrc <= SOURCES_EXPECTED)
		return filter;
	count = filter->gf_numsrc;
	free(filter);
	return count <= INET_SOURCES_MAX ? ask(fd, group, count, ret_error) : (*ret_error = -EFBIG, NULL);
}

static Cr__InetMembership *new_membership(struct arena *arena, const struct inet_address *group,
					  const struct group_filter *filter)
{
	Cr__InetMembership *membership = arena_new(arena, Cr__InetMembership);
	size_t size = inet_address_size(group->family);
	char name[IF_NAMESIZE];

	if (!membership || !if_indextoname(group->interface, name))
		return NULL;
	cr__inet_membership__init(membership);
	membership->group = arena_bytes(arena, group->bytes, size);
	membership->interface = arena_string(arena, name);
	membership->is_exclusion = filter->gf_fmode == MCAST_EXCLUDE;
	membership->sources = arena_array(arena, ProtobufCBinaryData, MAX(filter->gf_numsrc, 1U));
	if (!membership->group.data || !membership->interface || !membership->sources)
		return NULL;
	for (uint32_t i = 0; i < filter->gf_numsrc; i++) {
		struct inet_address source;

		if (!inet_address_from_sockaddr(&source, &filter->gf_slist[i], sizeof(filter->gf_slist[i])))
			return NULL;
		membership->sources[i] = arena_bytes(arena, source.bytes, size);
		if (!membership->sources[i].data)
			return NULL;
	}
	membership->n_sources = filter->gf_numsrc;
	return membership;
}

static int collect_group(struct dump *dump, int fd, const struct inet_address *group,
			 struct memberships *memberships)
{
	cleanup_free struct group_filter *filter = NULL;
	Cr__InetMembership **slot;
	int r = 0;

	filter = ask_for_all(fd, group, &r);
	if (r < 0)
		return log_error_errno(r, "cannot ask for its multicast groups");
	if (!filter)
		return 0;
	slot = vector_append(memberships, items);
	if (slot)
		*slot = new_membership(&dump->arena, group, filter);
	return slot && *slot ? 0 : log_error_errno(-ENOMEM, "cannot note its multicast groups");
}

/* The kernel joins some by itself, often several times over: each is asked for once. */
static bool is_repeated(const struct multicast_list *list, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (list->groups[i].interface == list->groups[index].interface &&
		    inet_address_is_equal(&list->groups[i], &list->groups[index]))
			return true;
	return false;
}

int inet_groups_collect(struct dump *dump, int fd, Cr__InetSocket *image)
{
	cleanup_(multicast_list_done) struct multicast_list list = {0};
	cleanup_(memberships_done) struct memberships memberships = {0};
	int r = multicast_read(&list);

	if (r < 0)
		return log_error_errno(r, "cannot read which multicast groups there are");
	for (size_t i = 0; r == 0 && i < list.groups_count; i++)
		if ((image->family == AF_INET6 || list.groups[i].family == AF_INET) && !is_repeated(&list, i))
			r = collect_group(dump, fd, &list.groups[i], &memberships);
	if (r < 0 || memberships.items_count == 0)
		return r;
	image->memberships = arena_copy(&dump->arena, memberships.items,
					memberships.items_count * sizeof(*memberships.items));
	image->n_memberships = memberships.items_count;
	return image->memberships ? 0 : log_error_errno(-ENOMEM, "cannot note its multicast groups");
}
