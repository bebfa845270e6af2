/* SPDX-License-Identifier: MIT */
/* verdict.h - what the filters of this process answer to a call, without making it
 *
 * A child adds a filter of its own that holds up every call whose sixth argument is a mark,
 * and a child of that makes the call with it. The most severe of all filters' answers counts, and
 * holding up is less severe than any refusal: so a call that a filter above refuses comes
 * back with that refusal, and one that none refuses arrives at the first child, which lets
 * it come back without the kernel having done anything. So reboot(2), exit(2) and fork(2)
 * can be asked about like any other, with whatever arguments.
 *
 * For programs that are linked statically and need no library of their own.
 */
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum abi { ABI_NATIVE, ABI_I386, ABI_X32 };

/* Any other answer is the errno. */
enum {
	VERDICT_ALLOWED = 0,
	VERDICT_KILLED = -1,
	VERDICT_NO_ABI = -2,
	VERDICT_UNKNOWN = -3
};

enum { VERDICT_MARK = 0x5b0c3a11, VERDICT_ARRIVED = 3999, VERDICT_X32_BIT = 0x40000000 };

/* In a 64-bit program too, this instruction is a call of the 32-bit kind. */
static inline long verdict_call_i386(long number, const uint64_t *args)
{
#ifdef __x86_64__
	long result;
	uint64_t sixth = VERDICT_MARK;
	__asm__ volatile("xchg %%rbp, %[sixth]\n\tint $0x80\n\txchg %%rbp, %[sixth]"
			 : "=a"(result), [sixth] "+r"(sixth)
			 : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]),
			 "S"(args[3]), "D"(args[4])
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result; /* of a 32-bit caller's register */
#else
	(void)number;
	(void)args;
	raise(SIGSEGV);
	return -ENOSYS;
#endif
}

static inline long verdict_call(enum abi abi, long number, const uint64_t *args)
{
	if (abi == ABI_I386)
		return verdict_call_i386(number, args);
	if (abi == ABI_X32)
		number |= VERDICT_X32_BIT;
	long result = syscall(number, args[0], args[1], args[2], args[3], args[4],
		(uint64_t)VERDICT_MARK);
	int error = errno;
	/* calls with fewer arguments leave the sixth one's register as it is */
	(void)syscall(SYS_getpid, 0L, 0L, 0L, 0L, 0L, 0L);
	return result == -1 ? -error : result;
}

static inline int verdict_listen(void)
{
	/* the lower half, on a little-endian machine; a 32-bit caller has no other */
	enum { SIXTH = offsetof(struct seccomp_data, args) + 5 * sizeof(uint64_t) };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SIXTH),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VERDICT_MARK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static inline void verdict_send_back(int listener)
{
	/* as large as a newer kernel may want them */
	union {
		struct seccomp_notif n;
		char room[512];
	} call;
	union {
		struct seccomp_notif_resp r;
		char room[512];
	} answer;
	memset(&call, 0, sizeof(call));
	memset(&answer, 0, sizeof(answer));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return; /* whoever asked has been ended */
	answer.r.id = call.n.id;
	answer.r.error = -VERDICT_ARRIVED;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* In the first child: the answer for its parent. */
static inline int verdict_ask_below(enum abi abi, long number, const uint64_t *args)
{
	int ends[2], status, listener = verdict_listen();
	long result = 0;
	if (listener < 0 || pipe(ends) < 0)
		return VERDICT_UNKNOWN;
	pid_t pid = fork();
	if (pid < 0)
		return VERDICT_UNKNOWN;
	if (pid == 0) {
		close(ends[0]);
		result = verdict_call(abi, number, args);
		_exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
	}
	close(ends[1]);
	struct pollfd p[2] = { { .fd = listener, .events = POLLIN },
		{ .fd = ends[0], .events = POLLIN } };
	while (poll(p, 2, -1) >= 0 && !p[1].revents)
		if (p[0].revents)
			verdict_send_back(listener);
	bool said = read(ends[0], &result, sizeof(result)) == sizeof(result);
	if (waitpid(pid, &status, 0) < 0)
		return VERDICT_UNKNOWN;
	if (said)
		return result == -VERDICT_ARRIVED ? VERDICT_ALLOWED
			: result < 0		  ? (int)-result
						  : VERDICT_UNKNOWN;
	if (!WIFSIGNALED(status))
		return VERDICT_UNKNOWN;
	return WTERMSIG(status) == SIGSYS ? VERDICT_KILLED : VERDICT_NO_ABI;
}

/* @args: the first five. */
static inline int verdict_ask(enum abi abi, long number, const uint64_t *args)
{
	int ends[2], answer = VERDICT_UNKNOWN;
	if (pipe(ends) < 0)
		return VERDICT_UNKNOWN;
	pid_t pid = fork();
	if (pid < 0)
		return VERDICT_UNKNOWN;
	if (pid == 0) {
		answer = verdict_ask_below(abi, number, args);
		_exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(ends[1]);
	if (read(ends[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = VERDICT_UNKNOWN;
	close(ends[0]);
	(void)waitpid(pid, NULL, 0);
	return answer;
}
