/* SPDX-License-Identifier: MIT */
/* test_subid.c - promises of src/resolve/subid.c */
#include <criterion/criterion.h>

#include "resolve/subid.h"

static const char file[] = "other:50000:10\n"
			   "ann:100000:65536\n"
			   "1000:200000:100\n"
			   "broken line\n"
			   "ann:x:5\n"
			   "ann:4294967295:5\n"
			   "ann:900:200";

Test(subid, ranges_are_found_by_name_and_by_number)
{
	struct id_extent v[8];
	size_t n = subid_parse(file, "ann", 1000, 5000, v, 8);
	cr_assert_eq(n, 3);
	cr_assert_eq(v[0].outside, 100000);
	cr_assert_eq(v[0].count, 65536);
	cr_assert_eq(v[1].outside, 200000);
	cr_assert_eq(v[2].outside, 900);
}

Test(subid, a_range_with_ones_own_id_is_left_out)
{
	struct id_extent v[8];
	cr_assert_eq(subid_parse(file, "ann", 1000, 1000, v, 8), 2);
}

Test(subid, nobody_elses_range_is_taken)
{
	struct id_extent v[8];
	cr_assert_eq(subid_parse(file, "an", 7, 7, v, 8), 0);
}

Test(subid, no_more_ranges_than_there_is_room)
{
	struct id_extent v[1];
	cr_assert_eq(subid_parse(file, "ann", 1000, 5000, v, 1), 1);
}

static uint32_t outside(const struct id_table *t, uint32_t inside)
{
	for (size_t i = 0; i < t->n; i++)
		if (inside >= t->v[i].inside && inside - t->v[i].inside < t->v[i].count)
			return t->v[i].outside + (inside - t->v[i].inside);
	return UINT32_MAX;
}

Test(subid, fake_root_is_the_caller_and_the_rest_follows)
{
	const struct id_extent range = { .outside = 100000, .count = 65536 };
	struct id_table t;
	subid_layout(1000, true, &range, 1, &t);
	cr_assert_eq(outside(&t, 0), 1000);
	cr_assert_eq(outside(&t, 1), 100000);
	cr_assert_eq(outside(&t, 65536), 165535);
	cr_assert_eq(outside(&t, 65537), UINT32_MAX);
}

Test(subid, one_keeps_ones_own_number_and_all_others_are_there_too)
{
	const struct id_extent range = { .outside = 100000, .count = 65536 };
	struct id_table t;
	subid_layout(1000, false, &range, 1, &t);
	cr_assert_eq(outside(&t, 1000), 1000);
	cr_assert_eq(outside(&t, 0), 100000);
	cr_assert_eq(outside(&t, 999), 100999);
	cr_assert_eq(outside(&t, 1001), 101000);
	cr_assert_eq(outside(&t, 65536), 165535);
}

Test(subid, no_id_is_mapped_twice)
{
	const struct id_extent ranges[] = { { .outside = 100000, .count = 10 },
		{ .outside = 300000, .count = 3000 } };
	struct id_table t;
	subid_layout(1000, false, ranges, 2, &t);
	for (size_t i = 0; i < t.n; i++)
		for (size_t k = i + 1; k < t.n; k++) {
			const struct id_extent *x = &t.v[i], *y = &t.v[k];
			cr_assert(x->inside + x->count <= y->inside ||
				y->inside + y->count <= x->inside);
			cr_assert(x->outside + x->count <= y->outside ||
				y->outside + y->count <= x->outside);
		}
	cr_assert_eq(outside(&t, 9), 100009);
	cr_assert_eq(outside(&t, 10), 300000);
}

Test(subid, without_ranges_there_is_one_id)
{
	struct id_table t;
	subid_layout(1000, false, NULL, 0, &t);
	cr_assert_eq(t.n, 1);
	cr_assert_eq(outside(&t, 1000), 1000);
	subid_layout(1000, true, NULL, 0, &t);
	cr_assert_eq(t.n, 1);
	cr_assert_eq(outside(&t, 0), 1000);
}
