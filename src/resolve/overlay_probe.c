/* SPDX-License-Identifier: MIT */
/* overlay_probe.c - whether the kernel's overlay works over a tree: tried, not guessed
 *
 * Versions tell little: distributions patch, security modules refuse, and file systems lack
 * what an upper needs. So it is mounted once in a user and mount namespace that are gone
 * before the start goes on. Extended attributes are tried by themselves, since kernels mount
 * without them and fail later (6.1: EIO at the first directory that is removed).
 */
#include "resolve/overlay_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/sys.h"

/* mountinfo writes blanks and the like as \040. */
static void unescape(char *s)
{
	char *out = s;
	for (; *s; s++) {
		bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3];
		*out++ = octal
			? (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'))
			: *s;
		s += octal ? 3 : 0;
	}
	*out = '\0';
}

bool overlay_has_mounts_below(const char *path)
{
	char *line = NULL;
	size_t size = 0;
	bool found = false;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	while (f && !found && getline(&line, &size, f) > 0) {
		char *point = NULL, *save = NULL;
		for (int i = 0; i < 5; i++)
			point = strtok_r(i ? NULL : line, " ", &save);
		if (!point)
			continue;
		unescape(point);
		found = strcmp(point, path) != 0 && path_is_below(point, path);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static int write_map(const char *file, unsigned id)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "%u %u 1\n", id, id);
	return fd_write_file(AT_FDCWD, file, text);
}

static int try_attributes(const char *upper)
{
	static const char name[] = "user.overlay.probe";
	if (setxattr(upper, name, "y", 1, 0) < 0)
		return -errno;
	return removexattr(upper, name) < 0 ? -errno : 0;
}

/* In the new process, with every capability in its new user namespace. */
static int try_mount(const char *lower, const char *folder, unsigned uid, unsigned gid)
{
	char options[160];
	int r = fd_write_file(AT_FDCWD, "/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_map("/proc/self/gid_map", gid);
	if (r == 0)
		r = write_map("/proc/self/uid_map", uid);
	if (r < 0)
		return r;
	_cleanup_fd_ int below = open(lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (below < 0)
		return -errno;
	if (!folder) {
		/* what lies there is not needed for this */
		if (mount("tmpfs", "/sys", "tmpfs", 0, "mode=0700") < 0 ||
			mkdir("/sys/upper", 0700) < 0 || mkdir("/sys/work", 0700) < 0)
			return -errno;
		folder = "/sys";
	}
	if (chdir(folder) < 0)
		return -errno;
	r = try_attributes("upper");
	(void)snprintf(options, sizeof(options),
		"lowerdir=/proc/self/fd/%d,upperdir=upper,workdir=work,userxattr", below);
	if (r == 0 && mount("overlay", ".", "overlay", 0, options) < 0)
		r = -errno;
	return r;
}

int overlay_probe(const char *lower, const char *folder)
{
	unsigned uid = getuid(), gid = getgid();
	int ends[2], result = -ECHILD;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = sys_fork(CLONE_NEWUSER | CLONE_NEWNS, NULL);
	if (pid == 0) {
		result = try_mount(lower, folder, uid, gid);
		_exit(fd_write_all(ends[1], &result, sizeof(result)) < 0);
	}
	int error = pid < 0 ? -errno : 0;
	fd_close(ends[1]);
	if (pid > 0) {
		(void)fd_read_full(ends[0], &result, sizeof(result));
		(void)proc_wait(pid);
	}
	fd_close(ends[0]);
	return error < 0 ? error : result;
}
