/* SPDX-License-Identifier: MIT */
/* test_show.c - the plan and the table as text: what is printed reads back as the same */
#include "plans.h"

#include <errno.h>

#include "base/macros.h"

/* ---- print and read back ---- */

/* Whatever a name may hold that the syntax has a meaning for. */
static const char *const nasty[] = {
	"plain",
	"with blank",
	" leading",
	"trailing ",
	"\ttab\t",
	"it's",
	"say \"so\"",
	"both ' and \"",
	"a #hash",
	"#first",
	"a#b",
	";semicolon",
	"back\\slash",
	"ends with \\",
	"\\",
	"\\\\ \\' \\\"",
	"\\x41",
	"[section]",
	"key = value",
	"=",
	"new\nline",
	"\n",
	"\r\n",
	"\033[31mred\033[0m",
	"\x7f",
	"\xc2\x9b"
	"31m",
	"\xc2",
	"\xff\xfe",
	"grün \xe2\x80\xae",
	"\x01x41",
};

static struct plan one_word(const char *flag, const char *before, const char *text)
{
	struct plan p =
		good_words(WORDS(arena_printf(&arena, "%s=%s%s", flag, before, text)));
	expect_round_trip(&p);
	return p;
}

Test(show, any_word_reads_back_as_itself)
{
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		cr_assert_eq(one_word("--dbus-talk", "", nasty[i]).dbus_talk.n, 1);
		cr_assert_eq(one_word("--env", "NAME=", nasty[i]).env.n, 1);
	}
}

Test(show, any_path_reads_back_as_itself)
{
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		if (nasty[i][strcspn(nasty[i], "\n\r\033\x01\t")])
			continue; /* refused in paths */
		one_word("--read", "/", nasty[i]);
		one_word("--read", "?/x/", nasty[i]);
		one_word("--root", "/", nasty[i]);
		one_word("--chdir", "~/", nasty[i]);
	}
}

Test(show, any_text_reads_back_as_itself)
{
	const struct origin at = { .file = "test.conf", .line = 0 };
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct plan p;
		plan_init(&p, &arena);
		setting_apply(&p, &diags, SET_DESCRIPTION, nasty[i], &at);
		cr_assert_str_eq(p.description, nasty[i]);
		expect_round_trip(&p);
	}
}

Test(show, any_record_reads_back_as_itself)
{
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct plan p;
		plan_init(&p, &arena);
		p.file.v = &(struct item){ .text = "/f g",
			.mode = 0640,
			.arg = arena_printf(&arena, "%s\n\n%s\n", nasty[i], nasty[i]) };
		p.link.v = &(struct item){ .text = "/l", .arg = nasty[i] };
		p.file.n = p.link.n = 1;
		p.origin[SET_FILE].file = p.origin[SET_LINK].file = "test.conf";
		expect_round_trip(&p);
	}
}

Test(show, long_values_are_not_cut)
{
	char *text = arena_alloc(&arena, 7001);
	memset(text, 'x', 7000);
	one_word("--env", "NAME=", text);
	one_word("--read", "/", text);
	struct plan p = good_words(
		WORDS("--file", arena_printf(&arena, "/f %s 'and more'", text)));
	expect_round_trip(&p);
}

Test(show, a_whole_plan_reads_back_as_itself)
{
	struct plan p = good_text("[profile]\n"
				  "description = \"of # all\" # kinds\n"
				  "command = a* 'b c'\n"
				  "[filesystem]\n"
				  "root = /srv/x\n"
				  "root-write = yes\n"
				  "read = /a ?/b ~/'c d'\n"
				  "read = /e\n"
				  "bind = ?/a '/b c' rw\n"
				  "tmpfs = /t size=1G\n"
				  "home = private:x\n"
				  "cwd = write\n"
				  "[identity]\n"
				  "identity = root\n"
				  "[namespaces]\n"
				  "time = private\n"
				  "boottime-offset = 1.5d\n"
				  "[network]\n"
				  "network = host\n"
				  "[process]\n"
				  "timeout = 2500ms\n"
				  "[confinement]\n"
				  "capabilities = chown Fowner\n");
	expect_round_trip(&p);
}

Test(show, a_list_that_is_not_empty_at_first_reads_back_as_itself)
{
	struct plan p = good_text("[confinement]\nsyscalls-allow = @mount\n");
	cr_assert_gt(p.syscalls_allow.n, 1, "it adds to the default");
	expect_round_trip(&p);
	p = good_text("[confinement]\nsyscalls-allow =\nsyscalls-allow = @mount\n");
	cr_assert_eq(p.syscalls_allow.n, 1);
	expect_round_trip(&p);
	p = good_text("[confinement]\nsyscalls-deny =\n");
	cr_assert_eq(p.syscalls_deny.n, 0);
	expect_round_trip(&p);
}

