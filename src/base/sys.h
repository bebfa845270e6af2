/* SPDX-License-Identifier: MIT */
/* sys.h - thin wrappers for system calls that libc lacks
 *
 * Each returns what the kernel returns, with errno set. glibc 2.36 has some of them under
 * <sys/mount.h>, but only there and not with every header set that Debian ships, so all
 * live here under one prefix.
 */
#pragma once

#include <stdint.h>
#include <linux/openat2.h>
#include <sys/types.h>

struct clone_args;

/* mount API constants; values are the kernel's ABI (include/uapi/linux/mount.h) */
enum {
	SYS_OPEN_TREE_CLONE = 1,
	SYS_OPEN_TREE_CLOEXEC = 02000000, /* O_CLOEXEC */
	SYS_AT_RECURSIVE = 0x8000,
	SYS_MOVE_MOUNT_F_EMPTY_PATH = 0x4,
	SYS_MOVE_MOUNT_T_EMPTY_PATH = 0x40,
	SYS_FSOPEN_CLOEXEC = 1,
	SYS_FSMOUNT_CLOEXEC = 1,
	SYS_FSCONFIG_SET_FLAG = 0,
	SYS_FSCONFIG_SET_STRING = 1,
	SYS_FSCONFIG_CMD_CREATE = 6,
	SYS_MOUNT_ATTR_RDONLY = 0x1,
	SYS_MOUNT_ATTR_NOSUID = 0x2,
	SYS_MOUNT_ATTR_NODEV = 0x4,
	SYS_MOUNT_ATTR_NOEXEC = 0x8,
};

struct sys_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

int sys_open_tree(int dirfd, const char *path, unsigned flags); /* 5.2 */
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
	unsigned flags); /* 5.2 */
int sys_fsopen(const char *fstype, unsigned flags); /* 5.2 */
int sys_fsconfig(int fd, unsigned cmd, const char *key, const char *value); /* 5.2 */
int sys_fsmount(int fd, unsigned flags, unsigned attr); /* 5.2 */
int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
	const struct sys_mount_attr *attr); /* 5.12 */
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t resolve); /* 5.6 */
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_close_range(
	unsigned first, unsigned last, unsigned flags); /* 5.9; older: close() */
int sys_pidfd_open(pid_t pid); /* 5.3 */
int sys_pidfd_getfd(int pidfd, int fd); /* 5.6; a copy of another process's descriptor */
int sys_pidfd_send_signal(int pidfd, int sig, int value); /* 5.1 */
/* A fork with clone flags: clone3(2), and clone(2) where that says ENOSYS. 0 in the
 * child. @ret_pidfd: when not NULL, gets a descriptor for the child. */
pid_t sys_fork(uint64_t flags, int *ret_pidfd);
