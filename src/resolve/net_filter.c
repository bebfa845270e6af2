/* SPDX-License-Identifier: MIT */
/* net_filter.c - rules for destinations as a packet filter, in nft(8)'s words
 *
 * Pure. The filter holds in the network namespace, whose owner is a user namespace in which
 * the program never has CAP_NET_ADMIN, whatever root it plays.
 *
 * First come packets that belong to what was allowed before. Then the rules, the most
 * specific ones first: for each length of prefix and each kind of rule (with ports, with a
 * protocol, without) a set of what is denied and a set of what is allowed. A thousand rules
 * so are a few dozen look-ups, once for each connection. What is left is refused where
 * anything was allowed by name, else let through.
 *
 * The loopback is not tracked: with IPV6_FREEBIND a program could talk to itself under a
 * foreign address, and the two packets would make a known connection of what the rules
 * refuse. And nothing is forwarded, or packets sent to the loopback on purpose could leave
 * from there, past the rules for output, once fake root has switched forwarding on.
 */
#include "resolve/net_filter.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

/* ---- reading the plan ---- */

static void read_rules(struct net_filter *f, struct arena *a, const struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *hint;
		struct net_rule *rule = ARENA_PUSH(a, &f->rules);
		if (net_rule_parse(l->v[i].text, rule, &hint))
			f->rules.n--; /* value_net.c has refused it */
	}
}

static bool same_ports(const struct net_rule *x, const struct net_rule *y)
{
	return x->protocol == y->protocol && x->n_ports == y->n_ports &&
		memcmp(x->ports, y->ports, x->n_ports * sizeof(x->ports[0])) == 0;
}

static bool is_allow(const struct net_filter *f, const struct net_rule *rule)
{
	return (size_t)(rule - f->rules.v) < f->rules.n_allow;
}

/* The rule of a name that has the same ports as @rule and comes first: its place among
 * those is the number of the set that both use. */
static unsigned set_of(const struct net_filter *f, const struct net_rule *rule)
{
	unsigned set = 0;
	for (const struct net_rule *r = f->rules.v; r < rule; r++) {
		if (r->what != NET_NAME)
			continue;
		if (same_ports(r, rule))
			return set_of(f, r);
		bool first = true;
		for (const struct net_rule *q = f->rules.v; q < r && first; q++)
			first = q->what != NET_NAME || !same_ports(q, r);
		set += first;
	}
	return set;
}

/* Names are looked up freely where the destinations are not counted one by one. */
static bool wide(const struct net_rule *rule)
{
	return rule->what == NET_INTERNET || rule->what == NET_LAN ||
		(rule->what == NET_ADDRESS && rule->prefix.bits == 0);
}

void net_filter_init(struct net_filter *f, struct arena *a, const struct plan *p)
{
	*f = (struct net_filter){ 0 };
	read_rules(f, a, &p->network_allow);
	f->rules.n_allow = f->rules.n;
	read_rules(f, a, &p->network_deny);
	f->any = f->rules.n > 0;
	f->v6 = p->network_ipv6;
	f->free_lookup = f->rules.n_allow == 0;
	for (size_t i = 0; i < f->rules.n; i++) {
		const struct net_rule *rule = &f->rules.v[i];
		bool allow = i < f->rules.n_allow;
		f->host_loopback |= rule->what == NET_HOST_LOOPBACK;
		f->free_lookup |= allow && wide(rule);
		if (rule->what != NET_NAME)
			continue;
		struct net_name_rule *name = ARENA_PUSH(a, &f->names);
		*name = (struct net_name_rule){ .pattern = rule->name, .allow = allow };
		if (!allow)
			continue;
		name->set = set_of(f, rule);
		if (name->set >= f->n_sets)
			f->n_sets = name->set + 1;
	}
}

/* ---- judging one address ---- */

