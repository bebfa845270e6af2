/* SPDX-License-Identifier: MIT */
/* test_base.c - what src/base promises: words, numbers, paths and memory */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/human.h"
#include "base/json.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"

/* ---- words ------------------------------------------------------------------------ */

static void check_words(const char *text, const char *const *want)
{
	struct arena a = { 0 };
	const char *p = text, *start;
	char *word;

	for (size_t i = 0; want[i] != NULL; i++) {
		cr_assert_eq(str_next_word(&a, &p, &word, &start), 0, "[%s]", text);
		cr_assert_not_null(word, "[%s] ends before '%s'", text, want[i]);
		cr_assert_str_eq(word, want[i], "in [%s]", text);
	}
	cr_assert_eq(str_next_word(&a, &p, &word, &start), 0);
	cr_assert_null(word, "[%s] goes on with '%s'", text, word);
	arena_done(&a);
}
#define WORDS(text, ...) check_words(text, (const char *const[]){ __VA_ARGS__, NULL })

Test(words, a_shell_reads_the_same_word)
{
	struct arena a = { 0 };
	cr_assert_str_eq(str_shell_word(&a, "/usr/a-b_1.c"), "/usr/a-b_1.c");
	cr_assert_str_eq(str_shell_word(&a, "a b;$(c)~"), "'a b;$(c)~'");
	cr_assert_str_eq(str_shell_word(&a, "it's"), "'it'\\''s'");
	cr_assert_str_eq(str_shell_word(&a, ""), "''");
	cr_assert_null(str_shell_word(&a, "a\033[2J"));
	cr_assert_null(str_shell_word(&a, "a\nb"));
	arena_done(&a);
}

Test(words, blanks_separate_and_quotes_keep)
{
	WORDS("  one\ttwo  ", "one", "two");
	WORDS("'a b' \"c d\"", "a b", "c d");
	WORDS("a' 'b\" \"c", "a b c");
	WORDS("'' \"\"", "", "");
}

Test(words, backslash_takes_the_next_character_but_in_single_quotes)
{
	WORDS("a\\ b \"\\\"\" '\\'", "a b", "\"", "\\");
	WORDS("end\\", "end\\");
}

Test(words, an_open_quote_is_told_with_its_place)
{
	struct arena a = { 0 };
	const char *text = "fine 'never closed", *p = text, *start;
	char *word;

	cr_assert_eq(str_next_word(&a, &p, &word, &start), 0);
	cr_assert_eq(str_next_word(&a, &p, &word, &start), -EINVAL);
	cr_assert_eq(start - text, 5);
	arena_done(&a);
}

Test(words, what_is_printed_reads_back_the_same)
{
	static const char *const words[] = { "plain", "", "two words", "tab\tbed", "it's",
		"say \"so\"", "back\\slash", "#not a comment", ";", "ümlaut", "a\\",
		"'" };
	struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char text[64] = "";
		FILE *f = fmemopen(text, sizeof(text), "w");
		str_print_word(f, words[i]);
		fclose(f);

		const char *p = text, *start;
		char *word;
		cr_assert_eq(str_next_word(&a, &p, &word, &start), 0, "[%s]", text);
		cr_assert_str_eq(word, words[i], "printed as [%s]", text);
		cr_assert_eq(*p, '\0', "[%s] is more than one word", text);
	}
	arena_done(&a);
}

/* ---- text of others on the user's terminal ---------------------------------------- */

static const char *escaped(const char *in)
{
	static char out[64];
	str_escape_controls(out, sizeof(out), in);
	return out;
}

Test(escape, no_control_character_reaches_the_terminal)
{
	cr_assert_str_eq(
		escaped("\033[2Jhello\n\r\a\177"), "\\x1b[2Jhello\\x0a\\x0d\\x07\\x7f");
	cr_assert_str_eq(escaped("\xc2\x9b"
				 "31m"),
		"\\x9b31m", "C1 in UTF-8");
	cr_assert_str_eq(escaped("Grüße\tπ"), "Grüße\tπ");
	cr_assert_str_eq(escaped("\u202etxt.sh\u2066 \u2029"),
		"\\xe2\\x80\\xaetxt.sh\\xe2\\x81\\xa6 \\xe2\\x80\\xa9");
	cr_assert_str_eq(escaped("\u2026 \u2013 \u20ac"), "\u2026 \u2013 \u20ac");
}

