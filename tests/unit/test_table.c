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

static const char *printed_long(size_t width)
{
	struct table t;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	table_begin(&t, &arena, columns, ARRAY_SIZE(columns));
	table_add(&t, (const char *[]){ "größe-of-some-name-1", "5s", "make all" });
	table_add(&t, (const char *[]){ "notes", "12m30s", "make all of it" });
	table_print(f, &t, width);
	fclose(f);
	return text;
}

Test(table, long_names_leave_room_for_the_last_column)
{
	cr_assert_str_eq(printed_long(34),
		"ID               AGE  COMMAND\n"
		"größe-..me-1      5s  make all\n"
		"notes         12m30s  make all of \n");
	/* never so little that nothing can be told apart */
	cr_assert_str_eq(printed_long(20),
		"ID             AGE  \n"
		"größe..e-1      5s  \n"
		"notes       12m30s  \n");
	cr_assert_str_eq(printed_long(0),
		"ID                       AGE  COMMAND\n"
		"größe-of-some-name-1      5s  make all\n"
		"notes                 12m30s  make all of it\n");
}

Test(table, no_line_is_wider_than_the_terminal_nor_cut_inside_a_character)
{
	cr_assert_str_eq(printed(18),
		"ID        AGE  COM\n"
		"notes      5s  a b\n"
		"1      12m30s  grö\n");
	cr_assert_str_eq(printed(1), "I\nn\n1\n");
}
