/* SPDX-License-Identifier: MIT */
/* test_filter.c - promises of src/resolve/filter.c: the program does what was decided
 *
 * The program is run here, by an interpreter of the few instructions that there are, with
 * every call of every architecture; tests/integration/filter.bats asks the kernel.
 */
#include "plans.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "config/syscalls.h"
#include "resolve/filter.h"

enum { TIOCSTI_ = 0x5412, TIOCLINUX_ = 0x541c, TIOCSETD_ = 0x5423, X32 = 0x40000000 };
#define REFUSED(error) (SECCOMP_RET_ERRNO | (uint32_t)(error))

static struct plan plan_of_lines(const char *lines)
{
	return good_text(arena_printf(&arena, "[confinement]\n%s\n", lines));
}

static struct filter compiled(const struct plan *p)
{
	struct filter f = { 0 };
	struct err e = { 0 };
	cr_assert_eq(filter_compile(p, &f, &e), 0, "%s", e.msg);
	return f;
}

static struct filter filter_of(const char *lines)
{
	struct plan p = plan_of_lines(lines);
	return compiled(&p);
}

/* ---- the interpreter ---- */

static uint32_t run(const struct filter *f, const struct seccomp_data *data)
{
	const struct sock_filter *code = f->code;
	uint32_t a = 0, word;
	for (size_t pc = 0; pc < f->count; pc++) {
		const struct sock_filter *i = &code[pc];
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			cr_assert_leq(i->k, sizeof(*data) - sizeof(word));
			memcpy(&word, (const char *)data + i->k, sizeof(word));
			a = word;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			cr_assert_fail("instruction %zu has code %#x", pc, i->code);
		}
	}
	cr_assert_fail("the program has no end");
	return 0;
}

static uint32_t ask(
	const struct filter *f, uint32_t arch, int number, unsigned arg, uint64_t value)
{
	struct seccomp_data data = { .nr = number, .arch = arch };
	data.args[arg] = value;
	return run(f, &data);
}

static int native(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	cr_assert_geq(number, 0, "%s", name);
	return number;
}

static uint32_t native_arch(void)
{
	return seccomp_arch_native(); /* libseccomp's numbers are the kernel's */
}

/* One argument of a native call. */
static uint32_t judge(
	const struct filter *f, const char *name, unsigned arg, uint64_t value)
{
	return ask(f, native_arch(), native(name), arg, value);
}

/* ---- the form of a program ---- */

static void expect_well_formed(const struct filter *f)
{
	const struct sock_filter *code = f->code;
	cr_assert(f->count > 0 && f->count <= FILTER_MAX);
	for (size_t i = 0; i < f->count; i++) {
		size_t left = f->count - i - 1;
		if (BPF_CLASS(code[i].code) != BPF_JMP)
			continue;
		if (BPF_OP(code[i].code) == BPF_JA) {
			cr_assert_lt(code[i].k, left, "instruction %zu", i);
			continue;
		}
		cr_assert_lt(code[i].jt, left, "instruction %zu", i);
		cr_assert_lt(code[i].jf, left, "instruction %zu", i);
	}
	cr_assert_eq(BPF_CLASS(code[f->count - 1].code), BPF_RET);
}

static const char *const plans[] = {
	"",
	"architectures = multiarch",
	"nested = browser",
	"nested = full",
	"syscalls-allow = @known",
	"syscalls-allow =",
	"syscalls-default = kill",
	"syscalls-default = log",
	"sockets = unix inet\nwx-memory = no\narchitectures = multiarch",
	"wx-memory = no\nptrace = yes\npersonality = yes\nsyscalls-deny = read:EIO write:kill",
	"syscalls-deny = @file-system:ENOENT socket shmat\narchitectures = multiarch",
};

Test(filter, every_jump_stays_in_the_program)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		struct filter f = filter_of(plans[i]);
		expect_well_formed(&f);
	}
}

/* ---- every call ---- */

