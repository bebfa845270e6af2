/* SPDX-License-Identifier: MIT */
/* kernel.c - the bare kernel calls of a sandbox, as the floor that start-up is measured by
 *
 * usage: kernel [DIR...] -- CMD [ARG...]
 *
 * Private user, mount, pid, net, ipc, uts and cgroup namespaces with the caller's own id;
 * a tmpfs root with /usr (recursive, read-only) and the links to it, /proc, the usual
 * device nodes with their own pts and shm, /tmp; and each DIR read-only at its own path. Then
 * CMD. Nothing is checked, forwarded, reaped or explained: this is what no sandbox of the
 * same shape can be quicker than, not a sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPEN_TREE_CLONE_ = 1,
	AT_RECURSIVE_ = 0x8000,
	MOVE_MOUNT_BOTH_EMPTY = 0x44,
	ATTR_RDONLY = 1,
	ATTR_NOSUID = 2,
	ATTR_NODEV = 4,
	ATTR_NOEXEC = 8,
	FSCONFIG_STRING = 1,
	FSCONFIG_CREATE = 6,
};

static void check(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "kernel: %s: %s\n", what, strerror(errno));
		_exit(1);
	}
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd, path);
	check(write(fd, text, strlen(text)), path);
	close(fd);
}

static int make_fs(const char *type, const char *key, const char *value, unsigned attr)
{
	int fs = (int)syscall(SYS_fsopen, type, 1);
	check(fs, type);
	if (key != NULL)
		check(syscall(SYS_fsconfig, fs, FSCONFIG_STRING, key, value, 0), key);
	check(syscall(SYS_fsconfig, fs, FSCONFIG_CREATE, NULL, NULL, 0), type);
	int mount = (int)syscall(SYS_fsmount, fs, 1, attr);
	check(mount, "fsmount");
	close(fs);
	return mount;
}

static void attach(int tree, int dir, const char *name, int is_file)
{
	if (is_file)
		close(openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0444));
	else
		mkdirat(dir, name, 0755);
	int at = openat(dir, name, O_PATH | O_CLOEXEC);
	check(at, name);
	check(syscall(SYS_move_mount, tree, "", at, "", MOVE_MOUNT_BOTH_EMPTY), name);
	close(at);
}

static int clone_tree(const char *path, uint64_t attr)
{
	struct {
		uint64_t set, clear, propagation, userns;
	} change = { attr, 0, 0, 0 };
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path,
		OPEN_TREE_CLONE_ | O_CLOEXEC | AT_RECURSIVE_);
	check(tree, path);
	check(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE_, &change,
		      sizeof(change)),
		path);
	return tree;
}

static void bind_at_own_path(int root, const char *path)
{
	char dir[4096];

	for (const char *slash = strchr(path + 1, '/'); slash;
		slash = strchr(slash + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path - 1), path + 1);
		mkdirat(root, dir, 0755);
	}
	int tree = clone_tree(path, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
	attach(tree, root, path + 1, 0);
	close(tree);
}

static void make_dev(int root)
{
	static const char *const nodes[] = { "null", "zero", "full", "random", "urandom",
		"tty" };
	char path[32];
	int dev_mount = make_fs("tmpfs", "mode", "755", ATTR_NOSUID);

	attach(dev_mount, root, "dev", 0);
	int dev = openat(root, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(dev, "dev");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		snprintf(path, sizeof(path), "/dev/%s", nodes[i]);
		int tree = clone_tree(path, ATTR_NOSUID | ATTR_NOEXEC);
		attach(tree, dev, nodes[i], 1);
		close(tree);
	}
	attach(make_fs("devpts", "ptmxmode", "666", ATTR_NOSUID | ATTR_NOEXEC), dev,
		"pts", 0);
	attach(make_fs("tmpfs", "mode", "1777", ATTR_NOSUID | ATTR_NODEV), dev, "shm", 0);
	check(symlinkat("pts/ptmx", dev, "ptmx"), "ptmx");
	check(symlinkat("/proc/self/fd", dev, "fd"), "fd");
	check(symlinkat("fd/0", dev, "stdin"), "stdin");
	check(symlinkat("fd/1", dev, "stdout"), "stdout");
	check(symlinkat("fd/2", dev, "stderr"), "stderr");
	close(dev);
	close(dev_mount);
}

static void make_root(char **dirs)
{
	int root = make_fs("tmpfs", "mode", "755", ATTR_NOSUID | ATTR_NODEV);
	/* Somewhere to be attached to, for pivot_root. */
	check(syscall(SYS_move_mount, root, "", AT_FDCWD, "/tmp", 0x4),
		"move_mount /tmp");
	check(fchdir(root), "fchdir");

	int usr = clone_tree("/usr", ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
	attach(usr, root, "usr", 0);
	close(usr);
	check(symlinkat("usr/bin", root, "bin"), "bin");
	check(symlinkat("usr/lib", root, "lib"), "lib");
	check(symlinkat("usr/lib64", root, "lib64"), "lib64");
	attach(make_fs("proc", NULL, NULL, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC), root,
		"proc", 0);
	make_dev(root);
	attach(make_fs("tmpfs", "mode", "1777", ATTR_NOSUID | ATTR_NODEV), root, "tmp",
		0);
	for (; strcmp(*dirs, "--") != 0; dirs++)
		bind_at_own_path(root, *dirs);

	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount2");
	check(chdir("/"), "chdir");
}

static void map_own_id(uid_t uid, gid_t gid)
{
	char map[64];

	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	write_file("/proc/self/gid_map", map);
}

int main(int argc, char **argv)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	char **command = argv + 1;

	while (*command != NULL && strcmp(*command, "--") != 0)
		command++;
	if (*command == NULL || command[1] == NULL || argc < 3) {
		fputs("usage: kernel [DIR...] -- CMD [ARG...]\n", stderr);
		return 2;
	}
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
			CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	check(child, "clone3");
	if (child > 0) {
		int status;
		check(waitpid(child, &status, 0), "waitpid");
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	map_own_id(uid, gid);
	check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "slave");
	make_root(argv + 1);
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	execvp(command[1], command + 1);
	check(-1, command[1]);
}
