/* SPDX-License-Identifier: MIT */
/* filter_cache.c - compiled filters, kept under all that they were made from
 *
 * libseccomp takes as long for a filter as the kernel for a whole sandbox. A file of the
 * cache holds the inputs as text before the program, and both are compared and summed
 * before use, so that neither a collision of names nor a damaged file can be taken for the
 * right one; what is not right is made anew. The folder is never visible in a sandbox, or a
 * program could weaken the filter of the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "config/settings.h"
#include "resolve/filter.h"

enum { INSTRUCTION = 8, INPUTS_MAX = 64 * 1024 };

struct header {
	char magic[8];
	uint64_t sum; /* of all that follows the header */
	uint32_t inputs; /* bytes */
	uint32_t count; /* instructions */
};

static const char magic[8] = "sboxbpf1";

static uint64_t fnv1a(uint64_t hash, const void *data, size_t size)
{
	for (const unsigned char *p = data; size-- > 0; p++)
		hash = (hash ^ *p) * UINT64_C(0x100000001b3);
	return hash;
}

static const uint64_t fnv_begin = UINT64_C(0xcbf29ce484222325);

const char *filter_inputs(const struct plan *p)
{
	static const enum setting_id ids[] = { SET_SYSCALLS_ALLOW, SET_SYSCALLS_DENY,
		SET_SYSCALLS_DEFAULT, SET_ARCHITECTURES, SET_NESTED, SET_SOCKETS,
		SET_WX_MEMORY, SET_PTRACE, SET_PERSONALITY, SET_PID };
	const struct scmp_version *v = seccomp_version();
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return "";
	fprintf(f, "sbox %s\nlibseccomp %u.%u.%u\narchitecture %08x\n",
		SBOX_FILTER_SOURCES, v->major, v->minor, v->micro, seccomp_arch_native());
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct setting *s = &settings[ids[i]];
		fprintf(f, "%s = ", s->key);
		s->type->print(f, s, setting_member_const(s, p));
		fputc('\n', f);
	}
	fclose(f);
	const char *copy = arena_strdup(p->arena, text);
	free(text);
	return copy;
}

/* ~/.cache/sbox/filters, from "sbox" on without links. */
static int open_folder(const struct host *h, bool make)
{
	const char *cache = h->vars[VAR_XDG_CACHE_HOME];
	int dir = -1;
	if (make)
		(void)mkdir(cache,
			0700); /* its parent is the home, or somebody's own choice */
	_cleanup_fd_ int top = open(cache, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	if (make) {
		int r = path_make_dirs(top, "sbox/filters", &dir, NULL);
		return r < 0 ? r : dir;
	}
	return path_open_beneath(top, "sbox/filters", O_DIRECTORY);
}

/* Where the program begins: it is used in place, so instructions must be aligned. */
static size_t code_offset(size_t n_inputs)
{
	return (sizeof(struct header) + n_inputs + INSTRUCTION - 1) / INSTRUCTION *
		INSTRUCTION;
}

static bool whole(const char *bytes, size_t size, const char *inputs, struct filter *ret)
{
	struct header header;
	size_t n_inputs = strlen(inputs), at = code_offset(n_inputs);
	if (size < at)
		return false;
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 ||
		header.inputs != n_inputs || header.count == 0 ||
		header.count > FILTER_MAX ||
		size != at + (size_t)header.count * INSTRUCTION ||
		memcmp(bytes + sizeof(header), inputs, n_inputs) != 0 ||
		fnv1a(fnv_begin, bytes + sizeof(header), size - sizeof(header)) !=
			header.sum)
		return false;
	*ret = (struct filter){
		.code = bytes + at, .count = header.count, .cached = true
	};
	return true;
}

static bool load(const struct plan *p, const struct host *h, int dir, const char *name,
	const char *inputs, struct filter *ret)
{
	struct stat st;
	char *bytes;
	size_t size;
	_cleanup_fd_ int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != h->uid ||
		(st.st_mode & 022))
		return false;
	if (fd_read_open(p->arena, fd, INPUTS_MAX + FILTER_MAX * INSTRUCTION, &bytes,
		    &size) < 0)
		return false;
	return whole(bytes, size, inputs, ret);
}

/* Written beside and renamed: another start finds the old file or the new one, whole. A
 * failure costs the next start its two milliseconds and nothing else. */
static void keep(const struct plan *p, int dir, const char *name, const char *inputs,
	const struct filter *filter)
{
	size_t n_inputs = strlen(inputs), at = code_offset(n_inputs);
	size_t size = at + filter->count * INSTRUCTION;
	char *bytes = arena_alloc(p->arena, size);
	struct header header = { .inputs = (uint32_t)n_inputs,
		.count = (uint32_t)filter->count };

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(bytes + sizeof(header), inputs, n_inputs);
	memcpy(bytes + at, filter->code, size - at);
	header.sum = fnv1a(fnv_begin, bytes + sizeof(header), size - sizeof(header));
	memcpy(bytes, &header, sizeof(header));

	const char *temporary = arena_printf(p->arena, "%s.%d", name, (int)getpid());
	_cleanup_fd_ int fd = openat(dir, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (fd_write_all(fd, bytes, size) < 0 || renameat(dir, temporary, dir, name) < 0)
		(void)unlinkat(dir, temporary, 0);
}

int filter_resolve(
	const struct plan *p, struct host *h, bool dry, struct filter *ret, struct err *e)
{
	const char *inputs = filter_inputs(p);
	const char *name = arena_printf(p->arena, "%016llx",
		(unsigned long long)fnv1a(fnv_begin, inputs, strlen(inputs)));
	_cleanup_fd_ int dir = open_folder(h, false);
	if (dir >= 0 && load(p, h, dir, name, inputs, ret))
		return 0;
	int r = filter_compile(p, ret, e);
	if (r < 0 || dry)
		return r;
	if (dir < 0)
		dir = open_folder(h, true);
	if (dir >= 0)
		keep(p, dir, name, inputs, ret);
	return 0;
}