bool net_is_allowed(const struct net_filter *f, const struct net_host *host, bool v6,
	const uint8_t *address)
{
	uint8_t v4[16];
	if (net_translated(v6, address, v4) && net_is_allowed(f, host, false, v4))
		return true;
	for (size_t i = 0; i < f->rules.n_allow; i++) {
		const struct net_rule *rule = &f->rules.v[i];
		if ((rule->what == NET_ADDRESS &&
			    net_prefix_has(&rule->prefix, v6, address)) ||
			(rule->what == NET_LAN && net_is_lan(host, v6, address)))
			return true;
	}
	return false;
}

/* ---- sets of address rules ---- */

/* One element of a set; without ports first and last are zero. */
struct element {
	struct net_prefix prefix;
	unsigned kind; /* 0: all protocols, 1: one, 2: some ports of one */
	bool allow;
	enum net_protocol protocol;
	uint16_t first, last;
};

struct elements {
	struct element *v;
	size_t n;
};

static int compare(int64_t x, int64_t y)
{
	return x < y ? -1 : x > y;
}

/* Those of one set next to each other, the sets in the order in which they are asked. */
static int by_set(const void *x, const void *y)
{
	const struct element *a = x, *b = y;
	int order = compare(a->prefix.v6, b->prefix.v6);
	if (order == 0)
		order = compare(b->prefix.bits, a->prefix.bits);
	if (order == 0)
		order = compare(b->kind, a->kind);
	return order == 0 ? compare(a->allow, b->allow) : order;
}

static int by_place(const void *x, const void *y)
{
	const struct element *a = x, *b = y;
	int order = by_set(x, y);
	if (order == 0)
		order = memcmp(a->prefix.bytes, b->prefix.bytes, sizeof(a->prefix.bytes));
	if (order == 0)
		order = compare(a->protocol, b->protocol);
	return order == 0 ? compare(a->first, b->first) : order;
}

static void add_elements(struct elements *l, struct arena *a, const struct net_rule *rule,
	const struct net_prefix *prefix, bool allow)
{
	struct element e = { .prefix = *prefix,
		.allow = allow,
		.protocol = rule->protocol,
		.kind = rule->n_ports	 ? 2
			: rule->protocol ? 1
					 : 0 };
	for (size_t i = 0; i < rule->n_ports; i++) {
		e.first = rule->ports[i].first;
		e.last = rule->ports[i].last;
		*ARENA_PUSH(a, l) = e;
	}
	if (rule->n_ports == 0)
		*ARENA_PUSH(a, l) = e;
}

/* Sorted, and what overlaps in one set made one: the kernel refuses overlaps. */
static struct elements collect(const struct net_filter *f, struct arena *a)
{
	struct elements l = { 0 };
	size_t out = 0;
	for (size_t i = 0; i < f->rules.n; i++) {
		const struct net_rule *rule = &f->rules.v[i];
		if (rule->what != NET_ADDRESS || rule->prefix.bits == 0)
			continue;
		add_elements(&l, a, rule, &rule->prefix, is_allow(f, rule));
		if (!f->v6 || rule->prefix.v6)
			continue;
		const struct net_prefix again = net_translate(&rule->prefix);
		add_elements(&l, a, rule, &again, is_allow(f, rule));
	}
	if (l.n > 0)
		qsort(l.v, l.n, sizeof(*l.v), by_place);
	for (size_t i = 0; i < l.n; i++) {
		struct element e = l.v[i], *last = out ? &l.v[out - 1] : NULL;
		e.first = last ? last->first : 0; /* compared apart from it */
		if (last && by_place(last, &e) == 0 && l.v[i].first <= last->last + 1) {
			if (l.v[i].last > last->last)
				last->last = l.v[i].last;
			continue;
		}
		l.v[out++] = l.v[i];
	}
	l.n = out;
	return l;
}

static const char *protocol_name(enum net_protocol protocol)
{
	return protocol == NET_UDP ? "udp" : "tcp";
}

static void print_element(FILE *o, const struct element *e)
{
	char text[NET_PREFIX_TEXT];
	net_prefix_text(&e->prefix, text);
	fputs(text, o);
	if (e->kind > 0)
		fprintf(o, " . %s", protocol_name(e->protocol));
	if (e->kind == 2 && e->first == e->last)
		fprintf(o, " . %u", e->first);
	else if (e->kind == 2)
		fprintf(o, " . %u-%u", e->first, e->last);
}

