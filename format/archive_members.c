/* SPDX-License-Identifier: MIT */
/* The list of members and its packed form, the seal. */
#include "format/archive_members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/vector.h"
#include "format/message.h"
#include "format/seal.pb-c.h"

bool archive_member_name_check(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
	size_t length = strnlen(name, ARCHIVE_MEMBER_NAME_MAX + 1);
	const char *component = name;

	if (length == 0 || length > ARCHIVE_MEMBER_NAME_MAX || strspn(name, allowed) != length)
		return false;
	for (;;) {
		size_t size = strcspn(component, "/");

		if (size == 0 || (size == 1 && component[0] == '.') ||
		    (size == 2 && component[0] == '.' && component[1] == '.'))
			return false;
		if (component[size] == '\0')
			return true;
		component += size + 1;
	}
}

int archive_members_append(struct archive_members *members, const char *name, uint64_t size)
{
	struct archive_member_record *record;
	char *copy;

	if (members->items_count >= ARCHIVE_MEMBER_COUNT_MAX)
		return -EFBIG;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	record = vector_append(members, items);
	if (!record) {
		free(copy);
		return -ENOMEM;
	}
	*record = (struct archive_member_record){.name = copy, .size = size};
	return 0;
}

void archive_members_done(struct archive_members *members)
{
	for (size_t i = 0; i < members->items_count; i++)
		free(members->items[i].name);
	free(members->items);
	*members = (struct archive_members){};
}

int archive_members_seal(const struct archive_members *members, void **ret_data, size_t *ret_size)
{
	cleanup_free Cr__SealEntry *entries = calloc(members->items_count + 1, sizeof(*entries));
	cleanup_free Cr__SealEntry **pointers = calloc(members->items_count + 1, sizeof(*pointers));
	Cr__Seal seal = CR__SEAL__INIT;

	if (!entries || !pointers)
		return -ENOMEM;
	for (size_t i = 0; i < members->items_count; i++) {
		cr__seal_entry__init(&entries[i]);
		entries[i].name = members->items[i].name;
		entries[i].size = members->items[i].size;
		pointers[i] = &entries[i];
	}
	seal.n_members = members->items_count;
	seal.members = pointers;
	return message_pack(&seal.base, ret_data, ret_size);
}

static const char *compare_seal(const struct archive_members *members, const Cr__Seal *seal)
{
	if (seal->n_members > members->items_count)
		return "members that its seal lists are missing";
	if (seal->n_members < members->items_count)
		return "it has members that its seal does not list";
	for (size_t i = 0; i < members->items_count; i++) {
		const struct archive_member_record *record = &members->items[i];

		if (strcmp(record->name, seal->members[i]->name) != 0)
			return "its members are not the ones, in the order, that its seal lists";
		if (record->size != seal->members[i]->size)
			return "a member is not of the size that its seal says";
	}
	return NULL;
}

int archive_members_check_seal(const struct archive_members *members, const void *data, size_t size,
			       const char **ret_reason)
{
	cleanup_(message_freep) ProtobufCMessage *message = NULL;
	const char *reason;
	int r = message_unpack(&cr__seal__descriptor, data, size, ARCHIVE_SEAL_SIZE_MAX, &message);

	if (r == -ENOMEM)
		return r;
	reason = r < 0 ? "its seal is not readable" : compare_seal(members, (const Cr__Seal *)message);
	if (!reason)
		return 0;
	*ret_reason = reason;
	return -EBADMSG;
}
