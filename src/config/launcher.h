/* SPDX-License-Identifier: MIT */
/* launcher.h - reading and rewriting a .desktop file: text in, text out
 *
 * The format is freedesktop.org's Desktop Entry Specification. Nothing here opens a file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum {
	LAUNCHER_MAX = 1024 * 1024, /* bytes of a file */
	LAUNCHER_LINE_MAX = 64 * 1024, /* bytes of a line */
	LAUNCHER_EXECS_MAX = 256, /* commands of a file */
	LAUNCHER_WORDS_MAX = 32, /* words of a command line that anyone looks at */
};

/* What sbox has to know of a launcher; everything else passes as it is. */
struct launcher {
	const char *file; /* as messages name it; borrowed */
	const char *text; /* borrowed */
	size_t size;
	const char *exec; /* of the main group, as written */
	size_t execs; /* in all groups */
	bool no_display;
	bool dbus_activatable;
	bool managed; /* written by sbox; the next two are set in such a file only */
	const char *source; /* where it was made from; NULL: not told */
	uint64_t checksum; /* of the source's text; 0: not told */
};

/* 0, or -EINVAL (-EFBIG) with a sentence that names file and line. */
int launcher_read(struct arena *a, const char *file, const char *text, size_t size,
	struct launcher *ret, struct err *e);

/* The first words of an Exec value without quotes and escapes; field codes stay. Returns
 * their number, at most LAUNCHER_WORDS_MAX. */
size_t launcher_words(struct arena *a, const char *exec, const char **words);
/* The program that an Exec value starts, looking behind env(1) and its variables. NULL
 * where there is none. */
const char *launcher_program(struct arena *a, const char *exec);

/* What sbox puts in front of a command. */
struct launcher_wrap {
	const char *sbox; /* absolute path of the program */
	const char *profile; /* NULL: sbox chooses by the program's name */
	const char *source; /* absolute path of the launcher */
};

/* The same launcher with every command started by sbox. 0 or -EINVAL with @e set. */
int launcher_rewrite(struct arena *a, const struct launcher *l,
	const struct launcher_wrap *wrap, char **ret, size_t *ret_size, struct err *e);

/* What launcher_rewrite() put in front of @exec: fills @ret but for the source, and gives
 * the program behind it. NULL where the command does not look like one of ours any more. */
const char *launcher_unwrap(struct arena *a, const char *exec, struct launcher_wrap *ret);

/* FNV-1a, 64 bits: tells an upgraded source from the old one, and guards nothing else. */
uint64_t launcher_checksum(const char *text, size_t size);