Test(escape, bytes_that_are_no_text_are_told_as_numbers)
{
	cr_assert_str_eq(escaped("caf\xe9"), "caf\\xe9", "Latin-1");
	cr_assert_str_eq(escaped("\xe2\x82"), "\\xe2\\x82", "cut short");
	cr_assert_str_eq(escaped("\x9b"
				 "31m"),
		"\\x9b31m", "C1 in one byte");
	cr_assert_str_eq(escaped("\xc0\xaf"), "\\xc0\\xaf", "longer than need be");
	cr_assert_str_eq(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80", "a surrogate");
	cr_assert_str_eq(
		escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "beyond the end");
	cr_assert_str_eq(escaped("𝛑"), "𝛑");
}

Test(escape, a_short_buffer_is_never_overrun_and_always_ended)
{
	for (size_t size = 1; size < 12; size++) {
		char out[16];
		memset(out, 'X', sizeof(out));
		str_escape_controls(out, size, "ab\033cd\033");
		cr_assert_lt(strnlen(out, sizeof(out)), size, "size %zu", size);
		cr_assert_eq(out[size], 'X', "size %zu", size);
	}
	for (size_t size = 1; size < 12; size++) {
		char out[16];
		str_escape_controls(out, size, "ππππ");
		cr_assert_eq(strlen(out) % 2, 0, "cut inside a character: %zu", size);
	}
}

/* ---- what people read -------------------------------------------------------------- */

Test(human, sizes_have_three_digits_and_a_unit)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} all[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1.0K" },
		{ 1024, "1.0K" },
		{ 1536, "1.5K" },
		{ 10188, "9.9K" },
		{ 10189, "10K" },
		{ 999 * 1024, "999K" },
		{ 1000 * 1024, "1.0M" },
		{ UINT64_C(1) << 31, "2.0G" },
		{ UINT64_MAX, "16E" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char out[HUMAN_MAX];
		cr_expect_str_eq(human_size(out, all[i].bytes), all[i].text, "%s for %s",
			out, all[i].text);
	}
}

Test(human, times_have_their_two_largest_units)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} all[] = {
		{ 0, "0.00s" },
		{ 9, "0.00s" },
		{ 250, "0.25s" },
		{ 9999, "9.99s" },
		{ 10000, "10s" },
		{ 59999, "59s" },
		{ 60000, "1m00s" },
		{ 3599999, "59m59s" },
		{ 3600000, "1h00m" },
		{ 90000000, "1d1h" },
		{ UINT64_MAX, "213503982334d14h" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char out[HUMAN_MAX];
		cr_expect_str_eq(human_time(out, all[i].ms), all[i].text, "%s for %s",
			out, all[i].text);
	}
}

/* ---- patterns and nearest words --------------------------------------------------- */

Test(pattern, stars_and_question_marks_match_over_the_whole_word)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} rows[] = {
		{ "LC_*", "LC_ALL", true },
		{ "LC_*", "LC_", true },
		{ "LC_*", "XLC_ALL", false },
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "?", "", false },
		{ "a?c", "abc", true },
		{ "*ab", "aab", true },
		{ "*a*b", "xaxxbxb", true },
		{ "*a*b", "xaxxbxc", false },
		{ "a**", "a", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_eq(str_match(rows[i].pattern, rows[i].text), rows[i].match,
			"%s on '%s'", rows[i].pattern, rows[i].text);
}

static const char *next_key(size_t i, const void *ctx)
{
	static const char *const keys[] = { "read", "write", "network", "", "hostname" };
	(void)ctx;
	return i < ARRAY_SIZE(keys) ? keys[i] : NULL;
}

Test(nearest, a_slip_of_the_fingers_is_understood)
{
	cr_assert_str_eq(str_nearest("netwrok", next_key, NULL), "network");
	cr_assert_str_eq(str_nearest("wirte", next_key, NULL), "write");
	cr_assert_str_eq(str_nearest("readonly", next_key, NULL), "read");
}

Test(nearest, a_quite_different_word_suggests_nothing)
{
	cr_assert_null(str_nearest("zzz", next_key, NULL));
	cr_assert_null(str_nearest("", next_key, NULL));
	cr_assert_null(str_nearest("x", next_key, NULL));

	char giant[4096];
	memset(giant, 'n', sizeof(giant) - 1);
	giant[sizeof(giant) - 1] = '\0';
	cr_assert_null(str_nearest(giant, next_key, NULL));
}

