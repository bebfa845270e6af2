/* SPDX-License-Identifier: MIT */
/* same.h - whether two files have the same content, and the same attributes for files */
#pragma once

#include <stdbool.h>

/* Two regular files; false also where one cannot be read. */
bool same_file(int dir_a, const char *a, int dir_b, const char *b);
bool same_link(int dir_a, const char *a, int dir_b, const char *b);
