/* SPDX-License-Identifier: MIT */
/* top.c - "sbox top": what runs and what it uses, again each second, with keys to act on it */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/screen.h"
#include "cmd/top_view.h"
#include "cmd/words.h"
#include "stage/running.h"

enum {
	FIRST_MS = 200, /* for a first share of the processors */
	AGAIN_MS = 1000,
};

/* Hold of one instance: between a question and its answer it cannot become another. */
struct grip {
	struct arena arena;
	struct registry registry;
	struct handle handle;
	bool held;
};

struct top {
	struct screen screen;
	struct top_look looks[2]; /* the last one and the one before */
	unsigned last;
	enum top_order order;
	char selected[INSTANCE_ID_MAX + 8];
	size_t selected_at;
	char message[512]; /* what came of a key, until the next one; "": nothing */
	struct grip doomed; /* to be killed if the user says so */
	int64_t next_us; /* when to look again */
};

static int64_t now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- looking ---- */

static struct top_look *last_look(struct top *t)
{
	return &t->looks[t->last];
}

static const char *selected(const struct top *t)
{
	return *t->selected ? t->selected : NULL;
}

/* Selects by place, and remembers who is there. */
static void select_at(struct top *t, size_t place)
{
	const struct top_look *look = last_look(t);
	t->selected_at = top_find(look, NULL, place);
	(void)snprintf(t->selected, sizeof(t->selected), "%s",
		look->n ? look->v[t->selected_at].use.info.state.id : "");
}

static void sort(struct top *t)
{
	top_sort(last_look(t), t->order);
	select_at(t, top_find(last_look(t), selected(t), t->selected_at));
}

static int look(struct top *t, struct err *e)
{
	struct top_look *before = last_look(t);
	t->last = !t->last;
	struct top_look *now = last_look(t);
	struct handles all;
	arena_done(&now->arena);
	*now = (struct top_look){ .at_us = now_us() };
	int r = instances_hold(&now->arena, NULL, &all, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++)
		use_read(&all.v[i], &ARENA_PUSH(&now->arena, now)->use);
	(void)instances_release(&all);
	top_shares(now, before);
	sort(t);
	return 0;
}

static void draw(struct top *t)
{
	const struct top_view view = { .order = t->order,
		.rows = t->screen.rows,
		.columns = t->screen.columns,
		.styled = t->screen.styled,
		.selected = selected(t),
		.message = *t->message ? t->message : NULL };
	size_t size;
	const char *text = top_text(last_look(t), &view, &size);
	if (text)
		screen_draw(&t->screen, text, size);
}

/* ---- acting ---- */

static void tell(struct top *t, const struct err *e)
{
	char text[sizeof(e->msg) + sizeof(e->hint) + 4];
	(void)snprintf(
		text, sizeof(text), "%s%s%s", e->msg, e->hint[0] ? "; " : "", e->hint);
	str_escape_controls(t->message, sizeof(t->message), text);
}

static void let_go(struct grip *g)
{
	if (g->held) {
		handle_release(&g->handle);
		registry_close(&g->registry);
	}
	arena_done(&g->arena);
	*g = (struct grip){ 0 };
}

static bool take_selected(struct top *t, struct grip *g)
{
	struct err e;
	*g = (struct grip){ 0 };
	if (!*t->selected)
		return false;
	int r = registry_open(&g->registry, &g->arena, &e);
	if (r == 0) {
		r = registry_hold(&g->registry, &g->arena, t->selected, &g->handle, &e);
		g->held = r == 0;
		if (r < 0)
			registry_close(&g->registry);
	}
	if (r == 0)
		return true;
	tell(t, &e);
	let_go(g);
	return false;
}

static void pause_or_resume(struct top *t)
{
	enum { WAIT_MS = 500 };
	struct grip g;
	struct err e;
	struct use use;
	if (!take_selected(t, &g))
		return;
	use_read(&g.handle, &use);
	if (running_freeze(&g.handle, !use.usage.frozen, WAIT_MS, &e) < 0)
		tell(t, &e);
	let_go(&g);
}

static void ask_to_kill(struct top *t)
{
	if (take_selected(t, &t->doomed))
		(void)snprintf(t->message, sizeof(t->message),
			"end '%s'?  y: ask it to  !: at once, without asking  other keys: no",
			t->selected);
}

static void answer(struct top *t, int key)
{
	struct err e;
	int r = key == 'y'   ? running_signal(&t->doomed.handle, SIGTERM, &e)
		: key == '!' ? running_kill(&t->doomed.handle, &e)
			     : 0;
	if (r < 0)
		tell(t, &e);
	let_go(&t->doomed);
}

static void on_key(struct top *t, int key)
{
	t->message[0] = '\0';
	if (t->doomed.held) {
		answer(t, key);
		return;
	}
	switch (key) {
	case KEY_UP:
		select_at(t, t->selected_at ? t->selected_at - 1 : 0);
		break;
	case KEY_DOWN:
		select_at(t, t->selected_at + 1);
		break;
	case 'p':
		pause_or_resume(t);
		break;
	case 'k':
		ask_to_kill(t);
		break;
	case 's':
		t->order = (t->order + 1) % TOP_ORDER_COUNT;
		sort(t);
		break;
	}
}

/* ---- the loop ---- */

/* Until the next look; a key that changes something is seen at once. */
static bool wait(struct top *t, bool *ret_look)
{
	int64_t left = t->next_us - now_us();
	int key = screen_wait(&t->screen, left > 0 ? (int)((left + 999) / 1000) : 0);
	if (key == KEY_END || (key == 'q' && !t->doomed.held))
		return false;
	if (key != KEY_NONE)
		on_key(t, key);
	*ret_look = key == 'p' || now_us() >= t->next_us;
	return true;
}

static int show(struct top *t, struct err *e)
{
	bool again = true;
	t->next_us = now_us() + FIRST_MS * 1000;
	do {
		int r = again ? look(t, e) : 0;
		if (r < 0)
			return r;
		if (now_us() >= t->next_us)
			t->next_us = now_us() + AGAIN_MS * 1000;
		draw(t);
	} while (wait(t, &again));
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	struct top t = { 0 };
	struct words w;
	(void)argc;
	int r = words_read(&cmd_top, argv, NULL, &w, e);
	if (r == 0)
		r = screen_take(&t.screen, e);
	if (r < 0)
		return r;
	r = show(&t, e);
	screen_give_back(&t.screen);
	let_go(&t.doomed);
	for (size_t i = 0; i < ARRAY_SIZE(t.looks); i++)
		arena_done(&t.looks[i].arena);
	return r;
}

const struct command cmd_top = {
	.name = "top",
	.summary = "watch what sandboxes use, and act on them by keys",
	.actions = (const struct action[]){ { .operands = "" }, { 0 } },
	.run = run,
};
