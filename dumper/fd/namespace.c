/* SPDX-License-Identifier: MIT */
/* Files of namespaces, namespaces(7), at dump. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>

#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/namespace.pb-c.h"

static bool namespace_matches(const struct fd_info *info)
{
	return info->filesystem == NSFS_MAGIC;
}

/* The type of one of a process's namespaces, by the link "net:[4026531833]"; NULL if it is none of them. */
static const char *own_type(const struct ns_links *own, const char *link)
{
	for (unsigned i = 0; i < NS_LINK_COUNT; i++) {
		enum ns_link type = (enum ns_link)i;
		uint64_t inode;

		if (type == NS_LINK_PID_FOR_CHILDREN || type == NS_LINK_TIME_FOR_CHILDREN)
			continue;
		if (ns_link_parse(link, strlen(link), type, &inode) == 0 && own->inodes[type] == inode)
			return ns_link_name(type);
	}
	return NULL;
}

static int namespace_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			     struct open_file *file)
{
	Cr__Namespace *entry = arena_new(&dump->arena, Cr__Namespace);
	struct ns_links own = {0};
	const char *type;
	int r;

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note its namespace");
	r = ns_links_read(process->proc_fd, NS_LINKS_ALL, &own);
	if (r < 0)
		return log_error_errno(r, "cannot look at its namespaces");
	type = own_type(&own, info->link);
	cr__namespace__init(entry);
	file->entry = &entry->base;
	if (!type) {
		blockers_add(&dump->blockers,
			     "is a file of the namespace '%s', which is not one that the program is in",
			     fd_info_printable(info->link, &dump->arena));
		return 0;
	}
	entry->type = (char *)type;
	file->description = type;
	return 0;
}

const struct fd_dumper namespace_fd_dumper = {
	.name = "namespace",
	.matches = namespace_matches,
	.collect = namespace_collect,
};