static uint32_t answer(const struct plan *p, const struct decision *d)
{
	static const uint32_t refuse[] = {
		[SYSCALLS_ERRNO] = REFUSED(EPERM),
		[SYSCALLS_KILL] = SECCOMP_RET_KILL_PROCESS,
		[SYSCALLS_LOG] = SECCOMP_RET_LOG,
	};
	if (d->verdict == VERDICT_ALLOW)
		return SECCOMP_RET_ALLOW;
	if (d->verdict == VERDICT_DENY && d->error < 0)
		return SECCOMP_RET_KILL_PROCESS;
	if (d->verdict == VERDICT_DENY && d->error > 0)
		return REFUSED(d->error);
	return refuse[p->syscalls_default];
}

/* Compares every name that has a number on the architecture. Arguments are 0, which nothing
 * refuses but the rules for address families: 0 is AF_UNSPEC. */
static unsigned expect_as_decided(
	const struct plan *p, const struct filter *f, uint32_t arch, const char *lines)
{
	struct decision v[SYSCALLS_MAX];
	unsigned n = 0;
	syscalls_decide(p, v);
	for (size_t i = 0; i < n_syscall_names; i++) {
		int number = seccomp_syscall_resolve_name_arch(arch, syscall_names[i]);
		if (number < 0)
			continue;
		unsigned arg = v[i].judged && strncmp(syscall_names[i], "socket", 6) == 0
			? AF_UNIX
			: 0;
		uint32_t is = ask(f, arch, number, 0, arg), should = answer(p, &v[i]);
		cr_assert_eq(is, should, "%s: %s (%d of %#x): %#x, should be %#x", lines,
			syscall_names[i], number, arch, is, should);
		n++;
	}
	return n;
}

Test(filter, every_native_call_is_answered_as_decided)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		struct plan p = plan_of_lines(plans[i]);
		struct filter f = compiled(&p);
		cr_assert_gt(expect_as_decided(&p, &f, native_arch(), plans[i]), 250);
	}
}

Test(filter, every_shipped_answer_of_a_call_is_the_same_for_32_bit_programs)
{
	if (native_arch() != SCMP_ARCH_X86_64)
		cr_skip_test("kernel: only x86-64 has a second architecture here");
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		const char *lines = plans[i];
		struct plan p = plan_of_lines(lines);
		p.architectures = ARCH_MULTIARCH;
		struct filter f = compiled(&p);
		cr_assert_gt(expect_as_decided(&p, &f, SCMP_ARCH_X86, lines), 300);
		cr_assert_gt(expect_as_decided(&p, &f, native_arch(), lines), 250);
	}
}

