/* SPDX-License-Identifier: MIT */
/* group.c - which control group can hold limits: systemd's to delegate, or the caller's own */
#include "resolve/group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "resolve/ready.h"

int group_own_path(char *buf, size_t size)
{
	char text[8192];
	_cleanup_fd_ int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		/* the unified hierarchy's number is 0, and it has no names (cgroups(7)) */
		if (!str_starts(line, "0::/"))
			continue;
		int len = snprintf(buf, size, "%s%s", GROUP_TOP, line + 3);
		return len > 0 && (size_t)len < size ? 0 : -ENAMETOOLONG;
	}
	return -ENOENT;
}

static bool is_unified(void)
{
	struct statfs fs;
	return statfs(GROUP_TOP, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static bool is_socket(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* After su(1) or sudo(8) the variable is missing or another user's; the place is known. */
const char *group_manager(struct arena *a, const struct host *h)
{
	const char *const dirs[] = { h->runtime_dir,
		arena_printf(a, "/run/user/%u", (unsigned)h->uid) };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i] && is_socket(arena_printf(a, "%s/systemd/private", dirs[i])))
			return dirs[i];
	return NULL;
}

/* Whether we are alone in it: a group with limits below it can have no processes itself. */
static bool is_alone(struct arena *a, const char *group)
{
	char text[64];
	_cleanup_fd_ int fd =
		open(arena_printf(a, "%s/cgroup.procs", group), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	char *end;
	return strtol(text, &end, 10) == getpid() && strcmp(end, "\n") == 0;
}

static bool is_writable(struct arena *a, const char *group)
{
	return access(group, W_OK) == 0 &&
		access(arena_printf(a, "%s/cgroup.procs", group), W_OK) == 0 &&
		access(arena_printf(a, "%s/cgroup.subtree_control", group), W_OK) == 0;
}

const char *group_find(struct ready *rd, const char **ret_hint)
{
	struct arena *a = rd->plan->arena;
	struct limits *l = &rd->limits;
	char own[4096];

	if (!is_unified()) {
		*ret_hint =
			"systemd.unified_cgroup_hierarchy=1 on the kernel's command line "
			"makes it so";
		return "this system does not have cgroup v2 alone on " GROUP_TOP;
	}
	l->manager_dir = group_manager(a, &rd->host);
	l->helper = host_libexec(&rd->host, a, "sbox-scope");
	if (l->manager_dir && access(l->helper, X_OK) < 0) {
		*ret_hint = "is sbox installed whole?";
		return arena_printf(a, "its helper '%s' is missing", l->helper);
	}
	if (l->manager_dir) {
		l->way = GROUP_SCOPE;
		return NULL;
	}
	*ret_hint = arena_printf(a,
		"log in by a session of your own (not su or sudo), or have an administrator "
		"run: loginctl enable-linger %s",
		rd->host.user);
	if (group_own_path(own, sizeof(own)) < 0 || !is_writable(a, own))
		return "no user manager of systemd is running for you, and your own group is "
		       "not writable";
	if (!is_alone(a, own))
		return "no user manager of systemd is running for you, and your own group "
		       "has other processes in it";
	l->way = GROUP_OWN;
	l->group = arena_strdup(a, own);
	return NULL;
}
