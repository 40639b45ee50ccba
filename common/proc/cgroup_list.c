/* SPDX-License-Identifier: MIT */
/* The cgroups of a task, and where they are. */
#include "common/proc/cgroup_list.h"

#include <errno.h>
#include <string.h>

#include "common/proc/mount_points.h"

/* "4:memory:/a/b"; a path may have colons in it. */
int cgroup_list_next(struct cursor *text, struct cgroup_line *ret_line)
{
	struct cgroup_line result;
	struct cursor line;
	uint32_t id;
	const char *colon;

	if (!cursor_line(text, &line))
		return 0;
	if (cursor_u32(&line, 10, &id) < 0 || !cursor_skip(&line, ":"))
		return -EBADMSG;
	colon = memchr(line.at, ':', (size_t)(line.end - line.at));
	if (!colon || colon + 1 == line.end || colon[1] != '/' || line.end - colon > PATH_MAX ||
	    memchr(line.at, '\0', (size_t)(line.end - line.at)))
		return -EBADMSG;
	result.controllers = (struct cursor){line.at, colon};
	result.path = (struct cursor){colon + 1, line.end};
	*ret_line = result;
	return 1;
}

/* The next of words with commas between them. */
static bool next_word(struct cursor *list, struct cursor *ret_word)
{
	const char *comma;

	if (cursor_is_empty(list))
		return false;
	comma = memchr(list->at, ',', (size_t)(list->end - list->at));
	*ret_word = (struct cursor){list->at, comma ?: list->end};
	list->at = comma ? comma + 1 : list->end;
	return true;
}

static bool has_word(struct cursor list, const struct cursor *word)
{
	size_t size = (size_t)(word->end - word->at);
	struct cursor at;

	while (next_word(&list, &at))
		if ((size_t)(at.end - at.at) == size && memcmp(at.at, word->at, size) == 0)
			return true;
	return false;
}

/* Options of a mount hold the controllers, or the name, among others. No controller is in two hierarchies. */
static bool is_hierarchy(struct cursor options, const char *controllers)
{
	struct cursor list = CURSOR(controllers, strlen(controllers)), word;

	while (next_word(&list, &word))
		if (!has_word(options, &word))
			return false;
	return true;
}

int cgroup_mount_next(struct cursor *text, const char *controllers, struct cgroup_mount *ret)
{
	static const struct cursor read_only = {"ro", (const char *)"ro" + 2};
	const char *wanted = controllers[0] ? "cgroup" : "cgroup2";
	struct cursor line;

	while (cursor_line(text, &line)) {
		struct cursor rest = line, word, type, source, options;
		struct mount_line mount;
		int r = mount_line_parse(&rest, &mount);

		if (r < 0 || !cursor_word(&rest, &word))
			return -EBADMSG;
		ret->is_read_only = has_word(word, &read_only);
		while (cursor_word(&rest, &word) && !cursor_equals(&word, "-"))
			;
		if (!cursor_word(&rest, &type) || !cursor_word(&rest, &source))
			return -EBADMSG;
		if (!cursor_equals(&type, wanted) || !cursor_word(&rest, &options) ||
		    !is_hierarchy(options, controllers))
			continue;
		r = mount_path_unescape(mount.root, ret->root);
		if (r == 0)
			r = mount_path_unescape(mount.path, ret->path);
		return r < 0 ? r : 1;
	}
	return 0;
}

const char *cgroup_path_below(const char *path, const char *root)
{
	size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
	const char *rest;

	if (strncmp(path, root, size) != 0 || (path[size] != '/' && path[size] != '\0'))
		return NULL;
	rest = path + size;
	rest += *rest == '/';
	/* Another name for what is above the root. */
	if (strncmp(rest, "..", 2) == 0 && (rest[2] == '/' || rest[2] == '\0'))
		return NULL;
	return *rest ? rest : ".";
}

bool cgroup_path_is_plain(const char *path)
{
	if (path[0] != '/' || strlen(path) >= PATH_MAX || strchr(path, '\n'))
		return false;
	if (path[1] == '\0')
		return true;
	while (*path == '/') {
		size_t size = strcspn(++path, "/");

		if (size == 0 || size > NAME_MAX || (size <= 2 && strncmp(path, "..", size) == 0))
			return false;
		path += size;
	}
	return true;
}
