/* SPDX-License-Identifier: MIT */
/* filter.c - the plan's system-call rules as seccomp programs, through libseccomp
 *
 * Two programs, joined into one. "arguments" refuses certain arguments of calls that are
 * allowed; libseccomp makes it. Where it would allow, "calls" goes on (filter_tree.c): it
 * knows every call by number, allowed or refused with its errno; what nobody here knows gets
 * ENOSYS. So no rule has to state the opposite of another, which libseccomp cannot; and they
 * are joined because each program that the kernel is given costs 0.07 ms. Calls whose arguments are not
 * looked at stay in the kernel's bitmap of calls that are always allowed (5.11), where a
 * filter costs nothing.
 *
 * Arguments that the kernel takes as 32 bits are compared as such: the upper half of the
 * register is the caller's to fill (CVE-2019-10063).
 */
#include "resolve/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/syscalls.h"
#include "resolve/filter_tree.h"

/* asm-generic/ioctls.h, linux/tiocl.h; not every libc has them */
enum { IOCTL_TIOCSTI = 0x5412, IOCTL_TIOCLINUX = 0x541c, IOCTL_TIOCSETD = 0x5423 };
enum { SHM_EXEC_FLAG = 0100000 }; /* shmat(2): SHM_EXEC */
static const uint64_t low_half = 0xffffffff;

struct compiler {
	const struct plan *p;
	scmp_filter_ctx ctx;
	uint32_t refuse; /* the action for a known call that is not allowed */
	int failed; /* the first negative errno */
};

static void note(struct compiler *c, int r)
{
	/* EDOM: the call does not exist on any of the architectures; EEXIST: two names of one
	 * number; EACCES: the rule is what happens by default */
	if (r < 0 && r != -EDOM && r != -EEXIST && r != -EACCES && c->failed == 0)
		c->failed = r;
}

static void refuse_if(
	struct compiler *c, uint32_t action, int number, const struct scmp_arg_cmp *cmp)
{
	note(c, seccomp_rule_add_array(c->ctx, action, number, 1, cmp));
}

/* ---- arguments ---- */

/* Refuses where any of @bits is set. */
static void refuse_bits(struct compiler *c, int number, unsigned arg, uint64_t bits)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		uint64_t one = UINT64_C(1) << bit;
		if (bits & one)
			refuse_if(c, c->refuse, number,
				&SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, one, one));
	}
}

static void refuse_namespaces(struct compiler *c, int number, bool clone)
{
	uint64_t bits = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (!clone)
		bits |= CLONE_NEWTIME; /* of clone's flags the same bits are the signal */
	if (c->p->nested == NESTED_NONE)
		bits |= CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
	refuse_bits(c, number, 0, bits);
}

/* Pasting input into a terminal, and another line discipline for it: that one has the kernel
 * load modules with a history of faults (n_hdlc, n_gsm), and leaves the caller's terminal
 * dead. Always, whatever the plan says. */
static void refuse_injection(struct compiler *c, int number)
{
	static const uint64_t refused[] = { IOCTL_TIOCSTI, IOCTL_TIOCLINUX,
		IOCTL_TIOCSETD };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		refuse_if(c, SCMP_ACT_ERRNO(EPERM), number,
			&SCMP_CMP(1, SCMP_CMP_MASKED_EQ, low_half, refused[i]));
}

static bool any_family(const struct plan *p, unsigned first, unsigned n)
{
	bool any = false;
	for (unsigned i = first; i < first + n; i++)
		any = any || socket_is_allowed(p, i);
	return any;
}

/* A comparison for as many families at a time as have their upper bits in common. */
static void refuse_families(struct compiler *c, int number)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	if (socket_is_allowed(c->p, FAMILIES_MAX))
		return;
	/* where no families are named: libseccomp would refuse a socketcall for all of them */
	if (c->p->sockets.n == 0 && seccomp_syscall_resolve_name("socketcall") >= 0)
		return;
	for (unsigned first = 0, n; first < FAMILIES_MAX; first += n) {
		n = 1;
		while (first % (2 * n) == 0 && first + 2 * n <= FAMILIES_MAX &&
			!any_family(c->p, first, 2 * n))
			n *= 2;
		if (!any_family(c->p, first, n))
			refuse_if(c, refuse, number,
				&SCMP_CMP(0, SCMP_CMP_MASKED_EQ, ~(uint64_t)(n - 1),
					first));
	}
	/* and where the upper half is not empty, which the kernel would ignore */
	refuse_if(c, refuse, number, &SCMP_CMP(0, SCMP_CMP_GE, FAMILIES_MAX));
}

/* Allowed are 0, ADDR_NO_RANDOMIZE and the question 0xffffffff. Read as a ring of bits, any
 * other value has a one before a zero somewhere else than ADDR_NO_RANDOMIZE has it, or is
 * a longer run of ones that ends there. */
