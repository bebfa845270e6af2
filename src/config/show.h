/* SPDX-License-Identifier: MIT */
/* show.h - the plan and the table as text: profiles, JSON, help, man pages, completions */
#pragma once

#include <stdio.h>

#include "config/plan.h"
#include "config/profile.h"

/* The plan as a profile that reads back as the same plan; with @origins each line tells
 * where it came from, widening rules are marked, and the files follow. Settings at their default that
 * nobody set are left out. */
void show_plan(FILE *f, const struct plan *p, bool origins);
/* The value of a setting that is no list, as text in the plan's arena. */
const char *setting_text(const struct plan *p, enum setting_id id);
void show_plan_json(FILE *f, const struct plan *p);

/* The flags by section, for a terminal of 80 columns. */
void show_help(FILE *f);
/* Every key that a profile may have, one a line. */
void show_keys(FILE *f);
/* All that there is to say of one setting. */
void show_setting_help(FILE *f, enum setting_id id);
/* The parts of sbox-profile(5) and sbox(1) that come from the table, in mdoc(7). */
void show_mdoc_settings(FILE *f);
void show_mdoc_options(FILE *f);
/* A verb, for completions. */
struct completed_verb {
	const char *name; /* NULL ends the list of them */
	const char *actions; /* what stands first behind it; "": nothing like that */
	const char *words; /* what else may stand there; NULL: a program and its flags */
	const char *flags; /* its own */
	bool files; /* files may stand behind it, too */
	const char
		*from; /* the words behind "sbox" that print more of them; NULL: none */
};

/* What may stand behind one word of a verb: what it does, or an option with a value. */
struct completed_place {
	const char *verb; /* NULL ends the list of them */
	const char *behind; /* "install", or the option without its dashes */
	char letter; /* of the option; 0: none */
	bool option;
	const char *words, *from; /* as above */
};

/* A completion script. -EINVAL for another shell than bash, zsh or fish. */
int show_completion(FILE *f, const char *shell, const struct completed_verb *verbs,
	const struct completed_place *places);
