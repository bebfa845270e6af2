/* SPDX-License-Identifier: MIT */
/* overlay.c - a layer put over a tree: by the kernel, or as a mount that a server answers
 *
 * The kernel is told of all directories by descriptors, compared with what was found when
 * the plan was made; so no path is walked twice, and mountinfo tells the program nothing of
 * the host's. For fuse-overlayfs the mount is made here, in the sandbox's namespaces, and
 * its descriptor goes to the supervisor, which starts the server outside of them. Whoever
 * looks into the tree before that waits in the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "stage/control.h"
#include "stage/mounter.h"
#include "stage/stage.h"

enum {
	FD_NAME = 32, /* "/proc/self/fd/" and a number */
	JOINED_MAX = 255, /* of one option's value (fsconfig(2)) */
	UNDER_MAX = 100,
};

static void name_fd(char *buf, int fd)
{
	(void)snprintf(buf, FD_NAME, "/proc/self/fd/%d", fd);
}

static int open_known(const struct known_dir *dir)
{
	struct stat st;
	_cleanup_fd_ int fd =
		open(dir->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != dir->dev || st.st_ino != dir->ino)
		return -ESTALE;
	return TAKE_FD(fd);
}

/* ---- the kernel's ---- */

/* "upper" and "work", in a folder in the tmpfs at @memory. Its descriptor or negative errno. */
static int make_in_memory(int memory, const struct overlay *o, int id)
{
	char name[32];
	(void)snprintf(name, sizeof(name), "layer-%d", id);
	if (mkdirat(memory, name, 0700) < 0)
		return -errno;
	_cleanup_fd_ int folder = openat(memory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || mkdirat(folder, "upper", o->mode) < 0 ||
		mkdirat(folder, "work", 0700) < 0)
		return -errno;
	return TAKE_FD(folder);
}

