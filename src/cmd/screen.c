/* SPDX-License-Identifier: MIT */
/* screen.c - a terminal taken over for drawing, and given back as it was
 *
 * The sequences are those that every terminal of the last decades knows, so no database of
 * terminals is needed. All signals that end or stop a program are waited for by descriptor:
 * whichever comes, the terminal is given back first.
 */
#include "cmd/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macros.h"

/* alternate screen; no cursor; lines are cut at the edge, not continued */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l";
static const char leave[] = "\033[?7h\033[?25h\033[?1049l";

static void say(const char *text, size_t size)
{
	(void)fd_write_all(
		STDOUT_FILENO, text, size); /* a terminal that is gone: SIGHUP */
}

static void look_at_size(struct screen *s)
{
	struct winsize size = { 0 };
	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	s->rows = size.ws_row ? size.ws_row : 24;
	s->columns = size.ws_col ? size.ws_col : 80;
}

static void take(struct screen *s)
{
	struct termios raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	say(enter, strlen(enter));
	look_at_size(s);
	s->taken = true;
}

static void give_back(struct screen *s)
{
	if (!s->taken)
		return;
	say(leave, strlen(leave));
	/* what was typed meant us, not the shell */
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->before);
	s->taken = false;
}

static int no_terminal(struct err *e, const char *why)
{
	err_set(e, -ENOTTY, "%s", why);
	return err_hint(
		e, "'sbox stats' shows the same once, 'sbox stats --json' for programs");
}

int screen_take(struct screen *s, struct err *e)
{
	static const int waited[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT,
		SIGWINCH, SIGPIPE };
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	sigset_t set;
	*s = (struct screen){ .signal_fd = -1, .styled = !(no_color && *no_color) };
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
		tcgetattr(STDIN_FILENO, &s->before) < 0)
		return no_terminal(e, "standard input and output are not a terminal");
	if (!term || !*term || strcmp(term, "dumb") == 0)
		return no_terminal(e, "this terminal cannot be drawn on (TERM)");
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(waited); i++)
		sigaddset(&set, waited[i]);
	if (sigprocmask(SIG_BLOCK, &set, &s->mask) < 0)
		return err_sys(e, -errno, "cannot block signals");
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0) {
		int error = -errno;
		(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
		return err_sys(e, error, "cannot wait for signals");
	}
	take(s);
	return 0;
}

/* ---- signals ---- */

static void on_signal(struct screen *s, int sig)
{
	switch (sig) {
	case SIGWINCH:
		look_at_size(s);
		break;
	case SIGTSTP:
		give_back(s);
		(void)raise(SIGSTOP);
		take(s);
		break;
	case SIGCONT: /* after a stop that nobody could wait for */
		take(s);
		break;
	default:
		s->ended_by = sig;
	}
}

static void read_signals(struct screen *s)
{
	struct signalfd_siginfo info;
	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		on_signal(s, (int)info.ssi_signo);
}

/* ---- keys ---- */

/* The key that begins at @text; how many bytes it has in @ret_used. Unknown sequences are
 * passed over whole. */
static int decode(const char *text, size_t n, size_t *ret_used)
{
	*ret_used = 1;
	if (text[0] != '\033')
		return (unsigned char)text[0];
	if (n < 3 || (text[1] != '[' && text[1] != 'O'))
		return KEY_NONE;
	size_t i = 2;
	while (i < n && (text[i] < '@' || text[i] > '~'))
		i++;
	*ret_used = i < n ? i + 1 : n;
	if (i == 2 && text[i] == 'A')
		return KEY_UP;
	return i == 2 && text[i] == 'B' ? KEY_DOWN : KEY_NONE;
}

static void read_keys(struct screen *s)
{
	char text[KEYS_MAX];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));
	s->n_keys = s->next_key = 0;
	if (n <= 0 && !(n < 0 && errno == EINTR))
		s->keys[s->n_keys++] = KEY_END; /* the terminal is gone */
	for (size_t i = 0, used; n > 0 && i < (size_t)n; i += used) {
		int key = decode(text + i, (size_t)n - i, &used);
		if (key != KEY_NONE)
			s->keys[s->n_keys++] = key;
	}
}

int screen_wait(struct screen *s, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = s->signal_fd, .events = POLLIN } };
	if (s->next_key < s->n_keys)
		return s->keys[s->next_key++];
	if (poll(fds, ARRAY_SIZE(fds), timeout_ms) <= 0)
		return KEY_NONE;
	if (fds[1].revents)
		read_signals(s);
	if (s->ended_by)
		return KEY_END;
	if (fds[0].revents)
		read_keys(s);
	return s->next_key < s->n_keys ? s->keys[s->next_key++] : KEY_NONE;
}

/* ---- drawing ---- */

/* Each line replaces the one that was there, so that nothing flickers. */
void screen_draw(struct screen *s, const char *text, size_t size)
{
	static const char home[] = "\033[H", rest_of_line[] = "\033[K\r\n",
			  rest[] = "\033[J";
	const char *end = text + size;
	char *all;
	size_t n;
	FILE *f = open_memstream(&all, &n);
	if (!f)
		return;
	fputs(home, f);
	for (unsigned row = 1; text < end && row <= s->rows; row++) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((line_end ? line_end : end) - text);
		fwrite(text, 1, len, f);
		/* a new line behind the last row would move them all */
		fputs(row < s->rows ? rest_of_line : "\033[K", f);
		text += len + 1;
	}
	fputs(rest, f);
	if (fclose(f) == 0)
		say(all, n);
	free(all);
}

void screen_give_back(struct screen *s)
{
	give_back(s);
	s->signal_fd = fd_close(s->signal_fd);
	(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
	if (s->ended_by)
		(void)raise(s->ended_by);
}
