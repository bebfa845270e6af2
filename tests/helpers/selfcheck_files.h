/* SPDX-License-Identifier: MIT */
/* selfcheck_files.h - of the self-check: files, /proc, /sys and devices */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "selfcheck.h"

/* ---- files ---- */

static bool can_make_file_in(const char *dir)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof(path), "%s/.selfcheck", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		unlink(path);
		return true;
	}
	if (mkdir(path, 0700) < 0)
		return false;
	rmdir(path);
	return true;
}

static bool can_write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

struct mount_line {
	char device[32], root[PATH_MAX], point[PATH_MAX], options[256], type[64];
};

/* The next one that can be read, false at the end. */
static bool next_mount(FILE *mounts, struct mount_line *m)
{
	char line[3 * PATH_MAX];
	while (mounts != NULL && fgets(line, sizeof(line), mounts) != NULL) {
		char *tail = strstr(line, " - ");
		if (tail != NULL && sscanf(tail, " - %63s", m->type) == 1 &&
			sscanf(line, "%*s %*s %31s %4095s %4095s %255s", m->device,
				m->root, m->point, m->options) == 4)
			return true;
	}
	return false;
}

static void each_mount(void (*f)(const struct mount_line *))
{
	struct mount_line m;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	if (mounts == NULL)
		flaw("no /proc/self/mountinfo");
	while (next_mount(mounts, &m))
		f(&m);
	if (mounts != NULL)
		fclose(mounts);
}

static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = options; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	}
	return false;
}

/* Whether it shows what would be there without it: such mounts keep what lies above a
 * guarded place from being moved. */
static bool shows_the_same(const struct mount_line *m)
{
	struct mount_line above;
	bool same = false;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	while (!same && next_mount(mounts, &above)) {
		size_t len = strlen(above.point), root_len = strlen(above.root);
		same = is_any("writable", above.point) &&
			strncmp(m->point, above.point, len) == 0 &&
			m->point[len] == '/' && strcmp(m->device, above.device) == 0 &&
			strncmp(m->root, above.root, root_len) == 0 &&
			strcmp(m->root + root_len, m->point + len) == 0;
	}
	if (mounts != NULL)
		fclose(mounts);
	return same;
}

/* A mount of its own in a place that is for writing has to be promised by itself. */
static void expect_sealed(const struct mount_line *m)
{
	struct stat st;
	if (is_any("writable", m->point) || stat(m->point, &st) < 0 ||
		S_ISCHR(st.st_mode) || shows_the_same(m))
		return;
	if (!has_option(m->options, "ro"))
		flaw("%s is mounted for writing", m->point);
	if (S_ISDIR(st.st_mode) ? can_make_file_in(m->point)
				: S_ISREG(st.st_mode) && can_write_file(m->point))
		flaw("%s can be written", m->point);
}

static void expect_tame(const struct mount_line *m)
{
	struct stat st;
	if (!has_option(m->options, "nosuid"))
		flaw("%s has no nosuid", m->point);
	bool node = stat(m->point, &st) == 0 && S_ISCHR(st.st_mode);
	const char *name = strncmp(m->point, "/dev/", 5) == 0 ? m->point + 5 : "";
	if (!node && strcmp(m->type, "devpts") != 0 && strcmp(m->point, "/dev") != 0 &&
		!below_any("device", name) && !has_option(m->options, "nodev"))
		flaw("%s has no nodev", m->point);
}

static void check_files(void)
{
	static const char *const places[] = { "/", "/usr", "/usr/bin", "/usr/local",
		"/etc", "/bin", "/sbin", "/lib", "/lib64", "/var", "/var/lib", "/opt",
		"/boot", "/dev", "/home", "/root", "/srv", "/mnt", "/media", "/sys" };
	each_mount(expect_sealed);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!below_any("writable", places[i]) && can_make_file_in(places[i]))
			flaw("%s can be written", places[i]);
	property("files.writable", "nothing but what is promised");

	const char *dir;
	for (unsigned n = 0; (dir = word_n("writable", n)) != NULL; n++)
		if (strcmp(dir, "/proc") != 0 && strcmp(dir, "/dev/pts") != 0 &&
			!can_make_file_in(dir))
			flaw("%s cannot be written", dir);
	property("files.promised", "what is promised can be written");

	each_mount(expect_tame);
	property("files.mounts", "nosuid everywhere, nodev but for devices");
}

/* A hidden thing may be there, as long as nothing is in it. */
static void expect_hidden(const char *path)
{
	char byte;
	struct stat st;
	if (stat(path, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 && read(fd, &byte, 1) > 0)
			flaw("%s can be read", path);
		if (fd >= 0)
			close(fd);
		if (can_write_file(path))
			flaw("%s can be written", path);
		return;
	}
	DIR *d = opendir(path);
	for (struct dirent *entry; d != NULL && (entry = readdir(d)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			flaw("%s has '%s' in it", path, entry->d_name);
	if (d != NULL)
		closedir(d);
	if (can_make_file_in(path))
		flaw("%s can be written", path);
}

/* The classic way out of a chroot: keep a descriptor of the old root, climb from there. */
static int climb(const void *arg)
{
	struct stat top, here;
	(void)arg;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fstat(root, &top) < 0)
		return 2;
	if (chroot("/proc") == 0 || chroot("/tmp") == 0)
		(void)!fchdir(root);
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return 2;
	if (stat(".", &here) < 0)
		return 2;
	return here.st_ino != top.st_ino || here.st_dev != top.st_dev;
}

static void check_root(void)
{
	static const char *const ways[] = { "/..", "/../..", "/proc/self/root/..",
		"/proc/self/root", "/proc/thread-self/root/../.." };
	struct stat top, other;
	const char *path;
	for (unsigned n = 0; (path = word_n("hidden", n)) != NULL; n++)
		expect_hidden(path);
	property("files.hidden", "the caller's files, and sbox's own, are not there");

	if (stat("/", &top) < 0)
		flaw("no root");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (stat(ways[i], &other) == 0 &&
			(other.st_ino != top.st_ino || other.st_dev != top.st_dev))
			flaw("%s is another directory", ways[i]);
	if (in_child(climb, NULL) != 0)
		flaw("climbing from a chroot leads elsewhere");
	property("files.root", "no way leads above it");

	char text[64] = "";
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && *word("machine-id") &&
		strncmp(text, word("machine-id"), 32) == 0)
		flaw("/etc/machine-id is the host's");
	if (fd >= 0)
		close(fd);
	property("files.machine-id", "another than the host's");
}