/* ---- numbers ---------------------------------------------------------------------- */

Test(num, only_whole_numbers_in_range_are_numbers)
{
	uint64_t n;

	cr_assert_eq(num_u64("0", 0, UINT64_MAX, &n), 0);
	cr_assert_eq(num_u64("18446744073709551615", 0, UINT64_MAX, &n), 0);
	cr_assert_eq(n, UINT64_MAX);
	cr_assert_eq(num_u64("18446744073709551616", 0, UINT64_MAX, &n), -ERANGE);
	cr_assert_eq(num_u64("7", 8, 9, &n), -ERANGE);
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1e3",
		"1.0" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_eq(num_u64(bad[i], 0, UINT64_MAX, &n), -EINVAL, "'%s'", bad[i]);
}

Test(num, sizes_count_in_1024s_and_do_not_wrap)
{
	uint64_t n;

	cr_assert_eq(num_size("4k", &n), 0);
	cr_assert_eq(n, 4096);
	cr_assert_eq(num_size("2T", &n), 0);
	cr_assert_eq(n, UINT64_C(2) << 40);
	cr_assert_eq(num_size("16777216T", &n), -ERANGE);
	cr_assert_eq(num_size("9223372036854775808", &n), -ERANGE);
	cr_assert_eq(num_size("1KB", &n), -EINVAL);
	cr_assert_eq(num_size("K", &n), -EINVAL);
}

Test(num, durations_have_units_and_a_bare_number_is_seconds)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{ "90", 90000000000 },
		{ "1.5s", 1500000000 },
		{ "250ms", 250000000 },
		{ "10m", 600000000000 },
		{ "1d", 86400000000000 },
		{ "-2h", -7200000000000 },
	};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(num_duration(rows[i].text, 1, &ns), 0, "%s", rows[i].text);
		cr_assert_eq(ns, rows[i].ns, "%s is %jd", rows[i].text, (intmax_t)ns);
	}
	cr_assert_eq(num_duration("-2h", 0, &ns), -EINVAL);
	cr_assert_eq(num_duration("1.s", 0, &ns), -EINVAL);
	cr_assert_eq(num_duration("5 s", 0, &ns), -EINVAL);
	cr_assert_eq(num_duration("300000d", 0, &ns), -ERANGE);
}

Test(num, modes_are_octal)
{
	mode_t mode;

	cr_assert_eq(num_mode("1777", &mode), 0);
	cr_assert_eq(mode, 01777);
	cr_assert_eq(num_mode("0700", &mode), 0);
	cr_assert_eq(num_mode("788", &mode), -EINVAL);
	cr_assert_eq(num_mode("10000", &mode), -ERANGE);
}

/* ---- paths ------------------------------------------------------------------------ */