Test(filter, a_call_that_nobody_knows_does_not_exist)
{
	struct filter f = filter_of("architectures = multiarch");
	static const int numbers[] = { 600, 1000, 0x3fffffff };
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		cr_assert_eq(ask(&f, native_arch(), numbers[i], 0, 0), REFUSED(ENOSYS));
		if (native_arch() == SCMP_ARCH_X86_64)
			cr_assert_eq(ask(&f, SCMP_ARCH_X86, numbers[i], 0, 0),
				REFUSED(ENOSYS));
	}
	/* what a tracer makes of a call that it wants skipped */
	cr_assert_eq(ask(&f, native_arch(), -1, 0, 0), REFUSED(ENOSYS));
	f = filter_of("syscalls-default = kill");
	cr_assert_eq(ask(&f, native_arch(), 1000, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

Test(filter, a_caller_of_another_architecture_is_ended)
{
	struct filter f = filter_of("syscalls-allow = @known");
	static const uint32_t others[] = { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64,
		AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64, 0, ~0u };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		for (int number = 0; others[i] != native_arch() && number < 600; number++)
			cr_assert_eq(ask(&f, others[i], number, 0, 0),
				SECCOMP_RET_KILL_PROCESS);
}

Test(filter, a_call_of_the_x32_kind_always_ends_the_program)
{
	if (native_arch() != SCMP_ARCH_X86_64)
		cr_skip_test("kernel: x32 is x86-64's");
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		struct filter f = filter_of(plans[i]);
		cr_assert_eq(ask(&f, native_arch(), 0x7fffffff, 0, 0),
			SECCOMP_RET_KILL_PROCESS);
		for (int number = 0; number < 600; number++)
			cr_assert_eq(ask(&f, native_arch(), number | X32, 0, 0),
				SECCOMP_RET_KILL_PROCESS, "%s: %d", plans[i], number);
	}
}

/* ---- arguments ---- */

/* What the kernel ignores of a register, the caller may fill with anything. */
static const uint64_t upper_halves[] = { 0, UINT64_C(1) << 32, UINT64_C(0xffffffff) << 32,
	UINT64_C(0x8000000000000000) };

Test(filter, terminal_injection_is_refused_however_it_is_written)
{
	static const char *const lines[] = { "", "nested = full",
		"syscalls-allow = @known", "syscalls-allow = ioctl",
		"syscalls-default = log" };
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct filter f = filter_of(lines[i]);
		for (size_t k = 0; k < ARRAY_SIZE(upper_halves); k++) {
			uint64_t up = upper_halves[k];
			cr_assert_eq(
				judge(&f, "ioctl", 1, up | TIOCSTI_), REFUSED(EPERM));
			cr_assert_eq(
				judge(&f, "ioctl", 1, up | TIOCLINUX_), REFUSED(EPERM));
			cr_assert_eq(
				judge(&f, "ioctl", 1, up | TIOCSETD_), REFUSED(EPERM));
		}
		for (uint64_t other = 0x5400; other < 0x5480; other++)
			if (other != TIOCSTI_ && other != TIOCLINUX_ &&
				other != TIOCSETD_)
				cr_assert_eq(
					judge(&f, "ioctl", 1, other), SECCOMP_RET_ALLOW);
	}
}

Test(filter, each_namespace_is_refused_alone_and_among_other_flags)
{
	static const uint64_t mounts[] = { CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWCGROUP };
	static const uint64_t browsers[] = { CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWIPC };
	static const uint64_t harmless = CLONE_VM | CLONE_FS | CLONE_FILES |
		CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | 17;
	struct filter none = filter_of(""), browser = filter_of("nested = browser"),
		      full = filter_of("nested = full");
	static const char *const calls[] = { "clone", "unshare" };
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		for (size_t k = 0; k < ARRAY_SIZE(upper_halves); k++) {
			uint64_t rest =
				upper_halves[k] | (c == 0 ? harmless : CLONE_FILES);
			cr_assert_eq(judge(&none, calls[c], 0, rest), SECCOMP_RET_ALLOW);
			for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
				uint64_t flags = rest | mounts[i];
				cr_assert_eq(
					judge(&none, calls[c], 0, flags), REFUSED(EPERM));
				cr_assert_eq(judge(&browser, calls[c], 0, flags),
					REFUSED(EPERM));
				cr_assert_eq(judge(&full, calls[c], 0, flags),
					SECCOMP_RET_ALLOW);
			}
			for (size_t i = 0; i < ARRAY_SIZE(browsers); i++) {
				uint64_t flags = rest | browsers[i];
				cr_assert_eq(
					judge(&none, calls[c], 0, flags), REFUSED(EPERM));
				cr_assert_eq(judge(&browser, calls[c], 0, flags),
					SECCOMP_RET_ALLOW);
			}
		}
	cr_assert_eq(judge(&browser, "unshare", 0, CLONE_NEWTIME), REFUSED(EPERM));
	/* of clone(2) these bits are the signal at its end */
	cr_assert_eq(judge(&none, "clone", 0, CLONE_NEWTIME), SECCOMP_RET_ALLOW);
}

