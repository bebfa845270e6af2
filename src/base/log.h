/* SPDX-License-Identifier: MIT */
/* log.h - every word of sbox to the user: stderr, one prefix, colour on a terminal only */
#pragma once

#include "base/err.h"

enum log_level { LOG_QUIET = -1, LOG_NORMAL, LOG_VERBOSE };

/* The level and the colour are the only mutable file-scope state of the launcher besides
 * the signal flags. Call once, early in main(). */
void log_init(void);
void log_set_level(enum log_level level);

void log_error(const char *fmt, ...) _printf_(1, 2);
void log_warning(const char *fmt, ...) _printf_(1, 2);
void log_hint(const char *fmt, ...) _printf_(1, 2); /* behind an error */
void log_advice(const char *fmt, ...) _printf_(1, 2); /* behind a warning or a listing */
void log_note(const char *fmt, ...) _printf_(1, 2); /* no fault; not with --quiet */
void log_info(const char *fmt, ...) _printf_(1, 2); /* with --verbose only */
void log_err(const struct err *e); /* the message and the hint */
