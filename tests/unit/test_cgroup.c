/* SPDX-License-Identifier: MIT */
/* Cgroups: the text of /proc, mounts of hierarchies, settings (of files that stand for those of a group), the
 * image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cgroup_settings.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cgroup_list.h"
#include "format/cgroup.h"

static void list_lines(void **state maybe_unused)
{
	static const char text[] = "12:cpu,cpuacct:/a:b/c d\n1:name=x:/\n0::/../y\n";
	struct cursor cursor = CURSOR(text, sizeof(text) - 1);
	struct cgroup_line line;

	assert_int_equal(cgroup_list_next(&cursor, &line), 1);
	assert_true(cursor_equals(&line.controllers, "cpu,cpuacct"));
	assert_true(cursor_equals(&line.path, "/a:b/c d"));
	assert_int_equal(cgroup_list_next(&cursor, &line), 1);
	assert_true(cursor_equals(&line.controllers, "name=x"));
	assert_int_equal(cgroup_list_next(&cursor, &line), 1);
	assert_true(cursor_equals(&line.controllers, ""));
	assert_true(cursor_equals(&line.path, "/../y"));
	assert_int_equal(cgroup_list_next(&cursor, &line), 0);
}

static void list_bad(void **state maybe_unused)
{
	static const char *const texts[] = {"",       "x",       ":",        "1:cpu",
					    "1:cpu:", "1:cpu:a", "x:cpu:/a", "99999999999:a:/"};

	for (size_t i = 1; i < ARRAY_SIZE(texts); i++) {
		struct cursor cursor = CURSOR(texts[i], strlen(texts[i]));
		struct cgroup_line line;

		assert_int_equal(cgroup_list_next(&cursor, &line), -EBADMSG);
	}
}

static const char mounts[] =
	"22 1 8:1 / / rw - ext4 /dev/sda rw\n"
	"30 22 0:30 / /cg/cpu rw,nosuid shared:5 master:2 - cgroup cgroup rw,cpuacct,cpu\n"
	"31 22 0:30 /in\\040side /elsewhere ro - cgroup cgroup rw,cpu,cpuacct\n"
	"32 22 0:31 / /cg/name rw - cgroup none rw,xattr,name=cpu\n"
	"33 22 0:32 /.. /cg/v2 rw - cgroup2 cgroup2 rw,nsdelegate\n";

static void find_mount(const char *controllers, size_t number, const char *path, const char *root,
		       bool is_read_only)
{
	struct cursor cursor = CURSOR(mounts, sizeof(mounts) - 1);
	cleanup_free struct cgroup_mount *mount = malloc(sizeof(*mount));

	assert_non_null(mount);
	while (number-- > 0)
		assert_int_equal(cgroup_mount_next(&cursor, controllers, mount), 1);
	if (!path) {
		assert_int_equal(cgroup_mount_next(&cursor, controllers, mount), 0);
		return;
	}
	assert_string_equal(mount->path, path);
	assert_string_equal(mount->root, root);
	assert_int_equal(mount->is_read_only, is_read_only);
}

static void mounts_of_hierarchies(void **state maybe_unused)
{
	find_mount("cpu,cpuacct", 1, "/cg/cpu", "/", false);
	find_mount("cpu,cpuacct", 2, "/elsewhere", "/in side", true);
	find_mount("cpu,cpuacct", 2, NULL, NULL, false);
	find_mount("name=cpu", 1, "/cg/name", "/", false);
	find_mount("name=cpu", 1, NULL, NULL, false);
	find_mount("", 1, "/cg/v2", "/..", false);
	find_mount("", 1, NULL, NULL, false);
	find_mount("memory", 0, NULL, NULL, false);
}

static void paths(void **state maybe_unused)
{
	assert_string_equal(cgroup_path_below("/a/b", "/"), "a/b");
	assert_string_equal(cgroup_path_below("/", "/"), ".");
	assert_string_equal(cgroup_path_below("/a/b", "/a"), "b");
	assert_string_equal(cgroup_path_below("/a", "/a"), ".");
	assert_null(cgroup_path_below("/ab", "/a"));
	assert_null(cgroup_path_below("/a", "/a/b"));
	assert_string_equal(cgroup_path_below("/../x", "/.."), "x");
	assert_null(cgroup_path_below("/../x", "/"));
	assert_null(cgroup_path_below("/x", "/.."));
	assert_true(cgroup_path_is_plain("/"));
	assert_true(cgroup_path_is_plain("/a/..b/c"));
	assert_false(cgroup_path_is_plain(""));
	assert_false(cgroup_path_is_plain("a"));
	assert_false(cgroup_path_is_plain("/a/"));
	assert_false(cgroup_path_is_plain("//a"));
	assert_false(cgroup_path_is_plain("/a/../b"));
	assert_false(cgroup_path_is_plain("/."));
	assert_false(cgroup_path_is_plain("/a\nb"));
}

/* A directory of ordinary files. */
static char directory[] = "/tmp/test_cgroup.XXXXXX";
static int group_fd;
static const char *const files[] = {"memory.max",         "memory.high", "pids.max",
				    "cgroup.type",        "io.max",      "cgroup.subtree_control",
				    "cgroup.procs",       "cpu.shares",  "memory.oom_control",
				    "net_prio.ifpriomap", "cpuset.mems"};

