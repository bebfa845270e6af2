/* SPDX-License-Identifier: MIT */
/* test_syscalls.c - promises of src/config/syscalls.c and its tables */
#include "plans.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "config/syscalls.h"

/* What lines of [confinement] decide about one call. */
static struct decision decided(const char *lines, const char *name)
{
	struct decision v[SYSCALLS_MAX];
	struct plan p = good_text(arena_printf(&arena, "[confinement]\n%s\n", lines));
	int i = syscall_index(name);
	cr_assert_geq(i, 0, "%s is not in the table", name);
	syscalls_decide(&p, v);
	return v[i];
}

static bool allowed(const char *lines, const char *name)
{
	return decided(lines, name).verdict == VERDICT_ALLOW;
}

/* ---- the tables ---- */

Test(syscalls, names_are_sorted_and_found)
{
	for (size_t i = 0; i < n_syscall_names; i++) {
		if (i > 0)
			cr_assert_lt(strcmp(syscall_names[i - 1], syscall_names[i]), 0,
				"%s", syscall_names[i]);
		cr_assert_eq(syscall_index(syscall_names[i]), (int)i);
	}
	cr_assert_lt(syscall_index(""), 0);
	cr_assert_lt(syscall_index("openaty"), 0);
}

/* Calls @seen for each member, groups within it included; how deep they lie. */
static unsigned walk(const char *members, bool *seen)
{
	unsigned deepest = 0;
	char *copy = arena_strdup(&arena, members), *name;
	while ((name = strsep(&copy, " "))) {
		cr_assert_neq(*name, '\0', "two blanks in '%s'", members);
		if (*name == '@') {
			const struct syscall_group *group = syscall_group_find(name);
			cr_assert_not_null(group, "no group %s", name);
			cr_assert_str_neq(group->members, members);
			unsigned depth = walk(group->members, seen) + 1;
			deepest = depth > deepest ? depth : deepest;
			continue;
		}
		int i = syscall_index(name);
		cr_assert_geq(i, 0, "%s is in a group and not in the table", name);
		seen[i] = true;
	}
	return deepest;
}

Test(syscalls, every_member_of_a_group_is_a_name_or_a_group)
{
	for (const struct syscall_group *g = syscall_groups; g->name; g++) {
		bool seen[SYSCALLS_MAX] = { false };
		cr_assert_eq(g->name[0], '@');
		cr_assert(g->doc && *g->doc, "%s has no word about it", g->name);
		cr_assert_eq(
			syscall_group_find(g->name), g, "%s is there twice", g->name);
		cr_assert_leq(walk(g->members, seen), 2);
	}
	cr_assert_null(syscall_group_find("@nonsense"));
	cr_assert_null(syscall_group_find("basic-io"));
}

Test(syscalls, a_group_holds_what_its_groups_hold)
{
	bool service[SYSCALLS_MAX] = { false }, io[SYSCALLS_MAX] = { false };
	walk(syscall_group_find("@system-service")->members, service);
	walk(syscall_group_find("@basic-io")->members, io);
	for (size_t i = 0; i < n_syscall_names; i++)
		cr_assert(!io[i] || service[i], "%s", syscall_names[i]);
	cr_assert(service[syscall_index("futex")]); /* by @default */
	cr_assert_not(service[syscall_index("mount")]);
}

/* ---- words ---- */

Test(syscalls, a_word_is_a_name_with_or_without_an_answer)
{
	char name[16];
	int error;
	cr_assert(syscall_word("clone3", name, sizeof(name), &error));
	cr_assert_str_eq(name, "clone3");
	cr_assert_eq(error, 0);
	cr_assert(syscall_word("clone3:ENOSYS", name, sizeof(name), &error));
	cr_assert_str_eq(name, "clone3");
	cr_assert_eq(error, ENOSYS);
	cr_assert(syscall_word("@mount:kill", name, sizeof(name), &error));
	cr_assert_str_eq(name, "@mount");
	cr_assert_eq(error, -1);
}

Test(syscalls, a_word_of_another_form_is_none)
{
	static const char *const words[] = { "", ":", ":EPERM", "open:", "open:EWHAT",
		"open:eperm", "open:1", "open:KILL", "open:EPERM:EPERM",
		"a_name_that_is_longer_than_any" };
	char name[16];
	int error;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		cr_assert_not(syscall_word(words[i], name, sizeof(name), &error), "%s",
			words[i]);
}

