/* SPDX-License-Identifier: MIT */
/* walls.c - what sbox-resolver takes from itself before it reads a question */
#include "resolver/resolver.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/macros.h"

/* Nothing of the host's files stays in sight. */
static void leave_files(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", "/tmp", "tmpfs",
			MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k") < 0 ||
		chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("cannot leave the host's files", errno);
}

/* CAP_NET_ADMIN alone, over the sandbox's network: to mark packets and to open addresses. An
 * execve could bring nothing back: none is inherited, and there is no execve any more. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };
	sets[0].effective = sets[0].permitted = UINT32_C(1) << CAP_NET_ADMIN;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		die("cannot drop capabilities", errno);
	if (syscall(SYS_capset, &header, sets) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		die("cannot drop capabilities", errno);
}

/* A sanitizer's runtime makes calls of its own, and such a build is for tests only. */
#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* What is not named does not exist, which libraries are made for: the next version of one may
 * try another call. To end the process instead would refuse an intruder nothing more, and
 * take the names from every program with that version. Among those that are named, futex,
 * mprotect, rt_sigprocmask and sched_getaffinity are what malloc and getrandom of glibc 2.41
 * need around their own, and the *_time64 are those of processors of 32 bits. */
static void filter_calls(void)
{
	static const int calls[] = { SCMP_SYS(accept4), SCMP_SYS(brk),
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(close),
		SCMP_SYS(connect), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
		SCMP_SYS(futex_time64), SCMP_SYS(getpid), SCMP_SYS(getrandom),
		SCMP_SYS(gettid), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
		SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
		SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall),
		SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(sendmsg),
		SCMP_SYS(sendto), SCMP_SYS(write), SCMP_SYS(writev) };
	/* no memory becomes executable any more */
	static const int mappings[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2),
		SCMP_SYS(mprotect) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = filter ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(mappings); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mappings[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, AF_INET));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
			SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET), SCMP_A2(SCMP_CMP_EQ, SO_MARK));
	if (r == 0)
		r = seccomp_load(filter);
	if (r < 0)
		die("cannot filter system calls", -r);
	seccomp_release(filter);
}

void walls_raise(void)
{
	leave_files();
	drop_capabilities();
	if (!sanitized)
		filter_calls();
}
