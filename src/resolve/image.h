/* SPDX-License-Identifier: MIT */
/* image.h - the folder of images: what there is, and what is known of each */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "resolve/host.h"

enum { IMAGE_INFO_MAX = 32 * 1024 };

/* What is kept beside an image's tree. Texts are without control characters, or NULL. */
struct image_info {
	const char *source; /* the file or directory, as a person reads it */
	const char *kind; /* tar, oci, docker, tree */
	const char *digest; /* of the source, "sha256:HEX" */
	const char *content; /* of the manifest */
	const char *stamp; /* of the source file: unchanged as long as it is the same */
	const char *map; /* of ids, as image_map() has it */
	int64_t imported; /* seconds since 1970 */
	int64_t entries, bytes;
	int64_t skipped, unmapped, xattrs; /* what could not be kept */
};

struct image_store {
	struct arena *a;
	const char *path; /* $XDG_DATA_HOME/sbox/images */
	int fd; /* -1: there is none */
};

/* Opens the store, which is the caller's alone; @make: makes it. 0, with fd -1 where there is
 * none, or negative errno with @e set. */
int image_store_open(struct image_store *s, struct arena *a, const struct host *h,
	bool make, struct err *e);
void image_store_close(struct image_store *s);
/* Whether an image may have the name. */
bool image_is_name(const char *name);
/* "sha256:" and 64 hexadecimal digits. */
bool image_is_digest(const char *text);
/* The folder of an image, locked against removal as long as the descriptor is open (alone
 * with @alone: -EWOULDBLOCK where it is in use). -ENOENT: there is no such image. */
int image_open(const struct image_store *s, const char *name, bool alone);
/* 0 or negative errno. */
int image_read(const struct image_store *s, int image, struct image_info *ret);
/* Puts @info in place of what is there. 0 or negative errno. */
int image_write(struct arena *a, int image, const struct image_info *info);
/* The names of all images, sorted, ended by NULL. */
const char *const *image_names(const struct image_store *s);
/* That there is no such image, with the one that was meant, into @e. -ENOENT. */
int image_not_there(const struct image_store *s, const char *name, struct err *e);

/* The first image with that content, as layers name what they lie over; NULL: there is none.
 * @ret_fd, which may be NULL: as image_open() without @alone. */
const char *image_by_content(
	const struct image_store *s, const char *content, int *ret_fd);

/* Pure. Keys that this version does not know are passed over; what is there already in @ret
 * stays where @text does not tell it. 0 or -EBADMSG. */
int image_parse(struct arena *a, const char *text, size_t size, struct image_info *ret);
char *image_format(struct arena *a, const struct image_info *info);

struct id_table;
/* "0:1000:1 1:100000:65536" */
const char *image_map(struct arena *a, const struct id_table *t);
