/* SPDX-License-Identifier: MIT */
/* test_cmdline.c - the command line: where sbox's words end and the program's begin */
#include "plans.h"

#include "base/macros.h"

static struct cmdline parse(char **words)
{
	struct cmdline c = { 0 };
	cmdline_parse(&arena, words, &diags, &c);
	return c;
}

/* ---- the program's words ---- */

Test(cmdline, the_first_word_that_is_no_flag_is_the_program)
{
	char **words = WORDS("--read", "/a", "prog", "--write", "/b", "-x", "--");
	struct cmdline c = parse(words);
	expect_no_mistake();
	cr_assert_eq(c.entries.n, 1);
	cr_assert_eq(
		c.program, words + 2, "the program's words are not copied or changed");
}

Test(cmdline, behind_two_dashes_nothing_is_a_flag)
{
	char **words = WORDS("-r", "/a", "--", "--bind", "--write=/", "-p", "x");
	struct cmdline c = parse(words);
	expect_no_mistake();
	cr_assert_eq(c.entries.n, 1);
	cr_assert_eq(c.profiles.n, 0);
	cr_assert_eq(c.program, words + 3);
	cr_assert_str_eq(c.program[0], "--bind");
}

Test(cmdline, only_the_first_two_dashes_are_ours)
{
	char **words = WORDS("--", "--", "x");
	cr_assert_eq(parse(words).program, words + 1);
}

Test(cmdline, a_program_with_a_flag_of_ours_as_argument_is_left_alone)
{
	/* CVE-2024-32462: --command=--bind */
	char **words = WORDS("prog", "--command=--bind", "/", "/", "rw");
	struct cmdline c = parse(words);
	expect_no_mistake();
	cr_assert_eq(c.entries.n, 0);
	cr_assert_eq(c.program, words);
	struct diag d = bad_words(WORDS("--command=--bind"));
	cr_assert_contains(d.msg, "--command");
	cr_assert_contains(d.hint, "profile files only");
}

Test(cmdline, a_value_is_never_a_flag)
{
	struct plan p =
		good_words(WORDS("--env=--bind=/ / rw", "--dbus-talk", "--write"));
	cr_assert_eq(p.bind.n + p.write.n, 0);
	cr_assert_str_eq(p.env.v[0].text, "--bind");
	cr_assert_str_eq(p.dbus_talk.v[0].text, "--write");
}

Test(cmdline, there_may_be_no_program)
{
	cr_assert_null(parse(WORDS("--proc")).program[0]);
	cr_assert_null(parse(WORDS("--")).program[0]);
	cr_assert_null(parse((char *[]){ NULL }).program[0]);
}

Test(cmdline, one_dash_and_the_empty_word_are_programs)
{
	cr_assert_str_eq(parse(WORDS("-", "x")).program[0], "-");
	cr_assert_str_eq(parse(WORDS("", "x")).program[0], "");
	expect_no_mistake();
}

/* ---- flags ---- */

Test(cmdline, a_flag_takes_its_value_in_every_usual_form)
{
	char **forms[] = { WORDS("--timeout=9"), WORDS("--timeout", "9"),
		WORDS("-t", "9"), WORDS("-t9"), WORDS("-t=9"), WORDS("-nt9"),
		WORDS("-nt", "9") };
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		cr_assert_eq(
			good_words(forms[i]).timeout_ns, 9000000000, "%s", forms[i][0]);
}

Test(cmdline, a_switch_takes_no_word_behind_it)
{
	struct plan p = good_words(WORDS("--sys", "no"));
	cr_assert(p.sys);
	cr_assert_str_eq(p.argv[0], "no");
	cr_assert_not(good_words(WORDS("--proc=no")).proc);
	p = good_words(WORDS("-vn", "prog"));
	cr_assert(p.verbose && p.dry_run);
}

Test(cmdline, an_empty_value_clears_what_profiles_gave)
{
	struct plan p = good_words(WORDS("--read=/a", "--read", "", "--read", "/b"));
	cr_assert_eq(p.read.n, 1);
	cr_assert_str_eq(p.read.v[0].text, "/b");
}