/* ---- /proc and /sys ---- */

static bool tells(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, &byte, 1);
	int error = errno;
	close(fd);
	return n > 0 ||
		(n < 0 && error == EIO); /* EIO: mem, whose address 0 is not mapped */
}

/* Settings that a namespace has its own of belong to who is root in it. */
static bool of_own_namespace(const char *path)
{
	static const struct {
		const char *start, *word, *value;
	} own[] = {
		{ "/proc/sys/net/", "network", "none" },
		{ "/proc/sys/fs/mqueue/", "ipc", "private" },
		{ "/proc/sys/kernel/msg", "ipc", "private" },
		{ "/proc/sys/kernel/auto_msgmni", "ipc", "private" },
		{ "/proc/sys/kernel/sem", "ipc", "private" },
		{ "/proc/sys/kernel/shm", "ipc", "private" },
		{ "/proc/sys/kernel/pid_max", "pid", "private" }, /* since 6.14 */
	};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strncmp(path, own[i].start, strlen(own[i].start)) == 0)
			return is(own[i].word, own[i].value);
	return false;
}

static int expect_unwritable(
	const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)where;
	if (kind != FTW_F || !can_write_file(path))
		return 0;
	/* some are open to all, and judged when they are written: the same again */
	char text[256];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	bool written = fd < 0 || (n >= 0 && pwrite(fd, text, (size_t)n, 0) >= 0);
	if (fd >= 0)
		close(fd);
	if (!written)
		return 0;
	if (getuid() == 0 && of_own_namespace(path))
		return 0;
	flaw("%s", path);
	return 0;
}

static void check_proc(void)
{
	static const char *const writable[] = { "/proc/sysrq-trigger", "/proc/mtrr",
		"/proc/irq/default_smp_affinity", "/proc/timer_stats",
		"/proc/latency_stats", "/proc/sys/fs/binfmt_misc/register",
		"/sys/power/state", "/sys/kernel/mm/ksm/run", "/sys/kernel/uevent_helper",
		"/sys/module/kernel/parameters/panic", "/sys/fs/cgroup/cgroup.procs" };
	static const char *const readable[] = { "/proc/kcore", "/proc/kmsg", "/dev/kmsg",
		"/dev/mem", "/proc/kpagecount", "/proc/vmallocinfo" };
	nftw("/proc/sys", expect_unwritable, 16, FTW_PHYS);
	for (size_t i = 0; i < ARRAY_SIZE(writable); i++)
		if (can_write_file(writable[i]))
			flaw("%s", writable[i]);
	property("proc.settings", "none of the kernel's can be opened for writing");

	for (size_t i = 0; i < ARRAY_SIZE(readable); i++)
		if (tells(readable[i]))
			flaw("%s", readable[i]);
	property("proc.memory", "the kernel's memory and messages cannot be read");

	if (is("sys", "no") && access("/sys/kernel", F_OK) == 0)
		flaw("/sys/kernel");
	property("proc.sys", "the host's /sys is not there");

	char line[512] = "";
	FILE *f = fopen("/proc/self/cgroup", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (is("cgroup", "private") && strstr(line, ":/\n") == NULL)
			flaw("%s", line);
	if (f != NULL)
		fclose(f);
	property("proc.cgroup", "one's own looks like the root");

	struct utsname uts;
	uname(&uts);
	if (is("uts", "private") && strcmp(uts.nodename, word("hostname")) == 0)
		flaw("the host's name is '%s'", uts.nodename);
	property("proc.hostname", "another than the host's");
}

/* ---- devices ---- */

static void check_devices(void)
{
	static const char *const usual[] = { ".", "..", "null", "zero", "full", "random",
		"urandom", "tty", "console", "pts", "shm", "ptmx", "fd", "stdin",
		"stdout", "stderr" };
	DIR *dev = opendir("/dev");
	for (struct dirent *entry; dev != NULL && (entry = readdir(dev)) != NULL;) {
		bool known = below_any("device", entry->d_name);
		for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
			known |= strcmp(usual[i], entry->d_name) == 0;
		if (!known)
			flaw("%s", entry->d_name);
	}
	if (dev != NULL)
		closedir(dev);
	property("devices.known", "the usual nodes");

	const char *dir;
	char path[PATH_MAX];
	for (unsigned n = 0; (dir = word_n("writable", n)) != NULL; n++) {
		(void)snprintf(path, sizeof(path), "%s/.selfcheck-node", dir);
		for (unsigned minor = 1; minor <= 3; minor += 2)
			if (mknod(path, S_IFCHR | 0600, (dev_t)(1 << 8 | minor)) == 0) {
				flaw("made in %s", dir);
				unlink(path);
			}
	}
	property("devices.made", "none can be");
}
