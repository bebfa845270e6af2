/* SPDX-License-Identifier: MIT */
/* test_table.c - promises of src/cmd/table.c */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/macros.h"
#include "cmd/table.h"

static struct arena arena;

static const struct column columns[] = {
	{ .title = "ID" },
	{ .title = "AGE", .right = true },
	{ .title = "COMMAND" },
};

static const char *printed(size_t width)
{
	struct table t;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	table_begin(&t, &arena, columns, ARRAY_SIZE(columns));
	table_add(&t, (const char *[]){ "notes", "5s", "a b" });
	table_add(&t, (const char *[]){ "1", "12m30s", "größer" });
	table_print(f, &t, width);
	fclose(f);
	return text;
}

Test(table, columns_are_as_wide_as_they_need_and_numbers_are_right)
{
	cr_assert_str_eq(printed(0),
		"ID        AGE  COMMAND\n"
		"notes      5s  a b\n"
		"1      12m30s  größer\n");
}

Test(table, no_line_is_wider_than_the_terminal_nor_cut_inside_a_character)
{
	cr_assert_str_eq(printed(18),
		"ID        AGE  COM\n"
		"notes      5s  a b\n"
		"1      12m30s  grö\n");
	cr_assert_str_eq(printed(1), "I\nn\n1\n");
}