static void print_set_name(FILE *o, const struct element *e)
{
	fprintf(o, "%s%c_%u_%u", e->allow ? "allow" : "deny", e->prefix.v6 ? '6' : '4',
		e->prefix.bits, e->kind);
}

static void print_sets(FILE *o, const struct elements *l)
{
	static const char *const types[] = { "", " . inet_proto",
		" . inet_proto . inet_service" };
	for (size_t i = 0, k; i < l->n; i = k) {
		const struct element *first = &l->v[i];
		fputs("\tset ", o);
		print_set_name(o, first);
		fprintf(o, " { type %s%s; flags interval; elements = { ",
			first->prefix.v6 ? "ipv6_addr" : "ipv4_addr", types[first->kind]);
		for (k = i; k < l->n && by_set(&l->v[k], first) == 0; k++) {
			fputs(k > i ? ", " : "", o);
			print_element(o, &l->v[k]);
		}
		fputs(" } }\n", o);
	}
}

static void print_set_rules(FILE *o, const struct elements *l)
{
	static const char *const keys[] = { "", " . meta l4proto",
		" . meta l4proto . th dport" };
	for (size_t i = 0, k; i < l->n; i = k) {
		const struct element *first = &l->v[i];
		fprintf(o, "\t\t%s daddr%s @", first->prefix.v6 ? "ip6" : "ip",
			keys[first->kind]);
		print_set_name(o, first);
		fprintf(o, " %s\n", first->allow ? "accept" : "goto refuse");
		for (k = i; k < l->n && by_set(&l->v[k], first) == 0; k++)
			;
	}
}

/* ---- rules of words and names ---- */

static void print_ports(FILE *o, const struct net_rule *rule)
{
	if (rule->n_ports == 0) {
		if (rule->protocol != NET_ANY)
			fprintf(o, " meta l4proto %s", protocol_name(rule->protocol));
		return;
	}
	fprintf(o, " %s dport { ", protocol_name(rule->protocol));
	for (size_t i = 0; i < rule->n_ports; i++) {
		const struct net_range *r = &rule->ports[i];
		fprintf(o, i ? ", %u" : "%u", r->first);
		if (r->last > r->first)
			fprintf(o, "-%u", r->last);
	}
	fputs(" }", o);
}

/* For both families: the sets of @match in which the destination must be, "!" for those in
 * which it must not be; "" for any destination. */
static void print_rule(
	FILE *o, const struct net_rule *rule, const char *match, bool allow)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		fputs("\t\t", o);
		if (!*match)
			fprintf(o, "meta nfproto ipv%u", family);
		for (const char *p = match; *p;) {
			size_t len = strcspn(p, " ");
			bool not = *p == '!';
			fprintf(o, "%s%s daddr %s@%.*s%u", p > match ? " " : "",
				family == 4 ? "ip" : "ip6", not ? "!= " : "",
				(int)len - not, p + not, family);
			p += len + (p[len] == ' ');
		}
		print_ports(o, rule);
		fprintf(o, " %s\n", allow ? "accept" : "goto refuse");
	}
}

static void print_names(FILE *o, const struct net_filter *f)
{
	unsigned next = 0;
	for (size_t i = 0; i < f->rules.n_allow; i++) {
		const struct net_rule *rule = &f->rules.v[i];
		if (rule->what != NET_NAME || set_of(f, rule) != next)
			continue;
		next++;
		for (unsigned family = 4; family <= 6; family += 2) {
			fprintf(o, "\t\t%s daddr @name%u_%u", family == 4 ? "ip" : "ip6",
				family, next - 1);
			print_ports(o, rule);
			fputs(" accept\n", o);
		}
	}
}

/* The internet as it is seen through a translator; all of it is special for IPv6. */
static void print_translated(FILE *o, const struct net_rule *rule, bool allow)
{
	fputs("\t\tip6 daddr " NET_TRANSLATED " ip6 daddr != @translated6 "
	      "ip6 daddr != @own6 ip6 daddr != @attached6",
		o);
	print_ports(o, rule);
	fprintf(o, " %s\n", allow ? "accept" : "goto refuse");
}

