/* SPDX-License-Identifier: MIT */
/* status.h - what --json-status tells: one line of JSON an event */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"

void status_started(const struct ready *rd, pid_t init);
void status_exited(const struct ready *rd, int code, int sig, bool timed_out);
/* @fd: the plan's json_status_fd, for failures before there is a ready. */
void status_failed(int64_t fd, const struct err *e);
