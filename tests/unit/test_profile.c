/* SPDX-License-Identifier: MIT */
/* test_profile.c - profile files: their syntax, where they are, and what they extend */
#include "plans.h"

#include <sys/mman.h>

#include "base/macros.h"

/* ---- syntax ---- */

Test(profile, comments_begin_a_line_or_stand_behind_a_blank)
{
	struct plan p = good_text("# one\n"
				  "; two\n"
				  "\t # three\n"
				  "[filesystem] # behind a section\n"
				  "read = /a#b /c;d /e /; # end\n"
				  "write =# nothing\n"
				  "hide = '/g #h' \"/i #j\" /k\\ #l\t# end\n"
				  "secret = /m\" #n\" # end\n"
				  "[profile]# close behind\n"
				  "description = it's # the end\n");
	cr_assert_eq(p.read.n, 4);
	cr_assert_str_eq(p.read.v[0].text, "/a#b");
	cr_assert_str_eq(p.read.v[1].text, "/c;d");
	cr_assert_eq(p.write.n, 0);
	cr_assert_eq(p.hide.n, 3);
	cr_assert_str_eq(p.hide.v[0].text, "/g #h");
	cr_assert_str_eq(p.hide.v[2].text, "/k #l");
	cr_assert_str_eq(p.secret.v[0].text, "/m #n");
	cr_assert_str_eq(p.description, "it's");
}

Test(profile, blanks_around_words_mean_nothing)
{
	struct plan p = good_text("\n  \n\t[profile]\t\n"
				  "  description=a  b  \n"
				  "command\t =\tx\t y \n"
				  "[filesystem]\nread = /a\\ \n");
	cr_assert_str_eq(p.description, "a  b");
	cr_assert_eq(p.command.n, 2);
	cr_assert_str_eq(p.read.v[0].text, "/a ", "an escaped blank is kept");
}

Test(profile, lines_may_end_in_crlf_and_the_last_one_in_nothing)
{
	struct plan p = good_text("[profile]\r\n# c\r\n\r\ndescription = a\r\n"
				  "command = x\r\n[network]\r\nnetwork = host");
	cr_assert_str_eq(p.description, "a");
	cr_assert_str_eq(p.command.v[0].text, "x");
	cr_assert_eq(p.network, NETWORK_HOST);
}

Test(profile, an_empty_file_is_one)
{
	good_text("");
	good_text("\n");
	good_text("[profile]");
}

Test(profile, a_list_adds_up_and_an_empty_value_clears_it)
{
	struct plan p = good_text("[filesystem]\nread = /a /b\nread = /c\n");
	cr_assert_eq(p.read.n, 3);
	p = good_text("[filesystem]\nread = /a /b\nread =\nread = /c\n");
	cr_assert_eq(p.read.n, 1);
	cr_assert_str_eq(p.read.v[0].text, "/c");
	p = good_text(
		"[filesystem]\nread = /a\n[network]\n[filesystem]\nread = # none\n");
	cr_assert_eq(p.read.n, 0);
}

Test(profile, a_scalar_set_twice_in_one_file_is_a_mistake)
{
	struct diag d = bad_text("[identity]\nhostname = a\n\n\n  hostname =  b\n");
	expect_at(&d, 5, 15);
	cr_assert_contains(d.msg, "hostname was set before, in line 2");
}

Test(profile, an_unknown_key_is_told_with_its_place_and_its_neighbour)
{
	struct diag d = bad_text("[filesystem]\n\n   wirte = /a\n");
	expect_at(&d, 3, 4);
	cr_assert_str_eq(d.at.file, "test.conf");
	cr_assert_contains(d.msg, "unknown key 'wirte' in [filesystem]");
	cr_assert_contains(d.hint, "'write'");
	cr_assert_null(bad_text("[filesystem]\nxylophone = 1\n").hint);
	cr_assert_contains(bad_text("[profile]\nprofile = x\n").hint, "'extends'");
	cr_assert_contains(
		bad_text("[filesystem]\ndry-run = yes\n").hint, "command line only");
	struct diag none = bad_text("[filesystem]\n= /a\n");
	cr_assert_contains(none.msg, "a key is missing before the '='");
	cr_assert_contains(none.hint, "key = value");
}

