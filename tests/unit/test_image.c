/* SPDX-License-Identifier: MIT */
/* test_image.c - what is kept of an image, written and read; its manifest; its name */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "image/image.h"
#include "resolve/image.h"
#include "resolve/ready.h"

Test(image, info_that_is_written_is_read_again)
{
	struct arena a = { 0 };
	struct image_info is = { .source = "/x y=z.tar",
		.kind = "tar",
		.digest = "sha256:ab",
		.imported = 5,
		.entries = INT64_MAX };
	struct image_info now = { 0 };
	char *text = image_format(&a, &is);
	cr_assert_eq(image_parse(&a, text, strlen(text), &now), 0);
	cr_expect_str_eq(now.source, is.source);
	cr_expect_str_eq(now.digest, is.digest);
	cr_expect_null(now.map);
	cr_expect_eq(now.entries, INT64_MAX);
	arena_done(&a);
}

Test(image, info_that_could_draw_or_is_no_number_is_refused)
{
	static const char *const bad[] = { "kind=a\x1b[2J\n", "entries=-1\n",
		"entries=x\n", "entries=\n", "words\n", "kind=tar" };
	struct arena a = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct image_info info = { 0 };
		cr_expect_eq(image_parse(&a, bad[i], strlen(bad[i]), &info), -EBADMSG,
			"%s", bad[i]);
	}
	arena_done(&a);
}

Test(image, names_are_plain_and_not_roots_of_another_kind)
{
	cr_expect(image_is_name("debian-12.1_x"));
	static const char *const bad[] = { "host", "empty", "", ".new-1", "a/b", "..",
		"-x", "a b", "ä" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_not(image_is_name(bad[i]), "%s", bad[i]);
}

Test(image, a_digest_has_one_form)
{
	char text[] =
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	cr_expect(image_is_digest(text));
	text[20] = 'A';
	cr_expect_not(image_is_digest(text));
	static const char *const bad[] = {
		"", "sha256:", "sha256:../../../x",
		"md5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_not(image_is_digest(bad[i]), "%s", bad[i]);
	cr_expect_not(image_is_digest(NULL));
}

Test(image, a_map_is_told_as_one_text)
{
	struct arena a = { 0 };
	const struct id_table t = { .v = { { 0, 1000, 1 }, { 1, 100000, 65536 } },
		.n = 2 };
	cr_expect_str_eq(image_map(&a, &t), "0:1000:1 1:100000:65536");
	arena_done(&a);
}

Test(image, manifest_lines_keep_odd_names)
{
	struct line l;
	static const char text[] = "l 777 1 2 -5.000000007 \\ a\\x20b\\x0a";
	cr_assert_eq(manifest_parse(text, strlen(text), &l), 0);
	cr_expect_str_eq(l.target, "");
	cr_expect_str_eq(l.path, "a b\n");
	cr_expect_eq(l.mtime, -5);
	cr_expect_eq(l.mtime_ns, 7);
	static const char *const bad[] = { "", "x y", "f 644 0 0 1.0 5 h p",
		"d 99999 0 0 1.000000000 p", "h a", "- ", "- a b", "- a\\x00",
		"- a\\xg0" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(manifest_parse(bad[i], strlen(bad[i]), &l), -EBADMSG, "%s",
			bad[i]);
}

Test(image, a_sparse_content_is_the_same_however_it_is_cut)
{
	static const char word[] = "end";
	struct content one, two;
	char a[HEX_SIZE], b[HEX_SIZE], zeros[9000] = { 0 };
	content_begin(&one, true);
	content_add(&one, 5000, word, 3);
	content_add(&one, 900000, word, 3);
	content_end(&one, a);
	content_begin(&two, true);
	content_add(&two, 0, zeros, 5000);
	content_add(&two, 5000, word, 1);
	content_add(&two, 5001, word + 1, 2);
	content_add(&two, 5003, zeros, 9000);
	content_add(&two, 900000, word, 3);
	content_add(&two, 900003, zeros, 9000);
	content_end(&two, b);
	cr_expect_str_eq(a, b);
}
