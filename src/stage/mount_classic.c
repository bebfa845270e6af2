/* SPDX-License-Identifier: MIT */
/* mount_classic.c - mounting by mount(2), where the newer calls do not exist
 *
 * Descriptors are named through /proc/self/fd, so no path is walked twice here either. A
 * recursive bind has to be made read-only mount by mount, and each remount must repeat the
 * flags that are locked in a user namespace, which are read from mountinfo.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "stage/mounter.h"
#include "stage/stage.h"

enum { FD_PATH = 40 };

static const char *fd_path(char *buf, int fd)
{
	(void)snprintf(buf, FD_PATH, "/proc/self/fd/%d", fd);
	return buf;
}

static unsigned long mount_flags(unsigned flags)
{
	return MS_NOSUID | (flags & MOUNT_RDONLY ? MS_RDONLY : 0ul) |
		(flags & MOUNT_NODEV ? MS_NODEV : 0ul) |
		(flags & MOUNT_NOEXEC ? MS_NOEXEC : 0ul);
}

/* The root of the mount on top of @place: the name is looked up again from its parent. It has
 * no link in it, and its last part is only one where a link is mounted on. */
static int reopen(int place)
{
	char link[FD_PATH], path[4096];
	ssize_t n = readlink(fd_path(link, place), path, sizeof(path) - 1);
	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	path[n] = '\0';
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int classic_make(struct child *c, const char *type, const char *const *options,
	unsigned flags, int place)
{
	(void)c;
	char data[1024] = "", target[FD_PATH];
	const char *source = type;
	for (; *options; options += 2) {
		size_t used = strlen(data);
		if (strcmp(options[0], "source") == 0) { /* no option here: EINVAL */
			source = options[1];
			continue;
		}
		(void)snprintf(data + used, sizeof(data) - used, "%s%s%s%s",
			used ? "," : "", options[0], options[1] ? "=" : "",
			options[1] ? options[1] : "");
	}
	if (mount(source, fd_path(target, place), type, mount_flags(flags), data) < 0)
		return -errno;
	return reopen(place);
}

/* ---- remounting a whole tree ---- */

static unsigned long flag_words(const char *words)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} table[] = {
		{ "ro", MS_RDONLY },
		{ "nosuid", MS_NOSUID },
		{ "nodev", MS_NODEV },
		{ "noexec", MS_NOEXEC },
		{ "noatime", MS_NOATIME },
		{ "nodiratime", MS_NODIRATIME },
		{ "relatime", MS_RELATIME },
	};
	unsigned long flags = 0;
	for (const char *p = words; *p; p += strcspn(p, ","), p += *p == ',')
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (strcspn(p, ",") == strlen(table[i].word) &&
				str_starts(p, table[i].word))
				flags |= table[i].flag;
	return flags;
}

/* mountinfo writes blanks and backslashes as \040 and the like. */
static void unescape(char *s)
{
	char *out = s;
	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
				(s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static bool below(const char *path, const char *top)
{
	size_t len = strlen(top);
	if (len == 1 && top[0] == '/')
		return true;
	return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* One line: "id parent dev root MOUNTPOINT OPTIONS ...". */
static int remount_line(char *line, const char *top, unsigned long flags)
{
	char *save = NULL, *field = NULL, *point = NULL;
	for (int i = 0; i < 6; i++) {
		field = strtok_r(i ? NULL : line, " ", &save);
		if (!field)
			return 0;
		if (i == 4)
			point = field;
	}
	unescape(point);
	if (!below(point, top))
		return 0;
	unsigned long all = flags | flag_words(field);
	if (mount(NULL, point, NULL, MS_REMOUNT | MS_BIND | all, NULL) < 0)
		/* a mount under another one, or in a directory that is not ours to enter,
		 * cannot be reached by the program either */
		return strcmp(point, top) != 0 &&
				(errno == EACCES || errno == EINVAL || errno == ENOENT)
			? 0
			: -errno;
	return 0;
}

/* Reads mountinfo through a buffer on the stack: nothing may be allocated here. */
static int remount_tree(const char *top, unsigned long flags)
{
	char buf[65536];
	size_t used = 0;
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = RETRY(read(fd, buf + used, sizeof(buf) - 1 - used));
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		used += (size_t)n;
		buf[used] = '\0';
		char *line = buf, *end;
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			int r = remount_line(line, top, flags);
			if (r < 0)
				return r;
			line = end + 1;
		}
		used = strlen(line);
		if (used == sizeof(buf) - 1)
			return -EOVERFLOW;
		memmove(buf, line, used);
	}
}

/* Whether @root is what @source is: its name was looked up again, and a program of another
 * instance may have moved what is there meanwhile. */
static int check_same(int source, int root, bool *ret_link)
{
	struct stat wanted, found;
	if (fstat(source, &wanted) < 0 || fstat(root, &found) < 0)
		return -errno;
	*ret_link = S_ISLNK(wanted.st_mode);
	return wanted.st_dev == found.st_dev && wanted.st_ino == found.st_ino ? 0
									      : -ESTALE;
}

static int classic_bind(struct child *c, int source, unsigned flags, int place)
{
	(void)c;
	char from[FD_PATH], to[FD_PATH], path[4096];
	bool link = false;
	if (mount(fd_path(from, source), fd_path(to, place), NULL, MS_BIND | MS_REC,
		    NULL) < 0)
		return -errno;
	_cleanup_fd_ int root = reopen(place);
	if (root < 0)
		return root;
	int r = check_same(source, root, &link);
	if (r < 0)
		return r;
	if (link) /* it cannot be written, and has no name to remount it by */
		return TAKE_FD(root);
	if (mount(NULL, fd_path(to, root), NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return -errno;
	ssize_t n = readlink(fd_path(to, root), path, sizeof(path) - 1);
	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	path[n] = '\0';
	r = remount_tree(path, mount_flags(flags));
	if (r == 0)
		r = mount_check(root, flags);
	return r < 0 ? r : TAKE_FD(root);
}

static int classic_seal(struct child *c, int root)
{
	(void)c;
	char path[FD_PATH];
	struct stat st;
	if (fstat(root, &st) < 0)
		return -errno;
	/* only for a tmpfs of ours, whose flags are known */
	if (mount(NULL, fd_path(path, root), NULL,
		    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		return -errno;
	return mount_check(root, MOUNT_RDONLY);
}

static int classic_root(struct child *c, int source, unsigned flags)
{
	/* Any directory of the host will do: all sources are open already, and it goes away
	 * with the old root. */
	static const char *const places[] = { "/mnt", "/media", "/srv", "/opt", "/tmp",
		"/usr" };
	static const char *const options[] = { "mode", "0755", NULL };
	_cleanup_fd_ int place = -1;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && place < 0; i++)
		place = open(places[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return -errno;
	if (source < 0)
		return classic_make(c, "tmpfs", options, flags, place);
	return classic_bind(c, source, flags, place);
}

const struct mounter mounter_classic = {
	.make = classic_make,
	.bind = classic_bind,
	.seal = classic_seal,
	.root = classic_root,
};
