/* SPDX-License-Identifier: MIT */
/* kill.c - "sbox kill": signals to instances, and their end */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/words.h"
#include "stage/running.h"
#include "stage/supervise.h"

enum { END_MS = 10000 }; /* that an instance may take to end */

struct request {
	const char *word; /* the signal, as it was written; NULL: none */
	int signal;
	bool now; /* without asking the program */
	bool ends; /* it is to be waited for */
	int64_t until_ms;
};

/* ---- which signal ---- */

static const char *next_signal(size_t i, const void *ctx)
{
	(void)ctx;
	if (i >= NSIG)
		return NULL;
	const char *name = sigabbrev_np((int)i);
	return name ? name : "";
}

/* "TERM", "SIGTERM" or "15"; only what the supervisor passes on, and KILL. */
static int signal_of(const char *word, int *ret, struct err *e)
{
	uint64_t number;
	const char *name = word + (str_starts(word, "SIG") ? 3 : 0);
	int sig = num_u64(word, 1, NSIG - 1, &number) == 0 ? (int)number : 0;
	for (int i = 1; i < NSIG && sig == 0; i++)
		if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
			sig = i;
	if (sig == 0) {
		err_set(e, -EINVAL, "there is no signal '%s'", word);
		const char *near = str_nearest(name, next_signal, NULL);
		return near ? err_hint(e, "did you mean '%s'?", near) : e->code;
	}
	if (sig != SIGKILL && !supervise_forwards(sig)) {
		err_set(e, -EINVAL, "the signal %s is not passed on to programs", word);
		return err_hint(e,
			sig == SIGSTOP || sig == SIGTSTP ? "'sbox pause' stops one"
							 : "TERM, INT, HUP, QUIT, USR1, "
							   "USR2, ALRM, WINCH, CONT and "
							   "KILL are");
	}
	*ret = sig;
	return 0;
}

/* ---- its end ---- */

static int await_end(struct handle *h, void *data, struct err *e)
{
	const struct request *q = data;
	const char *id = h->info.state.id;
	struct pollfd end = { .fd = h->pidfd, .events = POLLIN };
	int n;
	do {
		int64_t left = q->until_ms - now_ms();
		n = poll(&end, 1, left < 0 ? 0 : (int)left);
	} while (n < 0 && errno == EINTR);
	if (n == 0) {
		err_set(e, -ETIMEDOUT, "the sandbox '%s' has not ended within %d s", id,
			END_MS / 1000);
		return q->now ? e->code
			      : err_hint(e, "'sbox kill --now %s' does not ask it", id);
	}
	/* a supervisor that was killed has left it */
	(void)instance_sweep(h->place_fd, id);
	return 0;
}

static int send(struct handle *h, void *data, struct err *e)
{
	const struct request *q = data;
	return q->now ? running_kill(h, e) : running_signal(h, q->signal, e);
}

/* All are told before any is waited for. */
static int kill_all(struct arena *a, struct request *q, char *const *ids, struct err *e)
{
	struct handles all;
	int r = instances_hold(a, ids, &all, e);
	if (r < 0)
		return r;
	instances_each(&all, send, q);
	q->until_ms = now_ms() + END_MS;
	if (q->ends)
		instances_each(&all, await_end, q);
	return instances_release(&all);
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request q = { .signal = SIGTERM };
	struct words w;
	(void)argc;
	int r = words_read(&cmd_kill, argv, &q, &w, e);
	if (r == 0 && q.word)
		r = signal_of(q.word, &q.signal, e);
	q.now = q.now || q.signal == SIGKILL;
	q.ends = q.now || !q.word;
	if (r == 0)
		r = kill_all(&arena, &q, w.v, e);
	arena_done(&arena);
	return r;
}

static const struct option_row options[] = {
	{ .name = "now",
		.offset = offsetof(struct request, now),
		.help = "without asking the programs" },
	{ .name = "signal",
		.letter = 's',
		.value = "SIGNAL",
		.offset = offsetof(struct request, word),
		.help = "this signal, and nothing is waited for",
		.words = "TERM INT HUP QUIT USR1 USR2 ALRM WINCH CONT KILL" },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "ID...", .least = 1, .most = ANY_NUMBER, .options = options },
	{ 0 },
};

const struct command cmd_kill = {
	.name = "kill",
	.summary = "end sandboxes, or send their programs a signal",
	.actions = actions,
	.words_from = "ps --ids",
	.run = run,
};