static void refuse_domains(struct compiler *c, int number)
{
	enum { NO_RANDOMIZE = 18 };
	_Static_assert(
		ADDR_NO_RANDOMIZE == 1 << NO_RANDOMIZE, "personality(2) has changed");
	for (unsigned bit = 0; bit < 32; bit++) {
		uint64_t one = UINT64_C(1) << bit, next = UINT64_C(1) << (bit + 1) % 32;
		uint64_t before = bit == NO_RANDOMIZE ? one >> 1 : 0;
		refuse_if(c, c->refuse, number,
			&SCMP_CMP(0, SCMP_CMP_MASKED_EQ, before | one | next,
				before | one));
	}
}

static bool reaches_others(const char *name)
{
	static const char *const names[] = { "prlimit64", "sched_setaffinity",
		"sched_setattr", "sched_setparam", "sched_setscheduler", "setpriority",
		"ioprio_set", "migrate_pages", "move_pages" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* The number of a process, or of one kind of them, that is to be nobody but the caller. */
static void refuse_others(struct compiler *c, int number, const char *name)
{
	bool of_kinds =
		strcmp(name, "setpriority") == 0 || strcmp(name, "ioprio_set") == 0;
	unsigned kind = strcmp(name, "ioprio_set") == 0 ? 1 : 0; /* one process */
	refuse_if(c, c->refuse, number, &SCMP_CMP(of_kinds ? 1 : 0, SCMP_CMP_NE, 0));
	if (of_kinds)
		refuse_if(c, c->refuse, number, &SCMP_CMP(0, SCMP_CMP_NE, kind));
}

static void add_arguments(
	struct compiler *c, const char *name, int number, const struct decision *d)
{
	if (d->verdict != VERDICT_ALLOW || !d->judged)
		return;
	if (strcmp(name, "clone") == 0)
		refuse_namespaces(c, number, true);
	else if (strcmp(name, "unshare") == 0)
		refuse_namespaces(c, number, false);
	else if (strcmp(name, "ioctl") == 0)
		refuse_injection(c, number);
	else if (strcmp(name, "socket") == 0 || strcmp(name, "socketpair") == 0)
		refuse_families(c, number);
	else if (strcmp(name, "mmap") == 0 || strcmp(name, "mmap2") == 0)
		refuse_if(c, c->refuse, number,
			&SCMP_CMP(2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC,
				PROT_WRITE | PROT_EXEC));
	else if (strcmp(name, "mprotect") == 0 || strcmp(name, "pkey_mprotect") == 0)
		refuse_bits(c, number, 2, PROT_EXEC);
	else if (strcmp(name, "shmat") == 0)
		refuse_bits(c, number, 2, SHM_EXEC_FLAG);
	else if (strcmp(name, "personality") == 0)
		refuse_domains(c, number);
	else if (reaches_others(name))
		refuse_others(c, number, name);
	else
		c->failed = -ENOTSUP; /* marked in syscalls.c and forgotten here */
}

/* ---- programs ---- */

static bool multiarch(const struct plan *p)
{
	return p->architectures == ARCH_MULTIARCH &&
		seccomp_arch_native() == SCMP_ARCH_X86_64;
}

static int begin(struct compiler *c, uint32_t otherwise)
{
	c->ctx = seccomp_init(otherwise);
	if (!c->ctx)
		return -ENOMEM;
	/* the stages set no_new_privs themselves; a caller of another architecture is ended,
	 * since ENOSYS to its exit would have it run on through anything */
	note(c, seccomp_attr_set(c->ctx, SCMP_FLTATR_CTL_NNP, 0));
	note(c, seccomp_attr_set(c->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
	/* a binary tree over the numbers; without it the last of 400 calls costs 400 steps */
	note(c, seccomp_attr_set(c->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2));
	if (multiarch(c->p))
		note(c, seccomp_arch_add(c->ctx, SCMP_ARCH_X86));
	return c->failed;
}

struct program {
	struct sock_filter *code;
	size_t count;
};

static int export(struct compiler *c, struct program *ret)
{
	enum { INSTRUCTION = sizeof(struct sock_filter) };
	char *bytes = NULL;
	size_t size = 0;
	_cleanup_fd_ int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = seccomp_export_bpf(c->ctx, fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = fd_read_open(
			c->p->arena, fd, FILTER_MAX * INSTRUCTION, &bytes, &size);
	if (r < 0)
		return r;
	ret->code =
		(struct sock_filter *)(void *)bytes; /* the arena aligns for anything */
	ret->count = size / INSTRUCTION;
	return 0;
}

static int compile_arguments(
	struct compiler *c, const struct decision *decisions, struct program *ret)
{
	int r = begin(c, SCMP_ACT_ALLOW);
	for (size_t i = 0; r == 0 && i < n_syscall_names; i++) {
		int number = seccomp_syscall_resolve_name(syscall_names[i]);
		if (number != __NR_SCMP_ERROR)
			add_arguments(c, syscall_names[i], number, &decisions[i]);
		r = c->failed;
	}
	if (r == 0)
		r = export(c, ret);
	if (c->ctx)
		seccomp_release(c->ctx);
	return r;
}

/* ---- calls ---- */

/* libseccomp's actions have the kernel's values. */
static uint32_t answer(const struct compiler *c, const struct decision *d)
{
	if (d->verdict == VERDICT_ALLOW)
		return SCMP_ACT_ALLOW;
	if (d->verdict == VERDICT_DENY && d->error < 0)
		return SCMP_ACT_KILL_PROCESS;
	if (d->verdict == VERDICT_DENY && d->error > 0)
		return SCMP_ACT_ERRNO((uint32_t)d->error);
	return c->refuse;
}

/* By number, not by name: on 32-bit x86 a name can stand for a part of socketcall or ipc as
 * well as for a call of its own, and only the number says which. */
static void fill_answers(const struct compiler *c, const struct decision *decisions,
	uint32_t unknown, uint32_t arch, struct answers *ret)
{
	*ret = (struct answers){ .arch = arch, .beyond = unknown, .x32 = unknown };
	if (arch == SCMP_ARCH_X86_64)
		ret->x32 = SCMP_ACT_KILL_PROCESS;
	for (int number = 0; number < TREE_NUMBERS; number++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, number);
		int i = name ? syscall_index(name) : -1;
		if (i >= 0)
			ret->by_number[number] = answer(c, &decisions[i]);
		else /* known to libseccomp and not to us: no rule can have named it */
			ret->by_number[number] = name ? c->refuse : unknown;
		free(name);
	}
}

static int compile_calls(const struct compiler *c, const struct decision *decisions,
	uint32_t unknown, struct program *ret)
{
	struct arena *a = c->p->arena;
	struct answers *answers = arena_alloc(a, 2 * sizeof(*answers));
	size_t n = 0;
	fill_answers(c, decisions, unknown, seccomp_arch_native(), &answers[n++]);
	if (multiarch(c->p))
		fill_answers(c, decisions, unknown, SCMP_ARCH_X86, &answers[n++]);
	ret->code = arena_alloc(a, FILTER_MAX * sizeof(*ret->code));
	int r = filter_tree(answers, n, SCMP_ACT_KILL_PROCESS, ret->code, FILTER_MAX);
	if (r < 0)
		return r;
	ret->count = (size_t)r;
	return 0;
}

/* Where the first program says "allow", the second one begins. One instruction takes the
 * place of one, so every jump in the first stays right; jumps only ever go forward. */
static int join(struct arena *a, const struct program *first,
	const struct program *second, struct filter *ret)
{
	size_t count = first->count + second->count;
	if (count > FILTER_MAX)
		return -E2BIG;
	struct sock_filter *code = arena_alloc(a, count * sizeof(*code));
	for (size_t i = 0; i < first->count; i++) {
		code[i] = first->code[i];
		if (code[i].code == (BPF_RET | BPF_K) && code[i].k == SECCOMP_RET_ALLOW)
			code[i] = (struct sock_filter)BPF_STMT(
				BPF_JMP | BPF_JA, (uint32_t)(first->count - i - 1));
	}
	memcpy(code + first->count, second->code, second->count * sizeof(*code));
	*ret = (struct filter){ .code = code, .count = count };
	return 0;
}

int filter_compile(const struct plan *p, struct filter *ret, struct err *e)
{
	static const struct {
		uint32_t refuse, unknown;
	} actions[] = {
		[SYSCALLS_ERRNO] = { SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ERRNO(ENOSYS) },
		[SYSCALLS_KILL] = { SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_PROCESS },
		[SYSCALLS_LOG] = { SCMP_ACT_LOG, SCMP_ACT_LOG },
	};
	struct compiler c = { .p = p, .refuse = actions[p->syscalls_default].refuse };
	struct decision decisions[SYSCALLS_MAX];

	syscalls_decide(p, decisions);
	struct program arguments = { 0 }, calls = { 0 };
	int r = compile_arguments(&c, decisions, &arguments);
	if (r == 0)
		r = compile_calls(
			&c, decisions, actions[p->syscalls_default].unknown, &calls);
	if (r == 0)
		r = join(p->arena, &arguments, &calls, ret);
	return r < 0 ? err_sys(e, r, "cannot compile the system-call filter") : 0;
}