Test(cmdline, a_value_that_is_missing_is_told_with_its_form)
{
	struct diag d = bad_words(WORDS("--hostname"));
	cr_assert_contains(d.msg, "--hostname");
	cr_assert_contains(d.hint, "--hostname NAME");
	cr_assert_contains(bad_words(WORDS("-t")).hint, "TIME");
	cr_assert_contains(bad_words(WORDS("--dbus-talk", "--", "prog")).msg, "missing");
	cr_assert_contains(bad_words(WORDS("--hostname=")).msg, "missing");
}

Test(cmdline, an_unknown_flag_gets_a_suggestion)
{
	struct diag d = bad_words(WORDS("--netwrok=none", "prog"));
	cr_assert_contains(d.msg, "'--netwrok'");
	cr_assert_contains(d.hint, "'--network'");
	cr_assert_contains(bad_words(WORDS("--profil", "x")).hint, "'--profile'");
	cr_assert_contains(bad_words(WORDS("--xylophone")).hint, "sbox help");
	cr_assert_contains(bad_words(WORDS("-Z")).msg, "'-Z'");
	cr_assert_contains(bad_words(WORDS("---")).msg, "'---'");
	cr_assert_contains(bad_words(WORDS("--publish:", "8080")).hint,
		"write --publish=[ADDRESS:]PORT");
	cr_assert_contains(
		bad_words(WORDS("--publish:8080")).hint, "write --publish=8080");
}

Test(cmdline, a_long_flag_with_one_dash_is_not_taken_for_short_ones)
{
	cr_assert_contains(bad_words(WORDS("-publish", "80")).hint, "'--publish'");
	cr_assert_contains(bad_words(WORDS("-network=user", "x")).hint, "'--network'");
	cr_assert_contains(bad_words(WORDS("--=x")).msg, "'--'");
}

Test(cmdline, what_tells_of_a_profile_is_no_flag)
{
	cr_assert_contains(
		bad_words(WORDS("--description=x")).hint, "profile files only");
	cr_assert_contains(bad_words(WORDS("--command", "x")).hint, "profile files only");
}

Test(cmdline, relative_paths_are_the_command_lines_own)
{
	struct plan p = good_words(WORDS("-w", ".", "-r", "../x", "-r", "?sub/dir"));
	cr_assert_str_eq(p.write.v[0].text, ".");
	cr_assert_str_eq(p.read.v[0].text, "../x");
	cr_assert(p.read.v[1].optional);
}

Test(cmdline, all_mistakes_are_told_together)
{
	plan_of_words(
		WORDS("--bogus", "--timeout=x", "--network=lan", "--read=~me", "prog"));
	cr_assert_eq(diags.n, 4);
}

Test(cmdline, a_value_tells_the_flag_that_gave_it)
{
	struct plan p = good_words(WORDS("--sys", "-r", "/a"));
	cr_assert_str_eq(origin_text(&arena, &p.origin[SET_SYS]), "--sys");
	cr_assert_str_eq(origin_text(&arena, &p.read.v[0].at), "-r");
	cr_assert_eq(p.read.v[0].at.line, 0);
	cr_assert_str_eq(origin_text(&arena, &p.origin[SET_PROC]), "default");
}

/* ---- with profiles ---- */

static struct folders folders;

static void use_folders(void)
{
	folders = folders_make();
	cr_assert_eq(setenv("SBOX_PROFILE_PATH", folders.dirs.v[0], 1), 0);
	cr_assert_eq(setenv("XDG_CONFIG_HOME", path_in(&folders, "config"), 1), 0);
	put(&folders, "low/default.conf", "[identity]\nhostname = from-default\n");
	put(&folders, "low/player.conf",
		"[profile]\ncommand = play* mpv\n"
		"[identity]\nhostname = from-player\n"
		"[filesystem]\nread = /p\n");
	put(&folders, "config/sbox/profiles/mine.conf",
		"[identity]\nhostname = from-mine\n[filesystem]\nread = /m\n");
}

static void drop_folders(void)
{
	folders_remove(&folders);
}

static struct plan whole(char **words, bool pick)
{
	struct cmdline c = parse(words);
	struct plan p;
	plan_init(&p, &arena);
	cmdline_plan(&p, &diags, &c, pick);
	return p;
}

