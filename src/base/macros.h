/* SPDX-License-Identifier: MIT */
/* macros.h - attributes and the few macros that every room uses */
#pragma once

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _must_check_	    __attribute__((warn_unused_result))
#define _cleanup_(fn)	    __attribute__((cleanup(fn)))

/* Repeats a call that a signal interrupted; only for calls that may be repeated. */
#define RETRY(expr) \
	({ \
		__typeof__(expr) retry_r_; \
		do \
			retry_r_ = (expr); \
		while (retry_r_ == -1 && errno == EINTR); \
		retry_r_; \
	})