static int set_up(void **state maybe_unused)
{
	if (!mkdtemp(directory))
		return -1;
	group_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return group_fd < 0 ? -1 : 0;
}

static int tear_down(void **state maybe_unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(group_fd, files[i], 0);
	close(group_fd);
	return rmdir(directory);
}

static void put(const char *name, const char *text)
{
	cleanup_close int fd = openat(group_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_full(fd, text, strlen(text)), 0);
}

static void assert_holds(const char *name, const char *text)
{
	cleanup_free char *held = NULL;

	assert_int_equal(file_read_at(group_fd, name, 4096, &held, NULL), 0);
	assert_string_equal(held, text);
}

static int take(void *context, const char *name, const char *value)
{
	char *all = context;

	snprintf(all + strlen(all), 1000 - strlen(all), "%s=%s;", name, value);
	return 0;
}

static void settings_read(void **state maybe_unused)
{
	char all[1000] = "";

	put("memory.max", "4096\n");
	put("memory.high", "max\n"); /* as it is from the start */
	put("pids.max", "17\n");
	put("cgroup.type", "threaded\n");
	put("io.max", "8:0 rbps=1\n8:16 wbps=2\n");
	put("cgroup.subtree_control", "memory pids\n");
	put("cgroup.procs", "1\n"); /* is no setting */
	assert_int_equal(cgroup_settings_read(group_fd, "", take, all), 0);
	assert_string_equal(all,
			    "cgroup.type=threaded;memory.max=4096;io.max=8:0 rbps=1\n8:16 wbps=2;pids.max=17;"
			    "cgroup.subtree_control=memory pids;");
	put("cgroup.type", "domain threaded\n"); /* follows from others */
	all[0] = '\0';
	assert_int_equal(cgroup_settings_read(group_fd, "", take, all), 0);
	assert_null(strstr(all, "cgroup.type"));

	put("cpu.shares", "2\n");
	put("memory.oom_control", "oom_kill_disable 1\nunder_oom 1\n");
	put("net_prio.ifpriomap", "lo 0\neth0 10\neth1 0\neth2 3\n");
	put("cpuset.mems", "\n");
	all[0] = '\0';
	assert_int_equal(cgroup_settings_read(group_fd, "cpu,cpuacct", take, all), 0);
	assert_string_equal(all, "cpu.shares=2;");
	all[0] = '\0';
	assert_int_equal(cgroup_settings_read(group_fd, "memory,net_prio", take, all), 0);
	assert_string_equal(all, "memory.oom_control=oom_kill_disable 1;net_prio.ifpriomap=eth0 10\neth2 3;");
	all[0] = '\0';
	assert_int_equal(cgroup_settings_read(group_fd, "name=memory", take, all), 0);
	assert_string_equal(all, "");
}

static void settings_written(void **state maybe_unused)
{
	put("memory.max", "1\n");
	assert_int_equal(cgroup_setting_write(group_fd, "", "memory.max", "8192"), 0);
	assert_holds("memory.max", "8192");
	/* That it is already: nothing is written, which would be seen by the newline. */
	put("memory.max", "8192\n");
	assert_int_equal(cgroup_setting_write(group_fd, "", "memory.max", "8192"), 0);
	assert_holds("memory.max", "8192\n");
	put("cgroup.subtree_control", "");
	assert_int_equal(cgroup_setting_write(group_fd, "", "cgroup.subtree_control", "memory"), 0);
	assert_holds("cgroup.subtree_control", "+memory");
	put("memory.oom_control", "oom_kill_disable 0\n");
	assert_int_equal(cgroup_setting_write(group_fd, "memory", "memory.oom_control", "oom_kill_disable 1"),
			 0);
	assert_holds("memory.oom_control", "1om_kill_disable 0\n");
	put("io.max", "");
	assert_int_equal(cgroup_setting_write(group_fd, "", "io.max", "8:0 rbps=1\n8:16 rbps=22"), 0);
	assert_holds("io.max", "8:16 rbps=22"); /* each at the start of the file */
	assert_int_equal(cgroup_setting_write(group_fd, "", "memory.low", "5"), -ENOENT);
	assert_int_equal(cgroup_setting_write(group_fd, "", "cgroup.procs", "1"), -ENOTSUP);
	assert_int_equal(cgroup_setting_write(group_fd, "", "../memory.max", "1"), -ENOTSUP);
	assert_int_equal(cgroup_setting_write(group_fd, "pids", "memory.max", "1"), -ENOTSUP);
}

