/* SPDX-License-Identifier: MIT */
/* landlock.c - a second wall around files, derived from what was mounted
 *
 * The mounts decide what can be seen; this decides, by itself, what can be written: only
 * below the tops of writable mounts. A mistake in one of the two is caught by the other.
 * Abstract sockets and signals end at the sandbox (ABI 6), which with the host's network or
 * process ids nothing else ensures. A program under Landlock cannot mount, so it is left
 * out for nested = full.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "stage/stage.h"

/* Rights that headers of Debian 12 do not have yet; values are the kernel's ABI. */
#define RIGHT_REFER	(UINT64_C(1) << 13) /* ABI 2 */
#define RIGHT_TRUNCATE	(UINT64_C(1) << 14) /* ABI 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
enum { SCOPE_ABSTRACT_UNIX = 1, SCOPE_SIGNAL = 2 }; /* ABI 6 */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_IOCTL_DEV = 5, ABI_SCOPE = 6 };

static const uint64_t reading = LANDLOCK_ACCESS_FS_EXECUTE |
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
/* of the rest, what makes sense for a file that is no directory */
static const uint64_t on_files = LANDLOCK_ACCESS_FS_EXECUTE |
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE |
	RIGHT_IOCTL_DEV;

/* The kernel's structure, with the members that older headers lack. */
struct ruleset {
	uint64_t fs, net, scoped;
};

static uint64_t handled(int abi)
{
	uint64_t rights = (UINT64_C(1) << 13) - 1; /* the thirteen of ABI 1 */
	if (abi >= ABI_REFER)
		rights |= RIGHT_REFER;
	if (abi >= ABI_TRUNCATE)
		rights |= RIGHT_TRUNCATE;
	if (abi >= ABI_IOCTL_DEV)
		rights |= RIGHT_IOCTL_DEV;
	return rights;
}

static int allow(int ruleset, int root, const char *path, uint64_t rights)
{
	struct stat st;
	_cleanup_fd_ int fd = path_open_in_root(root, path, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	struct landlock_path_beneath_attr rule = { .parent_fd = fd,
		.allowed_access = S_ISDIR(st.st_mode) ? rights : rights & on_files };
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
		    0) < 0)
		return -errno;
	return 0;
}

/* What the ops make writable: file systems of ours that are not sealed, and writable binds.
 * /proc and the terminals are the program's own. */
static bool writable(const struct mount_op *op)
{
	return (op->kind == OP_BIND && op->write) ||
		(op->kind == OP_TMPFS && !op->seal) || op->kind == OP_PROC ||
		op->kind == OP_DEVPTS;
}

/* A directory that the plan passes open brings what is below it. */
static int allow_passed(const struct ready *rd, int ruleset, uint64_t all)
{
	for (size_t i = 0; i < rd->n_pass_fds; i++) {
		struct stat st;
		struct landlock_path_beneath_attr rule = { .parent_fd = rd->pass_fds[i],
			.allowed_access = all };
		if (fstat(rd->pass_fds[i], &st) < 0)
			return -errno;
		if (S_ISDIR(st.st_mode) &&
			syscall(SYS_landlock_add_rule, ruleset,
				LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
			return -errno;
	}
	return 0;
}

/* What is open for writing, and not for appending only, can be written anywhere as it is: so
 * it may be opened anew, as "> /dev/stderr" does. */
static int allow_outputs(int ruleset, uint64_t all)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		int flags = fcntl(fd, F_GETFL), mode = flags & O_ACCMODE;
		if (flags < 0 || mode == O_RDONLY || (flags & (O_APPEND | O_PATH)) ||
			fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		struct landlock_path_beneath_attr rule = { .parent_fd = fd,
			.allowed_access = all &
				(LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE |
					(mode == O_RDWR ? LANDLOCK_ACCESS_FS_READ_FILE
							: 0)) };
		/* EBADFD: on a file system without names, where no rule is needed */
		if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
			    &rule, 0) < 0 &&
			errno != EBADFD)
			return -errno;
	}
	return 0;
}

static int add_rules(const struct ready *rd, int ruleset, int root, uint64_t all)
{
	int r = allow(ruleset, root, "/",
		rd->root.source && rd->root.write ? all
						  : all & (reading | RIGHT_IOCTL_DEV));
	for (size_t i = 0; r == 0 && i < rd->ops.n; i++) {
		if (!writable(&rd->ops.v[i]))
			continue;
		r = allow(ruleset, root, rd->ops.v[i].dest, all);
		if (r == -ENOENT && rd->ops.v[i].implied)
			r = 0;
	}
	if (r == 0)
		r = allow_passed(rd, ruleset, all);
	return r < 0 ? r : allow_outputs(ruleset, all);
}

/* Should: restrict to the rules of the highest ABI that this kernel has. Mustn't: pass over
 * a failure; only a kernel without Landlock is excused, where the plan says auto. */
int stage_landlock(struct child *c)
{
	const struct plan *p = c->rd->plan;
	if (p->landlock == LANDLOCK_OFF || p->nested == NESTED_FULL)
		return 0;
	long abi = syscall(
		SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0) {
		bool excused = p->landlock == LANDLOCK_AUTO &&
			(errno == ENOSYS || errno == EOPNOTSUPP);
		return excused ? 0 : stage_fail(c, STEP_LANDLOCK, -1, -errno);
	}
	/* nothing else keeps a program in the host's network from its abstract sockets */
	if (p->landlock == LANDLOCK_REQUIRED && p->network == NETWORK_HOST &&
		abi < ABI_SCOPE)
		return stage_fail(c, STEP_LANDLOCK, -1, -EPROTONOSUPPORT);
	struct ruleset attr = { .fs = handled((int)abi) };
	size_t size = sizeof(attr.fs);
	if (abi >= ABI_SCOPE) {
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	_cleanup_fd_ int ruleset =
		(int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		return stage_fail(c, STEP_LANDLOCK, -1, -errno);
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return stage_fail(c, STEP_LANDLOCK, -1, -errno);
	int r = add_rules(c->rd, ruleset, root, attr.fs);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r < 0 ? stage_fail(c, STEP_LANDLOCK, -1, r) : 0;
}
