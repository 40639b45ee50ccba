/* SPDX-License-Identifier: MIT */
/* What of this host a dumped program may depend on. */
#include "common/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arch/x86_64/registers.h"
#include "common/cleanup.h"
#include "common/vdso.h"
#include "common/vector.h"

#define CPUINFO_SIZE_MAX 32768
/* Less than a processor takes, for the kernel adds others as long as there is room. */
#define CPUINFO_READ_SIZE 1024

/* Only the first processor: the kernel takes time for each. */
static int cpuinfo_read(char **ret_text)
{
	cleanup_close int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	cleanup_free char *text = malloc(CPUINFO_SIZE_MAX + 1);
	size_t size = 0;

	if (fd < 0)
		return -errno;
	if (!text)
		return -ENOMEM;
	text[0] = '\0';
	while (size < CPUINFO_SIZE_MAX && !strstr(text, "\n\n")) {
		ssize_t count =
			read(fd, text + size, MIN((size_t)CPUINFO_READ_SIZE, CPUINFO_SIZE_MAX - size));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		size += (size_t)count;
		text[size] = '\0';
	}
	*ret_text = take_ptr(text);
	return 0;
}

static int flags_split(struct host *host, char *flags)
{
	char *rest = NULL;

	for (char *flag = strtok_r(flags, " \t", &rest); flag; flag = strtok_r(NULL, " \t", &rest)) {
		const char **slot;

		if (host->cpu_flags_count == HOST_CPU_FLAGS_MAX)
			return -E2BIG;
		slot = vector_append(host, cpu_flags);
		if (!slot)
			return -ENOMEM;
		*slot = flag;
	}
	return 0;
}

int host_parse_cpuinfo(struct host *host, char *text)
{
	char *rest = NULL;
	char *end = strstr(text, "\n\n");

	host->cpuinfo = text;
	host->cpu_model = "";
	if (end)
		*end = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(line, ':');
		int r = 0;

		if (!value)
			continue;
		value += 1 + strspn(value + 1, " \t");
		if (strncmp(line, "model name\t", 11) == 0)
			host->cpu_model = value;
		else if (strncmp(line, "flags\t", 6) == 0)
			r = flags_split(host, value);
		if (r < 0)
			return r;
	}
	return 0;
}

int host_describe(struct host *ret_host)
{
	cleanup_(host_done) struct host host = {0};
	struct vdso vdso;
	char *text = NULL;
	int r = cpuinfo_read(&text);

	if (r < 0)
		return r;
	r = host_parse_cpuinfo(&host, text);
	if (r < 0)
		return r;
	/* Asking the processor itself would take long in a virtual machine. */
	host.xsave_features = host_has_cpu_flag(&host, "xsave") ? xsave_host_features() : 0;
	if (vdso_own(&vdso) == 0) {
		host.vdso_size = vdso.size;
		host.vdso_hash = fnv1a_hash(vdso.start, vdso.size);
	}
	*ret_host = host;
	host = (struct host){0};
	return 0;
}

void host_done(struct host *host)
{
	free(host->cpuinfo);
	free(host->cpu_flags);
	*host = (struct host){0};
}

bool host_has_cpu_flag(const struct host *host, const char *flag)
{
	for (size_t i = 0; i < host->cpu_flags_count; i++)
		if (strcmp(host->cpu_flags[i], flag) == 0)
			return true;
	return false;
}
