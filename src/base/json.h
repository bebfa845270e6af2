/* SPDX-License-Identifier: MIT */
/* json.h - writing JSON: nesting and escaping, nothing else */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *f;
	bool comma; /* the next value needs one before it */
	unsigned depth;
};

/* @key is NULL inside an array and for the outermost value. */
void json_begin(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_end(struct json *j, char bracket); /* '}' or ']' */
void json_string(struct json *j, const char *key, const char *value); /* NULL: null */
void json_number(struct json *j, const char *key, int64_t value);
void json_hundredths(struct json *j, const char *key, int64_t value); /* of 1 */
void json_bool(struct json *j, const char *key, bool value);
