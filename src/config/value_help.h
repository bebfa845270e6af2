/* SPDX-License-Identifier: MIT */
/* value_help.h - what value.c and value_list.c share */
#pragma once

#include "config/value.h"

enum { VALUE_FD_MAX = 1 << 20 };

/* Notes a mistake @offset characters into the value. @hint may be NULL. */
void value_bad(const struct value_input *in, unsigned offset, const char *hint,
	const char *what, const char *text);
/* A word of the command line is taken as it is: the caller's shell has dealt with quotes,
 * and blanks in a file's name must not make two paths of it. Text of a profile has quotes
 * and blanks between its words. */
static inline bool value_verbatim(const struct value_input *in)
{
	return in->at.line == 0;
}
/* Whether it is a well-formed path; notes the mistake where it is not. */
bool value_check_path(const struct value_input *in, unsigned offset, const char *path);

/* For lists. The next of several words that each are a value; NULL at the end or after a
 * mistake. */
char *value_next_word(const struct value_input *in, const char **p, unsigned *ret_offset);
/* One more item, at the place of the word. */
struct item *value_push(const struct value_input *in, void *member, unsigned offset);
void value_print_list(FILE *f, const struct setting *s, const void *member);
void value_print_text(FILE *f, const struct item *item);
