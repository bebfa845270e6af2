/* SPDX-License-Identifier: MIT */
/* usage.c - what a control group tells of the use that is made of it
 *
 * The files are the kernel's (Documentation/admin-guide/cgroup-v2.rst); which of them there
 * are depends on the kernel and on the controllers that are on.
 */
#include "resolve/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"

const char *const pressure_names[PRESSURE_COUNT] = { "cpu", "memory", "io" };

enum { TEXT_MAX = 8192 }; /* io.stat has a line of some 100 bytes for each disk */

static bool read_text(int group, const char *file, char text[TEXT_MAX])
{
	_cleanup_fd_ int fd = openat(group, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, TEXT_MAX - 1);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* Digits at @text, whatever comes behind them. */
static int64_t digits(const char *text)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	return end == text || errno || n < 0 ? USAGE_UNKNOWN : n;
}

static int64_t one_number(int group, const char *file)
{
	char text[TEXT_MAX];
	if (!read_text(group, file, text))
		return USAGE_UNKNOWN;
	return str_starts(text, "max") ? USAGE_UNLIMITED : digits(text);
}

/* The number behind "KEY " at a line's beginning. */
static int64_t keyed(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return digits(line + len + 1);
	}
	return USAGE_UNKNOWN;
}

static int64_t keyed_number(int group, const char *file, const char *key)
{
	char text[TEXT_MAX];
	return read_text(group, file, text) ? keyed(text, key) : USAGE_UNKNOWN;
}

/* The sum of all numbers behind "KEY=", one of each disk. */
static int64_t sum(const char *text, const char *key)
{
	int64_t total = 0;
	for (const char *p = text; (p = strstr(p, key)); p += strlen(key)) {
		int64_t n = digits(p + strlen(key));
		if (n > 0 && __builtin_add_overflow(total, n, &total))
			return USAGE_UNKNOWN;
	}
	return total;
}

static void read_io(int group, struct usage *u)
{
	char text[TEXT_MAX];
	if (!read_text(group, "io.stat", text)) {
		/* empty before anything was read or written */
		int64_t n = faccessat(group, "io.stat", F_OK, 0) == 0 ? 0 : USAGE_UNKNOWN;
		u->read = u->written = n;
		return;
	}
	u->read = sum(text, " rbytes=");
	u->written = sum(text, " wbytes=");
}

/* "some avg10=1.23 ..." */
static int64_t pressure(int group, enum pressure kind)
{
	char text[TEXT_MAX], file[32];
	unsigned percent, hundredths;
	(void)snprintf(file, sizeof(file), "%s.pressure", pressure_names[kind]);
	if (!read_text(group, file, text) ||
		sscanf(text, "some avg10=%3u.%2u", &percent, &hundredths) != 2)
		return USAGE_UNKNOWN;
	return (int64_t)percent * 100 + hundredths;
}

void usage_none(struct usage *ret)
{
	*ret = (struct usage){
		.memory = USAGE_UNKNOWN,
		.memory_peak = USAGE_UNKNOWN,
		.memory_limit = USAGE_UNKNOWN,
		.cpu_us = USAGE_UNKNOWN,
		.pids = USAGE_UNKNOWN,
		.pids_limit = USAGE_UNKNOWN,
		.read = USAGE_UNKNOWN,
		.written = USAGE_UNKNOWN,
	};
	for (unsigned i = 0; i < PRESSURE_COUNT; i++)
		ret->pressure[i] = USAGE_UNKNOWN;
}

bool usage_is_frozen(int group)
{
	return keyed_number(group, "cgroup.events", "frozen") == 1;
}

void usage_read(int group, struct usage *ret)
{
	*ret = (struct usage){
		.memory = one_number(group, "memory.current"),
		.memory_peak = one_number(group, "memory.peak"), /* 5.19 */
		.memory_limit = one_number(group, "memory.max"),
		.cpu_us = keyed_number(group, "cpu.stat", "usage_usec"),
		.pids = one_number(group, "pids.current"),
		.pids_limit = one_number(group, "pids.max"),
		.frozen = usage_is_frozen(group),
	};
	read_io(group, ret);
	for (unsigned i = 0; i < PRESSURE_COUNT; i++)
		ret->pressure[i] = pressure(group, i);
}
