/* SPDX-License-Identifier: MIT */
/* clock.h - the clock that times to wait until are told by */
#pragma once

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC, which nobody sets. */
int64_t now_ms(void);
