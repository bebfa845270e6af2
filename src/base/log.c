/* SPDX-License-Identifier: MIT */
/* log.c - every word of sbox to the user: stderr, one prefix, colour on a terminal only
 *
 * Text that comes from profiles, paths or the command line is printed with control
 * characters escaped (CVE-2023-28101: a name with escape sequences rewrote what the
 * user was shown).
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

static enum log_level level = LOG_NORMAL;
static bool colour;

void log_init(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	colour = isatty(STDERR_FILENO) && !(no_color && *no_color) &&
		!(term && strcmp(term, "dumb") == 0);
}

void log_set_level(enum log_level l)
{
	level = l;
}

static void log_line(const char *prefix, const char *sgr, const char *fmt, va_list ap)
{
	char raw[2048], safe[3 * sizeof(raw)], line[sizeof(safe) + 64];
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	str_escape_controls(safe, sizeof(safe), raw);
	int n = snprintf(line, sizeof(line), "%s%s%s%s\n", colour ? sgr : "", prefix,
		colour ? "\033[0m" : "", safe);
	if (n > 0)
		(void)!write(STDERR_FILENO, line, (size_t)n); /* nowhere left to tell */
}

#define LOG_FUNCTION(name, prefix, sgr, min) \
	void name(const char *fmt, ...) \
	{ \
		if (level < (min)) \
			return; \
		va_list ap; \
		va_start(ap, fmt); \
		log_line(prefix, sgr, fmt, ap); \
		va_end(ap); \
	}

LOG_FUNCTION(log_error, "sbox: ", "\033[1;31m", LOG_QUIET)
LOG_FUNCTION(log_warning, "sbox: warning: ", "\033[1;33m", LOG_NORMAL)
LOG_FUNCTION(log_hint, "  hint: ", "\033[1;36m", LOG_QUIET)
LOG_FUNCTION(log_advice, "  hint: ", "\033[1;36m", LOG_NORMAL)
LOG_FUNCTION(log_note, "sbox: ", "\033[1m", LOG_NORMAL)
LOG_FUNCTION(log_info, "sbox: ", "\033[1m", LOG_VERBOSE)

void log_err(const struct err *e)
{
	log_error("%s", e->msg);
	if (e->hint[0])
		log_hint("%s", e->hint);
}
