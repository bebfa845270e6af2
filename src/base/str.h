/* SPDX-License-Identifier: MIT */
/* str.h - pure string work: words with quotes, patterns, nearest spelling, buffers */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macros.h"

struct arena;

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Whether it may become one component of a path of ours, and a host name. */
bool str_is_plain_name(const char *s);

/* Whether a control character begins at @s, in ASCII or in UTF-8. */
bool str_is_control(const char *s);
/* How many bytes the character at @s has in UTF-8; 0: they are none. The end of the text
 * counts as one. */
size_t str_utf8(const char *s);
/* Replaces control characters, those that order a line anew, and bytes that are no UTF-8, by
 * \xNN so that text from elsewhere cannot draw on the user's terminal, nor look like another. The output is always terminated and UTF-8;
 * where it is cut, it is cut between characters. */
void str_escape_controls(char *out, size_t size, const char *in);

/* One word of a value. Blanks separate words; '...' and "..." keep blanks; in "..." and
 * outside quotes a backslash takes the next character as it is, but \xNN is the byte of
 * that number.
 * @p: where to go on, advanced behind the word.
 * @ret: the word, in the arena; NULL at the end of the text.
 * @ret_start: where the word began (for column numbers).
 * 0, or -EINVAL for a quote that never closes (with *ret_start at the quote). */
int str_next_word(struct arena *a, const char **p, char **ret, const char **ret_start);
/* Behind the word that begins at @s, quotes and backslashes in it taken into account; NULL
 * for a quote that never closes, whose place @ret_quote (may be NULL) then gets. */
const char *str_word_end(const char *s, const char **ret_quote);
/* Prints a word so that str_next_word() reads the same word back; control characters are
 * escaped. */
void str_print_word(FILE *f, const char *word);
void str_print_word_n(FILE *f, const char *word, size_t len);
/* A word as a shell reads it, for a command that is told; NULL: it has control characters, and
 * is not to be copied from a terminal. */
const char *str_shell_word(struct arena *a, const char *word);

/* Shell pattern with * and ? only, matched over the whole of @s. */
bool str_match(const char *pattern, const char *s);

/* The candidate that @word most likely meant, or NULL. @next returns the i-th candidate,
 * NULL at the end; NULL entries of a sparse list can be given as "". */
const char *str_nearest(const char *word, const char *(*next)(size_t i, const void *ctx),
	const void *ctx);
/* Of @words, ended by NULL. */
const char *str_nearest_of(const char *word, const char *const *words);
