/* SPDX-License-Identifier: MIT */
/* selfcheck_calls.h - of the self-check: system calls, namespaces, what one may do to oneself */
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "selfcheck_files.h"
#include "verdict.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* ---- calls ---- */

static long number_of(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	return number < 0 ? -1 : number;
}

static const char *answer_text(int answer)
{
	if (answer > 0)
		return strerrorname_np(answer) != NULL ? strerrorname_np(answer)
						       : "strange";
	return answer == VERDICT_ALLOWED   ? "allowed"
		: answer == VERDICT_KILLED ? "killed"
		: answer == VERDICT_NO_ABI ? "no-abi"
					   : "unknown";
}

/* Asks for one call, with two arguments; no word for one that has no number here. */
static void expect_answer(const char *name, enum abi abi, long number, uint64_t first,
	uint64_t second, const char *should)
{
	const uint64_t args[5] = { first, second };
	const char *answer = answer_text(verdict_ask(abi, number, args));
	if (number >= 0 && strcmp(answer, should) != 0)
		flaw("%s(%#jx, %#jx): %s", name, (uintmax_t)first, (uintmax_t)second,
			answer);
}

/* refused=GROUP:CALL:ANSWER, those of a group one after the other. */
static void check_refused(void)
{
	const char *value;
	char group[64] = "", next[64], call[64], should[64], name[80];
	bool more = true;
	for (unsigned n = 0; more; n++) {
		value = word_n("refused", n);
		more = value != NULL &&
			sscanf(value, "%63[^:]:%63[^:]:%63s", next, call, should) == 3;
		if (*group != '\0' && (!more || strcmp(group, next) != 0)) {
			(void)snprintf(name, sizeof(name), "calls.%s", group);
			property(name, "each refused as promised");
		}
		if (!more)
			return;
		strcpy(group, next);
		expect_answer(call, ABI_NATIVE, number_of(call), 0, 0, should);
	}
}

static void check_injection(void)
{
	static const uint64_t upper[] = { 0, UINT64_C(1) << 32,
		UINT64_C(0xffffffff) << 32 };
	long number = number_of("ioctl");
	for (size_t i = 0; i < ARRAY_SIZE(upper); i++) {
		expect_answer(
			"TIOCSTI", ABI_NATIVE, number, 0, upper[i] | 0x5412, "EPERM");
		expect_answer(
			"TIOCLINUX", ABI_NATIVE, number, 0, upper[i] | 0x541c, "EPERM");
		expect_answer(
			"TIOCSETD", ABI_NATIVE, number, 0, upper[i] | 0x5423, "EPERM");
	}
	if (is("architectures", "multiarch")) {
		expect_answer("TIOCSTI of 32 bits", ABI_I386, 54, 0, 0x5412, "EPERM");
		expect_answer("TIOCLINUX of 32 bits", ABI_I386, 54, 0, 0x541c, "EPERM");
	}
	property("terminal.injection",
		"TIOCSTI, TIOCLINUX and TIOCSETD, whatever the upper half is");
}

static void check_abis(void)
{
	static const uint64_t none[5];
	enum { GETPID_I386 = 20, MOUNT_I386 = 21 };
	expect_answer("600", ABI_NATIVE, 600, 0, 0, "ENOSYS");
	expect_answer("1000", ABI_NATIVE, 1000, 0, 0, "ENOSYS");
	property("abi.unknown", "calls that do not exist yet do not exist");
#ifdef __x86_64__
	if (is("architectures", "multiarch")) {
		expect_answer("getpid", ABI_I386, GETPID_I386, 0, 0, "allowed");
		if (!is("nested", "full"))
			expect_answer("mount", ABI_I386, MOUNT_I386, 0, 0, "EPERM");
	} else {
		expect_answer("getpid", ABI_I386, GETPID_I386, 0, 0, "killed");
	}
	/* where a 32-bit caller cannot exist, it crashes before any filter */
	if (verdict_ask(ABI_I386, GETPID_I386, none) == VERDICT_NO_ABI)
		untestable("abi.i386", "kernel: no 32-bit programs");
	else
		property("abi.i386", "as promised");
	for (long number = 0; number < 550; number += 39)
		expect_answer("x32", ABI_X32, number, 0, 0, "killed");
	property("abi.x32", "always ended");
#else
	(void)none;
#endif
}

/* ---- namespaces ---- */

struct namespace
{
	const char *name;
	int flag;
	bool browsers;
};

static const struct namespace namespaces[] = {
	{ "user", CLONE_NEWUSER, true },
	{ "mount", CLONE_NEWNS, false },
	{ "pid", CLONE_NEWPID, true },
	{ "net", CLONE_NEWNET, true },
	{ "ipc", CLONE_NEWIPC, true },
	{ "uts", CLONE_NEWUTS, false },
	{ "cgroup", CLONE_NEWCGROUP, false },
	{ "time", CLONE_NEWTIME, false },
};