#define WITH_PROFILES .init = use_folders, .fini = drop_folders

Test(cmdline, the_programs_name_picks_the_profile, WITH_PROFILES)
{
	cr_assert_str_eq(whole(WORDS("player1", "x"), true).hostname, "from-player");
	cr_assert_str_eq(whole(WORDS("/usr/bin/mpv"), true).hostname, "from-player");
	cr_assert_str_eq(whole(WORDS("-v", "--", "mpv"), true).hostname, "from-player");
	cr_assert_str_eq(whole(WORDS("other"), true).hostname, "from-default");
	cr_assert_str_eq(whole(WORDS("display"), true).hostname, "from-default");
	cr_assert_str_eq(whole((char *[]){ NULL }, true).hostname, "from-default");
	cr_assert_str_eq(whole(WORDS("-c", "echo", "mpv"), true).hostname, "from-default",
		"mpv is the shell's $0");
	cr_assert_str_eq(
		whole(WORDS("mpv"), false).hostname, "sbox", "nothing asked for");
	expect_no_mistake();
}

Test(cmdline, a_named_profile_is_the_only_one, WITH_PROFILES)
{
	struct plan p = whole(WORDS("-p", "mine", "mpv"), true);
	expect_no_mistake();
	cr_assert_str_eq(p.hostname, "from-mine");
	cr_assert_str_eq(p.profile_name, "mine");
	cr_assert_eq(p.read.n, 1);
}

Test(cmdline, later_profiles_and_then_flags_win, WITH_PROFILES)
{
	struct plan p = whole(WORDS("-p", "mine", "-p", "player", "x"), true);
	cr_assert_str_eq(p.hostname, "from-player");
	cr_assert_eq(p.read.n, 2);
	p = whole(WORDS("--hostname=flag", "-p", "mine", "--read=/f", "x"), true);
	cr_assert_str_eq(p.hostname, "flag", "wherever it stands");
	cr_assert_eq(p.read.n, 2);
	cr_assert_gt(p.read.v[1].at.layer, p.read.v[0].at.layer);
	p = whole(WORDS("-p", "mine", "--read=", "x"), true);
	cr_assert_eq(p.read.n, 0);
	expect_no_mistake();
}

Test(cmdline, there_is_always_a_profile, WITH_PROFILES)
{
	cr_assert_eq(unlink(path_in(&folders, "low/default.conf")), 0);
	whole(WORDS("other"), true);
	cr_assert_contains(only_mistake().msg, "no profile 'default'");
}

Test(cmdline, a_file_in_the_working_directory_is_not_picked, WITH_PROFILES)
{
	put(&folders, "here/evil", "[network]\nnetwork = host\n");
	put(&folders, "here/default.conf", "[network]\nnetwork = host\n");
	put(&folders, "here/other.conf", "[profile]\ncommand = other\n");
	cr_assert_eq(chdir(path_in(&folders, "here")), 0);
	struct plan p = whole(WORDS("other"), true);
	expect_no_mistake();
	cr_assert_eq(p.network, NETWORK_NONE);
	cr_assert_str_eq(p.profile_name, "default");
	whole(WORDS("-p", "evil", "other"), true);
	struct diag d = only_mistake();
	cr_assert_contains(d.msg, "no profile 'evil'");
	cr_assert_contains(d.hint, "./evil");
	p = whole(WORDS("-p", "./evil", "other"), true);
	expect_no_mistake();
	cr_assert_eq(p.network, NETWORK_HOST, "by a slash it is asked for");
}

Test(cmdline, mistakes_of_flags_files_and_rules_are_told_together, WITH_PROFILES)
{
	put(&folders, "low/bad.conf", "[network]\nnetwork = lan\nbogus = 1\n");
	whole(WORDS("-p", "bad", "--wat", "--root-write", "x"), true);
	cr_assert_eq(diags.n, 4);
	/* which may hold the root that the rule asks for */
	diags.n = 0;
	whole(WORDS("-p", "bad", "-p", "nowhere", "--wat", "--root-write", "x"), true);
	cr_assert_eq(diags.n, 4);
}
