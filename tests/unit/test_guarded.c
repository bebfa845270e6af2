/* SPDX-License-Identifier: MIT */
/* test_guarded.c - promises of src/cmd/guarded.c */
#include <criterion/criterion.h>
#include <string.h>

#include "cmd/guarded.h"

static struct arena arena;
static struct guarded guarded;

static void make(void)
{
	static struct item protect[] = { { .text = "~/.bashrc" },
		{ .text = "~/.config/autostart/" }, { .text = "${CWD}/.git" } };
	static struct item secret[] = { { .text = "~/.ssh/" } };
	struct plan plan = { .protect = { protect, 3 }, .secret = { secret, 1 } };
	struct host h = { .home = "/nonexistent/ann", .cwd = "/" };
	for (size_t i = 0; i < VAR_COUNT; i++)
		h.vars[i] = "/nonexistent/xdg";
	guarded_init(&guarded, &arena, &h, &plan);
}

TestSuite(guarded, .init = make);

static const char *by(const char *path, bool whole)
{
	const char *rule = guarded_by(&arena, &guarded, path, whole);
	return rule ? rule : "";
}

#define HOME "/nonexistent/ann"

Test(guarded, what_a_rule_names_and_all_below)
{
	cr_assert_str_eq(by(HOME "/.bashrc", false), HOME "/.bashrc");
	cr_assert_str_eq(by(HOME "/.ssh/rc", false), HOME "/.ssh");
	cr_assert_str_eq(by(HOME "/.bashrc2", false), "");
	cr_assert_str_eq(by("/nonexistent/xdg/sbox/profiles/x.conf", false),
		"/nonexistent/xdg/sbox");
}

Test(guarded, a_rule_about_the_working_directory_is_about_any)
{
	cr_assert_str_eq(by("/srv/p/.git/hooks/x", false), "/srv/p/.git");
	cr_assert_str_eq(by("/srv/p/.git", false), "/srv/p/.git");
	cr_assert_str_eq(by("/srv/p/.gitignore", false), "");
	cr_assert_str_eq(by("/srv/p/x.git/hooks", false), "");
}

Test(guarded, what_gives_way_as_a_whole_takes_what_is_in_it_along)
{
	cr_assert_str_eq(by(HOME "/.config", false), "");
	cr_assert_str_eq(by(HOME "/.config", true), HOME "/.config/autostart");
	cr_assert_str_eq(by(HOME "/other", true), "");
}
