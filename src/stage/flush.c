/* SPDX-License-Identifier: MIT */
/* flush.c - what the servers of a layer have still to write when the program has ended
 *
 * Mostly a matter of milliseconds, and on a slow disk of seconds, in which somebody who has
 * ended the program by Ctrl-C presses it again. That does not throw away what was written: it
 * is told first what that would do, and then the next one does it.
 */
#include "stage/flush.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

enum {
	LIMIT_MS = 30000,
	TELL_MS = 1000, /* shorter waits are not worth a word */
};

void flush_init(struct flush *f, int signal_fd, const char *layer)
{
	int64_t now = now_ms();
	*f = (struct flush){ .signal_fd = signal_fd,
		.layer = layer,
		.until_ms = now + LIMIT_MS,
		.tell_ms = now + TELL_MS };
}

static void tell(struct flush *f)
{
	f->tell_ms = -1;
	log_warning(
		"what was written to the layer '%s' is still being written out; Ctrl-C "
		"gives up what is left of it",
		f->layer);
}

/* A signal that ends a run, if one is waiting; 0: none. */
static int read_signal(const struct flush *f)
{
	struct signalfd_siginfo info;
	int sig = 0;
	while (read(f->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM ||
			info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT)
			sig = (int)info.ssi_signo;
	return sig;
}

static void on_signal(struct flush *f, bool keeps)
{
	int sig = read_signal(f);
	if (sig && keeps && f->tell_ms >= 0)
		tell(f);
	else if (sig)
		f->ended = sig;
}

bool flush_await(struct flush *f, int pidfd, bool keeps)
{
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
		{ .fd = f->signal_fd, .events = POLLIN } };
	for (;;) {
		int64_t now = now_ms();
		if (keeps && f->tell_ms >= 0 && f->tell_ms <= now)
			tell(f);
		int64_t until = keeps && f->tell_ms >= 0 ? f->tell_ms : f->until_ms;
		int64_t left = f->ended ? 0 : until - now;
		int r = RETRY(poll(fds, 2, left < 0 ? 0 : (int)left));
		if (r > 0 && fds[0].revents)
			return true;
		if (r > 0)
			on_signal(f, keeps);
		else if (r < 0 || f->ended || f->until_ms <= now)
			break;
	}
	if (keeps)
		log_error("%s: what was written last to the layer '%s' may be lost",
			f->ended ? "interrupted" : "fuse-overlayfs does not end",
			f->layer);
	return false;
}
