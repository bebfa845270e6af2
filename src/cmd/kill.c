/* SPDX-License-Identifier: MIT */
/* kill.c - "sbox kill": signals to instances, and their end */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "stage/running.h"
#include "stage/supervise.h"

enum { END_MS = 10000 }; /* that an instance may take to end */

struct request {
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

static int64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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
		err_set(e, -ETIMEDOUT, "the instance '%s' has not ended within %d s", id,
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
static int kill_all(
	struct arena *a, struct request *q, const struct ids *ids, struct err *e)
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

/* Takes the flags out of the words. */
static int read_flags(char **argv, struct request *q, struct err *e)
{
	char **out = argv + 1;
	q->now = instances_take_flag(argv, "--now");
	for (char **word = argv + 1; *word; word++) {
		if (strcmp(*word, "-s") == 0 && word[1]) {
			if (signal_of(*++word, &q->signal, e) < 0)
				return e->code;
			q->ends = false;
		} else {
			*out++ = *word;
		}
	}
	*out = NULL;
	if (q->signal == SIGKILL)
		q->now = true;
	q->ends = q->ends || q->now;
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request q = { .signal = SIGTERM, .ends = true };
	struct ids ids = { 0 };
	(void)argc;
	int r = read_flags(argv, &q, e);
	if (r == 0)
		r = instances_words(&arena, argv, true, &ids, e);
	if (r == 0)
		r = kill_all(&arena, &q, &ids, e);
	arena_done(&arena);
	return r;
}

const struct command cmd_kill = {
	.name = "kill",
	.synopsis = "[--now | -s SIGNAL] ID...",
	.summary = "end sandboxes, or send their programs a signal",
	.words = "--now -s",
	.words_from = "ps --ids",
	.run = run,
};
