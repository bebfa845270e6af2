/* SPDX-License-Identifier: MIT */
/* net_forward.c - published ports as text: asked for, refused, listed
 *
 * Pure. What "sbox port" and the supervisor say to sbox-forward, and its answer: a word, with a
 * port behind it ("add 127.0.0.1:8080:80/udp"); then a number, which is an errno or zero, and
 * the ports of a listing, each on a line of its own.
 */
#include "resolve/net_forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"

static const char *const words[] = { "list", "add", "remove" };
_Static_assert(ARRAY_SIZE(words) == FORWARD_COUNT, "a word for each");

/* ---- ports ---- */

const char *net_publish_address(
	const struct net_publish *p, char out[static INET6_ADDRSTRLEN])
{
	(void)inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->address, out, INET6_ADDRSTRLEN);
	return out;
}

const char *net_forward_text(struct arena *a, const struct net_publish *p)
{
	char address[INET6_ADDRSTRLEN];
	return arena_printf(a, p->v6 ? "[%s]:%u:%u%s" : "%s:%u:%u%s",
		net_publish_address(p, address), p->port, p->inside,
		p->udp ? "/udp" : "");
}

bool net_forward_same(const struct net_publish *x, const struct net_publish *y)
{
	return x->port == y->port && x->udp == y->udp && x->v6 == y->v6 &&
		memcmp(x->address, y->address, sizeof(x->address)) == 0;
}

/* ---- requests ---- */

const char *net_forward_ask(
	struct arena *a, enum net_forward_what what, const struct net_publish *p)
{
	return p ? arena_printf(a, "%s %s", words[what], net_forward_text(a, p))
		 : words[what];
}

bool net_forward_asked(
	const char *text, enum net_forward_what *ret_what, struct net_publish *ret)
{
	const char *hint;
	*ret = (struct net_publish){ 0 };
	for (size_t i = 0; i < FORWARD_COUNT; i++) {
		size_t len = strlen(words[i]);
		if (strncmp(text, words[i], len) != 0)
			continue;
		*ret_what = (enum net_forward_what)i;
		if (i == FORWARD_LIST)
			return text[len] == '\0';
		return text[len] == ' ' && !net_publish_parse(text + len + 1, ret, &hint);
	}
	return false;
}

/* ---- answers ---- */

const char *net_forward_answer(
	struct arena *a, int error, const struct net_forwards *ports)
{
	char *text = NULL;
	size_t size;
	FILE *o = open_memstream(&text, &size);
	if (!o)
		return "12\n"; /* ENOMEM */
	fprintf(o, "%d\n", -error);
	for (size_t i = 0; ports && i < ports->n; i++)
		fprintf(o, "%s\n", net_forward_text(a, &ports->v[i]));
	fclose(o);
	const char *copy = arena_strdup(a, text);
	free(text);
	return copy;
}

int net_forward_answered(struct arena *a, char *text, struct net_forwards *ret)
{
	enum { ERRNO_MAX = 4095 };
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	uint64_t error;
	*ret = (struct net_forwards){ 0 };
	if (!line || num_u64(line, 0, ERRNO_MAX, &error) < 0)
		return -EPROTO;
	while ((line = strtok_r(NULL, "\n", &save))) {
		const char *hint;
		if (net_publish_parse(line, ARENA_PUSH(a, ret), &hint))
			return -EPROTO;
	}
	return -(int)error;
}
