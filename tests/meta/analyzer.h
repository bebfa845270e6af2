/* SPDX-License-Identifier: MIT */
/* analyzer.h - what the static analyzer cannot know: an errno and a failure are never 0
 *
 * Read before every file by "make tidy", and by nothing else. Without it every function
 * that ends with "return -errno" or "return err_sys(...)" may succeed in the analyzer's
 * eyes without having set its results.
 */
#pragma once

#include <errno.h>

#include "base/err.h"

static inline int *analyzer_errno(void)
{
	int *location = __errno_location();
	if (*location <= 0)
		__builtin_unreachable();
	return location;
}
#undef errno
#define errno (*analyzer_errno())

static inline int analyzer_failure(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}
/* err.c defines these, and is read without them. */
#ifndef ANALYZER_OWN_ERR
#define err_set(...)  analyzer_failure((err_set)(__VA_ARGS__))
#define err_sys(...)  analyzer_failure((err_sys)(__VA_ARGS__))
#define err_hint(...) analyzer_failure((err_hint)(__VA_ARGS__))
#define err_wrap(...) analyzer_failure((err_wrap)(__VA_ARGS__))
#endif
