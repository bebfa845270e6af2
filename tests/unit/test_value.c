/* SPDX-License-Identifier: MIT */
/* test_value.c - the value types: what each takes, and what it says of the rest */
#include "plans.h"

#include "base/macros.h"

static const char *entry(const char *section, const char *key, const char *value)
{
	return arena_printf(&arena, "[%s]\n%s = %s\n", section, key, value);
}

static struct plan good(const char *section, const char *key, const char *value)
{
	return good_text(entry(section, key, value));
}

static struct diag bad(const char *section, const char *key, const char *value)
{
	return bad_text(entry(section, key, value));
}

/* ---- scalars ---- */

Test(value, a_switch_takes_the_usual_words_and_no_others)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };
	static const char *const neither[] = { "Yes", "y", "2", "yes no", "enabled" };
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		cr_assert(good("filesystem", "sys", yes[i]).sys);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		cr_assert_not(good("filesystem", "proc", no[i]).proc);
	for (size_t i = 0; i < ARRAY_SIZE(neither); i++)
		cr_assert_contains(
			bad("filesystem", "sys", neither[i]).hint, "yes or no");
}

Test(value, a_wrong_word_is_answered_with_the_right_ones)
{
	cr_assert_str_eq(bad("network", "network", "non").hint, "did you mean 'none'?");
	struct diag d = bad("network", "network", "internet");
	cr_assert_contains(d.hint, "none, user, host");
	cr_assert_contains(d.msg, "'internet'");
}

