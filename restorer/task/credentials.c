/* SPDX-License-Identifier: MIT */
/* Credentials: user and group ids, capabilities, securebits, no_new_privs. */
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

/* NGROUPS_MAX of the kernel. */
#define GROUPS_MAX 65536
/* With those of Linux 6.14, SECBIT_EXEC_RESTRICT_FILE and the following. */
#define SECUREBITS_ALL 0xfffU
#define SECUREBITS_LOCKS 0xaaaU
#define CAPABILITIES_MAX 64
/* Without those for the capabilities. */
#define ID_CALLS_MAX 16

struct capability_sets {
	uint64_t permitted, effective, inheritable;
};

static bool has_capability(uint64_t set, unsigned capability)
{
	return set >> capability & 1;
}

static bool uids_differ(const struct own_credentials *own, const Cr__Credentials *image)
{
	return memcmp(own->uids, image->uids, sizeof(own->uids)) != 0;
}

static bool gids_differ(const struct own_credentials *own, const Cr__Credentials *image)
{
	return memcmp(own->gids, image->gids, sizeof(own->gids)) != 0;
}

static bool groups_differ(const struct own_credentials *own, const Cr__Credentials *image)
{
	if (own->groups_count != image->n_groups)
		return true;
	return image->n_groups > 0 &&
	       memcmp(own->groups, image->groups, image->n_groups * sizeof(*own->groups)) != 0;
}

static bool capabilities_differ(const struct own_credentials *own, const Cr__Credentials *image)
{
	return own->permitted != image->cap_permitted || own->effective != image->cap_effective ||
	       own->inheritable != image->cap_inheritable || own->bounding != image->cap_bounding ||
	       own->ambient != image->cap_ambient || own->securebits != image->securebits;
}

/* Leaving user id 0 empties the ambient set. */
static bool ambient_is_set_anew(const struct own_credentials *own, const Cr__Credentials *image)
{
	return own->ambient != image->cap_ambient || (image->cap_ambient && uids_differ(own, image));
}

static int image_check(const Cr__Credentials *image)
{
	if (!image)
		return bad_image("it says nothing of its credentials");
	if (image->n_uids != CREDENTIALS_IDS || image->n_gids != CREDENTIALS_IDS ||
	    image->n_groups > GROUPS_MAX)
		return bad_image("it has %zu user ids, %zu group ids, %zu supplementary groups",
				 image->n_uids, image->n_gids, image->n_groups);
	if (image->cap_effective & ~image->cap_permitted ||
	    image->cap_ambient & ~(image->cap_permitted & image->cap_inheritable))
		return bad_image("its capability sets contradict each other");
	if (image->securebits & ~SECUREBITS_ALL)
		return bad_image("its securebits are 0x%x", image->securebits);
	return 0;
}

static void missing_check(struct restore *restore, const char *what, uint64_t missing)
{
	cleanup_free char *names = missing ? capabilities_format(missing) : NULL;

	if (missing)
		blockers_add(&restore->blockers,
			     "its %s set has %s, which cr-restore has not: run it with those", what,
			     names ? names : "capabilities");
}

static void need(struct restore *restore, const struct own_credentials *own, unsigned capability,
		 const char *what)
{
	cleanup_free char *name = NULL;

	if (has_capability(own->permitted, capability))
		return;
	name = capabilities_format(UINT64_C(1) << capability);
	blockers_add(&restore->blockers, "its %s differ from those of cr-restore: run cr-restore with %s",
		     what, name ? name : "more capabilities");
}

static void ids_check(struct restore *restore, const struct own_credentials *own,
		      const Cr__Credentials *image)
{
	if (uids_differ(own, image))
		need(restore, own, CAP_SETUID, "user ids");
	if (gids_differ(own, image))
		need(restore, own, CAP_SETGID, "group ids");
	if (groups_differ(own, image))
		need(restore, own, CAP_SETGID, "supplementary groups");
	/* After the change we no longer reach its memory without. */
	if (uids_differ(own, image) || gids_differ(own, image))
		need(restore, own, CAP_SYS_PTRACE, "ids");
}

