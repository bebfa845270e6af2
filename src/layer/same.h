/* SPDX-License-Identifier: MIT */
/* same.h - whether two files have the same content, and the same attributes for files */
#pragma once

#include <stdbool.h>

#include "layer/store.h"

/* The attributes of two directories. */
bool same_dir(enum layer_engine engine, int upper_dir, const char *upper, int base_dir,
	const char *base);
/* Two regular files; false also where one cannot be read. */
bool same_file(enum layer_engine engine, int upper_dir, const char *upper, int base_dir,
	const char *base);
bool same_link(int dir_a, const char *a, int dir_b, const char *b);
