/* SPDX-License-Identifier: MIT */
/* copy.h - one file of a layer copied beside the place where it belongs */
#pragma once

#include <sys/stat.h>

#include "layer/store.h"

/* The bits of a mode that are brought along: no set-id bits of files. */
static inline mode_t copy_mode(mode_t mode)
{
	return mode & (S_ISDIR(mode) ? 03777 : 01777);
}

/* Copies the regular file @name of @from to @temp, which must not be there, in @to: content
 * with its holes, attributes, mode, time; it is on disk then. What goes by @name in @to may have
 * an access list that @engine has lost. Sets bits of @lost (attrs.h). 0, or negative errno and
 * no @temp. */
int copy_file(enum layer_engine engine, int from, const char *name, int to,
	const char *temp, unsigned *lost);
/* The same for a symbolic link. */
int copy_link(int from, const char *name, int to, const char *temp);
