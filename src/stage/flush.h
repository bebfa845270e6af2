/* SPDX-License-Identifier: MIT */
/* flush.h - what the servers of a layer have still to write when the program has ended */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct flush {
	int signal_fd; /* signalfd(2) with those that end a run; borrowed */
	const char *layer; /* its name */
	int64_t until_ms; /* no longer is it waited for */
	int64_t tell_ms; /* when the user is told; -1: it has been done */
	int ended; /* the signal by which the user gave it up; 0: none */
};

void flush_init(struct flush *f, int signal_fd, const char *layer);
/* Waits for the end of the server at @pidfd. @keeps: what it writes outlasts the run, and is
 * told to be lost where it is not waited for any more. Whether it has ended. */
bool flush_await(struct flush *f, int pidfd, bool keeps);
