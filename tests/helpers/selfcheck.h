/* SPDX-License-Identifier: MIT */
/* selfcheck.h - what every part of the self-check goes by: words and results */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- words ---- */

static char **words;

/* The value of the @n-th word of that name, or NULL. */
static const char *word_n(const char *name, unsigned n)
{
	size_t len = strlen(name);
	for (char **w = words; *w != NULL; w++)
		if (strncmp(*w, name, len) == 0 && (*w)[len] == '=' && n-- == 0)
			return *w + len + 1;
	return NULL;
}

static const char *word(const char *name)
{
	const char *value = word_n(name, 0);
	return value != NULL ? value : "";
}

static bool is(const char *name, const char *value)
{
	return strcmp(word(name), value) == 0;
}

static bool is_any(const char *name, const char *value)
{
	const char *one;
	for (unsigned n = 0; (one = word_n(name, n)) != NULL; n++)
		if (strcmp(one, value) == 0)
			return true;
	return false;
}

static bool below_any(const char *name, const char *path)
{
	const char *top;
	for (unsigned n = 0; (top = word_n(name, n)) != NULL; n++) {
		size_t len = strlen(top);
		if (strncmp(path, top, len) == 0 &&
			(path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

/* ---- results ---- */

static char flaws[4096];
static unsigned n_broken;

static __attribute__((format(printf, 1, 2))) void flaw(const char *format, ...)
{
	size_t used = strlen(flaws);
	if (used > 0 && used + 3 < sizeof(flaws)) {
		strcpy(flaws + used, "; ");
		used += 2;
	}
	va_list args;
	va_start(args, format);
	(void)vsnprintf(flaws + used, sizeof(flaws) - used, format, args);
	va_end(args);
}

static void property(const char *name, const char *detail)
{
	if (flaws[0] != '\0')
		n_broken++;
	printf("%s %s: %s\n", flaws[0] ? "broken" : "held", name,
		flaws[0] ? flaws : detail);
	flaws[0] = '\0';
	fflush(stdout); /* or children would print it again */
}

static void untestable(const char *name, const char *why)
{
	printf("untestable %s: %s\n", name, why);
	fflush(stdout);
	flaws[0] = '\0';
}

/* Runs @what in a child; its result, or -1. */
static int in_child(int (*what)(const void *), const void *arg)
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(what(arg));
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
