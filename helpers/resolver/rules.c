/* SPDX-License-Identifier: MIT */
/* rules.c - which names may be looked up, and what their addresses open */
#include "resolver/resolver.h"

#include <string.h>

#include "base/fd.h"

/* "allow RULE", "deny RULE", "own PREFIX", "attached PREFIX" */
static void read_line(struct arena *a, struct plan *p, struct net_host *host, char *line)
{
	char *value = strchr(line, ' ');
	if (!value)
		return;
	*value++ = '\0';
	if (strcmp(line, "allow") == 0 && p)
		ARENA_PUSH(a, &p->network_allow)->text = value;
	else if (strcmp(line, "deny") == 0 && p)
		ARENA_PUSH(a, &p->network_deny)->text = value;
	else if (strcmp(line, "own") == 0)
		(void)net_prefix_parse(value, ARENA_PUSH(a, &host->own));
	else if (strcmp(line, "attached") == 0)
		(void)net_prefix_parse(value, ARENA_PUSH(a, &host->attached));
}

static void read_lines(struct arena *a, struct plan *p, struct net_host *host, char *text)
{
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		read_line(a, p, host, line);
}

void rules_read(struct resolver *r)
{
	enum { RULES_MAX = 16 * 1024 * 1024 };
	char *text;
	struct plan p = { .arena = &r->arena };
	int error = fd_read_open(&r->arena, STDIN_FILENO, RULES_MAX, &text, NULL);
	if (error < 0)
		die("cannot read the rules", -error);
	read_lines(&r->arena, &p, &r->host, text);
	net_filter_init(&r->filter, &r->arena, &p);
}

void rules_update(struct resolver *r, char *text)
{
	arena_done(&r->host_arena);
	r->host_arena = (struct arena){ 0 };
	r->host = (struct net_host){ 0 };
	read_lines(&r->host_arena, NULL, &r->host, text);
}

bool rules_allow(const struct resolver *r, const char *name, uint64_t *ret_sets)
{
	unsigned denied = 0;
	bool named = false;
	*ret_sets = 0;
	for (size_t i = 0; i < r->filter.names.n; i++) {
		const struct net_name_rule *rule = &r->filter.names.v[i];
		unsigned close = net_name_match(rule->pattern, name);
		if (!rule->allow && close > denied)
			denied = close;
	}
	for (size_t i = 0; i < r->filter.names.n; i++) {
		const struct net_name_rule *rule = &r->filter.names.v[i];
		if (!rule->allow || net_name_match(rule->pattern, name) <= denied)
			continue;
		named = true;
		*ret_sets |= UINT64_C(1) << rule->set;
	}
	return named || (denied == 0 && r->filter.free_lookup);
}
