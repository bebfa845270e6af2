/* SPDX-License-Identifier: MIT */
/* sys.c - thin wrappers for system calls that libc lacks */
#include "base/sys.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int sys_move_mount(
	int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}

int sys_fsopen(const char *fstype, unsigned flags)
{
	return (int)syscall(SYS_fsopen, fstype, flags);
}

int sys_fsconfig(int fd, unsigned cmd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, 0);
}

int sys_fsmount(int fd, unsigned flags, unsigned attr)
{
	return (int)syscall(SYS_fsmount, fd, flags, attr);
}

int sys_mount_setattr(
	int dirfd, const char *path, unsigned flags, const struct sys_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };
	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

enum { FD_LIMIT = 1 << 20 };

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct rlimit limit;
	int r = (int)syscall(SYS_close_range, first, last, flags);
	if (r == 0 || errno != ENOSYS || flags != 0)
		return r;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	/* descriptors above the limit can be open where it was lowered; nobody knows which */
	unsigned end = limit.rlim_max < FD_LIMIT ? (unsigned)limit.rlim_max : FD_LIMIT;
	for (unsigned fd = first; fd <= last && fd < end; fd++)
		(void)close((int)fd);
	return 0;
}

int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

int sys_pidfd_send_signal(int pidfd, int sig, int value)
{
	siginfo_t info;
	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, &info, 0);
}

pid_t sys_fork(uint64_t flags, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | (ret_pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 &&
		errno == ENOSYS) /* old kernel, or a filter that judges clone flags */
		pid = (pid_t)syscall(
			SYS_clone, args.flags | SIGCHLD, NULL, &pidfd, NULL, 0);
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return pid;
}
