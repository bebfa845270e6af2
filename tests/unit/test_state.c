/* SPDX-License-Identifier: MIT */
/* test_state.c - promises of src/resolve/state.c */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "resolve/state.h"

static struct arena arena;

static const struct instance_state whole = {
	.id = "notes",
	.name = "notes",
	.profile = "desktop",
	.command = "zettlr --x=1 a=b",
	.pid = 4711,
	.init = 4712,
	.started = 1763770000,
	.group = "/user.slice/a b.scope/payload",
	.limits = HELD_DROPPED,
	.image = "debian-12",
	.layers = "work other",
};

static const struct instance_state least = {
	.id = "1", .pid = 1, .init = 2, .started = 0
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int parse(const char *text, struct instance_state *s)
{
	return state_parse(&arena, text, strlen(text), s);
}

static void there_and_back(const struct instance_state *s)
{
	char text[STATE_MAX];
	struct instance_state t;
	ssize_t n = state_format(s, text);
	cr_assert_gt(n, 0);
	cr_assert_eq(state_parse(&arena, text, (size_t)n, &t), 0, "%s", text);
	cr_assert(same_text(s->id, t.id) && same_text(s->name, t.name) &&
			same_text(s->profile, t.profile) &&
			same_text(s->command, t.command) &&
			same_text(s->group, t.group) && same_text(s->image, t.image) &&
			same_text(s->layers, t.layers),
		"%s", text);
	cr_assert(s->pid == t.pid && s->init == t.init && s->started == t.started &&
			s->limits == t.limits,
		"%s", text);
}

Test(state, what_is_written_is_read_back)
{
	there_and_back(&whole);
	there_and_back(&least);
}

Test(state, text_that_could_draw_on_a_terminal_is_neither_written_nor_read)
{
	static const char *const wrong[] = { "a\033[2J", "a\nname=b", "\xff", "\xc2\x9b",
		"a\177" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[STATE_MAX];
		struct instance_state s = least;
		s.command = wrong[i];
		cr_assert_eq(state_format(&s, text), -EINVAL, "%zu", i);
		if (strchr(wrong[i], '\n'))
			continue;
		snprintf(text, sizeof(text),
			"id=1\npid=1\ninit=2\nstarted=0\ncommand=%s\n", wrong[i]);
		cr_assert_eq(parse(text, &s), -EBADMSG, "%zu", i);
	}
}

Test(state, what_does_not_fit_is_not_cut)
{
	char text[STATE_MAX], group[STATE_MAX];
	struct instance_state s = least;
	memset(group, 'g', sizeof(group) - 1);
	group[sizeof(group) - 1] = '\0';
	s.group = group;
	cr_assert_eq(state_format(&s, text), -ENAMETOOLONG);
	group[1000] = '\0';
	there_and_back(&s);
}

Test(state, keys_of_other_versions_are_passed_over)
{
	struct instance_state s;
	cr_assert_eq(parse("color=red\nid=1\npid=1\ninit=2\nstarted=0\nx=\n", &s), 0);
	cr_assert_str_eq(s.id, "1");
	cr_assert_null(s.name);
	cr_assert_eq(s.limits, HELD_NONE);
}

Test(state, what_is_no_such_text_is_refused)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"id=1\npid=1\ninit=2\n",
		"id=1\npid=1\ninit=2\nstarted=0",
		"id=\npid=1\ninit=2\nstarted=0\n",
		"id=1\npid=0\ninit=2\nstarted=0\n",
		"id=1\npid=-1\ninit=2\nstarted=0\n",
		"id=1\npid=2147483648\ninit=2\nstarted=0\n",
		"id=1\npid=1x\ninit=2\nstarted=0\n",
		"id=1\npid=1\ninit=2\nstarted=99999999999999999999\n",
		"id=1\npid=1\ninit=2\nstarted=0\nlimits=some\n",
		"id=1\npid=1\ninit=2\nstarted=0\nid=1\n",
		"id=1\npid=1\ninit=2\nstarted=0\nloose words\n",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct instance_state s;
		cr_assert_eq(parse(wrong[i], &s), -EBADMSG, "%s", wrong[i]);
	}
	struct instance_state s;
	cr_assert_eq(state_parse(&arena, "id=1\0", 5, &s), -EBADMSG);
}

Test(state, any_bytes_are_survived)
{
	char good[STATE_MAX], text[STATE_MAX];
	ssize_t n = state_format(&whole, good);
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		struct instance_state s;
		struct arena a = { 0 };
		size_t size = (size_t)(rand() % (n + 1));
		memcpy(text, good, size);
		for (int k = rand() % 4; k > 0 && size > 0; k--)
			text[(size_t)rand() % size] = (char)rand();
		(void)state_parse(&a, text, size, &s);
		arena_done(&a);
	}
}

Test(state, a_command_line_is_one_line_of_plain_text)
{
	char out[COMMAND_MAX], big[2 * COMMAND_MAX];
	state_command(out, (char *[]){ "sh", "-c", "echo a\nb\033[m", "caf\xe9", NULL });
	cr_assert_str_eq(out, "sh -c echo a\\x0ab\\x1b[m caf\\xe9");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (size_t len = COMMAND_MAX - 8; len < COMMAND_MAX + 8; len++) {
		big[len] = '\0';
		state_command(out, (char *[]){ big, "more", big, NULL });
		cr_assert_lt(strlen(out), COMMAND_MAX);
		big[len] = 'x';
	}
	state_command(out, (char *[]){ NULL });
	cr_assert_str_eq(out, "");
}
