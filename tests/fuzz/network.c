/* SPDX-License-Identifier: MIT */
/* network.c - any bytes as rules, published ports and nft's words: what is read holds
 *
 * A rule that is accepted has ports in order and apart, and a name that matches itself; the
 * filter made of it has no element twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "resolve/net_filter.h"
#include "resolve/net_forward.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rule(const struct net_rule *r)
{
	for (size_t i = 0; i < r->n_ports; i++)
		if (r->ports[i].first == 0 || r->ports[i].last < r->ports[i].first ||
			(i > 0 && r->ports[i].first <= r->ports[i - 1].last + 1))
			abort();
	if (r->n_ports > 0 && r->protocol == NET_ANY)
		abort();
	if (r->what == NET_NAME && strchr(r->name, '*') == NULL &&
		net_name_match(r->name, r->name) == 0)
		abort();
	if (r->what == NET_ADDRESS) {
		char text[NET_PREFIX_TEXT];
		struct net_prefix again;
		net_prefix_text(&r->prefix, text);
		if (!net_prefix_parse(text, &again) ||
			memcmp(&again, &r->prefix, sizeof(again)) != 0)
			abort();
	}
}

static void words(struct arena *a, char *text, struct plan *p)
{
	char *save = NULL;
	for (char *word = strtok_r(text, " \n", &save); word;
		word = strtok_r(NULL, " \n", &save)) {
		struct net_rule rule;
		struct net_publish publish;
		const char *hint;
		if (!net_publish_parse(word, &publish, &hint) &&
			(publish.port == 0 || publish.inside == 0))
			abort();
		if (net_rule_parse(word, &rule, &hint))
			continue;
		check_rule(&rule);
		struct list *l = p->network_allow.n > p->network_deny.n
			? &p->network_deny
			: &p->network_allow;
		ARENA_PUSH(a, l)->text = word;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct plan p;
	struct net_filter f;
	struct net_refusals refusals;
	struct net_forwards forwards;
	struct net_publish port;
	enum net_forward_what what;
	struct net_host host = { 0 };
	char *text = arena_strndup(&a, (const char *)data, size);
	plan_init(&p, &a);
	net_refused_parse(&a, text, &refusals);
	(void)net_forward_answered(&a, arena_strdup(&a, text), &forwards);
	if (net_forward_asked(text, &what, &port) && what != FORWARD_LIST &&
		(port.port == 0 || port.inside == 0))
		abort();
	words(&a, text, &p);
	net_filter_init(&f, &a, &p);
	if (!net_filter_text(&f, &a, &host))
		abort();
	for (size_t i = 0; i < f.names.n; i++)
		if (f.names.v[i].allow && f.names.v[i].set >= f.n_sets)
			abort();
	arena_done(&a);
	return 0;
}
