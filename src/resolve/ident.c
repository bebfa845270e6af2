/* SPDX-License-Identifier: MIT */
/* ident.c - who and where the program believes to be: passwd, group, machine-id */
#include "resolve/ident.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* nobody and nogroup: what the kernel shows for an id that is not mapped */
enum { OVERFLOW_ID = 65534 };

static const char *or_nowhere(const char *home)
{
	return home ? home : "/nonexistent";
}

const char *ident_passwd(const struct ready *rd)
{
	struct arena *a = rd->plan->arena;
	const struct host *h = &rd->host;
	const char *text = "";
	if (rd->uid == 0)
		text = arena_printf(
			a, "root:x:0:0:root:%s:%s\n", or_nowhere(rd->home), h->shell);
	else if (rd->map_range)
		text = "root:x:0:0:root:/root:/bin/sh\n";
	if (rd->uid != 0)
		text = arena_printf(a, "%s%s:x:%u:%u:%s:%s:%s\n", text, h->user, rd->uid,
			rd->gid, h->user, or_nowhere(rd->home), h->shell);
	return arena_printf(a, "%snobody:x:%d:%d:nobody:/nonexistent:/usr/sbin/nologin\n",
		text, OVERFLOW_ID, OVERFLOW_ID);
}

const char *ident_group(const struct ready *rd)
{
	struct arena *a = rd->plan->arena;
	const char *text = rd->gid == 0 || rd->map_range ? "root:x:0:\n" : "";
	if (rd->gid != 0)
		text = arena_printf(a, "%s%s:x:%u:\n", text, rd->host.group, rd->gid);
	return arena_printf(a, "%snogroup:x:%d:\n", text, OVERFLOW_ID);
}

int ident_machine_id(const struct ready *rd, const char **ret, struct err *e)
{
	struct arena *a = rd->plan->arena;
	const char *wish = rd->plan->machine_id;
	unsigned char bytes[16];

	*ret = NULL;
	if (strcmp(wish, "host") == 0)
		return 0;
	if (strcmp(wish, "random") != 0) {
		*ret = arena_printf(a, "%s\n", wish);
		return 0;
	}
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_sys(e, -errno, "cannot make a random machine id");
	bytes[6] = (bytes[6] & 0x0f) | 0x40; /* machine-id(5): a version 4 UUID */
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	char *text = arena_alloc(a, 2 * sizeof(bytes) + 2);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	text[2 * sizeof(bytes)] = '\n';
	*ret = text;
	return 0;
}