Test(show, what_nobody_set_is_not_shown)
{
	struct plan p;
	plan_init(&p, &arena);
	cr_assert_str_eq(shown(&p, false), "");
	p = good_text("[filesystem]\nproc = yes\n");
	cr_assert_str_eq(shown(&p, false), "[filesystem]\nproc = yes\n");
}

/* ---- origins ---- */

Test(show, each_rule_tells_its_place_and_whether_it_widens)
{
	struct plan p = good_text("[filesystem]\ntmpfs = /t\nread = /a\n");
	const struct origin flag = { .file = "--read" };
	setting_apply(&p, &diags, SET_READ, "/b c", &flag);
	const char *text = shown(&p, true);
	cr_assert_contains(text, "# test.conf:2\n");
	cr_assert_contains(text, "# test.conf:3 (widens)\n");
	cr_assert_contains(text, "read = \"/b c\"");
	cr_assert_contains(text, "# --read (widens)\n");
	struct plan q = good_text(text);
	cr_assert_null(difference(&p, &q), "origins are comments");
}

Test(show, a_value_that_gives_no_more_than_the_default_is_not_marked)
{
	struct plan p = good_text("[network]\nnetwork = none\n[desktop]\nsound = no\n"
				  "[filesystem]\nhome = ephemeral\nsys = no\n");
	cr_assert_null(strstr(shown(&p, true), "(widens)"), "%s", shown(&p, true));
	p = good_text("[filesystem]\nsys = yes\nhome = host\n");
	cr_assert_contains(shown(&p, true), "test.conf:2 (widens)");
	cr_assert_contains(shown(&p, true), "test.conf:3 (widens)");
}

Test(show, no_name_of_a_file_can_draw_on_the_terminal)
{
	const struct origin at = { .file = "/tmp/\033[2J\xc2\x9b.conf", .line = 1 };
	struct plan p;
	plan_init(&p, &arena);
	setting_apply(&p, &diags, SET_ENV, "A=\"\\x1b[2J\"", &at);
	cr_assert_str_eq(p.env.v[0].arg, "\033[2J");
	const char *text = shown(&p, true);
	cr_assert_null(strpbrk(text, "\033\xc2"), "%s", text);
}

Test(show, files_are_named_short_and_in_full_below)
{
	static const char *const files[] = { "/usr/share/sbox/profiles/a.conf",
		"/home/ann/.config/sbox/profiles/a.conf",
		"/home/ann/.config/sbox/profiles/a.d/local.conf" };
	struct plan p;
	plan_init(&p, &arena);
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		const struct origin at = { .file = files[i], .line = i + 1 };
		setting_apply(&p, &diags, SET_READ, "/x", &at);
	}
	const char *text = shown(&p, true);
	cr_assert_contains(text, " # a.conf:1 (widens)\n");
	cr_assert_contains(
		text, " # /home/ann/.config/sbox/profiles/a.conf:2 (widens)\n");
	cr_assert_contains(text, " # a.d/local.conf:3 (widens)\n");
	cr_assert_contains(text, "\n# a.conf  ");
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
		cr_assert_contains(text, arena_printf(&arena, "  %s\n", files[i]));
}

Test(show, an_origin_without_room_has_a_line_of_its_own)
{
	struct plan p = good_text(
		"[filesystem]\n"
		"read = /a/path/that/leaves/room/for/its/origin/behind\n"
		"read = /a/path/that/leaves/no/room/for/its/origin/in/its/line\n");
	cr_assert_contains(shown(&p, true),
		"\nread = /a/path/that/leaves/room/for/its/origin/behind # test.conf:2 (widens)\n"
		"read = /a/path/that/leaves/no/room/for/its/origin/in/its/line\n"
		"                                           # test.conf:3 (widens)\n");
}

