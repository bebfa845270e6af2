/* SPDX-License-Identifier: MIT */
/* manifest.c - what an image holds, as lines: written while it is imported, read by verify
 *
 * The lines are in the order in which things were done, so that nothing need be remembered:
 * a later line for a path takes the place of an earlier one, and "-" says that it is gone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "image/image.h"

void hex(char out[HEX_SIZE], const uint8_t digest[SHA256_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[HEX_SIZE - 1] = '\0';
}

/* ---- lines ---- */

/* Bytes that would end a field, and the backslash, as \xNN; the empty text as "\". */
static void put_text(FILE *f, const char *text)
{
	if (!*text)
		fputc('\\', f);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p <= ' ' || *p == '\\' || *p == 0x7f)
			fprintf(f, "\\x%02x", *p);
		else
			fputc(*p, f);
	}
}

int manifest_write(struct image *im, const struct line *l)
{
	FILE *f = im->manifest;
	fprintf(f, "%c ", (char)l->kind);
	if (l->kind != LINE_HARD && l->kind != LINE_GONE)
		fprintf(f, "%o %" PRIu32 " %" PRIu32 " %" PRId64 ".%09ld ", l->mode,
			l->uid, l->gid, l->mtime, l->mtime_ns);
	if (l->kind == LINE_FILE || l->kind == LINE_SPARSE)
		fprintf(f, "%" PRIu64 " %s ", l->size, l->hash);
	if (l->kind == LINE_LINK || l->kind == LINE_HARD) {
		put_text(f, l->target);
		fputc(' ', f);
	}
	put_text(f, l->path);
	fputc('\n', f);
	return ferror(f) ? err_sys(im->e, errno ? -errno : -EIO,
				   "cannot write the image's manifest")
			 : 0;
}

/* One field of a line, unescaped; the text behind it, or NULL. */
static const char *take_text(const char *p, const char *end, char *to, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;
	if (p < end && *p == '\\' && (p + 1 == end || p[1] == ' ')) {
		*to = '\0';
		return p + 1 + (p + 1 < end);
	}
	for (; p < end && *p != ' '; p++) {
		char c = *p;
		if ((unsigned char)c < ' ' || c == 0x7f)
			return NULL; /* such are written escaped */
		if (c == '\\') {
			const char *high = end - p > 3 ? strchr(digits, p[2]) : NULL;
			const char *low = high ? strchr(digits, p[3]) : NULL;
			if (!low || p[1] != 'x' || !*high || !*low)
				return NULL;
			c = (char)((high - digits) << 4 | (low - digits));
			p += 3;
		}
		if (!c || n + 1 >= size)
			return NULL;
		to[n++] = c;
	}
	to[n] = '\0';
	return n == 0 ? NULL : p + (p < end);
}

static const char *take_number(
	const char *p, const char *end, int base, uint64_t max, uint64_t *ret)
{
	char word[32], *stop;
	p = take_text(p, end, word, sizeof(word));
	if (!p || word[0] < '0' || word[0] > '9')
		return NULL;
	errno = 0;
	*ret = strtoull(word, &stop, base);
	return *stop || errno || *ret > max ? NULL : p;
}

static const char *take_time(const char *p, const char *end, struct line *l)
{
	char word[48], *dot, *stop;
	p = take_text(p, end, word, sizeof(word));
	if (!p || !(dot = strchr(word, '.')) || strlen(dot) != 10)
		return NULL;
	errno = 0;
	l->mtime = strtoll(word, &stop, 10);
	if (stop != dot || errno)
		return NULL;
	l->mtime_ns = strtol(dot + 1, &stop, 10);
	return *stop || l->mtime_ns < 0 ? NULL : p;
}

