/* SPDX-License-Identifier: MIT */
/* pty.c - runs a command on a terminal of its own and types for it
 *
 * usage: pty [expect=TEXT | send=TEXT]... -- CMD [ARG...]
 *
 * The command leads a session with the terminal as its controlling one, as under a
 * terminal emulator. The steps are taken in order: "expect" waits until TEXT is in what
 * was written since the step before was done, "send" types TEXT; in both \n is a line's
 * end and ^X (^C, ^Z, ^D) that control character. All output is copied. The result is the
 * command's exit code, 128 + signal, or 3 when an expected text or the end
 * does not come (10 s each).
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

static char seen[1 << 16];
static size_t n_seen;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
	exit(2);
}

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* \n and ^X made into what they stand for, in place. */
static char *unescape(char *text)
{
	char *out = text;
	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == '\\' && p[1] == 'n') {
			*out++ = '\n';
			p++;
		} else if (p[0] == '^' && p[1] >= '@' && p[1] <= '_') {
			*out++ = (char)(p[1] - '@');
			p++;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	return text;
}

/* Copies what there is within the time; false at the end of the output. */
static bool pump(int terminal, int timeout_ms)
{
	struct pollfd p = { .fd = terminal, .events = POLLIN };
	int r = poll(&p, 1, timeout_ms);
	if (r <= 0)
		return r == 0 || errno == EINTR;
	if (n_seen > sizeof(seen) / 2) {
		memmove(seen, seen + n_seen / 2, n_seen - n_seen / 2);
		n_seen -= n_seen / 2;
	}
	ssize_t n = read(terminal, seen + n_seen, sizeof(seen) - n_seen - 1);
	if (n <= 0)
		return false;
	fwrite(seen + n_seen, 1, (size_t)n, stdout);
	fflush(stdout);
	n_seen += (size_t)n;
	return true;
}

static bool expect(int terminal, const char *text)
{
	long deadline = now_ms() + WAIT_MS;
	for (;;) {
		char *found = memmem(seen, n_seen, text, strlen(text));
		if (found != NULL) {
			size_t used = (size_t)(found - seen) + strlen(text);
			memmove(seen, seen + used, n_seen - used);
			n_seen -= used;
			return true;
		}
		long left = deadline - now_ms();
		if (left <= 0 || !pump(terminal, (int)left))
			return false;
	}
}

static bool take_step(int terminal, char *step)
{
	if (strncmp(step, "expect=", 7) == 0)
		return expect(terminal, unescape(step + 7));
	if (strncmp(step, "send=", 5) != 0) {
		fprintf(stderr, "pty: not a step: %s\n", step);
		exit(2);
	}
	const char *text = unescape(step + 5);
	if (write(terminal, text, strlen(text)) < 0)
		die("write");
	return true;
}

int main(int argc, char **argv)
{
	int first = 1, terminal, status;
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	while (first < argc && strcmp(argv[first], "--") != 0)
		first++;
	if (first + 1 >= argc) {
		fputs("usage: pty [expect=TEXT | send=TEXT]... -- CMD [ARG...]\n",
			stderr);
		return 2;
	}
	pid_t pid = forkpty(&terminal, NULL, NULL, &size);
	if (pid < 0)
		die("forkpty");
	if (pid == 0) {
		/* A shell's background job ignores these; what a terminal starts does not. */
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		execvp(argv[first + 1], argv + first + 1);
		die(argv[first + 1]);
	}
	for (int i = 1; i < first; i++) {
		char *step = strdup(argv[i]);
		if (step == NULL || !take_step(terminal, step)) {
			fprintf(stderr, "pty: did not come: %s\n", argv[i]);
			kill(pid, SIGKILL);
			return 3;
		}
		free(step);
	}
	/* The output may end before the command does, or the other way round where a child
	 * of it keeps the terminal open. */
	long deadline = now_ms() + WAIT_MS;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > deadline) {
			fputs("pty: the command does not end\n", stderr);
			kill(pid, SIGKILL);
			return 3;
		}
		if (!pump(terminal, 20))
			usleep(20000);
	}
	struct pollfd rest = { .fd = terminal, .events = POLLIN };
	while (poll(&rest, 1, 0) > 0 && pump(terminal, 0))
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