Test(show, json_tells_the_same_with_its_places)
{
	char *text;
	size_t size;
	struct plan p =
		good_text("[filesystem]\nread = '/a \"b'\n[network]\nnetwork = host\n");
	FILE *f = open_memstream(&text, &size);
	show_plan_json(f, &p);
	fclose(f);
	cr_assert_str_eq(text,
		"{\"version\":1,\"profile\":null,\"settings\":["
		"{\"section\":\"filesystem\",\"key\":\"read\",\"value\":\"\\\"/a \\\\\\\"b\\\"\","
		"\"file\":\"test.conf\",\"line\":2,\"widens\":true},"
		"{\"section\":\"network\",\"key\":\"network\",\"value\":\"host\","
		"\"file\":\"test.conf\",\"line\":4,\"widens\":true}]}\n");
	free(text);
}

/* ---- the table ---- */

static const char *printed(void (*print)(FILE *f))
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	print(f);
	fclose(f);
	const char *copy = arena_strdup(&arena, text);
	free(text);
	return copy;
}

static const struct completed_verb verbs[] = { { .name = "run" },
	{ .name = "kill",
		.actions = "",
		.words = "",
		.flags = "--now",
		.from = "ps --ids" },
	{ 0 } };
static const struct completed_place places[] = { { .verb = "kill",
							 .behind = "signal",
							 .letter = 's',
							 .option = true,
							 .words = "A B" },
	{ 0 } };

static void print_bash(FILE *f)
{
	show_completion(f, "bash", verbs, places);
}

static void print_zsh(FILE *f)
{
	show_completion(f, "zsh", verbs, places);
}

static void print_fish(FILE *f)
{
	show_completion(f, "fish", verbs, places);
}

static const char *flag_of(const struct setting *s)
{
	return s->alias ? s->alias : s->key;
}

static void expect_flags(void (*print)(FILE *f), const char *form)
{
	const char *text = printed(print);
	for (unsigned id = 0; id < SET_COUNT; id++) {
		char word[64];
		if (print == show_mdoc_options && settings[id].section &&
			id != SET_EXTENDS)
			continue; /* those are in sbox-profile(5) */
		(void)snprintf(word, sizeof(word), "%s%s", form, flag_of(&settings[id]));
		if (settings[id].flags & S_FILE)
			cr_assert_null(strstr(text, arena_printf(&arena, "%s ", word)),
				"%s", word);
		else
			cr_assert_contains(text, word);
	}
}

Test(show, help_and_completions_have_every_flag)
{
	expect_flags(show_help, "--");
	expect_flags(show_mdoc_options, "Fl Fl ");
	expect_flags(print_bash, "--");
	expect_flags(print_zsh, "--");
	expect_flags(print_fish, "-l ");
}

Test(show, completions_offer_the_words_behind_a_verb)
{
	void (*const shells[])(FILE * f) = { print_bash, print_zsh, print_fish };
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		cr_assert_contains(printed(shells[i]), "--now");
		cr_assert_contains(printed(shells[i]),
			i < 2 ? "$(sbox ps --ids 2>/dev/null)"
			      : "(sbox ps --ids 2>/dev/null)");
	}
}

/* Whether the quotes of a line of shell are closed at its end. */
static bool closed_quotes(const char *line, size_t len)
{
	char quote = 0;
	for (size_t i = 0; i < len; i++) {
		if (line[i] == quote)
			quote = 0;
		else if (!quote && (line[i] == '\'' || line[i] == '"'))
			quote = line[i];
		else if (line[i] == '\\' && quote != '\'')
			i++;
	}
	return !quote;
}

Test(show, an_apostrophe_in_the_help_ends_no_quote_of_a_completion)
{
	void (*const shells[])(FILE * f) = { print_zsh, print_fish };
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		for (const char *p = printed(shells[i]); *p; p += strcspn(p, "\n") + 1)
			cr_assert(closed_quotes(p, strcspn(p, "\n")), "%.*s",
				(int)strcspn(p, "\n"), p);
}

Test(show, help_fits_on_80_columns)
{
	for (const char *p = printed(show_help); *p; p += strcspn(p, "\n") + 1)
		cr_assert_leq(strcspn(p, "\n"), 80, "%.*s", (int)strcspn(p, "\n"), p);
}

Test(show, the_man_page_has_every_key_with_its_default)
{
	const char *text = printed(show_mdoc_settings);
	for (unsigned id = 0; id < SET_COUNT; id++)
		if (settings[id].section)
			cr_assert_contains(text,
				arena_printf(&arena, ".It Ic %s ", settings[id].key));
	cr_assert_contains(text, "Default:\n.Cm ephemeral .\n");
}

Test(show, there_are_completions_for_three_shells)
{
	FILE *f = fopen("/dev/null", "we");
	cr_assert_eq(show_completion(f, "csh", verbs, places), -EINVAL);
	fclose(f);
}