struct sample {
	Cr__Cgroups image;
	Cr__CgroupHierarchy hierarchies[2], *hierarchy_list[2];
	Cr__Cgroup groups[2][3], *group_lists[2][3];
	Cr__CgroupSetting setting, *setting_list[1];
	Cr__CgroupSet sets[2], *set_list[2];
	uint32_t indices[2][2];
};

static void sample_init(struct sample *s)
{
	static char *const group_paths[2][3] = {{"/", "/a", "/a/b"}, {"/../own", "/", "/x"}};

	*s = (struct sample){.indices = {{2, 0}, {1, 2}}};
	cr__cgroups__init(&s->image);
	cr__cgroup_setting__init(&s->setting);
	s->setting.name = "pids.max";
	s->setting_list[0] = &s->setting;
	for (int h = 0; h < 2; h++) {
		cr__cgroup_hierarchy__init(&s->hierarchies[h]);
		cr__cgroup_set__init(&s->sets[h]);
		s->hierarchies[h].controllers = h == 0 ? "pids" : "";
		s->hierarchies[h].groups = s->group_lists[h];
		s->hierarchies[h].n_groups = 3;
		s->hierarchy_list[h] = &s->hierarchies[h];
		s->sets[h].groups = s->indices[h];
		s->sets[h].n_groups = 2;
		s->set_list[h] = &s->sets[h];
		for (int i = 0; i < 3; i++) {
			cr__cgroup__init(&s->groups[h][i]);
			s->groups[h][i].path = group_paths[h][i];
			s->group_lists[h][i] = &s->groups[h][i];
		}
	}
	s->groups[0][1].parent = 1;
	s->groups[0][2].parent = 2;
	s->groups[0][2].settings = s->setting_list;
	s->groups[0][2].n_settings = 1;
	s->groups[1][0].is_of_dumper = true;
	s->groups[1][2].parent = 2;
	s->image.hierarchies = s->hierarchy_list;
	s->image.sets = s->set_list;
	s->image.n_hierarchies = s->image.n_sets = 2;
}

#define BAD(change)                                                                                          \
	do {                                                                                                 \
		struct sample sample_, *s = &sample_;                                                        \
		sample_init(s);                                                                              \
		change;                                                                                      \
		assert_int_equal(cgroups_check(&s->image), -EBADMSG);                                        \
	} while (0)

static void image_checked(void **state maybe_unused)
{
	struct sample sample;

	assert_int_equal(cgroups_check(NULL), 0);
	sample_init(&sample);
	assert_int_equal(cgroups_check(&sample.image), 0);
	BAD(s->image.n_hierarchies = 65);
	BAD(s->image.n_sets = 65537);
	BAD(s->hierarchies[0].n_groups = 65537);
	BAD(s->hierarchies[0].controllers = "");
	BAD(s->hierarchies[0].controllers = "a b");
	BAD(s->groups[0][1].path = "/a/../../etc");
	BAD(s->groups[0][1].path = "");
	BAD(s->groups[1][0].is_of_dumper = false);
	BAD(s->groups[0][2].parent = 0);
	BAD(s->groups[0][2].parent = 1);
	BAD(s->groups[0][2].parent = 3);
	BAD(s->groups[0][0].parent = 1);
	BAD(s->groups[0][2].mode = 010000);
	BAD(s->groups[0][2].n_settings = 257);
	BAD(s->setting.name = "../x");
	BAD(s->setting.name = "");
	BAD(s->setting.value.len = 65537);
	BAD(s->sets[0].n_groups = 1);
	BAD(s->indices[1][1] = 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_lines),
		cmocka_unit_test(list_bad),
		cmocka_unit_test(mounts_of_hierarchies),
		cmocka_unit_test(paths),
		cmocka_unit_test(settings_read),
		cmocka_unit_test(settings_written),
		cmocka_unit_test(image_checked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
