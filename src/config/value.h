/* SPDX-License-Identifier: MIT */
/* value.h - the types that a setting's value can have: reading and writing each */
#pragma once

#include <stdio.h>

#include "config/diag.h"
#include "config/plan.h"

struct setting;

/* The text of one value, on its way into a plan. */
struct value_input {
	struct arena *arena;
	struct diags *diags;
	const struct setting *setting;
	const char *text;
	struct origin at; /* of the first character of @text */
};

struct value_type {
	const char *name; /* as profile documentation calls it */
	const char *metavar; /* where the row has none of its own */
	bool list; /* a repeated key adds, an empty value clears */
	bool flag; /* may stand without a value on the command line */
	/* Words that it knows, besides those of the metavar, for completions: the one with
	 * number @i, NULL behind the last. @arena: a struct arena. NULL: there are none. */
	const char *(*word)(size_t i, const void *arena);
	/* Puts the value into the plan's member. Mistakes go to @in->diags. */
	void (*parse)(const struct value_input *in, void *member);
	/* Writes it as it can be read back, lists one item at a time. */
	void (*print)(FILE *f, const struct setting *s, const void *member);
	void (*print_item)(FILE *f, const struct item *item);
};

/* Whether it may become one component of a path of ours, and a host name. */
bool value_is_plain_name(const char *s);

extern const struct value_type value_bool, value_enum, value_string, value_fd;
extern const struct value_type value_duration, value_offset;
extern const struct value_type value_words, value_paths, value_env, value_names;
extern const struct value_type value_capabilities, value_fds;
extern const struct value_type value_syscalls, value_sockets;
extern const struct value_type value_bind, value_tmpfs, value_dir, value_file, value_link;
extern const struct value_type value_layer;
extern const struct value_type value_home, value_root, value_path, value_hostname;
extern const struct value_type value_machine_id, value_instance_name;
extern const struct value_type value_net_rules, value_publish;
extern const struct value_type value_limit_size, value_limit_count, value_limit_cpus;
extern const struct value_type value_weight, value_limit_bytes, value_limit_number;
extern const struct value_type value_nice, value_oom_score, value_cpuset, value_io_max;