/* With ports before with a protocol before without; deny before allow. */
static void print_words(FILE *o, const struct net_filter *f, enum net_what what)
{
	static const char *const lan_deny[] = { "private", "attached", "own", "link",
		NULL };
	static const char *const lan_allow[] = { "!own private", "!own attached", NULL };
	static const char *const internet[] = { "!special !own !attached", NULL };
	static const char *const all[] = { "", NULL };
	for (unsigned pass = 0; pass < 6; pass++) {
		unsigned kind = 2 - pass / 2;
		bool allow = pass % 2;
		for (size_t i = 0; i < f->rules.n; i++) {
			const struct net_rule *r = &f->rules.v[i];
			if (r->what != what || is_allow(f, r) != allow ||
				kind !=
					(r->n_ports		      ? 2u
							: r->protocol ? 1u
								      : 0u) ||
				(what == NET_ADDRESS && r->prefix.bits > 0))
				continue;
			const char *const *match = what == NET_LAN
				? allow ? lan_allow : lan_deny
				: what == NET_INTERNET ? internet
						       : all;
			for (; *match; match++)
				print_rule(o, r, *match, allow);
			if (what == NET_INTERNET)
				print_translated(o, r, allow);
		}
	}
}

/* ---- the whole ---- */

/* @v as it is, and @v4 as a translator has it; either may be NULL. */
static void print_list_set(FILE *o, const char *name, const char *type,
	const char *const *v, const char *const *v4)
{
	const char *between = "";
	fprintf(o, "\tset %s { type %s; flags interval; elements = { ", name, type);
	for (; v && *v; v++) {
		fprintf(o, "%s%s", between, *v);
		between = ", ";
	}
	for (; v4 && *v4; v4++) {
		char text[NET_PREFIX_TEXT];
		struct net_prefix p = { 0 };
		(void)net_prefix_parse(*v4, &p); /* it is one of net_near.c's own */
		p = net_translate(&p);
		net_prefix_text(&p, text);
		fprintf(o, "%s%s", between, text);
		between = ", ";
	}
	fputs(" } }\n", o);
}

static void print_fixed_sets(FILE *o, const struct net_filter *f)
{
	static const char v4[] = "ipv4_addr", v6[] = "ipv6_addr";
	print_list_set(o, "special4", v4, net_special4, NULL);
	print_list_set(o, "special6", v6, net_special6, NULL);
	print_list_set(o, "translated6", v6, NULL, net_special4);
	print_list_set(o, "private4", v4, net_private4, NULL);
	print_list_set(o, "private6", v6, net_private6, net_private4);
	print_list_set(o, "link4", v4, net_link4, NULL);
	print_list_set(o, "link6", v6, net_link6, net_link4);
	for (unsigned family = 4; family <= 6; family += 2) {
		fprintf(o, "\tset own%u { type ipv%u_addr; }\n", family, family);
		fprintf(o,
			"\tset attached%u { type ipv%u_addr; flags interval; "
			"auto-merge; }\n",
			family, family);
		fprintf(o,
			"\tset refused%u { type ipv%u_addr . inet_proto . inet_service; "
			"flags dynamic; size 1024; }\n",
			family, family);
		for (unsigned set = 0; set < f->n_sets; set++)
			fprintf(o,
				"\tset name%u_%u { type ipv%u_addr; flags timeout; size "
				"65535; }\n",
				family, set, family);
	}
}

