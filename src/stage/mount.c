/* SPDX-License-Identifier: MIT */
/* mount.c - mounting by descriptors: fsopen, open_tree, mount_setattr, move_mount
 *
 * Attributes are set on a detached tree, so nothing is ever visible with the wrong ones,
 * and recursively in the kernel, so no list of mounts is read. A tree's propagation is
 * made private: what others mount later on the host stays there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/mounter.h"
#include "stage/stage.h"

static uint64_t attributes(unsigned flags)
{
	return SYS_MOUNT_ATTR_NOSUID |
		(flags & MOUNT_RDONLY ? SYS_MOUNT_ATTR_RDONLY : 0u) |
		(flags & MOUNT_NODEV ? SYS_MOUNT_ATTR_NODEV : 0u) |
		(flags & MOUNT_NOEXEC ? SYS_MOUNT_ATTR_NOEXEC : 0u);
}

static int create(const char *type, const char *const *options, unsigned flags)
{
	_cleanup_fd_ int fs = sys_fsopen(type, SYS_FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	for (; *options; options += 2)
		if (sys_fsconfig(fs,
			    options[1] ? SYS_FSCONFIG_SET_STRING : SYS_FSCONFIG_SET_FLAG,
			    options[0], options[1]) < 0)
			return -errno;
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -errno;
	int fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, (unsigned)attributes(flags));
	return fd < 0 ? -errno : fd;
}

static int attach(int tree, int place)
{
	if (sys_move_mount(tree, "", place, "",
		    SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int new_make(struct child *c, const char *type, const char *const *options,
	unsigned flags, int place)
{
	(void)c;
	_cleanup_fd_ int fd = create(type, options, flags);
	int r = fd < 0 ? fd : attach(fd, place);
	return r < 0 ? r : TAKE_FD(fd);
}

int mount_check(int fd, unsigned flags)
{
	struct statvfs fs;
	if (fstatvfs(fd, &fs) < 0)
		return -errno;
	unsigned long wanted = ST_NOSUID | (flags & MOUNT_RDONLY ? ST_RDONLY : 0ul) |
		(flags & MOUNT_NODEV ? ST_NODEV : 0ul) |
		(flags & MOUNT_NOEXEC ? ST_NOEXEC : 0ul);
	return (fs.f_flag & wanted) == wanted ? 0 : -EPERM;
}

/* A private copy of the tree at @source with the attributes, attached nowhere. */
static int detached(int source, unsigned flags)
{
	_cleanup_fd_ int tree = sys_open_tree(source, "",
		SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
			SYS_AT_RECURSIVE);
	if (tree < 0)
		return -errno;
	const struct sys_mount_attr attr = { .attr_set = attributes(flags),
		.propagation = MS_PRIVATE };
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, &attr) < 0)
		return -errno;
	int r = mount_check(tree, flags);
	return r < 0 ? r : TAKE_FD(tree);
}

static int new_bind(struct child *c, int source, unsigned flags, int place)
{
	(void)c;
	_cleanup_fd_ int tree = detached(source, flags);
	int r = tree < 0 ? tree : attach(tree, place);
	return r < 0 ? r : TAKE_FD(tree);
}

static int new_detach(int source)
{
	return detached(source, MOUNT_NODEV);
}

static int new_seal(struct child *c, int root)
{
	(void)c;
	const struct sys_mount_attr attr = { .attr_set = SYS_MOUNT_ATTR_RDONLY };
	if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &attr) < 0)
		return -errno;
	return mount_check(root, MOUNT_RDONLY);
}

static int new_root(struct child *c, int source, unsigned flags)
{
	static const char *const options[] = { "mode", "0755", NULL };
	(void)c;
	/* On top of the old "/": no path of the host is covered by that for this process,
	 * whose root stays the mount below. */
	_cleanup_fd_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	_cleanup_fd_ int fd =
		source < 0 ? create("tmpfs", options, flags) : detached(source, flags);
	int r = fd < 0 ? fd : attach(fd, top);
	return r < 0 ? r : TAKE_FD(fd);
}

const struct mounter mounter_new = {
	.make = new_make,
	.bind = new_bind,
	.detach = new_detach,
	.seal = new_seal,
	.root = new_root,
};

const struct mounter *mounter_choose(void)
{
	/* the youngest of the calls, with arguments that no kernel accepts */
	if (sys_mount_setattr(-1, "", 0, &(struct sys_mount_attr){ 0 }) < 0 &&
		errno == ENOSYS)
		return &mounter_classic;
	if (sys_open_tree(-1, "", 0) < 0 && errno == ENOSYS)
		return &mounter_classic;
	if (sys_move_mount(-1, "", -1, "", 0) < 0 && errno == ENOSYS)
		return &mounter_classic;
	if (sys_fsopen(NULL, 0) < 0 && errno == ENOSYS)
		return &mounter_classic;
	return &mounter_new;
}