Test(path, normalizing_tidies_but_refuses_dotdot)
{
	struct arena a = { 0 };
	char *path;

	cr_assert_eq(path_normalize(&a, "//usr/./lib//x/", &path), 0);
	cr_assert_str_eq(path, "/usr/lib/x");
	cr_assert_eq(path_normalize(&a, "/", &path), 0);
	cr_assert_str_eq(path, "/");
	cr_assert_eq(path_normalize(&a, "/..a/.b/c..", &path), 0);
	cr_assert_str_eq(path, "/..a/.b/c..");
	static const char *const bad[] = { "", "usr", "/usr/../etc", "/..", "./x" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_eq(path_normalize(&a, bad[i], &path), -EINVAL, "'%s'", bad[i]);
	arena_done(&a);
}

Test(path, the_real_name_of_what_is_missing_is_that_of_what_is_there)
{
	struct arena a = { 0 };
	cr_assert_str_eq(path_real(&a, "/"), "/");
	cr_assert_str_eq(path_real(&a, "/no such/thing"), "/no such/thing");
	cr_assert_str_eq(path_real(&a, "/proc/self/root"), "/");
	cr_assert_str_eq(
		path_real(&a, "/proc/self/root/no such/thing"), "/no such/thing");
	arena_done(&a);
}

Test(path, every_link_on_the_way_is_told_by_its_own_place)
{
	struct arena a = { 0 };
	struct path_links links;
	char top[] = "/tmp/sbox-unit-XXXXXX";
	cr_assert_not_null(mkdtemp(top));
	int dir = open(top, O_PATH | O_DIRECTORY);
	cr_assert_eq(mkdirat(dir, "v1", 0700), 0);
	cr_assert_eq(symlinkat("v1", dir, "now"), 0);
	cr_assert_eq(symlinkat("./now/../now/none", dir, "dangling"), 0);
	cr_assert_eq(symlinkat("loop", dir, "loop"), 0);

	const char *path = arena_printf(&a, "%s/now/file", top);
	cr_assert_str_eq(
		path_trace(&a, path, &links), arena_printf(&a, "%s/v1/file", top));
	cr_assert_eq(links.n, 1);
	cr_assert_str_eq(links.v[0], arena_printf(&a, "%s/now", top));
	path = arena_printf(&a, "%s/dangling/x", top);
	cr_assert_str_eq(
		path_trace(&a, path, &links), arena_printf(&a, "%s/v1/none/x", top));
	cr_assert_eq(links.n, 3); /* "now" twice */
	cr_assert_str_eq(links.v[0], arena_printf(&a, "%s/dangling", top));
	path = arena_printf(&a, "%s/loop", top);
	cr_assert_str_eq(path_trace(&a, path, &links), path);
	cr_assert_str_eq(path_trace(&a, "/no such/thing", &links), "/no such/thing");
	cr_assert_eq(links.n, 0);

	cr_assert_eq(path_remove_tree(AT_FDCWD, top), 0);
	close(dir);
	arena_done(&a);
}

Test(json, what_a_terminal_would_act_on_is_escaped_and_reads_back_the_same)
{
	char *text = NULL;
	size_t size;
	struct json j = { .f = open_memstream(&text, &size) };
	json_begin(&j, NULL, '[');
	json_string(&j, NULL, "a\033[2J\302\2332J\177\303\244\302\240\"\\");
	json_end(&j, ']');
	fclose(j.f);
	cr_assert_str_eq(
		text, "[\"a\\u001b[2J\\u009b2J\\u007f\303\244\302\240\\\"\\\\\"]\n");
	free(text);
}

Test(path, a_relative_path_is_taken_from_its_base)
{
	static const struct {
		const char *base, *path, *want;
	} rows[] = {
		{ "/home/u", "x/y", "/home/u/x/y" },
		{ "/home/u", ".", "/home/u" },
		{ "/home/u", "../v", "/home/v" },
		{ "/home/u", "../../../..", "/" },
		{ "/home/u", "/abs//x/", "/abs/x" },
		{ "/", "x", "/x" },
	};
	struct arena a = { 0 };
	char *path;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(path_absolute(&a, rows[i].base, rows[i].path, &path), 0);
		cr_assert_str_eq(
			path, rows[i].want, "%s from %s", rows[i].path, rows[i].base);
	}
	cr_assert_eq(path_absolute(&a, "/", "", &path), -EINVAL);
	arena_done(&a);
}

Test(path, below_counts_whole_components)
{
	cr_assert(path_is_below("/home/u/x", "/home/u"));
	cr_assert(path_is_below("/home/u", "/home/u"));
	cr_assert(path_is_below("/anything", "/"));
	cr_assert_not(path_is_below("/home/user", "/home/u"));
	cr_assert_not(path_is_below("/home", "/home/u"));
	cr_assert_str_eq(path_rest("/home/u/x/y", "/home/u"), "x/y");
	cr_assert_str_eq(path_rest("/home/u", "/home/u"), "");
	cr_assert_str_eq(path_rest("/x", "/"), "x");
	cr_assert_eq(path_depth("/"), 0);
	cr_assert_eq(path_depth("/a/b"), 2);
}

/* ---- directories that somebody else may have written in --------------------------- */

static char scratch[64];
static int scratch_fd = -1;

static void make_scratch(void)
{
	const char *dir = getenv("TMPDIR");
	snprintf(scratch, sizeof(scratch), "%s/unit.XXXXXX", dir != NULL ? dir : "/tmp");
	cr_assert_not_null(mkdtemp(scratch));
	scratch_fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(scratch_fd, 0);
}

static void remove_scratch(void)
{
	scratch_fd = fd_close(scratch_fd);
	cr_assert_eq(path_remove_tree(AT_FDCWD, scratch), 0);
	cr_assert_eq(access(scratch, F_OK), -1);
}

TestSuite(dirs, .init = make_scratch, .fini = remove_scratch);