/* In the tmpfs that is ours alone: gone with the namespace. */
static int open_in_memory(
	struct child *c, const struct overlay *o, int id, int *ret_upper, int *ret_work)
{
	_cleanup_fd_ int folder = make_in_memory(c->staging_fd, o, id);
	if (folder < 0)
		return folder;
	*ret_upper = openat(folder, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*ret_work = openat(folder, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_upper < 0 || *ret_work < 0 ? -errno : 0;
}

static int open_kept(const struct overlay *o, int *ret_upper, int *ret_work)
{
	*ret_upper = open_known(&o->upper);
	*ret_work = open_known(&o->work);
	return *ret_upper < 0 ? *ret_upper : *ret_work < 0 ? *ret_work : 0;
}

/* All in one value where that is long enough for it; else one by one (Linux 6.8). */
static size_t lower_options(const char (*names)[FD_NAME], size_t n,
	char joined[JOINED_MAX + 1], const char **options)
{
	size_t used = 0, count = 0;
	joined[0] = '\0';
	for (size_t i = 0; i < n; i++)
		used += strlen(names[i]) + 1;
	if (used > JOINED_MAX) {
		for (size_t i = 0; i < n; i++) {
			options[count++] = "lowerdir+";
			options[count++] = names[i];
		}
		return count;
	}
	used = 0;
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(joined + used, JOINED_MAX + 1 - used, "%s%s",
			i ? ":" : "", names[i]);
	options[count++] = "lowerdir";
	options[count++] = joined;
	return count;
}

static int mount_kernel(
	struct child *c, const struct overlay *o, int lower, int id, int place)
{
	char names[UNDER_MAX + 1][FD_NAME], upper_name[FD_NAME], work_name[FD_NAME];
	char joined[JOINED_MAX + 1];
	const char *options[2 * UNDER_MAX + 10];
	int under[UNDER_MAX];
	_cleanup_fd_ int upper = -1, work = -1;

	if (o->n_under > UNDER_MAX)
		return -E2BIG;
	int r = o->folder ? open_kept(o, &upper, &work)
			  : open_in_memory(c, o, id, &upper, &work);
	size_t n = 0;
	for (; r == 0 && n < o->n_under; n++) {
		under[n] = open_known(&o->under[n]);
		if (under[n] < 0) {
			r = under[n];
			break;
		}
		name_fd(names[n], under[n]);
	}
	if (r == 0) {
		name_fd(names[n], lower);
		name_fd(upper_name, upper);
		name_fd(work_name, work);
		size_t k = lower_options(names, n + 1, joined, options);
		const char *const rest[] = { "upperdir", upper_name, "workdir", work_name,
			"userxattr", NULL, NULL };
		memcpy(options + k, rest, sizeof(rest));
		r = c->mounter->make(c, "overlay", options, MOUNT_NODEV, place);
	}
	for (size_t i = 0; i < n; i++)
		fd_close(under[i]);
	return r;
}

/* ---- fuse-overlayfs' ---- */

bool overlay_memory(const struct ready *rd, size_t n, char size[OVERLAY_MEMORY_MAX],
	char files[OVERLAY_MEMORY_MAX])
{
	enum {
		FILE_MEAN = 4096
	}; /* the kernel takes a kilobyte for each beside its size */
	int64_t limit = limits_memory(&rd->limits);
	if (limit < 0)
		return false;
	limit /= (int64_t)n;
	limit = limit < FILE_MEAN ? FILE_MEAN : limit; /* 0: no limit, to a tmpfs */
	(void)snprintf(size, OVERLAY_MEMORY_MAX, "%" PRId64, limit);
	/* the first few are the folders themselves */
	(void)snprintf(files, OVERLAY_MEMORY_MAX, "%" PRId64,
		limit / FILE_MEAN + 16 * (int64_t)n);
	return true;
}

/* What the servers write is charged to their group, not to the program's: so all that they
 * keep in memory for it lies in one tmpfs, which is as large as the program's limit. */
static int make_memory(struct child *c)
{
	char size[OVERLAY_MEMORY_MAX], files[OVERLAY_MEMORY_MAX];
	const char *options[] = { "mode", "0700", "size", size, "nr_inodes", files,
		NULL };
	if (c->memory_fd >= 0)
		return 0;
	if (!overlay_memory(c->rd, 1, size, files))
		options[2] = NULL;
	if (mkdirat(c->staging_fd, "memory", 0700) < 0)
		return -errno;
	_cleanup_fd_ int place =
		openat(c->staging_fd, "memory", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return -errno;
	c->memory_fd = c->mounter->make(c, "tmpfs", options, MOUNT_NODEV, place);
	return c->memory_fd < 0 ? c->memory_fd : 0;
}

/* A part of it for one server. */
static int send_memory(struct child *c, const struct overlay *o, int id)
{
	if (!c->mounter->detach)
		return 0; /* it makes one of its own */
	int r = make_memory(c);
	if (r < 0)
		return r;
	_cleanup_fd_ int folder = make_in_memory(c->memory_fd, o, id);
	_cleanup_fd_ int detached = folder < 0 ? folder : c->mounter->detach(folder);
	return detached < 0 ? detached
			    : control_send(c->control_fd, CONTROL_MEMORY, detached);
}

/* With our user namespace: whoever cannot be looked into keeps it to itself. */
static int send_mount(struct child *c, const struct overlay *o, int id, int device)
{
	_cleanup_fd_ int user = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	if (user < 0)
		return -errno;
	int r = control_send(c->control_fd, CONTROL_USER, user);
	if (r == 0 && !o->folder)
		r = send_memory(c, o, id);
	return r < 0 ? r : control_send(c->control_fd, CONTROL_OVERLAY, device);
}

static int mount_fuse(struct child *c, const struct overlay *o, int id, int place)
{
	char fd[16], uid[16], gid[16];
	const char *const options[] = { "source", "fuse-overlayfs", "fd", fd, "rootmode",
		"40000", "user_id", uid, "group_id", gid, "default_permissions", NULL,
		"allow_other", NULL, NULL };
	/* opened here: the kernel wants it from the user namespace of the mount */
	_cleanup_fd_ int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return -errno;
	(void)snprintf(fd, sizeof(fd), "%d", device);
	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)c->rd->uid);
	(void)snprintf(gid, sizeof(gid), "%u", (unsigned)c->rd->gid);
	_cleanup_fd_ int top = c->mounter->make(c, "fuse", options, MOUNT_NODEV, place);
	if (top < 0)
		return top;
	int r = send_mount(c, o, id, device);
	return r < 0 ? r : TAKE_FD(top);
}

int overlay_mount(struct child *c, const struct overlay *o, int lower, int id, int place)
{
	return o->engine == ENGINE_FUSE ? mount_fuse(c, o, id, place)
					: mount_kernel(c, o, lower, id, place);
}