Test(syscalls, every_errno_can_be_named)
{
	char name[16];
	int error;
	for (int i = 1; i < 134; i++) {
		if (!strerrorname_np(i))
			continue; /* 41 and 58 are no errnos */
		const char *word = arena_printf(&arena, "open:%s", strerrorname_np(i));
		cr_assert(syscall_word(word, name, sizeof(name), &error), "%s", word);
		cr_assert_eq(error, i);
	}
}

Test(syscalls, an_unknown_name_is_a_mistake_with_a_suggestion)
{
	struct diag d = bad_text("[confinement]\nsyscalls-allow = read opnat\n");
	expect_at(&d, 2, 23);
	cr_assert_contains(d.msg, "opnat");
	cr_assert_contains(d.hint, "openat");
	d = bad_text("[confinement]\nsyscalls-deny = @mounts\n");
	cr_assert_contains(d.hint, "@mount");
	d = bad_text("[confinement]\nsyscalls-deny = mount:ENOSUCH\n");
	cr_assert_contains(d.msg, "mount:ENOSUCH");
	d = bad_text("[confinement]\nsockets = unix inet7\n");
	cr_assert_contains(d.hint, "inet");
}

Test(syscalls, families_are_known_by_name)
{
	cr_assert_eq(socket_family("unix"), AF_UNIX);
	cr_assert_eq(socket_family("inet6"), AF_INET6);
	cr_assert_eq(socket_family("local"), -1);
}

/* ---- decisions ---- */

Test(syscalls, what_no_rule_names_is_left_to_the_default)
{
	struct decision d = decided("syscalls-allow =\nsyscalls-deny =", "read");
	cr_assert_eq(d.verdict, VERDICT_DEFAULT);
	cr_assert_null(d.rule);
	cr_assert(allowed("", "read"));
	cr_assert_not(allowed("", "swapon"));
}

Test(syscalls, a_rule_is_told_with_its_place)
{
	struct decision d = decided("syscalls-deny = chmod:EIO", "chmod");
	cr_assert_eq(d.verdict, VERDICT_DENY);
	cr_assert_eq(d.error, EIO);
	cr_assert_str_eq(d.rule->text, "chmod:EIO");
	cr_assert_eq(d.rule->at.line, 2);
	cr_assert_str_eq(decided("", "chmod").rule->text, "@system-service");
}

Test(syscalls, a_name_beats_a_group_in_any_order)
{
	static const char *const lines[] = {
		"syscalls-allow = chown\nsyscalls-deny = @chown",
		"syscalls-deny = @chown\nsyscalls-allow = chown",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		cr_assert(allowed(lines[i], "chown"));
		cr_assert_not(allowed(lines[i], "fchown"));
	}
	cr_assert_not(allowed("syscalls-deny = chown\nsyscalls-allow = @chown", "chown"));
	cr_assert_not(allowed("syscalls-allow = @known\nsyscalls-deny = chown", "chown"));
}

Test(syscalls, of_two_alike_deny_wins_in_any_order)
{
	static const char *const lines[] = {
		"syscalls-allow = @chown chown\nsyscalls-deny = @chown chown",
		"syscalls-deny = @chown chown\nsyscalls-allow = @chown chown",
		"syscalls-deny = @file-system\nsyscalls-allow = @chown @file-system",
	};
	for (size_t i = 0; i < 2; i++) {
		cr_assert_not(allowed(lines[i], "chown"));
		cr_assert_not(allowed(lines[i], "fchown"));
	}
	cr_assert_not(allowed(lines[2], "openat"));
}

Test(syscalls, known_is_all_that_there_is)
{
	cr_assert(allowed("syscalls-allow = @known", "swapon"));
	cr_assert(allowed("syscalls-allow = @known", "kexec_load"));
	/* and no more than a group: the default's denials hold against it */
	cr_assert_not(allowed("syscalls-allow = @known", "io_uring_setup"));
	cr_assert(allowed("syscalls-allow = @known io_uring_setup\nsyscalls-deny =",
		"io_uring_setup"));
}

