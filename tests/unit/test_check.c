/* SPDX-License-Identifier: MIT */
/* test_check.c - rules between settings: what contradicts is refused, with what to do */
#include "plans.h"

#include "config/check.h"

static struct diag broken_text(const char *text)
{
	struct plan p = good_text(text);
	check_plan(&p, &diags);
	return only_mistake();
}

static void kept(struct plan p)
{
	check_plan(&p, &diags);
	expect_no_mistake();
}

static struct diag broken(char **words)
{
	struct plan p = good_words(words);
	check_plan(&p, &diags);
	return only_mistake();
}

Test(check, defaults_break_no_rule)
{
	struct plan p;
	plan_init(&p, &arena);
	kept(p);
}

Test(check, the_hosts_system_is_never_writable_as_a_whole)
{
	cr_assert_contains(broken(WORDS("--root-write")).msg, "root-write");
	broken(WORDS("--root=empty", "--root-write"));
	kept(good_words(WORDS("--root=/srv", "--root-write")));
}

Test(check, a_private_home_needs_a_name_that_can_be_a_folders)
{
	struct plan p = good_words(WORDS("--home=private"));
	static const char *const names[] = { "", ".", "..", "a b", "-x" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		p.profile_name = names[i];
		check_plan(&p, &diags);
		cr_assert_contains(only_mistake().hint, "private:NAME");
	}
	p.profile_name = "browser";
	kept(p);
	p = good_words(WORDS("--home=private:x"));
	p.profile_name = "..";
	kept(p);
}

Test(check, a_label_that_is_named_needs_proc)
{
	cr_assert_contains(
		broken(WORDS("--apparmor=x", "--proc=no")).hint, "proc = no out");
	broken(WORDS("--selinux=x", "--proc=no"));
	kept(good_words(WORDS("--apparmor=x", "--selinux=x")));
	kept(good_words(WORDS("--apparmor=auto", "--selinux=off", "--proc=no")));
}

Test(check, clock_offsets_need_a_clock_of_ones_own)
{
	cr_assert_contains(broken(WORDS("--boottime-offset=1d")).hint, "time = private");
	broken(WORDS("--monotonic-offset=-1d"));
	kept(good_words(WORDS("--boottime-offset=1d", "--time=private")));
}

Test(check, the_hosts_name_is_not_changed)
{
	broken(WORDS("--uts=host", "--hostname=x"));
	broken_text("[identity]\nhostname = x\n[namespaces]\nuts = host\n");
	kept(good_words(WORDS("--uts=host")));
}

Test(check, a_flag_for_the_hosts_name_beats_a_profiles_own_name)
{
	struct plan p;
	plan_init(&p, &arena);
	const struct origin file = { .file = "a.conf", .line = 1, .layer = 1 };
	const struct origin flag = { .file = "--uts", .layer = 2 };
	setting_apply(&p, &diags, SET_HOSTNAME, "x", &file);
	setting_apply(&p, &diags, SET_UTS, "host", &flag);
	kept(p);
}

Test(check, groups_are_dropped_only_with_a_range)
{
	cr_assert_contains(
		broken(WORDS("--groups=drop", "--id-map=single")).hint, "range");
	kept(good_words(WORDS("--groups=drop", "--id-map=range")));
	kept(good_words(WORDS("--groups=drop")));
}

Test(check, rules_for_a_bus_that_is_not_there_are_told_to_who_typed_them)
{
	broken(WORDS("--dbus-own=a.b"));
	broken(WORDS("--dbus-call=a.b=*"));
	kept(good_words(WORDS("--dbus-talk=a.b", "--dbus=filtered")));
	kept(good_words(WORDS("--dbus-talk=a.b", "--dbus-talk=")));
	kept(good_text("[desktop]\ndbus-talk = a.b\n"));
}

Test(check, waiting_for_all_needs_to_know_them_all)
{
	broken(WORDS("--wait=all", "--pid=host"));
	kept(good_words(WORDS("--wait=all")));
}

Test(check, an_empty_line_of_shell_is_a_mistake)
{
	broken(WORDS("-c", ""));
	kept(good_words(WORDS("-c", ":")));
}

Test(check, capabilities_over_the_sandboxs_own_walls_are_refused)
{
	static const char *const names[] = { "sys_admin", "SYS_ADMIN", "Net_Admin",
		"net_raw", "sys_ptrace", "sys_module", "sys_rawio", "sys_boot", "bpf",
		"perfmon", "checkpoint_restore" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *word = arena_printf(&arena, "--capabilities=%s", names[i]);
		cr_assert_contains(broken(WORDS(word)).msg, "capability");
	}
	struct diag d = broken_text("[confinement]\ncapabilities = chown bpf\n"
				    "capabilities = kill\n");
	cr_assert_contains(d.msg, "'bpf'");
	expect_at(&d, 2, 22);
	kept(good_words(WORDS("--capabilities=root", "--capabilities=chown")));
}

Test(check, a_broken_rule_tells_where_the_setting_was_made)
{
	struct diag d = broken_text("[filesystem]\nproc = no\nroot-write = yes\n");
	expect_at(&d, 3, 14);
}

Test(check, every_broken_rule_is_told)
{
	struct plan p = good_words(WORDS("--root-write", "--time=host",
		"--boottime-offset=1", "--wait=all", "--pid=host"));
	check_plan(&p, &diags);
	cr_assert_eq(diags.n, 3);
}

/* The mistakes of the words and the rules that they break. */
static size_t mistakes(char **words)
{
	diags.n = 0;
	struct plan p = plan_of_words(words);
	check_plan(&p, &diags);
	return diags.n;
}

Test(check, what_only_follows_from_a_mistake_is_not_told)
{
	cr_assert_eq(mistakes(WORDS("--network=usr", "--network-allow=internet",
			     "--network-deny=lan", "--publish=80")),
		1);
	cr_assert_eq(mistakes(WORDS("--netwrok=user", "--publish=80")), 1);
	cr_assert_eq(mistakes(WORDS("--layer=a/b", "--overlay=/srv")), 1);
	cr_assert_eq(mistakes(WORDS("--publish=80", "--network")), 1);
	/* what has nothing to do with it is */
	cr_assert_eq(mistakes(WORDS("--network=usr", "--root-write")), 2);
	cr_assert_eq(mistakes(WORDS("--network=none", "--publish=80", "--memroy=1")), 2);
}

Test(check, a_profile_that_cannot_be_read_is_the_one_mistake)
{
	struct cmdline c = { 0 };
	struct plan p;
	plan_init(&p, &arena);
	cmdline_parse(&arena, WORDS("-p", "no-such-profile", "--publish=80"), &diags, &c);
	cmdline_plan(&p, &diags, &c, true);
	cr_assert_contains(only_mistake().msg, "no-such-profile");
}

Test(check, network_rules_and_ports_need_a_network_of_ones_own)
{
	cr_assert_contains(
		broken(WORDS("--network-allow=internet")).hint, "network = user");
	broken(WORDS("--network=host", "--network-deny=lan"));
	broken(WORDS("--network=none", "--publish=80"));
	broken(WORDS("--network=user", "--publish=[::1]:80"));
	broken(WORDS("--network=user", "--network-ipv6", "--publish=[::1]:80"));
	broken(WORDS("--network=user", "--network-helper=pasta", "--publish=[::1]:80"));
	good_words(WORDS("--network=user", "--network-helper=pasta", "--network-ipv6",
		"--publish=[::1]:80"));
	kept(good_words(WORDS("--network=user", "--network-allow=internet",
		"--network-deny=192.0.2.1", "--publish=8080")));
}
