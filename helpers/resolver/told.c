/* SPDX-License-Identifier: MIT */
/* told.c - what others hear: mistakes; at the end the names refused and the addresses given */
#include "resolver/resolver.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

_Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "%s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(EXIT_FAILURE);
}

void count_refused(struct resolver *r, const char *name, bool near)
{
	/* looking for a number's name is done by many programs unasked */
	if (str_ends(name, ".in-addr.arpa") || str_ends(name, ".ip6.arpa"))
		return;
	for (size_t i = 0; i < r->n_refused; i++)
		if (strcmp(r->refused[i].name, name) == 0 && r->refused[i].near == near) {
			r->refused[i].n++;
			return;
		}
	if (r->n_refused == NAMES_MAX)
		return;
	char *copy = strdup(name);
	if (copy)
		r->refused[r->n_refused++] =
			(struct counted){ .name = copy, .n = 1, .near = near };
}

void remember(struct resolver *r, const struct dns_address *a, const char *name)
{
	struct given *place = &r->given[r->n_given++ % GIVEN_MAX];
	free(place->name);
	*place = (struct given){ .v6 = a->v6, .name = strdup(name) };
	memcpy(place->address, a->bytes, sizeof(place->address));
}

void say(const char *fmt, ...)
{
	char text[DNS_NAME_SIZE + 100];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		(void)send(CHANNEL, text, strlen(text), MSG_NOSIGNAL);
}

_Noreturn void tell(const struct resolver *r)
{
	for (size_t i = 0; i < r->n_refused; i++)
		say("%s %" PRIu64 " %s", r->refused[i].near ? "near" : "refused",
			r->refused[i].n, r->refused[i].name);
	for (size_t i = 0; i < GIVEN_MAX && i < r->n_given; i++) {
		const struct given *g = &r->given[i];
		char address[INET6_ADDRSTRLEN];
		(void)inet_ntop(
			g->v6 ? AF_INET6 : AF_INET, g->address, address, sizeof(address));
		if (g->name)
			say("name %s %s", address, g->name);
	}
	exit(EXIT_SUCCESS);
}
