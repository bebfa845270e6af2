/* SPDX-License-Identifier: MIT */
/* probe.c - tells, from inside a sandbox, what the sandbox is like
 *
 * usage: probe [SUBJECT...]
 *
 * Prints "key=value" lines, one fact each; all subjects when none is named. Linked
 * statically, so that it runs in the emptiest root. Facts only: what is right is for the
 * test to say. What cannot be told has the errno's name as its value.
 *
 *   ids       uid euid gid egid groups umask
 *   process   pid ppid pgrp sid tty dumpable cwd hostname oom_score_adj
 *   caps      CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters
 *   fds       fd.N=TARGET, fds=N,N,...
 *   ns        ns.KIND=INODE
 *   init      init.FILE=yes or the errno: what of /proc/1 this process may read;
 *             init.ptrace: whether it may be traced; init.comm
 *   mounts    mount.POINT=FSTYPE OPTIONS SUPER_OPTIONS
 *   limits    limit.KIND=SOFT
 *   time      monotonic boottime realtime, in nanoseconds
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *error_name(int error)
{
	const char *name = strerrorname_np(error);
	return name != NULL ? name : "unknown error";
}

static void print_link(const char *key, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0) {
		printf("%s=%s\n", key, error_name(errno));
		return;
	}
	target[n] = '\0';
	printf("%s=%s\n", key, target);
}

static void print_first_line(const char *key, const char *path)
{
	char line[256];
	FILE *f = fopen(path, "re");

	if (f == NULL || fgets(line, sizeof(line), f) == NULL) {
		printf("%s=%s\n", key, error_name(errno));
	} else {
		line[strcspn(line, "\n")] = '\0';
		printf("%s=%s\n", key, line);
	}
	if (f != NULL)
		fclose(f);
}

static void probe_ids(void)
{
	printf("uid=%u\neuid=%u\ngid=%u\negid=%u\n", getuid(), geteuid(), getgid(),
		getegid());

	gid_t groups[NGROUPS_MAX];
	int n = getgroups(NGROUPS_MAX, groups);
	printf("groups=");
	for (int i = 0; i < n; i++)
		printf("%s%u", i > 0 ? "," : "", groups[i]);

	mode_t mask = umask(0);
	umask(mask);
	printf("\numask=%04o\n", mask);
}

static void probe_process(void)
{
	char cwd[PATH_MAX];
	struct utsname uts;

	printf("pid=%d\nppid=%d\npgrp=%d\nsid=%d\n", getpid(), getppid(), getpgrp(),
		getsid(0));
	printf("tty=%s\n",
		isatty(0) ? ttyname(0) != NULL ? ttyname(0) : "unnamed" : "no");

	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	printf("controlling_tty=%s\n", tty >= 0 ? "yes" : error_name(errno));
	if (tty >= 0)
		close(tty);
	printf("dumpable=%d\n", prctl(PR_GET_DUMPABLE));
	printf("cwd=%s\n", getcwd(cwd, sizeof(cwd)) != NULL ? cwd : error_name(errno));
	uname(&uts);
	printf("hostname=%s\n", uts.nodename);
	print_first_line("oom_score_adj", "/proc/self/oom_score_adj");
}

static void probe_caps(void)
{
	static const char *const wanted[] = { "CapInh", "CapPrm", "CapEff", "CapBnd",
		"CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters" };
	char line[512];
	FILE *f = fopen("/proc/self/status", "re");

	if (f == NULL) {
		printf("CapEff=%s\n", error_name(errno));
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		char *value = strchr(line, ':');
		if (value == NULL)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		value[strcspn(value, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (strcmp(line, wanted[i]) == 0)
				printf("%s=%s\n", line, value);
	}
	fclose(f);
}

/* Without /proc: by asking for each number. */
static void probe_fds(void)
{
	char key[32], path[64], list[4096] = "";
	size_t used = 0;

	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(key, sizeof(key), "fd.%d", fd);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		print_link(key, path);
		if (used < sizeof(list) - 8)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%d",
				used > 0 ? "," : "", fd);
	}
	printf("fds=%s\n", list);
}

static void probe_ns(void)
{
	static const char *const kinds[] = { "user", "mnt", "pid", "net", "ipc", "uts",
		"cgroup", "time" };
	char key[32], path[64];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(key, sizeof(key), "ns.%s", kinds[i]);
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		print_link(key, path);
	}
	print_first_line("uid_map", "/proc/self/uid_map");
	print_first_line("gid_map", "/proc/self/gid_map");
	print_first_line("setgroups", "/proc/self/setgroups");
}

