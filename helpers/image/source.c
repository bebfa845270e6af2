/* SPDX-License-Identifier: MIT */
/* source.c - the bytes of an archive as a tar stream, decompressed by a process of its own
 *
 * As with tar and gzip, taking apart and decompressing go on at the same time. The same
 * process hashes what it reads or what it makes of it, and reads on to the very end, so that
 * a digest is that of all bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"

enum { BLOCK = 256 * 1024, PIPE = 1024 * 1024 };

/* ---- reading an archive that holds others ---- */

/* No filter that would run a program. */
static int filters(struct archive *a)
{
	if (archive_read_support_filter_none(a) == ARCHIVE_OK &&
		archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
		archive_read_support_filter_xz(a) == ARCHIVE_OK &&
		archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
		archive_read_support_filter_bzip2(a) == ARCHIVE_OK)
		return 0;
	return -ENOSYS;
}

struct archive *outer_open(int fd, struct err *e)
{
	struct archive *a = archive_read_new();
	if (!a || filters(a) < 0 || archive_read_support_format_tar(a) != ARCHIVE_OK ||
		lseek(fd, 0, SEEK_SET) < 0 ||
		archive_read_open_fd(a, fd, BLOCK) != ARCHIVE_OK) {
		const char *why = a ? archive_error_string(a) : NULL;
		err_set(e, -EBADMSG, "it is no tar archive (%s)",
			why ? why : "cannot be read");
		archive_read_free(a);
		return NULL;
	}
	return a;
}

/* ---- the process ---- */

struct input {
	int fd;
	struct archive *outer;
	enum stream_use use;
	struct sha256_ctx sha;
	char buffer[BLOCK];
};

static la_ssize_t input_read(struct archive *a, void *context, const void **data)
{
	struct input *in = context;
	ssize_t n;
	if (in->outer)
		n = archive_read_data(in->outer, in->buffer, sizeof(in->buffer));
	else
		n = RETRY(read(in->fd, in->buffer, sizeof(in->buffer)));
	if (n < 0) {
		const char *why =
			in->outer ? archive_error_string(in->outer) : strerror(errno);
		archive_set_error(a, EIO, "%s", why ? why : "cannot be read");
		return -1;
	}
	if (in->use != STREAM_LAYER)
		sha256_update(&in->sha, (size_t)n, (const uint8_t *)in->buffer);
	*data = in->buffer;
	return n;
}

static int find_member(struct input *in, const char *member, struct err *e)
{
	struct archive_entry *entry;
	char buf[512];
	in->outer = outer_open(in->fd, e);
	if (!in->outer)
		return -EBADMSG;
	while (archive_read_next_header(in->outer, &entry) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);
		while (name && str_starts(name, "./"))
			name += 2;
		if (name && strcmp(name, member) == 0 &&
			archive_entry_filetype(entry) == AE_IFREG)
			return 0;
	}
	return err_set(e, -ENOENT, "it has no '%s' in it", shown(member, buf));
}

/* 1 with data passed on, 0 at the end. */
static int pass(struct archive *a, struct input *in, int out, struct err *e)
{
	const void *data;
	size_t size;
	la_int64_t offset;
	int r = archive_read_data_block(a, &data, &size, &offset);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		const char *why = archive_error_string(a);
		return err_set(e, -EBADMSG, "%s", why ? why : "it is broken");
	}
	if (in->use == STREAM_LAYER)
		sha256_update(&in->sha, size, data);
	r = fd_write_all(out, data, size);
	return r < 0 ? err_sys(e, r, "cannot pass it on") : 1;
}

/* What is no header of an archive: whoever reads on to here has not seen the end's mark. */
static int put_guard(int out, struct err *e)
{
	char block[512];
	memset(block, 0xff, sizeof(block));
	int r = fd_write_all(out, block, sizeof(block));
	return r < 0 ? err_sys(e, r, "cannot pass it on") : 0;
}

static int feed(struct input *in, const char *member, int out, struct stream_end *end,
	struct err *e)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct archive_entry *entry;
	sha256_init(&in->sha);
	int r = member ? find_member(in, member, e) : 0;
	if (r < 0)
		return r;
	struct archive *a = archive_read_new();
	if (!a || filters(a) < 0 || archive_read_support_format_raw(a) != ARCHIVE_OK ||
		archive_read_support_format_empty(a) != ARCHIVE_OK ||
		archive_read_open(a, in, NULL, input_read, NULL) != ARCHIVE_OK ||
		((r = archive_read_next_header(a, &entry)) != ARCHIVE_OK &&
			r != ARCHIVE_EOF)) {
		const char *why = a ? archive_error_string(a) : NULL;
		return err_set(e, -EBADMSG, "%s", why ? why : "it cannot be read");
	}
	if (r == ARCHIVE_OK)
		while ((r = pass(a, in, out, e)) > 0)
			;
	const void *rest;
	while (r == 0 && input_read(a, in, &rest) > 0)
		; /* behind the compressed data's own end */
	sha256_digest(&in->sha, sizeof(digest), digest);
	hex(end->digest, digest);
	return r < 0 ? r : 0;
}