int manifest_parse(const char *text, size_t size, struct line *ret)
{
	const char *p = text, *end = text + size;
	uint64_t mode = 0, uid = 0, gid = 0;
	*ret = (struct line){ 0 };
	if (size < 3 || !strchr("fsdlh-", text[0]) || text[1] != ' ')
		return -EBADMSG;
	ret->kind = (enum line_kind)text[0];
	p += 2;
	if (ret->kind != LINE_HARD && ret->kind != LINE_GONE) {
		p = take_number(p, end, 8, 07777, &mode);
		p = p ? take_number(p, end, 10, UINT32_MAX, &uid) : NULL;
		p = p ? take_number(p, end, 10, UINT32_MAX, &gid) : NULL;
		p = p ? take_time(p, end, ret) : NULL;
	}
	if (p && (ret->kind == LINE_FILE || ret->kind == LINE_SPARSE)) {
		p = take_number(p, end, 10, INT64_MAX, &ret->size);
		p = p ? take_text(p, end, ret->hash, sizeof(ret->hash)) : NULL;
		if (strspn(ret->hash, "0123456789abcdef") != HEX_SIZE - 1)
			return -EBADMSG;
	}
	if (p && (ret->kind == LINE_LINK || ret->kind == LINE_HARD))
		p = take_text(p, end, ret->target, sizeof(ret->target));
	if (p)
		p = take_text(p, end, ret->path, sizeof(ret->path));
	ret->mode = (unsigned)mode;
	ret->uid = (uint32_t)uid;
	ret->gid = (uint32_t)gid;
	return p == end ? 0 : -EBADMSG;
}

/* ---- contents ---- */

void content_begin(struct content *c, bool sparse)
{
	sha256_init(&c->sha);
	c->sparse = sparse;
	c->at = 0;
	c->used = 0;
}

/* What a block of a sparse file has besides zeros, with its place. */
static void flush_block(struct content *c)
{
	uint8_t place[8];
	size_t i = 0;
	while (i < c->used && c->block[i] == 0)
		i++;
	if (i < c->used) {
		while (c->used > 0 && c->block[c->used - 1] == 0)
			c->used--;
		for (unsigned k = 0; k < 8; k++)
			place[k] = (uint8_t)(c->at >> (8 * k));
		sha256_update(&c->sha, sizeof(place), place);
		sha256_update(&c->sha, c->used, c->block);
	}
	c->used = 0;
}

void content_add(struct content *c, uint64_t offset, const void *data, size_t size)
{
	const uint8_t *p = data;
	if (!c->sparse) {
		sha256_update(&c->sha, size, data);
		return;
	}
	while (size > 0) {
		uint64_t start = offset - offset % sizeof(c->block);
		size_t in = (size_t)(offset - start);
		size_t part = sizeof(c->block) - in < size ? sizeof(c->block) - in : size;
		if (start != c->at)
			flush_block(c);
		c->at = start;
		if (c->used < in)
			memset(c->block + c->used, 0, in - c->used);
		memcpy(c->block + in, p, part);
		c->used = in + part;
		p += part;
		offset += part;
		size -= part;
	}
}

void content_end(struct content *c, char out[HEX_SIZE])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	if (c->sparse)
		flush_block(c);
	sha256_digest(&c->sha, sizeof(digest), digest);
	hex(out, digest);
}

int content_hash(int fd, bool sparse, uint64_t *ret_size, char out[HEX_SIZE])
{
	static const size_t size = 256 * 1024;
	struct content c;
	char *buf = malloc(size);
	off_t at = 0;
	ssize_t n = buf ? 0 : -1;
	content_begin(&c, sparse);
	while (buf) {
		off_t data = sparse ? lseek(fd, at, SEEK_DATA) : at;
		if (data < 0)
			break; /* nothing but a hole is left */
		at = data;
		n = RETRY(pread(fd, buf, size, at));
		if (n <= 0)
			break;
		content_add(&c, (uint64_t)at, buf, (size_t)n);
		at += n;
	}
	content_end(&c, out);
	free(buf);
	off_t end = lseek(fd, 0, SEEK_END);
	*ret_size = (uint64_t)end;
	return n < 0 || end < 0 ? -EIO : 0;
}