/* Reading counts, not opening: some files open for all and are empty for others. EIO is
 * what "mem" says to those whom it lets in, since address 0 is not mapped. */
static const char *readable(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_name(errno);
	ssize_t n = read(fd, &byte, 1);
	int error = errno;
	close(fd);
	return n > 0 || (n < 0 && error == EIO) ? "yes"
		: n == 0			? "empty"
						: error_name(error);
}

static void probe_init(void)
{
	static const char *const files[] = { "environ", "cmdline", "maps", "mem", "auxv",
		"mountinfo", "stat" };
	static const char *const links[] = { "exe", "root", "cwd", "fd/0", "ns/mnt" };
	char key[32], path[64];

	print_first_line("init.comm", "/proc/1/comm");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/1/%s", files[i]);
		printf("init.%s=%s\n", files[i], readable(path));
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		snprintf(key, sizeof(key), "init.%s", links[i]);
		snprintf(path, sizeof(path), "/proc/1/%s", links[i]);
		print_link(key, path);
	}
	if (getpid() == 1)
		return;
	if (ptrace(PTRACE_SEIZE, 1, NULL, NULL) == 0) {
		puts("init.ptrace=yes");
		ptrace(PTRACE_DETACH, 1, NULL, NULL);
	} else {
		printf("init.ptrace=%s\n", error_name(errno));
	}
}

/* mountinfo: id parent major:minor root point options [optional...] - type source super */
static void probe_mounts(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (f == NULL) {
		printf("mounts=%s\n", error_name(errno));
		return;
	}
	while (getline(&line, &size, f) > 0) {
		char *point = NULL, *options = NULL, *type = NULL, *super = NULL;
		char *tail = strstr(line, " - ");
		if (tail == NULL)
			continue;
		*tail = '\0';
		if (sscanf(line, "%*s %*s %*s %*s %ms %ms", &point, &options) == 2 &&
			sscanf(tail + 3, "%ms %*s %ms", &type, &super) == 2)
			printf("mount.%s=%s %s %s\n", point, type, options, super);
		free(point);
		free(options);
		free(type);
		free(super);
	}
	free(line);
	fclose(f);
}

static void probe_limits(void)
{
	static const struct {
		const char *name;
		int resource;
	} kinds[] = {
		{ "nofile", RLIMIT_NOFILE },
		{ "nproc", RLIMIT_NPROC },
		{ "core", RLIMIT_CORE },
		{ "as", RLIMIT_AS },
		{ "fsize", RLIMIT_FSIZE },
		{ "memlock", RLIMIT_MEMLOCK },
	};
	struct rlimit r;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (getrlimit(kinds[i].resource, &r) < 0)
			continue;
		if (r.rlim_cur == RLIM_INFINITY)
			printf("limit.%s=unlimited\n", kinds[i].name);
		else
			printf("limit.%s=%ju\n", kinds[i].name, (uintmax_t)r.rlim_cur);
	}
}

static void print_clock(const char *key, clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		printf("%s=%s\n", key, error_name(errno));
	else
		printf("%s=%jd\n", key, (intmax_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

static void probe_time(void)
{
	print_clock("monotonic", CLOCK_MONOTONIC);
	print_clock("boottime", CLOCK_BOOTTIME);
	print_clock("realtime", CLOCK_REALTIME);
}

static const struct {
	const char *name;
	void (*tell)(void);
} subjects[] = {
	{ "ids", probe_ids },
	{ "process", probe_process },
	{ "caps", probe_caps },
	{ "fds", probe_fds },
	{ "ns", probe_ns },
	{ "init", probe_init },
	{ "mounts", probe_mounts },
	{ "limits", probe_limits },
	{ "time", probe_time },
};

static bool wanted_subject(const char *name, char **words)
{
	if (*words == NULL)
		return true;
	for (; *words != NULL; words++)
		if (strcmp(*words, name) == 0)
			return true;
	return false;
}

static bool is_subject(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (strcmp(subjects[i].name, word) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!is_subject(argv[i])) {
			fprintf(stderr, "probe: no such subject: %s\n", argv[i]);
			return 2;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (wanted_subject(subjects[i].name, argv + 1))
			subjects[i].tell();
	return fflush(stdout) == 0 ? 0 : 1;
}