/* The addresses that the helper itself answers for. */
static void print_helper_rules(FILE *o, const struct net_filter *f)
{
	static const char dns[] =
		"ip daddr " INSIDE_DNS " meta l4proto { tcp, udp } th dport 53 accept";
	if (f->names.n > 0)
		fprintf(o, "\t\tmeta mark %#x %s\n", NET_RESOLVER_MARK, dns);
	else if (f->free_lookup)
		fprintf(o, "\t\t%s\n", dns);
	for (size_t i = 0; i < f->rules.n_allow; i++) {
		if (f->rules.v[i].what != NET_HOST_LOOPBACK)
			continue;
		fputs("\t\tip daddr " INSIDE_GATEWAY, o);
		print_ports(o, &f->rules.v[i]);
		fputs(" accept\n", o);
	}
	/* libslirp takes every other address of its network for the host's loopback, and
	 * broadcasts too */
	fputs("\t\tip daddr { 10.0.2.0/24, 255.255.255.255 } goto refuse\n"
	      "\t\tip6 daddr fd00::/64 goto refuse\n",
		o);
}

/* The helpers take anybody's packets for a port of UDP that has sent something, as many
 * address translators do. The first one of a stranger would begin a known connection, with
 * the program's answers to it let through. So ports that have sent hear from those alone
 * that they have sent to. (What is published comes over the loopback.) */
static const char input[] =
	"\tset sent { type inet_service; flags dynamic; size 65535; }\n"
	"\tchain input { type filter hook input priority filter;\n"
	"\t\tiifname != \"lo\" meta l4proto udp ct state new "
	"udp dport @sent drop\n\t}\n";

static void print_output(FILE *o, const struct net_filter *f, const struct elements *l)
{
	/* A socket bound to the device (SO_BINDTODEVICE) sends what is meant for the loopback
	 * out there, and the helper hands it to the host's. A forged sender (IPV6_FREEBIND)
	 * makes a first packet into the answer to another one, so both come before "ct". */
	fputs("\tchain output { type filter hook output priority filter; policy drop;\n"
	      "\t\toifname \"lo\" accept\n"
	      "\t\tip saddr != " INSIDE_ADDRESS " drop\n"
	      "\t\tip6 saddr != { ::, " INSIDE_ADDRESS6 ", fe80::/10 } drop\n"
	      "\t\tip daddr { 0.0.0.0/8, 127.0.0.0/8 } goto refuse\n"
	      "\t\tip6 daddr { ::/127, ::ffff:0:0/96 } goto refuse\n",
		o);
	/* before "ct": what our resolver has asked is an answer's way for its port */
	if (f->names.n > 0)
		fprintf(o, "\t\tip daddr " INSIDE_DNS " meta mark != %#x goto refuse\n",
			NET_RESOLVER_MARK);
	/* related: of errors alone. A kernel's helper for some protocol (ftp, sip), which
	 * may be in use where it is not asked, relates what a server has named. */
	fputs("\t\tct state established accept\n"
	      "\t\tct state related meta l4proto { icmp, icmpv6 } accept\n"
	      "\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, "
	      "nd-neighbor-advert } accept\n",
		o);
	if (f->any)
		fputs("\t\tmeta l4proto udp ct state new add @sent { udp sport }\n", o);
	print_helper_rules(o, f);
	print_set_rules(o, l);
	if (f->names.n > 0) /* else another resolver would answer what ours refuses */
		fputs("\t\tmeta l4proto { tcp, udp } th dport { 53, 853 } goto refuse\n",
			o);
	if (f->names.n >
		0) /* an address that was opened by name may have become the host's */
		fputs("\t\tip daddr @own4 goto refuse\n\t\tip6 daddr @own6 goto refuse\n",
			o);
	print_names(o, f);
	print_words(o, f, NET_LAN);
	print_words(o, f, NET_INTERNET);
	print_words(o, f, NET_ADDRESS);
	fprintf(o, "\t\t%s\n\t}\n", f->rules.n_allow > 0 ? "goto refuse" : "accept");
}

static void print_prefixes(
	FILE *o, const char *set, unsigned family, const struct net_prefixes *l)
{
	bool first = true;
	for (size_t i = 0; i < l->n; i++) {
		char text[NET_PREFIX_TEXT];
		struct net_prefix p = l->v[i];
		if (family == 6 && !p.v6)
			p = net_translate(&p);
		if (p.v6 != (family == 6))
			continue;
		net_prefix_text(&p, text);
		if (first)
			fprintf(o, "add element inet sbox %s%u { ", set, family);
		fprintf(o, "%s%s", first ? "" : ", ", text);
		first = false;
	}
	if (!first)
		fputs(" }\n", o);
}

