/* SPDX-License-Identifier: MIT */
/* err.h - one failure as one value: what happened, and what to do about it
 *
 * A function that can fail returns 0 or a negative errno and fills a struct err that
 * its caller owns. The sentence is made once, where the cause is known; callers may
 * put one line of context before it with err_wrap(). Only main.c and src/cmd print.
 */
#pragma once

#include "base/macros.h"

/* Exit codes of sbox itself; part of the interface (see sbox(1), EXIT STATUS). */
enum exit_code {
	EXIT_TIMEOUT = 124, /* --timeout ended the program, as timeout(1) */
	EXIT_SBOX = 125, /* sbox could not do what was asked */
	EXIT_CANNOT_EXEC = 126, /* the program exists but cannot be executed */
	EXIT_NOT_FOUND = 127, /* the program does not exist in the sandbox */
	EXIT_SIGNAL_BASE = 128, /* + the number of the signal that ended the program */
};

struct err {
	int code; /* negative errno */
	int exit_status; /* enum exit_code; EXIT_SBOX unless set otherwise */
	char msg[640];
	char hint[640]; /* empty: none */
};

/* Sets the message; returns @code, so that "return err_set(...)" reads well. */
int err_set(struct err *e, int code, const char *fmt, ...) _printf_(3, 4);
/* Like err_set(), with ": " and the text of the errno @code at the end. */
int err_sys(struct err *e, int code, const char *fmt, ...) _printf_(3, 4);
/* Sets the hint (what the user can do). Returns e->code. */
int err_hint(struct err *e, const char *fmt, ...) _printf_(2, 3);
/* Puts context before the message. Returns e->code. */
int err_wrap(struct err *e, const char *fmt, ...) _printf_(2, 3);