Test(filter, other_execution_domains_are_refused)
{
	struct filter f = filter_of("");
	static const uint32_t good[] = { 0, ADDR_NO_RANDOMIZE, 0xffffffff };
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		for (size_t k = 0; k < ARRAY_SIZE(upper_halves); k++)
			cr_assert_eq(
				judge(&f, "personality", 0, upper_halves[k] | good[i]),
				SECCOMP_RET_ALLOW);
	/* all values of one, two and three bits and their opposites, and of runs of ones */
	for (unsigned x = 0; x < 32; x++)
		for (unsigned y = 0; y < 32; y++)
			for (unsigned z = 0; z < 32; z++) {
				uint32_t bits = UINT32_C(1) << x | UINT32_C(1) << y |
					UINT32_C(1) << z;
				uint32_t run_of_ones =
					x + y < 32 ? ((UINT32_C(1) << x) - 1) << y : bits;
				uint32_t values[] = { bits, ~bits, run_of_ones };
				for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
					uint32_t v = values[i];
					bool ok = v == 0 || v == ADDR_NO_RANDOMIZE ||
						v == 0xffffffff;
					cr_assert_eq(judge(&f, "personality", 0, v),
						ok ? SECCOMP_RET_ALLOW : REFUSED(EPERM),
						"%#x", v);
				}
			}
	f = filter_of("personality = yes");
	cr_assert_eq(judge(&f, "personality", 0, READ_IMPLIES_EXEC), SECCOMP_RET_ALLOW);
}

Test(filter, address_families_are_only_those_named)
{
	struct filter f = filter_of("sockets = unix inet");
	static const char *const calls[] = { "socket", "socketpair" };
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		for (uint64_t family = 0; family < 300; family++)
			for (size_t k = 0; k < ARRAY_SIZE(upper_halves); k++) {
				bool ok = upper_halves[k] == 0 &&
					(family == AF_UNIX || family == AF_INET);
				cr_assert_eq(
					judge(&f, calls[c], 0, upper_halves[k] | family),
					ok ? SECCOMP_RET_ALLOW : REFUSED(EAFNOSUPPORT),
					"%s of %ju", calls[c], (uintmax_t)family);
			}
}

Test(filter, families_that_no_program_for_everyday_has_are_there_where_they_are_named)
{
	static const char *const refused[] = { "", "syscalls-allow = @known",
		"[network]\nnetwork = host", "sockets = unix inet" };
	static const char *const allowed[] = { "sockets = all",
		"sockets = inet alg vsock unix",
		/* where socketcall hides the family */
		"architectures = multiarch" };
	static const unsigned families[] = { AF_VSOCK, AF_ALG };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
			struct filter f = filter_of(refused[i]);
			cr_assert_eq(judge(&f, "socket", 0, families[k]),
				REFUSED(EAFNOSUPPORT));
			cr_assert_eq(
				judge(&f, "socket", 0, UINT64_C(1) << 32 | families[k]),
				REFUSED(EAFNOSUPPORT));
			cr_assert_eq(judge(&f, "socket", 0, AF_INET), SECCOMP_RET_ALLOW);
		}
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
			struct filter f = filter_of(allowed[i]);
			cr_assert_eq(judge(&f, "socket", 0, families[k]),
				SECCOMP_RET_ALLOW, "%s", allowed[i]);
		}
	static const unsigned usual[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	for (size_t k = 0; k < ARRAY_SIZE(usual); k++) {
		struct filter f = filter_of("");
		cr_assert_eq(judge(&f, "socket", 0, usual[k]), SECCOMP_RET_ALLOW);
	}
}

Test(filter, memory_is_not_both_writable_and_executable)
{
	struct filter f = filter_of("wx-memory = no");
	for (uint64_t prot = 0; prot < 16; prot++) {
		bool both = (prot & PROT_WRITE) && (prot & PROT_EXEC);
		cr_assert_eq(judge(&f, "mmap", 2, prot),
			both ? REFUSED(EPERM) : SECCOMP_RET_ALLOW);
		uint32_t later = prot & PROT_EXEC ? REFUSED(EPERM) : SECCOMP_RET_ALLOW;
		cr_assert_eq(judge(&f, "mprotect", 2, prot), later);
		cr_assert_eq(judge(&f, "pkey_mprotect", 2, prot), later);
	}
	cr_assert_eq(judge(&f, "shmat", 2, 0100000 /* SHM_EXEC */), REFUSED(EPERM));
	cr_assert_eq(judge(&f, "shmat", 2, 010000 /* SHM_RDONLY */), SECCOMP_RET_ALLOW);
	/* nor by a domain in which all that can be read can be executed */
	f = filter_of("wx-memory = no\npersonality = yes");
	cr_assert_eq(judge(&f, "personality", 0, READ_IMPLIES_EXEC), REFUSED(EPERM));
}