static void securebits_check(struct restore *restore, const struct own_credentials *own,
			     const Cr__Credentials *image)
{
	uint32_t changed = own->securebits ^ image->securebits;
	uint32_t locks = own->securebits & SECUREBITS_LOCKS;

	if (changed & (locks | locks >> 1))
		blockers_add(&restore->blockers,
			     "its securebits are 0x%x, and those of cr-restore are locked at 0x%x: run "
			     "cr-restore without such locks",
			     image->securebits, own->securebits);
	else if (changed & ~(uint32_t)SECBIT_KEEP_CAPS)
		need(restore, own, CAP_SETPCAP, "securebits");
}

static void capabilities_check(struct restore *restore, const struct own_credentials *own,
			       const Cr__Credentials *image)
{
	uint64_t reachable = own->inheritable | own->bounding;

	if (!has_capability(own->permitted, CAP_SETPCAP))
		reachable &= own->inheritable | own->permitted;
	missing_check(restore, "permitted", image->cap_permitted & ~own->permitted);
	missing_check(restore, "inheritable", image->cap_inheritable & ~reachable);
	missing_check(restore, "bounding", image->cap_bounding & ~own->bounding);
	if (own->bounding & ~image->cap_bounding)
		need(restore, own, CAP_SETPCAP, "capability bounding set");
	if (image->cap_ambient && ambient_is_set_anew(own, image) &&
	    own->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
		blockers_add(&restore->blockers,
			     "it has ambient capabilities, and the securebits of cr-restore forbid to raise "
			     "them: run cr-restore without");
	securebits_check(restore, own, image);
	if (own->no_new_privs && !image->no_new_privs)
		blockers_add(
			&restore->blockers,
			"cr-restore runs with no_new_privs, which nothing can take back: run it without");
}

static bool credentials_equal(const Cr__Credentials *left, const Cr__Credentials *right)
{
	return left->cap_permitted == right->cap_permitted &&
	       left->cap_inheritable == right->cap_inheritable && left->cap_bounding == right->cap_bounding &&
	       left->cap_ambient == right->cap_ambient && left->cap_effective == right->cap_effective &&
	       left->securebits == right->securebits && left->no_new_privs == right->no_new_privs &&
	       left->n_groups == right->n_groups &&
	       memcmp(left->uids, right->uids, CREDENTIALS_IDS * sizeof(*left->uids)) == 0 &&
	       memcmp(left->gids, right->gids, CREDENTIALS_IDS * sizeof(*left->gids)) == 0 &&
	       (left->n_groups == 0 ||
		memcmp(left->groups, right->groups, left->n_groups * sizeof(*left->groups)) == 0);
}

static int credentials_check(struct restore *restore, const struct task *task)
{
	const struct own_credentials *own = &restore->own_credentials;
	const Cr__Process *image = task->image;

	for (size_t i = 0; i < image->n_threads; i++) {
		const Cr__Credentials *credentials = image->threads[i]->credentials;
		LOG_SCOPE("tid %d", image->threads[i]->tid);
		int r = image_check(credentials);

		if (r < 0)
			return r;
		/* Most threads have those of the leader, of which all has been said. */
		if (i > 0 && credentials_equal(credentials, image->threads[0]->credentials))
			continue;
		ids_check(restore, own, credentials);
		capabilities_check(restore, own, credentials);
	}
	return 0;
}

static void capset_add(struct batch *batch, const struct capability_sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
		{sets->effective >> 32, sets->permitted >> 32, sets->inheritable >> 32},
	};

	(void)batch_call(batch, SYS_capset, batch_data(batch, &header, sizeof(header)),
			 batch_data(batch, data, sizeof(data)));
}

static int groups_add(struct thread *thread, const Cr__Credentials *image, struct batch *batch)
{
	size_t size = image->n_groups * sizeof(*image->groups);
	int r;

	if (size + 16 > batch->data_capacity)
		return log_error_errno(-E2BIG, "cannot restore %zu supplementary groups", image->n_groups);
	r = task_batch_room(thread, 1, size, "its state");
	if (r < 0)
		return r;
	(void)batch_call(batch, SYS_setgroups, image->n_groups,
			 size > 0 ? batch_data(batch, image->groups, size) : 0);
	return 0;
}

static void gids_add(const Cr__Credentials *image, struct batch *batch)
{
	(void)batch_call(batch, SYS_setresgid, image->gids[0], image->gids[1], image->gids[2]);
	if (image->gids[3] != image->gids[1])
		(void)batch_call(batch, SYS_setfsgid, image->gids[3]);
}