Test(syscalls, the_default_has_no_second_way_and_no_keys)
{
	static const char *const refused[] = { "io_uring_setup", "io_uring_enter",
		"io_uring_register", "userfaultfd", "add_key", "keyctl", "request_key",
		"bpf", "perf_event_open", "open_by_handle_at", "kexec_load", "ptrace",
		"process_vm_writev", "pidfd_getfd", "mount", "open_tree",
		"open_tree_attr", "move_mount", "chroot", "setns", "clone3", "quotactl",
		"syslog", "acct", "swapon", "init_module", "iopl", "modify_ldt",
		"fanotify_init", "lookup_dcookie", "uselib" };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		cr_assert_not(allowed("", refused[i]), "%s", refused[i]);
	cr_assert_eq(decided("", "clone3").error, ENOSYS);
	cr_assert_eq(decided("", "io_uring_setup").error, ENOSYS);
}

Test(syscalls, arguments_of_these_are_looked_at)
{
	static const struct {
		const char *lines, *name;
		bool judged;
	} cases[] = {
		{ "", "ioctl", true },
		{ "", "clone", true },
		{ "", "unshare", true },
		{ "", "personality", true },
		{ "", "mmap", false },
		{ "", "socket", true },
		{ "sockets = all", "socket", false },
		{ "architectures = multiarch", "socket", false },
		{ "personality = yes", "personality", false },
		{ "personality = yes\nwx-memory = no", "personality", true },
		{ "wx-memory = no", "mmap", true },
		{ "wx-memory = no", "mprotect", true },
		{ "wx-memory = no", "shmat", true },
		{ "wx-memory = no", "pkey_mprotect", true },
		{ "sockets = unix", "socket", true },
		{ "sockets = unix", "socketpair", true },
		{ "nested = full", "clone", false },
		{ "nested = full", "ioctl", true },
		{ "syscalls-allow = ioctl", "ioctl", true },
		{ "syscalls-allow = clone", "clone", true },
		{ "syscalls-deny = ioctl", "ioctl", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_assert_eq(decided(cases[i].lines, cases[i].name).judged,
			cases[i].judged, "%s: %s", cases[i].lines, cases[i].name);
}

Test(syscalls, nested_says_what_may_be_mounted_and_entered)
{
	static const char *const mounts[] = { "mount", "umount2", "pivot_root",
		"open_tree", "open_tree_attr", "move_mount", "fsopen", "fsmount",
		"mount_setattr" };
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		/* a group is not enough to go around the word */
		cr_assert_not(allowed("syscalls-allow = @mount @known", mounts[i]), "%s",
			mounts[i]);
		cr_assert_not(allowed("nested = browser\nsyscalls-allow = @mount @known",
				      mounts[i]),
			"%s", mounts[i]);
		cr_assert(allowed("nested = full", mounts[i]), "%s", mounts[i]);
		/* the call's own name is */
		cr_assert(allowed(arena_printf(&arena, "syscalls-allow = %s", mounts[i]),
			mounts[i]));
	}
	cr_assert_not(allowed("", "chroot"));
	cr_assert(allowed("nested = browser", "chroot"));
	cr_assert_not(allowed("nested = browser", "setns"));
	cr_assert(allowed("nested = full", "setns"));
	cr_assert(allowed("nested = full", "clone3"));
	cr_assert_not(allowed("nested = full\nsyscalls-deny = mount", "mount"));
}

Test(syscalls, ptrace_is_a_word_of_its_own)
{
	static const char *const calls[] = { "ptrace", "process_vm_readv",
		"process_vm_writev" };
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		cr_assert_not(allowed("", calls[i]), "%s", calls[i]);
		cr_assert_not(allowed("syscalls-allow = @known", calls[i]));
		cr_assert(allowed("ptrace = yes", calls[i]));
	}
	cr_assert_str_eq(decided("ptrace = yes", "ptrace").reason, "ptrace = yes");
}

/* On 32-bit machines several calls also go through one of two, whose number alone does not
 * say which is meant. */
Test(syscalls, a_call_that_is_refused_has_no_other_door)
{
	cr_assert(allowed("", "socketcall"));
	cr_assert(allowed("", "ipc"));
	cr_assert(allowed("architectures = multiarch", "socketcall"));
	cr_assert_not(allowed("sockets = unix", "socketcall"));
	cr_assert_eq(decided("sockets = unix", "socketcall").error, ENOSYS);
	cr_assert_not(allowed("syscalls-deny = listen", "socketcall"));
	cr_assert_not(allowed("syscalls-deny = msgget", "ipc"));
	cr_assert_not(allowed("wx-memory = no", "ipc"));
	/* a rule that names it knows what it does */
	cr_assert(allowed("syscalls-allow =\nsyscalls-allow = ipc shmat", "ipc"));
}