static int do_unshare(const void *flags)
{
	return unshare(CLONE_NEWUSER | *(const int *)flags) == 0;
}

static int do_clone(const void *flags)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | *(const int *)flags | SIGCHLD, NULL,
		NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid((pid_t)pid, NULL, 0);
	return pid > 0;
}

static void expect_namespaces(const char *call, int (*make)(const void *))
{
	char name[64];
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		const struct namespace *ns = &namespaces[i];
		if (ns->flag == CLONE_NEWTIME && make == do_clone)
			continue; /* its bit is the signal there */
		bool should =
			is("nested", "full") || (is("nested", "browser") && ns->browsers);
		bool works = in_child(make, &ns->flag) == 1;
		if (works != should)
			flaw("%s %s", ns->name, works ? "can be made" : "cannot be made");
	}
	(void)snprintf(name, sizeof(name), "namespaces.%s", call);
	property(name, "those that are promised");
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

/* With all capabilities in a user namespace of its own: 1 + what it could undo. */
static int undo_mounts(const void *arg)
{
	static const char *const places[] = { "/", "/usr", "/etc", "/dev" };
	const char *path;
	char map[64];
	(void)arg;
	(void)snprintf(map, sizeof(map), "0 %u 1", getuid());
	if (unshare(CLONE_NEWUSER | (is("nested", "full") ? CLONE_NEWNS : 0)) < 0)
		return 0;
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", map);
	bool mounts = mount("none", "/tmp", "tmpfs", 0, NULL) == 0;
	if (mounts != is("nested", "full"))
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (mount(NULL, places[i], NULL, MS_REMOUNT | MS_BIND, NULL) == 0)
			return 3;
		(void)umount2(places[i], MNT_DETACH);
		if (can_make_file_in(places[i]))
			return 3;
	}
	for (unsigned n = 0; (path = word_n("hidden", n)) != NULL; n++) {
		(void)umount2(path, MNT_DETACH);
		expect_hidden(path);
	}
	return flaws[0] ? 4 : 1;
}

static void check_namespaces(void)
{
	static const char *const results[] = { "", "", "mounting is not as promised",
		"a read-only place was made writable", "a hidden place was laid open" };
	expect_namespaces("unshare", do_unshare);
	expect_namespaces("clone", do_clone);
	if (!is("nested", "full")) {
		expect_answer("setns", ABI_NATIVE, number_of("setns"), 0, 0, "EPERM");
		expect_answer("clone3", ABI_NATIVE, number_of("clone3"), 0, 0, "ENOSYS");
	}
	property("namespaces.others", "setns and clone3 as promised");
	int result = in_child(undo_mounts, NULL);
	if (result < 0 || result > 1)
		flaw("%s", result < 0 ? "the child was ended" : results[result]);
	property("namespaces.mounts", "root in a namespace of its own cannot undo any");
}

/* ---- what the program may do to itself ---- */

#ifdef __x86_64__
/* A tracer that puts a refused call in the place of an allowed one, after filters have seen
 * it on old kernels (CVE-2017-5206): 0 refused all the same, 1 made, 2 not found out. */
static int rewrite_call(const void *arg)
{
	int status;
	struct user_regs_struct regs;
	(void)arg;
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
			_exit(2);
		/* getppid, which becomes syslog(SYSLOG_ACTION_SIZE_BUFFER) */
		long r = syscall(SYS_getppid, 10L, 0L, 0L);
		_exit(r == -1 && errno == EPERM ? 0 : 1);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return 2;
	while (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0 &&
		waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
			return 2;
		if (regs.orig_rax != SYS_getppid || (long)regs.rax != -ENOSYS)
			continue;
		regs.orig_rax = SYS_syslog;
		if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
			return 2;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
#endif

static int trace_child(const void *arg)
{
	int status;
	(void)arg;
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	bool traced = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;
	kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return traced;
}

static void check_own(void)
{
	bool traced = in_child(trace_child, NULL) == 1;
	if (traced != is("ptrace", "yes"))
		flaw("its own child %s be traced", traced ? "can" : "cannot");
#ifdef __x86_64__
	if (is("ptrace", "yes") && in_child(rewrite_call, NULL) != 0)
		flaw("a tracer gets past the filter");
#endif
	property("own.ptrace", "as promised");

	enum { READ_EXECUTES = 0x0400000 };
	if (is("personality", "no")) {
		expect_answer("personality", ABI_NATIVE, number_of("personality"),
			READ_EXECUTES, 0, "EPERM");
		expect_answer("personality", ABI_NATIVE, number_of("personality"), 8, 0,
			"EPERM");
	}
	property("own.personality", "as promised");

	void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (is("wx-memory", "no") && both != MAP_FAILED)
		flaw("mmap");
	void *later = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (is("wx-memory", "no") && mprotect(later, 4096, PROT_READ | PROT_EXEC) == 0)
		flaw("mprotect");
	property("own.memory", "as promised");
}