Test(profile, a_key_in_the_wrong_section_is_sent_to_the_right_one)
{
	struct diag d = bad_text("[filesystem]\nnetwork = none\n");
	cr_assert_contains(d.msg, "does not belong in [filesystem]");
	cr_assert_contains(d.hint, "[network]");
}

Test(profile, an_unknown_section_is_told_once)
{
	struct diag d = bad_text("[filesytem]\nread = /a\nwrite = /b\n");
	expect_at(&d, 1, 1);
	cr_assert_contains(d.msg, "unknown section [filesytem]");
	cr_assert_contains(d.hint, "[filesystem]");
	bad_text("[]\n");
	bad_text("[Network]\n");
}

Test(profile, what_is_neither_section_nor_entry_is_a_mistake)
{
	bad_text("[filesystem\n");
	bad_text("[filesystem] read = /a\n");
	cr_assert_contains(bad_text("[filesystem]\nread /a\n").msg, "read /a");
	cr_assert_contains(bad_text("read = /a\n").msg, "before the first [section]");
}

Test(profile, an_entry_in_another_form_is_answered_with_the_right_one)
{
	static const struct {
		const char *line, *hint;
	} rows[] = {
		{ "publish: 8080", "write publish = 8080" },
		{ "publish : 8080", "write publish = 8080" },
		{ "publish 8080", "write publish = 8080" },
		{ "publsih: 8080", "write publish = 8080" },
		{ "publish:", "write publish = [ADDRESS:]PORT" },
		{ "env: A=b", "write env = A=b" },
		{ "publish", "write publish = [ADDRESS:]PORT" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d =
			bad_text(arena_printf(&arena, "[network]\n%s\n", rows[i].line));
		expect_at(&d, 2, 1);
		cr_assert(
			str_starts(d.hint, rows[i].hint), "%s: %s", rows[i].line, d.hint);
	}
	cr_assert_null(bad_text("[network]\nno such thing\n").hint);
}

Test(profile, a_nul_byte_is_told_and_not_an_end)
{
	static const char text[] = "[network]\nnetwork = ho\0st\nbogus = 1\n";
	plan_of_bytes(text, sizeof(text) - 1);
	cr_assert_eq(diags.n, 2);
	expect_at(&diags.v[0], 2, 13);
	cr_assert_contains(diags.v[0].msg, "NUL");
	cr_assert_contains(diags.v[1].msg, "bogus");
}

Test(profile, what_a_pager_would_not_show_is_a_mistake)
{
	struct diag d = bad_text("[environment]\nenv = A=\033[0m\n");
	expect_at(&d, 2, 9);
	cr_assert_contains(d.hint, "\\x1b");
	bad_text("[network]\nnetwork = none\rnetwork = host\n");
	struct plan p = good_text("[environment]\nenv = A=\"\\x1b[0m\"\n");
	cr_assert_str_eq(p.env.v[0].arg, "\033[0m");
}

Test(profile, a_line_has_a_limit_and_the_rest_is_still_read, .timeout = 10)
{
	enum { LONG = 1024 * 1024 };
	char *text = arena_alloc(&arena, LONG + 100);
	char *end = stpcpy(text, "[filesystem]\nread = /");
	memset(end, 'x', LONG);
	strcpy(end + LONG, "\nbogus = 1\n");
	plan_of_text(text);
	cr_assert_eq(diags.n, 2);
	expect_at(&diags.v[0], 2, 1);
	cr_assert_contains(diags.v[0].msg, "a line of");
	cr_assert_eq(diags.v[1].at.line, 3);
}

Test(profile, all_mistakes_are_told_but_not_without_end)
{
	plan_of_text(
		"[filesystem]\nbogus = 1\nread = a\n[nonsense]\n[network]\nnetwork = x\n"
		"neither\n");
	cr_assert_eq(diags.n, 5);
	diags = (struct diags){ .arena = &arena };
	char *text = arena_alloc(&arena, 10000), *p = text;
	for (unsigned i = 0; i < 1000; i++)
		p = stpcpy(p, "neither\n");
	plan_of_text(text);
	cr_assert_lt(diags.n, 60);
	cr_assert_contains(diags.v[diags.n - 1].msg, "too many");
}

/* What stderr gets. */
static const char *printed_mistakes(void)
{
	static char text[4096];
	int fd = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	diag_print_all(&diags);
	cr_assert_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	cr_assert_geq(n, 0);
	text[n] = '\0';
	return text;
}

Test(profile, mistakes_are_printed_in_the_order_of_their_places)
{
	/* syntax is read first, values later */
	plan_of_text(
		"[network]\nnetwork = lan\nbogus = \033\n[filesystem]\nread = a ~b\nx\n");
	cr_assert_str_eq(printed_mistakes(),
		"sbox: test.conf:2:11: network: not one of its words: 'lan'\n"
		"  hint: one of none, user, host\n"
		"sbox: test.conf:3:9: a control character\n"
		"  hint: in a quoted word it is written \\x1b\n"
		"sbox: test.conf:5:8: read: a path must begin with '/', '~' or a variable: 'a'\n"
		"sbox: test.conf:5:10: read: '~' stands for your own home only: '~b'\n"
		"sbox: test.conf:6:1: neither [section] nor key = value: 'x'\n");
}

/* ---- files ---- */

static struct folders folders;

static void make_folders(void)
{
	folders = folders_make();
	cr_assert_eq(chdir(folders.top), 0);
}

static void remove_folders(void)
{
	folders_remove(&folders);
}

#define IN_FOLDERS .init = make_folders, .fini = remove_folders, .timeout = 20

/* As "--profile @name". */
static struct plan load(const char *name)
{
	const struct origin at = { .file = "--profile" };
	struct plan p;
	plan_init(&p, &arena);
	profile_load(&p, &diags, &folders.dirs, name, &at);
	return p;
}

static struct plan load_good(const char *name)
{
	struct plan p = load(name);
	expect_no_mistake();
	return p;
}

static struct diag load_bad(const char *name)
{
	load(name);
	return only_mistake();
}

Test(profile, of_two_with_one_name_the_more_important_folders_counts, IN_FOLDERS)
{
	put(&folders, "low/a.conf",
		"[identity]\nhostname = low\n[filesystem]\nread = /low\n");
	cr_assert_str_eq(load_good("a").hostname, "low");
	put(&folders, "high/a.conf", "[identity]\nhostname = high\n");
	struct plan p = load_good("a");
	cr_assert_str_eq(p.hostname, "high");
	cr_assert_eq(p.read.n, 0, "it takes the other's place, it does not add");
	cr_assert_str_eq(p.origin[SET_HOSTNAME].file, path_in(&folders, "high/a.conf"));
}

Test(profile, the_folders_are_sboxs_the_systems_and_the_users)
{
	struct profile_dirs dirs;
	cr_assert_eq(unsetenv("SBOX_PROFILE_PATH"), 0);
	cr_assert_eq(unsetenv("XDG_CONFIG_HOME"), 0);
	cr_assert_eq(setenv("HOME", "/h", 1), 0);
	profile_dirs_init(&dirs, &arena);
	cr_assert_str_eq(dirs.v[0], SBOX_DATADIR "/profiles");
	cr_assert_str_eq(dirs.v[1], SBOX_SYSCONFDIR "/profiles");
	cr_assert_str_eq(dirs.v[2], "/h/.config/sbox/profiles");
	cr_assert_null(dirs.v[3]);
	cr_assert_eq(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
	cr_assert_eq(setenv("SBOX_PROFILE_PATH", "relative", 1), 0);
	profile_dirs_init(&dirs, &arena);
	cr_assert_str_eq(dirs.v[0], SBOX_DATADIR "/profiles");
	cr_assert_str_eq(dirs.v[2], "/h/.config/sbox/profiles");
	cr_assert_eq(setenv("XDG_CONFIG_HOME", "/c", 1), 0);
	cr_assert_eq(setenv("SBOX_PROFILE_PATH", "/p", 1), 0);
	profile_dirs_init(&dirs, &arena);
	cr_assert_str_eq(dirs.v[0], "/p");
	cr_assert_str_eq(dirs.v[2], "/c/sbox/profiles");
	cr_assert_eq(unsetenv("XDG_CONFIG_HOME") + unsetenv("HOME"), 0);
	profile_dirs_init(&dirs, &arena);
	cr_assert_null(dirs.v[2]);
}

Test(profile, a_missing_one_gets_a_suggestion, IN_FOLDERS)
{
	put(&folders, "low/browser.conf", "");
	struct diag d = load_bad("brwoser");
	cr_assert_contains(d.msg, "no profile 'brwoser'");
	cr_assert_contains(d.hint, "'browser'");
	cr_assert_contains(load_bad("xylophone").hint, "sbox profile list");
	cr_assert_contains(load_bad("browser.conf").hint, "'browser'");
	load_bad("./nothing.conf");
	load_bad("");
	load_bad("..");
}

Test(profile, a_directory_a_fifo_and_a_device_are_no_profiles, IN_FOLDERS)
{
	cr_assert_eq(mkdir("low/d.conf", 0700), 0);
	cr_assert_contains(load_bad("d").msg, "it is a directory");
	cr_assert_contains(load_bad("./low").msg, "it is a directory");
	cr_assert_eq(mkfifo("low/f.conf", 0600), 0);
	cr_assert_contains(load_bad("f").msg, "not a regular file");
	cr_assert_contains(load_bad("/dev/zero").msg, "not a regular file");
	struct profile_infos infos = { 0 };
	profile_list(&arena, &folders.dirs, &infos);
	cr_assert_eq(infos.n, 2, "and listing does not wait for them");
}

Test(profile, a_file_that_is_too_large_is_refused, IN_FOLDERS)
{
	put(&folders, "low/big.conf", "");
	cr_assert_eq(truncate("low/big.conf", PROFILE_SIZE_MAX + 1), 0);
	cr_assert_contains(load_bad("big").msg, "larger than 1 MiB");
	char *text = arena_alloc(&arena, PROFILE_SIZE_MAX + 1);
	memset(text, '\n', PROFILE_SIZE_MAX);
	put(&folders, "low/fits.conf", text);
	load_good("fits");
}

Test(profile, a_broken_link_is_told_with_its_file, IN_FOLDERS)
{
	cr_assert_eq(symlink("loop.conf", "low/loop.conf"), 0);
	load_bad("loop");
	cr_assert_eq(symlink("/nonexistent", "low/gone.conf"), 0);
	load_bad("gone");
}

Test(profile, a_file_in_the_working_directory_is_not_looked_at, IN_FOLDERS)
{
	put(&folders, "a.conf", "[network]\nnetwork = host\n");
	put(&folders, "a", "[network]\nnetwork = host\n");
	load_bad("a");
	cr_assert_contains(load_bad("a.conf").hint, "./a.conf");
	cr_assert_eq(load_good("./a.conf").network, NETWORK_HOST);
	cr_assert_str_eq(load_good("./a.conf").profile_name, "a");
	put(&folders, "low/b.conf", "[profile]\nextends = a\n");
	struct diag d = load_bad("b");
	cr_assert_str_eq(d.at.file, path_in(&folders, "low/b.conf"));
}

/* ---- extends ---- */

Test(profile, what_is_extended_is_read_first_in_order, IN_FOLDERS)
{
	put(&folders, "low/one.conf",
		"[identity]\nhostname = one\n[filesystem]\nread = /1\nhome = host\n");
	put(&folders, "low/two.conf",
		"[identity]\nhostname = two\n[filesystem]\nread = /2\n");
	put(&folders, "low/top.conf",
		"[filesystem]\nread = /t\n[profile]\nextends = one\nextends = two\n");
	struct plan p = load_good("top");
	cr_assert_str_eq(p.hostname, "two");
	cr_assert_str_eq(p.home, "host");
	cr_assert_eq(p.read.n, 3);
	cr_assert_str_eq(p.read.v[0].text, "/1");
	cr_assert_str_eq(p.read.v[1].text, "/2");
	cr_assert_str_eq(p.read.v[2].text, "/t", "though it stands before \"extends\"");
	cr_assert_lt(p.read.v[0].at.layer, p.read.v[1].at.layer);
	cr_assert_lt(p.read.v[1].at.layer, p.read.v[2].at.layer);
	cr_assert_str_eq(p.profile_name, "top");
}

Test(profile, the_last_file_wins_without_a_word, IN_FOLDERS)
{
	put(&folders, "low/base.conf",
		"[identity]\nhostname = base\n[filesystem]\nread = /b\n");
	put(&folders, "low/top.conf",
		"[profile]\nextends = base\n[identity]\nhostname = top\n"
		"[filesystem]\nread =\nread = /t\n");
	struct plan p = load_good("top");
	cr_assert_str_eq(p.hostname, "top");
	cr_assert_eq(p.read.n, 1, "and may clear what it extends");
}

Test(profile, an_empty_extends_clears_those_before_it, IN_FOLDERS)
{
	put(&folders, "low/one.conf", "[filesystem]\nread = /1\n");
	put(&folders, "low/two.conf", "[filesystem]\nread = /2\n");
	put(&folders, "low/top.conf",
		"[profile]\nextends = one\nextends =\nextends = two\n");
	struct plan p = load_good("top");
	cr_assert_eq(p.read.n, 1);
	cr_assert_str_eq(p.read.v[0].text, "/2");
}

Test(profile, two_ways_to_one_base_read_it_once, IN_FOLDERS)
{
	put(&folders, "low/base.conf", "[filesystem]\nread = /b\n");
	put(&folders, "low/left.conf",
		"[profile]\nextends = base\n[filesystem]\nread = /l\n");
	put(&folders, "low/right.conf",
		"[profile]\nextends = base\n[filesystem]\nread = /r\n");
	put(&folders, "low/top.conf", "[profile]\nextends = left right\n");
	cr_assert_eq(load_good("top").read.n, 3);

	const struct origin at = { .file = "--profile" };
	struct plan p = load_good("left");
	profile_load(&p, &diags, &folders.dirs, "right", &at);
	expect_no_mistake();
	cr_assert_eq(p.read.n, 3, "nor with two profiles named");
}

Test(profile, a_cycle_is_told_at_the_line_that_closes_it, IN_FOLDERS)
{
	put(&folders, "low/a.conf", "[profile]\nextends = b\n");
	put(&folders, "low/b.conf", "[profile]\nextends =   c\n");
	put(&folders, "low/c.conf", "[profile]\nextends = \"a\"\n");
	struct diag d = load_bad("a");
	cr_assert_contains(d.msg, "'a' extends itself through 'c.conf'");
	cr_assert_str_eq(d.at.file, path_in(&folders, "low/c.conf"));
	expect_at(&d, 2, 11);

	put(&folders, "high/self.conf", "[profile]\nextends = self\n");
	put(&folders, "low/self.conf", "");
	cr_assert_contains(load_bad("self").hint, ".d folder");

	put(&folders, "low/path.conf", "[profile]\nextends = ../low/./path.conf\n");
	cr_assert_contains(load_bad("path").msg, "extends itself");
}

Test(profile, how_deep_they_may_extend_has_a_limit, IN_FOLDERS)
{
	for (unsigned i = 0; i < 20; i++)
		put(&folders, arena_printf(&arena, "low/p%u.conf", i),
			arena_printf(&arena, "[profile]\nextends = p%u\n", i + 1));
	put(&folders, "low/p20.conf", "");
	cr_assert_contains(load_bad("p0").msg, "16 deep");
	cr_assert_contains(load_bad("p4").msg, "16 deep");
	load_good("p5");
}

Test(profile, a_path_in_extends_begins_at_its_own_file, IN_FOLDERS)
{
	put(&folders, "x/top.conf", "[profile]\nextends = ./base.conf ../y/other.conf\n");
	put(&folders, "x/base.conf", "[filesystem]\nread = /x\n");
	put(&folders, "y/other.conf", "[filesystem]\nread = /y\n");
	put(&folders, "base.conf", "[network]\nnetwork = host\n");
	struct plan p = load_good("x/top.conf");
	cr_assert_eq(p.network, NETWORK_NONE, "not in the working directory");
	cr_assert_eq(p.read.n, 2);

	cr_assert_eq(setenv("HOME", path_in(&folders, "x"), 1), 0);
	put(&folders, "low/tilde.conf", "[profile]\nextends = ~/base.conf\n");
	cr_assert_eq(load_good("tilde").read.n, 1);
}

Test(profile, what_tells_of_one_profile_is_not_extended, IN_FOLDERS)
{
	put(&folders, "low/base.conf", "[profile]\ndescription = base\ncommand = b\n");
	put(&folders, "low/top.conf", "[profile]\nextends = base\ncommand = t\n");
	struct plan p = load_good("top");
	cr_assert_null(p.description);
	cr_assert_eq(p.command.n, 1);
}

/* ---- drop-ins ---- */

Test(profile, drop_ins_come_after_their_profile_by_name, IN_FOLDERS)
{
	put(&folders, "low/a.conf",
		"[identity]\nhostname = a\n[filesystem]\nread = /a\n");
	put(&folders, "high/a.d/10-x.conf", "[filesystem]\nread = /10\n");
	put(&folders, "low/a.d/20-y.conf",
		"[filesystem]\nread = /20\n[identity]\nhostname = y\n");
	put(&folders, "low/a.d/30-z.conf", "[filesystem]\nread = /30\n");
	put(&folders, "low/a.d/README", "not a profile");
	put(&folders, "low/a.d/.40.conf", "not seen");
	struct plan p = load_good("a");
	cr_assert_str_eq(p.hostname, "y");
	cr_assert_eq(p.read.n, 4);
	cr_assert_str_eq(p.read.v[0].text, "/a");
	cr_assert_str_eq(p.read.v[1].text, "/10");
	cr_assert_str_eq(p.read.v[2].text, "/20");
	cr_assert_str_eq(p.read.v[3].text, "/30");
}

Test(profile, a_drop_in_takes_the_place_of_its_namesake, IN_FOLDERS)
{
	put(&folders, "low/a.conf", "");
	put(&folders, "low/a.d/x.conf", "[filesystem]\nread = /low\n");
	put(&folders, "high/a.d/x.conf", "[filesystem]\nread = /high\n");
	struct plan p = load_good("a");
	cr_assert_eq(p.read.n, 1);
	cr_assert_str_eq(p.read.v[0].text, "/high");
	put(&folders, "high/a.d/x.conf", "");
	cr_assert_eq(load_good("a").read.n, 0, "an empty one takes it away");
}

Test(profile, drop_ins_of_what_is_extended_count_too, IN_FOLDERS)
{
	put(&folders, "low/base.conf", "");
	put(&folders, "high/base.d/x.conf", "[filesystem]\nread = /x\n");
	put(&folders, "low/top.conf",
		"[profile]\nextends = base\n[filesystem]\nread = /t\n");
	struct plan p = load_good("top");
	cr_assert_eq(p.read.n, 2);
	cr_assert_str_eq(p.read.v[0].text, "/x");
}

Test(profile, a_drop_in_may_extend_another_profile, IN_FOLDERS)
{
	put(&folders, "low/a.conf", "");
	put(&folders, "low/gpu.conf", "[desktop]\ngpu = yes\n");
	put(&folders, "high/a.d/x.conf", "[profile]\nextends = gpu\n");
	cr_assert_eq(load_good("a").gpu, WANT_YES);
}

Test(profile, a_profile_named_by_its_path_has_no_drop_ins, IN_FOLDERS)
{
	put(&folders, "low/a.conf", "");
	put(&folders, "low/a.d/x.conf", "[filesystem]\nread = /x\n");
	cr_assert_eq(load_good("./low/a.conf").read.n, 0);
}

Test(profile, mistakes_in_several_files_are_told_together, IN_FOLDERS)
{
	put(&folders, "low/base.conf", "[network]\nnetwork = lan\n");
	put(&folders, "low/top.conf",
		"[profile]\nextends = base gone\n[filesystem]\nread = a\nbogus = 1\n");
	put(&folders, "low/top.d/x.conf", "[nonsense]\n");
	load("top");
	cr_assert_eq(diags.n, 5);
}

/* ---- what there is ---- */

Test(profile, the_list_is_by_name_with_what_each_is_for, IN_FOLDERS)
{
	put(&folders, "low/b.conf", "[profile]\ndescription = low\ncommand = bb\n");
	put(&folders, "low/a.conf", "[profile]\ndescription = the first\nbogus = 1\n");
	put(&folders, "high/b.conf", "[profile]\ndescription = high\n");
	put(&folders, "high/b.d/x.conf", "[profile]\ncommand = more\n");
	put(&folders, "low/.hidden.conf", "");
	put(&folders, "low/README", "");
	struct profile_infos infos = { 0 };
	profile_list(&arena, &folders.dirs, &infos);
	cr_assert_eq(infos.n, 2);
	cr_assert_str_eq(infos.v[0].name, "a");
	cr_assert_str_eq(
		infos.v[0].description, "the first", "mistakes are not its matter");
	cr_assert_str_eq(infos.v[1].description, "high");
	cr_assert_str_eq(infos.v[1].file, path_in(&folders, "high/b.conf"));
	cr_assert_eq(infos.v[1].command.n, 1);
	cr_assert_str_eq(infos.v[1].command.v[0].text, "more");
}

Test(profile, a_program_finds_the_profile_that_names_it, IN_FOLDERS)
{
	const struct profile_dirs *dirs = &folders.dirs;
	put(&folders, "low/web.conf", "[profile]\ncommand = firefox* chromium ?x\n");
	cr_assert_str_eq(profile_for_command(&arena, dirs, "firefox-esr"), "web");
	cr_assert_str_eq(profile_for_command(&arena, dirs, "ax"), "web");
	cr_assert_str_eq(
		profile_for_command(&arena, dirs, "/usr/bin/firefox-esr"), "web");
	cr_assert_str_eq(profile_for_command(&arena, dirs, "./firefox-esr"), "default");
	cr_assert_str_eq(
		profile_for_command(&arena, dirs, "/home/x/firefox-esr"), "default");
	cr_assert_str_eq(
		profile_for_command(&arena, dirs, "/usr/../home/firefox-esr"), "default");
	cr_assert_str_eq(
		profile_for_command(&arena, dirs, "chromium-browser"), "default");
	cr_assert_str_eq(profile_for_command(&arena, dirs, "web"), "default");
	put(&folders, "high/web.d/mine.conf", "[profile]\ncommand = web\n");
	cr_assert_str_eq(profile_for_command(&arena, dirs, "web"), "web");
	put(&folders, "high/web.d/none.conf", "[profile]\ncommand =\n");
	cr_assert_str_eq(profile_for_command(&arena, dirs, "chromium"), "default");
}