static _Noreturn void feeder(
	int fd, const char *member, enum stream_use use, int out, int result)
{
	struct stream_end end = { 0 };
	struct err e = { 0 };
	struct input *in = calloc(1, sizeof(*in));
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!in || (member == NULL && lseek(fd, 0, SEEK_SET) < 0))
		_exit(1);
	in->fd = fd;
	in->use = use;
	end.error = feed(in, member, out, &end, &e);
	if (end.error == 0 && use == STREAM_ALL)
		end.error = put_guard(out, &e);
	(void)snprintf(end.message, sizeof(end.message), "%.*s",
		(int)sizeof(end.message) - 1, e.msg);
	(void)fd_write_all(result, &end, sizeof(end));
	_exit(0);
}

int stream_open(int fd, const char *member, enum stream_use use, struct stream *ret,
	struct err *e)
{
	int data[2], result[2];
	if (pipe2(data, O_CLOEXEC) < 0 || pipe2(result, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe");
	(void)fcntl(data[1], F_SETPIPE_SZ, PIPE);
	(void)fflush(NULL);
	ret->pid = fork();
	if (ret->pid < 0)
		return err_sys(e, -errno, "cannot start a process");
	if (ret->pid == 0) {
		close(data[0]);
		close(result[0]);
		feeder(fd, member, use, data[1], result[1]);
	}
	close(data[1]);
	close(result[1]);
	ret->data = data[0];
	ret->result = result[0];
	return 0;
}

int stream_close(struct stream *s, bool failed, struct stream_end *ret, struct err *e)
{
	char *buffer = failed ? NULL : malloc(BLOCK);
	while (buffer && RETRY(read(s->data, buffer, BLOCK)) > 0)
		;
	free(buffer);
	fd_close(s->data);
	bool told = fd_read_full(s->result, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
	fd_close(s->result);
	(void)RETRY(waitpid(s->pid, NULL, 0));
	if (!told)
		return err_set(e, -ECHILD, "the process that decompresses was killed");
	ret->message[sizeof(ret->message) - 1] = '\0';
	if (failed && ret->error == -EPIPE)
		return 0; /* it was stopped: no cause, but an effect */
	return ret->error ? err_set(e, ret->error, "%s", ret->message) : 0;
}

/* ---- taking apart ---- */

static int next_block(
	struct reader *r, const void **data, size_t *size, int64_t *offset, struct err *e)
{
	la_int64_t at;
	int n = archive_read_data_block(r->archive, data, size, &at);
	*offset = at;
	if (n == ARCHIVE_OK)
		return 1;
	const char *why = archive_error_string(r->archive);
	return n == ARCHIVE_EOF ? 0
				: err_set(e, -EBADMSG, "%s", why ? why : "it is broken");
}

static int entries(struct image *im, struct archive *a)
{
	struct archive_entry *entry;
	struct reader r = { .next = next_block, .archive = a };
	int n;
	while ((n = archive_read_next_header(a, &entry)) == ARCHIVE_OK ||
		n == ARCHIVE_WARN) {
		int code = extract_entry(im, entry, &r);
		if (code < 0)
			return code;
	}
	const char *why = archive_error_string(a);
	return n == ARCHIVE_EOF
		? 0
		: err_set(im->e, -EBADMSG, "it is damaged or cut short (%s)",
			  why ? why : "no tar archive");
}

int stream_extract(struct image *im, struct stream *s)
{
	struct archive *a = archive_read_new();
	int r;
	if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK ||
		archive_read_support_format_empty(a) != ARCHIVE_OK ||
		archive_read_open_fd(a, s->data, BLOCK) != ARCHIVE_OK) {
		const char *why = a ? archive_error_string(a) : NULL;
		r = err_set(im->e, -EBADMSG, "it is no tar archive (%s)",
			why ? why : "no memory");
	} else {
		r = entries(im, a);
	}
	archive_read_free(a);
	return r;
}
