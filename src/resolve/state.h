/* SPDX-License-Identifier: MIT */
/* state.h - what a running instance tells of itself: the text in its folder */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

enum {
	STATE_MAX = 4096, /* bytes of the text */
	INSTANCE_ID_MAX = 64,
	COMMAND_MAX = 1024, /* of the command line, with what is escaped in it */
};

/* Whether limits are held that need a control group. */
enum held { HELD_NONE, HELD_YES, HELD_DROPPED, HELD_COUNT };
extern const char *const held_words[]; /* as the text and the listings have them */

/* Texts are UTF-8 without control characters; NULL: there is none. */
struct instance_state {
	const char *id;
	const char *name; /* that the caller gave; it is then the id, too */
	const char *profile;
	const char *command; /* as a person reads it */
	pid_t pid,
		init; /* the supervisor and init, as the supervisor's pid namespace has them */
	int64_t started; /* seconds since 1970 */
	const char *
		group; /* the program's control group, below /sys/fs/cgroup: "/user.slice/..." */
	int limits; /* enum held */
	const char *image; /* the name of the one that is its root */
	const char *layers; /* those that are kept and that it uses, blanks between */
};

/* The words of a command line as one text, blanks between them, controls escaped; what
 * is too long is cut. */
void state_command(char out[COMMAND_MAX], char *const *words);
/* The text of @s, terminated. Its length, -EINVAL for a text that could draw on a terminal,
 * or -ENAMETOOLONG. */
ssize_t state_format(const struct instance_state *s, char out[STATE_MAX]);
/* Reads @size bytes of it. Keys that this version does not know are passed over. 0, or
 * -EBADMSG where it is no such text: @ret is then unfit for use. */
int state_parse(
	struct arena *a, const char *text, size_t size, struct instance_state *ret);
