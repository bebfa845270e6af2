/* SPDX-License-Identifier: MIT */
/* cmdline.h - the words of the command line as settings, profiles and the program */
#pragma once

#include "config/profile.h"

struct cmdline {
	struct profile_entries entries; /* settings, in order */
	struct profile_entries profiles; /* --profile NAME, in order */
	char **program; /* argv from the program's name on; [0] may be NULL */
};

/* Reads @argv (without the program's own name), to the first word that is no flag or to
 * "--". The words of the program are passed on untouched (CVE-2020-17367, CVE-2024-32462).
 * Mistakes go to @d. */
void cmdline_parse(struct arena *a, char **argv, struct diags *d, struct cmdline *ret);

/* The whole way from words and files to a plan: command line, profiles (those named, or
 * the one that the program's name picks), flags over them, then the rules of check.h.
 * @pick: whether to choose a profile where none is named. */
void cmdline_plan(struct plan *p, struct diags *d, const struct cmdline *c, bool pick);