static void print_host(FILE *o, const struct net_host *host)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		print_prefixes(o, "own", family, &host->own);
		print_prefixes(o, "attached", family, &host->attached);
	}
}

void net_filter_print_host(FILE *o, const struct net_host *host)
{
	const struct net_prefixes *lists[] = { &host->own, &host->attached };
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++) {
			char text[NET_PREFIX_TEXT];
			net_prefix_text(&lists[k]->v[i], text);
			fprintf(o, "%s %s\n", k == 0 ? "own" : "attached", text);
		}
}

static char *finish(struct arena *a, FILE *o, char **text)
{
	fclose(o);
	char *copy = arena_strdup(a, *text);
	free(*text);
	return copy;
}

char *net_filter_text(
	const struct net_filter *f, struct arena *a, const struct net_host *host)
{
	char *text = NULL;
	size_t size;
	struct elements l = collect(f, a);
	FILE *o = open_memstream(&text, &size);
	if (!o)
		return NULL;
	fputs("table inet sbox {\n", o);
	print_fixed_sets(o, f);
	print_sets(o, &l);
	fputs("\tchain refuse {\n"
	      "\t\tmeta nfproto ipv4 meta l4proto { tcp, udp } "
	      "add @refused4 { ip daddr . meta l4proto . th dport counter }\n"
	      "\t\tmeta nfproto ipv6 meta l4proto { tcp, udp } "
	      "add @refused6 { ip6 daddr . meta l4proto . th dport counter }\n"
	      "\t\tmeta l4proto tcp reject with tcp reset\n"
	      "\t\treject with icmpx admin-prohibited\n"
	      "\t}\n"
	      "\tchain untracked_out { type filter hook output priority raw;\n"
	      "\t\toifname \"lo\" notrack\n\t}\n"
	      "\tchain untracked_in { type filter hook prerouting priority raw;\n"
	      "\t\tiifname \"lo\" notrack\n\t}\n"
	      "\tchain no_forward { type filter hook forward priority filter; policy drop; "
	      "}\n",
		o);
	if (f->any)
		fputs(input, o);
	print_output(o, f, &l);
	fputs("}\n", o);
	print_host(o, host);
	return finish(a, o, &text);
}

char *net_filter_update(struct arena *a, const struct net_host *host)
{
	char *text = NULL;
	size_t size;
	FILE *o = open_memstream(&text, &size);
	if (!o)
		return NULL;
	for (unsigned family = 4; family <= 6; family += 2)
		fprintf(o, "flush set inet sbox own%u\nflush set inet sbox attached%u\n",
			family, family);
	print_host(o, host);
	return finish(a, o, &text);
}

/* ---- what was refused ---- */

/* "192.0.2.1 . 6 . 80 counter packets 3 bytes 180" */
static bool one_refused(const char *text, struct net_refused *ret)
{
	char address[INET6_ADDRSTRLEN];
	unsigned protocol, port;
	*ret = (struct net_refused){ 0 };
	if (sscanf(text, "%45s . %u . %u counter packets %" SCNu64, address, &protocol,
		    &port, &ret->count) != 4)
		return false;
	if (inet_pton(AF_INET, address, ret->address) != 1) {
		ret->v6 = true;
		if (inet_pton(AF_INET6, address, ret->address) != 1)
			return false;
	}
	if ((protocol != 6 && protocol != 17) || port > 65535)
		return false;
	ret->udp = protocol == 17;
	ret->port = (uint16_t)port;
	return true;
}

void net_refused_parse(struct arena *a, const char *text, struct net_refusals *ret)
{
	static const char begin[] = "elements = {";
	*ret = (struct net_refusals){ 0 };
	for (const char *p = text; (p = strstr(p, begin));) {
		p += strlen(begin);
		while (*p && *p != '}') {
			struct net_refused one;
			p += strspn(p, ", \t\n");
			if (one_refused(p, &one))
				*ARENA_PUSH(a, ret) = one;
			p += strcspn(p, ",}");
		}
	}
}
