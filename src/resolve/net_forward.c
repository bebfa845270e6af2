/* SPDX-License-Identifier: MIT */
/* net_forward.c - published ports, as slirp4netns is asked for them and tells them
 *
 * Pure. Its answers are JSON of one known form, flat objects with numbers and short words;
 * nothing else is read of them.
 */
#include "resolve/net_forward.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "resolve/net_filter.h"

const char net_forward_list[] = "{\"execute\":\"list_hostfwd\"}";

const char *net_publish_address(
	const struct net_publish *p, char out[static INET6_ADDRSTRLEN])
{
	(void)inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->address, out, INET6_ADDRSTRLEN);
	return out;
}

char *net_forward_add(struct arena *a, const struct net_publish *p)
{
	char address[INET6_ADDRSTRLEN];
	return arena_printf(a,
		"{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"%s\","
		"\"host_addr\":\"%s\",\"host_port\":%u,\"guest_addr\":\"" INSIDE_ADDRESS
		"\",\"guest_port\":%u}}",
		p->udp ? "udp" : "tcp", net_publish_address(p, address), p->port,
		p->inside);
}

char *net_forward_remove(struct arena *a, unsigned id)
{
	return arena_printf(
		a, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":%u}}", id);
}

bool net_forward_refused(const char *answer)
{
	return strstr(answer, "\"error\"") || !strstr(answer, "\"return\"");
}

/* The value of a key in the object of @size bytes, without quotes; false: there is none. */
static bool member(
	const char *object, size_t size, const char *key, char *out, size_t out_size)
{
	char quoted[32];
	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	const char *p = memmem(object, size, quoted, strlen(quoted)),
		   *end = object + size;
	if (!p)
		return false;
	p += strlen(quoted);
	while (p < end && (*p == ' ' || *p == ':' || *p == '"'))
		p++;
	size_t len = 0;
	while (p + len < end && !strchr("\",} \n", p[len]))
		len++;
	if (len >= out_size)
		return false;
	memcpy(out, p, len);
	out[len] = '\0';
	return true;
}

static bool number(
	const char *object, size_t size, const char *key, uint64_t max, uint64_t *ret)
{
	char text[16];
	return member(object, size, key, text, sizeof(text)) &&
		num_u64(text, 1, max, ret) == 0;
}

static bool one(const char *object, size_t size, struct net_forward *ret)
{
	char address[INET_ADDRSTRLEN], protocol[8];
	uint64_t id, port, inside;
	if (!number(object, size, "id", UINT32_MAX, &id) ||
		!number(object, size, "host_port", 65535, &port) ||
		!number(object, size, "guest_port", 65535, &inside) ||
		!member(object, size, "proto", protocol, sizeof(protocol)) ||
		!member(object, size, "host_addr", address, sizeof(address)) ||
		inet_pton(AF_INET, address, ret->publish.address) != 1)
		return false;
	ret->id = (unsigned)id;
	ret->publish.port = (uint16_t)port;
	ret->publish.inside = (uint16_t)inside;
	ret->publish.udp = str_starts(protocol, "udp");
	return true;
}

void net_forward_parse(struct arena *a, const char *answer, struct net_forwards *ret)
{
	*ret = (struct net_forwards){ 0 };
	for (const char *p = answer; (p = strchr(p, '{')); p++) {
		size_t size = strcspn(p + 1, "{}");
		struct net_forward f = { 0 };
		if (p[1 + size] == '}' && one(p + 1, size, &f))
			*ARENA_PUSH(a, ret) = f;
	}
}

const char *net_forward_text(struct arena *a, const struct net_publish *p)
{
	char address[INET6_ADDRSTRLEN];
	return arena_printf(a, p->v6 ? "[%s]:%u:%u%s" : "%s:%u:%u%s",
		net_publish_address(p, address), p->port, p->inside,
		p->udp ? "/udp" : "");
}