/* One number stands for several calls there, the first argument saying which, with a
 * version in its upper half that the kernel mostly ignores. */
Test(filter, what_32_bit_programs_may_not_call_has_no_other_door)
{
	enum { IPC = 117, SOCKETCALL = 102, SHMAT = 21, MSGGET = 13, SOCKET = 1 };
	enum { SOCKET_ITSELF = 359, SHMAT_ITSELF = 397, MSGGET_ITSELF = 399 };
	if (native_arch() != SCMP_ARCH_X86_64)
		cr_skip_test("kernel: only x86-64 has a second architecture here");
	struct filter f =
		filter_of("architectures = multiarch\nsyscalls-deny = msgget socket");
	for (uint64_t version = 0; version < 3; version++) {
		cr_assert_neq(ask(&f, SCMP_ARCH_X86, IPC, 0, version << 16 | MSGGET),
			SECCOMP_RET_ALLOW);
		cr_assert_neq(
			ask(&f, SCMP_ARCH_X86, SOCKETCALL, 0, SOCKET), SECCOMP_RET_ALLOW);
	}
	cr_assert_eq(ask(&f, SCMP_ARCH_X86, MSGGET_ITSELF, 0, 0), REFUSED(EPERM));
	cr_assert_eq(ask(&f, SCMP_ARCH_X86, SOCKET_ITSELF, 0, AF_UNIX), REFUSED(EPERM));
	cr_assert_eq(ask(&f, SCMP_ARCH_X86, SHMAT_ITSELF, 2, 0100000), SECCOMP_RET_ALLOW);
	f = filter_of("architectures = multiarch\nsyscalls-deny = ipc socketcall");
	cr_assert_neq(ask(&f, SCMP_ARCH_X86, IPC, 0, MSGGET), SECCOMP_RET_ALLOW);
	cr_assert_neq(ask(&f, SCMP_ARCH_X86, SOCKETCALL, 0, SOCKET), SECCOMP_RET_ALLOW);
	f = filter_of("architectures = multiarch\nwx-memory = no");
	for (uint64_t version = 0; version < 3; version++) {
		struct seccomp_data data = { .nr = IPC,
			.arch = SCMP_ARCH_X86,
			.args = { version << 16 | SHMAT, 0, 0100000 } };
		cr_assert_neq(run(&f, &data), SECCOMP_RET_ALLOW, "version %ju",
			(uintmax_t)version);
	}
	cr_assert_eq(ask(&f, SCMP_ARCH_X86, SHMAT_ITSELF, 2, 0100000), REFUSED(EPERM));
	f = filter_of("architectures = multiarch");
	cr_assert_eq(ask(&f, SCMP_ARCH_X86, IPC, 0, SHMAT), SECCOMP_RET_ALLOW);
	cr_assert_eq(ask(&f, SCMP_ARCH_X86, SOCKETCALL, 0, SOCKET), SECCOMP_RET_ALLOW);
}

/* ---- the cache's key ---- */

Test(filter, whatever_changes_a_program_changes_its_key)
{
	static const char *const lines[] = { "syscalls-allow = swapon",
		"syscalls-deny = read", "syscalls-deny = read:EIO",
		"syscalls-default = kill", "architectures = multiarch",
		"nested = browser", "sockets = unix", "wx-memory = no", "ptrace = yes",
		"personality = yes", "[namespaces]\npid = host" };
	struct plan p = plan_of_lines("");
	const char *plain = filter_inputs(&p), *before = plain;
	cr_assert_contains(plain, "libseccomp");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct plan q = plan_of_lines(lines[i]);
		cr_assert_str_neq(filter_inputs(&q), before, "%s", lines[i]);
		before = filter_inputs(&q);
		cr_assert_str_neq(before, plain);
	}
	p = plan_of_lines("landlock = off\ncapabilities = chown");
	cr_assert_str_eq(filter_inputs(&p), plain);
}