Test(dirs, missing_ones_are_made_for_the_user_alone)
{
	unsigned created;
	int fd = -1;
	struct stat st;

	cr_assert_eq(path_make_dirs(scratch_fd, "a/b/c", &fd, &created), 0);
	cr_assert_eq(created, 3);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(st.st_mode, S_IFDIR | 0700);
	fd = fd_close(fd);
	cr_assert_eq(path_make_dirs(scratch_fd, "a/b/d", &fd, &created), 0);
	cr_assert_eq(created, 1);
	fd_close(fd);
}

Test(dirs, no_link_is_followed_when_making_or_removing)
{
	unsigned created;
	int fd = -1;

	cr_assert_eq(mkdirat(scratch_fd, "outside", 0700), 0);
	cr_assert_eq(mkdirat(scratch_fd, "inside", 0700), 0);
	cr_assert_eq(symlinkat("../outside", scratch_fd, "inside/link"), 0);
	cr_assert_lt(path_make_dirs(scratch_fd, "inside/link/x", &fd, &created), 0);
	cr_assert_eq(fd, -1, "untouched on failure");
	cr_assert_eq(faccessat(scratch_fd, "outside/x", F_OK, 0), -1);

	cr_assert_eq(mkdirat(scratch_fd, "outside/kept", 0700), 0);
	cr_assert_eq(path_remove_tree(scratch_fd, "inside"), 0);
	cr_assert_eq(faccessat(scratch_fd, "inside", F_OK, 0), -1);
	cr_assert_eq(faccessat(scratch_fd, "outside/kept", F_OK, 0), 0);
}

Test(dirs, opening_in_a_root_follows_links_but_never_leads_out)
{
	struct stat found, want;

	cr_assert_eq(mkdirat(scratch_fd, "etc", 0700), 0);
	cr_assert_eq(symlinkat("/../../etc", scratch_fd, "link"), 0);
	_cleanup_fd_ int fd = path_open_in_root(scratch_fd, "/link", 0);
	cr_assert_geq(fd, 0);
	cr_assert_eq(fstat(fd, &found), 0);
	cr_assert_eq(fstatat(scratch_fd, "etc", &want, 0), 0);
	cr_assert_eq(found.st_ino, want.st_ino, "the root's own /etc, not the machine's");

	cr_assert_lt(path_open_beneath(scratch_fd, "../", 0), 0);
	cr_assert_lt(path_open_beneath(scratch_fd, "link", 0), 0);
}

Test(dirs, a_file_larger_than_allowed_is_not_read)
{
	struct arena a = { 0 };
	char *text = NULL;
	size_t size = 0;

	_cleanup_fd_ int fd =
		openat(scratch_fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert_eq(fd_write_all(fd, "12345", 5), 0);
	cr_assert_eq(fd_read_file(&a, scratch_fd, "f", 5, &text, &size), 0);
	cr_assert_eq(size, 5);
	cr_assert_str_eq(text, "12345");
	cr_assert_eq(fd_read_file(&a, scratch_fd, "f", 4, &text, &size), -EFBIG);
	cr_assert_lt(fd_read_file(&a, scratch_fd, "missing", 4, &text, &size), 0);
	arena_done(&a);
}

/* ---- memory ----------------------------------------------------------------------- */

Test(arena, memory_is_zeroed_aligned_and_apart)
{
	struct arena a = { 0 };
	unsigned char *last = NULL;

	for (size_t size = 1; size < 10000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(&a, size);
		cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0, "size %zu", size);
		for (size_t i = 0; i < size; i++)
			cr_assert_eq(p[i], 0, "byte %zu of %zu", i, size);
		memset(p, 0xff, size);
		cr_assert_neq(p, last);
		last = p;
	}
	arena_done(&a);
}

Test(arena, a_list_keeps_its_elements_while_it_grows)
{
	struct arena a = { 0 };
	struct {
		size_t *v;
		size_t n;
	} list = { 0 };

	for (size_t i = 0; i < 1000; i++)
		*ARENA_PUSH(&a, &list) = i * i;
	cr_assert_eq(list.n, 1000);
	for (size_t i = 0; i < 1000; i++)
		cr_assert_eq(list.v[i], i * i);
	arena_done(&a);
}

Test(arena, text_of_any_length_is_formatted_whole)
{
	struct arena a = { 0 };
	char *text = arena_printf(&a, "%0*d|%s", 5000, 7, "end");

	cr_assert_eq(strlen(text), 5004);
	cr_assert_str_eq(text + 4999, "7|end");
	cr_assert_str_eq(arena_strndup(&a, "abcdef", 3), "abc");
	arena_done(&a);
}