/* Leaving user id 0 empties the permitted set unless keep-caps is set, and the effective set in any case. */
static void uids_add(const struct own_credentials *own, const struct capability_sets *full,
		     const Cr__Credentials *image, struct batch *batch)
{
	if (!(own->securebits & (SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP)))
		(void)batch_call(batch, SYS_prctl, PR_SET_KEEPCAPS, 1);
	(void)batch_call(batch, SYS_setresuid, image->uids[0], image->uids[1], image->uids[2]);
	capset_add(batch, full);
	if (image->uids[3] != image->uids[1]) {
		(void)batch_call(batch, SYS_setfsuid, image->uids[3]);
		capset_add(batch, full);
	}
}

/* The bounding set first: as the inheritable set is in force already, it no longer limits that. */
static int capability_calls_add(struct thread *thread, const struct own_credentials *own,
				const Cr__Credentials *image, struct batch *batch)
{
	uint64_t dropped = own->bounding & ~image->cap_bounding;
	int r = task_batch_room(thread, 2 * CAPABILITIES_MAX + 1, 0, "its state");

	if (r < 0)
		return r;
	for (uint64_t i = 0; i < CAPABILITIES_MAX; i++)
		if (dropped >> i & 1)
			(void)batch_call(batch, SYS_prctl, PR_CAPBSET_DROP, i);
	if (!ambient_is_set_anew(own, image))
		return 0;
	(void)batch_call(batch, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
	for (uint64_t i = 0; i < CAPABILITIES_MAX; i++)
		if (image->cap_ambient >> i & 1)
			(void)batch_call(batch, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i);
	return 0;
}

static void securebits_add(const struct own_credentials *own, const Cr__Credentials *image,
			   struct batch *batch)
{
	if ((own->securebits ^ image->securebits) & ~(uint32_t)SECBIT_KEEP_CAPS)
		(void)batch_call(batch, SYS_prctl, PR_SET_SECUREBITS, image->securebits);
	else if (!(own->securebits & SECBIT_KEEP_CAPS_LOCKED))
		(void)batch_call(batch, SYS_prctl, PR_SET_KEEPCAPS, !!(image->securebits & SECBIT_KEEP_CAPS));
}

/*
 * Every step needs what the last one takes away. All that is permitted is made effective first; ids go before
 * the securebits that say what a change of ids does to capabilities, and these before the capability to set
 * them.
 */
static int changes_add(struct thread *thread, const struct own_credentials *own, const Cr__Credentials *image,
		       struct batch *batch)
{
	const struct capability_sets full = {own->permitted, own->permitted, image->cap_inheritable};
	const struct capability_sets final = {image->cap_permitted, image->cap_effective,
					      image->cap_inheritable};
	int r = 0;

	if (own->permitted)
		capset_add(batch, &full);
	if (groups_differ(own, image))
		r = groups_add(thread, image, batch);
	if (r == 0)
		r = task_batch_room(thread, ID_CALLS_MAX, 512, "its state");
	if (r < 0)
		return r;
	if (gids_differ(own, image))
		gids_add(image, batch);
	if (uids_differ(own, image))
		uids_add(own, &full, image, batch);
	r = capability_calls_add(thread, own, image, batch);
	if (r == 0)
		r = task_batch_room(thread, ID_CALLS_MAX, 512, "its state");
	if (r < 0)
		return r;
	securebits_add(own, image, batch);
	capset_add(batch, &final);
	return 0;
}

static int credentials_thread(struct restore *restore, struct task *task maybe_unused, struct thread *thread,
			      struct batch *batch)
{
	const struct own_credentials *own = &restore->own_credentials;
	const Cr__Credentials *image = thread->image->credentials;
	int r = task_batch_room(thread, ID_CALLS_MAX, 512, "its state");

	if (r < 0)
		return r;
	if (uids_differ(own, image) || gids_differ(own, image) || groups_differ(own, image) ||
	    capabilities_differ(own, image))
		r = changes_add(thread, own, image, batch);
	if (r == 0 && image->no_new_privs && !own->no_new_privs)
		(void)batch_call(batch, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	return r;
}

const struct task_restorer credentials_task_restorer = {
	.name = "credentials",
	.check = credentials_check,
	.thread = credentials_thread,
};
