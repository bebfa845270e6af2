/* SPDX-License-Identifier: MIT */
/* walls.c - what sbox-forward takes from itself before it listens */
#include "forward/forward.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* A sanitizer's runtime makes calls of its own, and such a build is for tests only. */
#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* What is not named does not exist: no file is opened, and no program started. */
static void filter_calls(void)
{
	static const int calls[] = { SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(brk),
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(close),
		SCMP_SYS(connect), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
		SCMP_SYS(epoll_wait), SCMP_SYS(exit), SCMP_SYS(exit_group),
		SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(getpid),
		SCMP_SYS(getrandom), SCMP_SYS(getsockopt), SCMP_SYS(gettid),
		SCMP_SYS(listen), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
		SCMP_SYS(read), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
		SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_getaffinity),
		SCMP_SYS(sched_yield), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
		SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(write),
		SCMP_SYS(writev) };
	/* no memory becomes executable any more */
	static const int mappings[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2),
		SCMP_SYS(mprotect) };
	static const int families[] = { AF_INET, AF_INET6 };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = filter ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(mappings); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mappings[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (unsigned)families[i]));
	if (r == 0)
		r = seccomp_load(filter);
	if (r < 0)
		die("cannot filter system calls", -r);
	seccomp_release(filter);
}

void walls_raise(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("cannot give up privileges", errno);
	if (!sanitized)
		filter_calls();
}