Test(value, text_keeps_its_quotes_but_those_around_the_whole)
{
	const struct {
		const char *text, *value;
	} rows[] = {
		{ "it's \"so\" and so", "it's \"so\" and so" },
		{ "\"  blanks  \"", "  blanks  " },
		{ "'single \\x41'", "single \\x41" },
		{ "\"a\" and \"b\"", "\"a\" and \"b\"" },
		{ "'tis open", "'tis open" },
		{ "back\\slash\\", "back\\slash\\" },
		{ "\"a \\\" b\"", "a \" b" },
		{ "no#comment #comment", "no#comment" },
		{ "\"a # b\" # c", "a # b" },
		{ "\"\"", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan p = good("profile", "description", rows[i].text);
		cr_assert_str_eq(p.description, rows[i].value, "%s", rows[i].text);
	}
}

Test(value, a_time_has_a_unit_and_three_decimals)
{
	const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{ "5", 5000000000 },
		{ "250ms", 250000000 },
		{ "1.5s", 1500000000 },
		{ "2m", 120000000000 },
		{ "1.5h", 5400000000000 },
		{ "1d", 86400000000000 },
		{ "0.001ms", 1000 },
		{ "0", 0 },
		{ "1.5000", 1500000000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_eq(good("process", "timeout", rows[i].text).timeout_ns,
			rows[i].ns, "%s", rows[i].text);
	static const char *const wrong[] = { "1w", "-1s", "s", "1.", ".5", "1e3", "1 s",
		"+1" };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert_contains(bad("process", "timeout", wrong[i]).hint, "90s");
	cr_assert_contains(bad("process", "timeout", "999999999999h").msg, "too long");
}

Test(value, a_time_too_fine_to_keep_is_no_zero)
{
	/* 0 would mean "no limit" */
	cr_assert_contains(bad("process", "timeout", "0.0004s").msg, "not a time");
}

Test(value, an_offset_may_be_negative_to_the_microsecond)
{
	struct plan p = good("namespaces", "monotonic-offset", "-0.5ms");
	cr_assert_eq(p.monotonic_offset_ns, -500000);
	expect_round_trip(&p);
	p = good("namespaces", "boottime-offset", "-1.001s");
	cr_assert_eq(p.boottime_offset_ns, -1001000000);
	expect_round_trip(&p);
}

Test(value, names_that_become_paths_or_host_names_are_plain)
{
	static const char *const wrong[] = { "..", ".x", "-x", "a/b", "a b", "\"\"", "ü",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		bad("identity", "hostname", wrong[i]);
		bad("filesystem", "home", arena_printf(&arena, "private:%s", wrong[i]));
	}
	cr_assert_str_eq(
		good("filesystem", "home", "private:a-b_c.1").home, "private:a-b_c.1");
	bad("filesystem", "home", "privat");
	bad("filesystem", "home", "ephemeral:x");
}

Test(value, a_machine_id_is_a_word_or_32_digits)
{
	good("identity", "machine-id", "host");
	good("identity", "machine-id", "00112233445566778899aabbccddeeff");
	bad("identity", "machine-id", "00112233445566778899aabbccddeef");
	bad("identity", "machine-id", "00112233445566778899AABBCCDDEEFF");
}

/* ---- paths ---- */

Test(value, a_path_begins_at_the_root_the_home_or_a_variable)
{
	static const char *const right[] = { "/", "/a/b", "~", "~/a", "${HOME}/a",
		"${CWD}", "${XDG_DOWNLOAD_DIR}", "/run/user/${UID}/x", "/a..b", "?/a" };
	static const char *const wrong[] = { "a", "./a", "../a", "~user/a", "$HOME/a",
		"${NOBODY}/a", "/a/${HOME}", "/a/../b", "/..", "~/..", "${HOME}/../x",
		"${HOME}x", "${UID}/x", "/a$b", "/a${UID", "\"\"", "?" };
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		cr_assert_eq(
			good("filesystem", "read", right[i]).read.n, 1, "%s", right[i]);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		bad("filesystem", "read", wrong[i]);
}

Test(value, an_unknown_variable_is_told_with_those_that_are_known)
{
	struct diag d = bad("filesystem", "read", "/a ${HOMR}/b");
	cr_assert_contains(d.msg, "unknown variable");
	cr_assert_contains(d.hint, "HOME");
	expect_at(&d, 2, 11);
}

Test(value, a_question_mark_is_for_what_may_be_missing)
{
	struct plan p = good("filesystem", "bind", "?/a /b");
	cr_assert(p.bind.v[0].optional);
	cr_assert_str_eq(p.bind.v[0].arg, "/a");
	p = good("filesystem", "tmpfs", "?\"/a b\"");
	cr_assert(p.tmpfs.v[0].optional);
	cr_assert_str_eq(p.tmpfs.v[0].text, "/a b");
	expect_round_trip(&p);
	bad("filesystem", "bind", "/a ?/b");
	bad("filesystem", "tmpfs", "/a ?size=1M");
	bad("filesystem", "dir", "?/a");
	bad("filesystem", "file", "?/a text");
	bad("filesystem", "link", "?/a b");
}

/* ---- lists ---- */

Test(value, each_word_of_a_file_is_a_value_with_its_own_place)
{
	struct plan p = good_text("[filesystem]\nread = /a '/b c'  /d\\ e\n");
	cr_assert_eq(p.read.n, 3);
	cr_assert_str_eq(p.read.v[1].text, "/b c");
	cr_assert_str_eq(p.read.v[2].text, "/d e");
	cr_assert_eq(p.read.v[0].at.column, 8);
	cr_assert_eq(p.read.v[1].at.column, 11);
	cr_assert_eq(p.read.v[2].at.column, 19);
}

Test(value, a_quote_in_the_middle_does_not_move_the_word)
{
	struct plan p = good_text("[filesystem]\nread = /a\" b\"/c\n");
	cr_assert_str_eq(p.read.v[0].text, "/a b/c");
	cr_assert_eq(p.read.v[0].at.column, 8);
}

Test(value, a_flag_gives_one_value_whatever_is_in_it)
{
	/* a file's name with a blank in it must not open a second path */
	struct plan p = good_words(WORDS("--read", "/tmp/x /home", "-r", "/it's \\ #"));
	cr_assert_eq(p.read.n, 2);
	cr_assert_str_eq(p.read.v[0].text, "/tmp/x /home");
	cr_assert_str_eq(p.read.v[1].text, "/it's \\ #");
	p = good_words(WORDS("-e", "GREETING=hello \"you\"", "--env", "EMPTY="));
	cr_assert_eq(p.env.n, 2);
	cr_assert_str_eq(p.env.v[0].arg, "hello \"you\"");
	cr_assert_str_eq(p.env.v[1].arg, "");
	p = good_words(WORDS("-c", "\"/my program\""));
	cr_assert_str_eq(p.shell_command, "\"/my program\"");
}

Test(value, an_open_quote_is_told_once_with_its_place)
{
	struct diag d = bad("filesystem", "read", "/a \"/b");
	cr_assert_contains(d.msg, "quote");
	expect_at(&d, 2, 11);
	d = bad("filesystem", "read", "/a /b\" /c");
	expect_at(&d, 2, 13);
	bad("filesystem", "bind", "/a \"/b");
	bad("filesystem", "bind", "\"/a /b");
	bad("filesystem", "tmpfs", "/a \"x");
	bad("profile", "extends", "\"a");
}

Test(value, a_bad_word_leaves_its_neighbours_to_be_checked_too)
{
	plan_of_text("[filesystem]\nread = a /b c /d\n");
	cr_assert_eq(diags.n, 2);
	expect_at(&diags.v[0], 2, 8);
	expect_at(&diags.v[1], 2, 13);
}

Test(value, a_variable_has_a_name)
{
	struct plan p = good("environment", "env", "A=1 B=\"2 # 3\" C= D==");
	cr_assert_eq(p.env.n, 4);
	cr_assert_str_eq(p.env.v[1].text, "B");
	cr_assert_str_eq(p.env.v[1].arg, "2 # 3");
	cr_assert_str_eq(p.env.v[2].arg, "");
	cr_assert_str_eq(p.env.v[3].arg, "=");
	bad("environment", "env", "A");
	bad("environment", "env", "=1");
	bad("environment", "pass-env", "A=1");
}

Test(value, a_capability_is_one_however_it_is_written)
{
	struct plan p = good("confinement", "capabilities", "CHOWN Sys_Admin root");
	cr_assert_str_eq(p.capabilities.v[0].text, "chown");
	cr_assert_str_eq(p.capabilities.v[1].text, "sys_admin");
	cr_assert_str_eq(p.capabilities.v[2].text, "root");
	cr_assert_contains(bad("confinement", "capabilities", "CAP_CHOWN").hint,
		"did you mean 'chown'?");
	struct diag d = bad("confinement", "capabilities", "chown sys_adnim");
	cr_assert_contains(d.msg, "'sys_adnim'");
	cr_assert_contains(d.hint, "did you mean 'sys_admin'?");
	expect_at(&d, 2, 22);
	cr_assert_contains(
		bad("confinement", "capabilities", "everything").hint, "capabilities(7)");
	bad("confinement", "capabilities", "all=ep");
}

Test(value, descriptors_to_pass_begin_at_three)
{
	cr_assert_eq(good("process", "pass-fd", "3 10").pass_fd.n, 2);
	bad("process", "pass-fd", "2");
	bad("process", "pass-fd", "-1");
	bad("process", "pass-fd", "stdout");
	bad("process", "pass-fd", "99999999999999999999");
}

/* ---- records ---- */

Test(value, a_record_is_one_value_with_its_attributes)
{
	struct plan p = good_text("[filesystem]\n"
				  "bind = /a /b rw\n"
				  "tmpfs = /t size=64K mode=1777\n"
				  "file = /f mode=0600 'first line' mode=0644\n"
				  "link = /l '../target'\n");
	cr_assert(p.bind.v[0].write);
	cr_assert_eq(p.tmpfs.v[0].size, 65536);
	cr_assert_eq(p.tmpfs.v[0].mode, 01777);
	cr_assert_eq(p.file.v[0].mode, 0600);
	cr_assert_str_eq(p.file.v[0].arg, "first line\nmode=0644\n");
	cr_assert_str_eq(p.link.v[0].arg, "../target");
	expect_round_trip(&p);
}

Test(value, a_record_takes_no_attribute_of_another)
{
	bad("filesystem", "dir", "/d size=1M");
	bad("filesystem", "bind", "/a /b mode=0700");
	bad("filesystem", "bind", "/a /b rw again");
	bad("filesystem", "tmpfs", "/t rw");
	bad("filesystem", "tmpfs", "/t size=1X");
	bad("filesystem", "tmpfs", "/t mode=0888");
	bad("filesystem", "tmpfs", "/t size=99999999999999999999");
	bad("filesystem", "link", "/l a b");
	struct plan p = good("filesystem", "file", "/f size=1");
	cr_assert_str_eq(p.file.v[0].arg, "size=1\n", "is a line of the file");
}

Test(value, a_record_that_lacks_a_part_is_told_its_form)
{
	cr_assert_contains(bad("filesystem", "bind", "/a").hint, "DESTINATION");
	cr_assert_contains(bad("filesystem", "link", "/a").hint, "TARGET");
	cr_assert_contains(bad_words(WORDS("--tmpfs", " ")).hint, "PATH");
}

/* ---- much of it ---- */

Test(value, many_words_take_memory_by_their_length_only, .timeout = 10)
{
	enum { N = 60000 };
	char *text = arena_alloc(&arena, 2 * N + 1);
	for (size_t i = 0; i < N; i++)
		memcpy(text + 2 * i, "x ", 2);
	const struct origin at = { .file = "test.conf", .line = 1, .column = 1 };
	struct plan p;
	plan_init(&p, &arena);
	setting_apply(&p, &diags, SET_COMMAND, text, &at);
	text = arena_printf(&arena, "/f %s", text);
	setting_apply(&p, &diags, SET_FILE, text, &at);
	expect_no_mistake();
	cr_assert_eq(p.command.n, N);
	cr_assert_eq(strlen(p.file.v[0].arg), 2 * N);
}
