/* SPDX-License-Identifier: MIT */
/* image.h - what the parts of sbox-image share
 *
 * All of it runs as root of a user namespace, in a sandbox where the image's tree is the one
 * thing that can be written. What it reads is foreign: every length is checked, every path
 * is resolved by the kernel in the tree (openat2), never by text.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <nettle/sha2.h>

#include "base/err.h"

enum { HEX_SIZE = 2 * SHA256_DIGEST_SIZE + 1 };

/* Hashes of the paths that one layer has brought, so that its own whiteouts spare them. */
struct path_set {
	uint64_t *v; /* 0: free */
	size_t size, used;
};

struct image {
	int root; /* the tree */
	FILE *manifest;
	bool mine; /* no range of ids: all becomes the caller's */
	bool layered; /* names of whiteouts mean something */
	struct path_set layer;
	uint64_t entries, bytes, skipped, replaced, unmapped, xattrs;
	/* the directory that the last entry was in */
	char parent[PATH_MAX], real_parent[PATH_MAX];
	int parent_fd;
	int progress_fd; /* of the archive, whose offset tells how far it is; -1: none */
	off_t progress_size;
	int64_t progress_ns;
	struct err *e;
};

/* ---- manifest.c ---- */

enum line_kind {
	LINE_FILE = 'f',
	LINE_SPARSE = 's',
	LINE_DIR = 'd',
	LINE_LINK = 'l',
	LINE_HARD = 'h',
	LINE_GONE = '-'
};

struct line {
	enum line_kind kind;
	unsigned mode;
	uint32_t uid, gid;
	int64_t mtime;
	long mtime_ns;
	uint64_t size;
	char hash[HEX_SIZE];
	char target[PATH_MAX]; /* of a link */
	char path[PATH_MAX];
};

void hex(char out[HEX_SIZE], const uint8_t digest[SHA256_DIGEST_SIZE]);
int manifest_write(struct image *im, const struct line *l);
/* Reads one line, without its end. 0 or -EBADMSG. */
int manifest_parse(const char *text, size_t size, struct line *ret);
/* The content of an open file as a line has it: all of it, or of a sparse file the blocks
 * that are not zero, with their offsets. 0 or negative errno. */
int content_hash(int fd, bool sparse, uint64_t *ret_size, char out[HEX_SIZE]);

/* The same, piece by piece. */
struct content {
	struct sha256_ctx sha;
	bool sparse;
	uint64_t at; /* sparse: where @block begins */
	size_t used;
	uint8_t block[4096];
};
void content_begin(struct content *c, bool sparse);
void content_add(struct content *c, uint64_t offset, const void *data, size_t size);
void content_end(struct content *c, char out[HEX_SIZE]);

/* ---- place.c ---- */

/* Where an entry goes: the last name in an open directory, and its path in the tree with no
 * link in it. */
struct place {
	int dir; /* borrowed: image->parent_fd */
	const char *name; /* "" for the tree's top */
	char path[PATH_MAX];
};

/* A name of an archive without "./" and doubled slashes; "" is the top. Refuses what is
 * absolute, has "..", or is too long or too deep. @what: for the message. */
int place_clean(struct image *im, const char *what, const char *name, char out[PATH_MAX]);
/* @path: cleaned. Links on the way are followed inside the tree, missing directories made
 * where @make says so. */
int place_find(struct image *im, const char *path, bool make, struct place *ret);
/* Removes what is there, with all below it; @older: but not what this layer has brought. */
int place_clear(struct image *im, struct place *p, bool older);
/* The next place_find() looks again. */
void place_forget(struct image *im);
void set_add(struct path_set *s, const char *path);
bool set_has(const struct path_set *s, const char *path);
void set_clear(struct path_set *s);
/* A path for a message. */
const char *shown(const char *path, char buf[512]);

/* ---- extract.c ---- */

/* Where the content of an entry comes from. 1 with a block, 0 at the end, or negative errno
 * with @e set. */
struct reader {
	int (*next)(struct reader *r, const void **data, size_t *size, int64_t *offset,
		struct err *e);
	struct archive *archive;
	int fd;
	int64_t offset;
	void *buffer;
};

int extract_entry(struct image *im, struct archive_entry *entry, struct reader *r);
/* What can be done only when all is there: the times of directories. */
int extract_finish(struct image *im);
void progress(struct image *im, bool last);

/* ---- source.c ---- */

/* A tar stream: decompressed, and hashed on both sides of that, by a process of its own. */
struct stream {
	pid_t pid;
	int data, result;
	struct archive
		*outer; /* the archive's own, where the stream is an entry of one */
};

enum stream_use {
	STREAM_ALL, /* all of the file, which ends as a tar archive ends, or it is not accepted */
	STREAM_BLOB, /* a layer with a digest of its bytes as they are */
	STREAM_LAYER, /* a layer with a digest of what they are when decompressed */
};

struct stream_end {
	int error; /* negative errno; 0 */
	char message[400];
	char digest[HEX_SIZE]; /* sha256 */
};

/* @member: of the archive in @fd; NULL: all of it is the stream. */
int stream_open(int fd, const char *member, enum stream_use use, struct stream *ret,
	struct err *e);
/* Ends it: when it is read to its end, so that its digests are whole; at once where @failed.
 * 0, or negative errno with @e set to what went wrong in it. */
int stream_close(struct stream *s, bool failed, struct stream_end *ret, struct err *e);
/* A tar archive's entries into the tree. */
int stream_extract(struct image *im, struct stream *s);
/* A reader of outer archives: plain or compressed tar. NULL with @e set. */
struct archive *outer_open(int fd, struct err *e);

/* ---- pack.c ---- */

/* Whatever FILE is; or the OCI layout in @dir, where that is not -1. The digest of the
 * source goes to @digest, the kind of thing it is to @ret_kind. */
int pack_import(
	struct image *im, int fd, int dir, char digest[HEX_SIZE], const char **ret_kind);

/* ---- tree.c ---- */

/* A directory as the source. */
int tree_import(struct image *im, int dir);
/* The tree as a tar archive. */
int tree_export(int root, int out, const char *compression, struct err *e);

/* ---- remove.c ---- */

/* All below the top, which stays. */
int tree_remove(int root, struct err *e);

/* ---- verify.c ---- */

/* Tells differences on standard output; their number, or negative errno. */
int64_t tree_verify(int root, int manifest, struct err *e);

/* Calls @entry for all below @dir and for it, sorted, directories before what is in them.
 * @path: relative to the top; @fd: of a regular file or directory, else -1. */
typedef int tree_entry(void *context, const char *path, const struct stat *st, int fd,
	const char *target, struct err *e);
int tree_walk(int dir, tree_entry *entry, void *context, struct err *e);
