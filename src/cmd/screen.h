/* SPDX-License-Identifier: MIT */
/* screen.h - a terminal taken over for drawing, and given back as it was */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/err.h"

enum key {
	KEY_NONE,
	KEY_UP = 256,
	KEY_DOWN,
	KEY_END
}; /* below 256: the character itself */

enum { KEYS_MAX = 32 };

struct screen {
	struct termios before;
	sigset_t mask; /* before */
	int signal_fd;
	unsigned short rows, columns;
	bool styled; /* reverse video and the like may be used */
	bool taken;
	int ended_by; /* a signal that ends us; 0: none */
	int keys[KEYS_MAX]; /* typed and not yet asked for */
	size_t n_keys, next_key;
};

/* Takes the terminal of standard input and output: alternate screen, no echo, single keys;
 * signals are waited for. 0; or -ENOTTY where there is none that could be drawn on, with @e
 * set. */
int screen_take(struct screen *s, struct err *e);
/* Waits for a key; KEY_NONE when the time is over or the size has changed, KEY_END when it
 * is time to go. */
int screen_wait(struct screen *s, int timeout_ms);
/* Puts @text, lines ended by "\n", on the screen in place of what was there. */
void screen_draw(struct screen *s, const char *text, size_t size);
/* Gives it back. Where a signal was to end us, it now does. */
void screen_give_back(struct screen *s);
