/* SPDX-License-Identifier: MIT */
/* selfcheck_processes.h - of the self-check: privileges, and other processes */
#pragma once

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "selfcheck_files.h"

/* ---- processes ---- */

static void status_value(const char *key, char *value, size_t size)
{
	char line[512];
	size_t len = strlen(key);
	*value = '\0';
	FILE *f = fopen("/proc/self/status", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			(void)snprintf(value, size, "%s",
				line + len + 1 + strspn(line + len + 1, " \t"));
	if (f != NULL)
		fclose(f);
	value[strcspn(value, "\n")] = '\0';
}

static void check_privileges(void)
{
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapBnd",
		"CapAmb" };
	char value[64];
	uint64_t should = strtoull(word("capabilities"), NULL, 16);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		status_value(sets[i], value, sizeof(value));
		if (*value == '\0' || strtoull(value, NULL, 16) != should)
			flaw("%s is %s", sets[i], value);
	}
	property("privileges.capabilities", "all five sets as promised");

	const int locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	if (should == 0 && (bits & locked) != locked)
		flaw("securebits are %#x", (unsigned)bits);
	property("privileges.securebits", "none can come out of user id 0");

	status_value("NoNewPrivs", value, sizeof(value));
	if (strcmp(value, "1") != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		flaw("NoNewPrivs is '%s'", value);
	property("privileges.no-new-privs", "set");

	status_value("Seccomp", value, sizeof(value));
	if (strcmp(value, "2") != 0)
		flaw("Seccomp is '%s'", value);
	property("privileges.filter", "there is one");

	gid_t groups[64];
	if (getuid() != (uid_t)atol(word("uid")) || geteuid() != getuid())
		flaw("uid %u, effective %u", getuid(), geteuid());
	if (getgid() != (gid_t)atol(word("gid")) || getegid() != getgid())
		flaw("gid %u, effective %u", getgid(), getegid());
	int n = getgroups(ARRAY_SIZE(groups), groups);
	if (is("groups", "drop"))
		for (int i = 0; i < n; i++)
			if (groups[i] != getgid())
				flaw("in group %u", groups[i]);
	property("privileges.ids", "as promised");

	char list[256] = "";
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			(void)snprintf(list + strlen(list), sizeof(list) - strlen(list),
				"%d ", fd);
	if (strcmp(list, "0 1 2 ") != 0)
		flaw("open: %s", list);
	property("privileges.descriptors", "0, 1 and 2");
}

static void check_init(void)
{
	static const char *const files[] = { "environ", "maps", "mem", "auxv", "stack",
		"syscall", "pagemap", "smaps" };
	static const char *const links[] = { "exe", "root", "cwd", "fd/0", "ns/mnt",
		"ns/net" };
	static const char *const writable[] = { "mem", "oom_score_adj", "comm",
		"uid_map" };
	char path[64], target[PATH_MAX];
	if (!is("pid", "private")) {
		property("processes.init", "no promise with the host's process ids");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(path, sizeof(path), "/proc/1/%s", files[i]);
		if (tells(path))
			flaw("%s can be read", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		(void)snprintf(path, sizeof(path), "/proc/1/%s", links[i]);
		if (readlink(path, target, sizeof(target)) >= 0)
			flaw("%s can be read", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(writable); i++) {
		(void)snprintf(path, sizeof(path), "/proc/1/%s", writable[i]);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, "0", 1) > 0)
			flaw("%s can be written", path);
		if (fd >= 0)
			close(fd);
	}
	if (ptrace(PTRACE_SEIZE, 1, NULL, NULL) == 0)
		flaw("init can be traced");
	property("processes.init", "tells nothing and cannot be traced");
}

/* Whether any of the secrets is in a file that has NULs in it. */
static void expect_no_secret(const char *path)
{
	static char text[1 << 17];
	const char *secret;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
	if (fd >= 0)
		close(fd);
	for (unsigned i = 0; n > 0 && (secret = word_n("secret", i)) != NULL; i++)
		if (memmem(text, (size_t)n, secret, strlen(secret)) != NULL)
			flaw("%s has '%s' in it", path, secret);
}

static void check_processes(void)
{
	char path[64];
	pid_t other = (pid_t)atol(word("host-pid"));
	(void)snprintf(path, sizeof(path), "/proc/%d", other);
	if (other > 0 && (kill(other, 0) == 0 || errno != ESRCH))
		flaw("%d is there, or says that it is", other);
	if (other > 0 && access(path, F_OK) == 0)
		flaw("%s is there", path);
	property("processes.outside", "not there");

	/* one's own command line has the secrets in it: they are these words */
	pid_t self = getpid();
	DIR *proc = opendir("/proc");
	for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%.16s/environ", entry->d_name);
		expect_no_secret(path);
		(void)snprintf(path, sizeof(path), "/proc/%.16s/cmdline", entry->d_name);
		if (atol(entry->d_name) != self)
			expect_no_secret(path);
	}
	if (proc != NULL)
		closedir(proc);
	property("processes.secrets", "in no environment or command line");
}
