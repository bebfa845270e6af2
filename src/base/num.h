/* SPDX-License-Identifier: MIT */
/* num.h - numbers, sizes, durations and modes out of text, with ranges */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* All: the whole text must be used. 0, -EINVAL (not such a thing) or -ERANGE. */
int num_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
/* Bytes: digits and an optional K, M, G or T (1024s). */
int num_size(const char *s, uint64_t *ret);
/* Nanoseconds from "90", "1.5s", "10m", "2h", "1d", "250ms"; a bare number is seconds;
 * at most three decimals.
 * @sign: whether a leading '-' is allowed. */
int num_duration(const char *s, int sign, int64_t *ret_ns);
/* An octal mode of at most 07777. */
int num_mode(const char *s, mode_t *ret);
