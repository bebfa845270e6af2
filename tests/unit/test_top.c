/* SPDX-License-Identifier: MIT */
/* test_top.c - promises of src/cmd/top_view.c: the screen as text */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/top_view.h"

static struct top_look look, before;

static struct top_row *add(
	struct top_look *l, const char *id, int64_t cpu_us, int64_t memory)
{
	struct top_row *row = ARENA_PUSH(&l->arena, l);
	row->use.info.state = (struct instance_state){
		.id = id, .command = "cmd", .started = 1000, .limits = HELD_NONE
	};
	row->use.info.pid = (pid_t)l->n;
	usage_none(&row->use.usage);
	row->use.usage.cpu_us = cpu_us;
	row->use.usage.memory = memory;
	return row;
}

static const char *order(void)
{
	const char *text = "";
	for (size_t i = 0; i < look.n; i++)
		text = arena_printf(
			&look.arena, "%s%s", text, look.v[i].use.info.state.id);
	return text;
}

static const char *text_of(struct top_view view)
{
	size_t size;
	return top_text(&look, &view, &size);
}

static unsigned lines(const char *text)
{
	unsigned n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

Test(top, shares_are_of_the_time_since_the_look_before)
{
	before.at_us = 0;
	look.at_us = 2000000;
	add(&before, "a", 1000000, 0);
	add(&before, "b", 500000, 0);
	add(&look, "a", 4000000, 0);
	add(&look, "b", 500000, 0);
	add(&look, "c", 900000, 0);
	top_shares(&look, &before);
	cr_assert_eq(
		look.v[0].share, 15000, "three seconds in two: one processor and a half");
	cr_assert_eq(look.v[1].share, 0);
	cr_assert_eq(look.v[2].share, USAGE_UNKNOWN, "it was not there before");
}

Test(top, another_instance_with_the_same_id_is_not_the_one_before)
{
	look.at_us = 1000000;
	add(&before, "a", 1000, 0);
	add(&look, "a", 2000, 0)->use.info.state.started = 2000;
	top_shares(&look, &before);
	cr_assert_eq(look.v[0].share, USAGE_UNKNOWN);
}

Test(top, the_most_comes_first_and_what_is_unknown_last)
{
	add(&look, "a", 0, 10)->share = USAGE_UNKNOWN;
	add(&look, "b", 0, 30)->share = 5;
	add(&look, "c", 0, USAGE_UNKNOWN)->share = 50;
	add(&look, "d", 0, 30)->share = 5;
	top_sort(&look, TOP_BY_CPU);
	cr_assert_str_eq(order(), "cbda");
	top_sort(&look, TOP_BY_MEMORY);
	cr_assert_str_eq(order(), "bdac");
	cr_assert_eq(top_find(&look, "a", 0), 2);
	cr_assert_eq(top_find(&look, "gone", 1), 1, "what is there in its place");
	cr_assert_eq(top_find(&look, "gone", 99), 3);
}

Test(top, the_screen_is_filled_and_no_more_at_any_size)
{
	char ids[40][8];
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "id%u", i);
		add(&look, ids[i], 0, 0);
	}
	for (unsigned rows = 4; rows < 50; rows++) {
		for (unsigned i = 0; i < 40; i += 13) {
			const char *text = text_of((struct top_view){
				.rows = rows, .columns = 20, .selected = ids[i] });
			cr_assert_eq(lines(text), rows, "%u rows: %s", rows, text);
			cr_assert(strstr(text,
					  arena_printf(&look.arena, "\n> %s ", ids[i])),
				"the selected one is seen: %s", text);
		}
	}
	cr_assert(text_of((struct top_view){ .rows = 1, .columns = 1 }));
}

Test(top, without_styles_there_is_no_escape_sequence)
{
	add(&look, "a", 0, 0);
	struct top_view view = { .rows = 5, .columns = 80, .selected = "a" };
	cr_assert_null(strchr(text_of(view), '\033'));
	view.styled = true;
	cr_assert(strchr(text_of(view), '\033'));
	view.message = "words";
	cr_assert(strstr(text_of(view), "\nwords\n"));
}
