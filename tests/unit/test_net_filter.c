/* SPDX-License-Identifier: MIT */
/* test_net_filter.c - promises of src/resolve/net_filter.c */
#include "plans.h"

#include <arpa/inet.h>
#include <errno.h>

#include "resolve/net_filter.h"
#include "resolve/net_forward.h"

static struct net_host host;

static void begin(void)
{
	host = (struct net_host){ 0 };
	cr_assert(net_prefix_parse("203.0.113.5", ARENA_PUSH(&arena, &host.own)));
	cr_assert(net_prefix_parse("203.0.113.0/24", ARENA_PUSH(&arena, &host.attached)));
	cr_assert(net_prefix_parse("2a00:1::/64", ARENA_PUSH(&arena, &host.attached)));
}

TestSuite(net_filter, .init = begin);

static struct net_filter filter_of(char **words)
{
	struct plan *p = arena_alloc(&arena, sizeof(*p));
	struct net_filter f;
	*p = good_words(words);
	net_filter_init(&f, &arena, p);
	return f;
}

static const char *text_of(char **words)
{
	struct net_filter f = filter_of(words);
	return net_filter_text(&f, &arena, &host);
}

/* Where @part begins in @text, which must hold it. */
static size_t place(const char *text, const char *part)
{
	const char *at = strstr(text, part);
	cr_assert_not_null(at, "'%s' is not in:\n%s", part, text);
	return (size_t)(at - text);
}

#define ALLOW "--network-allow="
#define DENY  "--network-deny="

Test(net_filter, the_more_specific_rule_is_asked_first_and_deny_before_allow)
{
	const char *t = text_of(WORDS(ALLOW "10.0.0.0/8", DENY "10.1.0.0/16",
		ALLOW "10.1.2.0/24:80", ALLOW "10.1.2.0/24", DENY "10.1.2.0/24:80",
		ALLOW "internet", ALLOW "lan", DENY "0.0.0.0/0"));
	const char *order[] = { "@deny4_24_2 goto refuse", "@allow4_24_2 accept",
		"@allow4_24_0 accept", "@deny4_16_0 goto refuse", "@allow4_8_0 accept",
		"@private4 accept", "!= @special4", "meta nfproto ipv4 goto refuse" };
	for (size_t i = 1; i < ARRAY_SIZE(order); i++)
		cr_assert_lt(place(t, order[i - 1]), place(t, order[i]), "%s\n%s",
			order[i], t);
}

Test(net_filter, what_is_left_is_refused_only_where_something_was_allowed)
{
	cr_assert_contains(text_of(WORDS(ALLOW "internet")), "\t\tgoto refuse\n\t}");
	cr_assert_contains(text_of(WORDS(DENY "lan")), "\t\taccept\n\t}");
}

Test(net_filter, rules_for_one_network_do_not_overlap)
{
	const char *t =
		text_of(WORDS(ALLOW "192.0.2.0/24:80-90,443", ALLOW "192.0.2.0/24:85-100",
			ALLOW "192.0.2.0/24:443", ALLOW "192.0.2.0/24:443/udp",
			ALLOW "192.0.2.0/24", ALLOW "192.0.2.0/24"));
	cr_assert_contains(t,
		"{ 192.0.2.0/24 . tcp . 80-100, 192.0.2.0/24 . tcp . 443, "
		"192.0.2.0/24 . udp . 443 }");
	cr_assert_contains(t, "elements = { 192.0.2.0/24 } }");
}

Test(net_filter, names_share_a_set_where_their_ports_are_the_same)
{
	struct net_filter f = filter_of(WORDS(ALLOW "a.example:443", ALLOW "b.example",
		ALLOW "c.example:443", DENY "d.example", ALLOW "e.example:80"));
	cr_assert_eq(f.n_sets, 3);
	cr_assert_eq(f.names.n, 5);
	cr_assert_eq(f.names.v[0].set, 0);
	cr_assert_eq(f.names.v[1].set, 1);
	cr_assert_eq(f.names.v[2].set, 0);
	cr_assert_eq(f.names.v[3].set, 2);
	cr_assert(!f.names.v[4].allow);
	const char *t = net_filter_text(&f, &arena, &host);
	place(t, "ip daddr @name4_0 tcp dport { 443 } accept");
	place(t, "ip daddr @name4_1 accept");
	place(t, "ip6 daddr @name6_2 tcp dport { 80 } accept");
}

Test(net_filter, names_are_looked_up_freely_only_where_destinations_are_not_counted)
{
	cr_assert(filter_of(WORDS(ALLOW "internet")).free_lookup);
	cr_assert(filter_of(WORDS(ALLOW "a.b", ALLOW "lan:80")).free_lookup);
	cr_assert(filter_of(WORDS(DENY "a.b")).free_lookup);
	cr_assert(filter_of(WORDS(ALLOW "::/0")).free_lookup);
	cr_assert(!filter_of(WORDS(ALLOW "a.b")).free_lookup);
	cr_assert(!filter_of(WORDS(ALLOW "192.0.2.0/24")).free_lookup);
}

Test(net_filter, only_the_resolver_reaches_the_name_server_where_names_are_filtered)
{
	const char *t = text_of(WORDS(ALLOW "a.b", ALLOW "internet"));
	place(t, "meta mark 0x5b0c ip daddr 10.0.2.3");
	cr_assert_lt(place(t, "ip daddr 10.0.2.3 meta mark != 0x5b0c goto refuse"),
		place(t, "ct state established accept"));
	cr_assert_null(strstr(t, "\t\tip daddr 10.0.2.3 meta l4proto"));
	cr_assert_null(strstr(text_of(WORDS(ALLOW "192.0.2.1")), "10.0.2.3 meta"));
	place(text_of(WORDS(ALLOW "internet")), "\t\tip daddr 10.0.2.3 meta l4proto");
}

Test(net_filter, of_the_hosts_loopback_only_the_named_ports)
{
	struct net_filter f = filter_of(WORDS(ALLOW "host-loopback:631,8080"));
	cr_assert(f.host_loopback);
	const char *t = net_filter_text(&f, &arena, &host);
	cr_assert_lt(place(t, "ip daddr 10.0.2.2 tcp dport { 631, 8080 } accept"),
		place(t, "ip daddr { 10.0.2.0/24, 255.255.255.255 } goto refuse"));
	cr_assert(!filter_of(WORDS(ALLOW "internet")).host_loopback);
}

Test(net_filter, no_port_hears_from_strangers)
{
	place(text_of(WORDS("--network=user", ALLOW "internet", "--publish=53:5353/udp")),
		"ct state new udp dport @sent drop");
	cr_assert_null(strstr(text_of(WORDS("--network=user")), "@sent"));
}

/* Helpers of the kernel relate connections that a server names. */
Test(net_filter, what_is_related_is_errors_alone)
{
	const char *t = text_of(WORDS(ALLOW "internet"));
	place(t, "ct state related meta l4proto { icmp, icmpv6 } accept");
	cr_assert_null(strstr(t, "established,related"));
}

static bool internet(const char *text)
{
	uint8_t address[16];
	bool v6 = strchr(text, ':');
	cr_assert_eq(inet_pton(v6 ? AF_INET6 : AF_INET, text, address), 1);
	return net_is_internet(&host, v6, address);
}

Test(net_filter, the_internet_is_nothing_near)
{
	static const char *const near[] = { "127.0.0.1", "10.1.2.3", "172.31.0.1",
		"192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.251",
		"255.255.255.255", "0.0.0.0", "203.0.113.5", "203.0.113.77", "::1",
		"fe80::1", "fd00::3", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
		"2002:7f00:1::", "2a00:1::5" };
	static const char *const far[] = { "1.1.1.1", "9.9.9.9", "172.32.0.1",
		"2606:4700::1111", "2a00:1:0:1::5" };
	for (size_t i = 0; i < ARRAY_SIZE(near); i++)
		cr_assert(!internet(near[i]), "%s", near[i]);
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		cr_assert(internet(far[i]), "%s", far[i]);
}

/* IANA's registries of special-purpose addresses, of 4 and of 6, with multicast and what
 * was never given out; then what lies next to them. Of those that are reachable from
 * everywhere the anycasts for routers and relays (192.0.0.9, 2001:1::1) are near, too. */
static const struct special {
	const char *first, *last;
	bool internet;
} specials[] = {
	{ "0.0.0.0", "0.255.255.255", false },
	{ "1.0.0.0", "9.255.255.255", true },
	{ "10.0.0.0", "10.255.255.255", false },
	{ "11.0.0.0", "100.63.255.255", true },
	{ "100.64.0.0", "100.127.255.255", false },
	{ "100.128.0.0", "126.255.255.255", true },
	{ "127.0.0.0", "127.255.255.255", false },
	{ "128.0.0.0", "169.253.255.255", true },
	{ "169.254.0.0", "169.254.255.255", false },
	{ "169.255.0.0", "172.15.255.255", true },
	{ "172.16.0.0", "172.31.255.255", false },
	{ "172.32.0.0", "191.255.255.255", true },
	{ "192.0.0.0", "192.0.0.255", false },
	{ "192.0.1.0", "192.0.1.255", true },
	{ "192.0.2.0", "192.0.2.255", false },
	{ "192.31.196.0", "192.31.196.255", true }, /* AS112 */
	{ "192.52.193.0", "192.52.193.255", true }, /* AMT */
	{ "192.88.99.0", "192.88.99.255", false },
	{ "192.88.100.0", "192.167.255.255", true },
	{ "192.168.0.0", "192.168.255.255", false },
	{ "192.175.48.0", "192.175.48.255", true }, /* AS112 */
	{ "198.17.255.255", "198.17.255.255", true },
	{ "198.18.0.0", "198.19.255.255", false },
	{ "198.51.100.0", "198.51.100.255", false },
	{ "203.0.113.0", "203.0.113.255", false },
	{ "203.0.114.0", "223.255.255.255", true },
	{ "224.0.0.0", "239.255.255.255", false },
	{ "240.0.0.0", "255.255.255.255", false },
	{ "::", "::1", false },
	{ "::7f00:1", "::a9fe:a9fe", false }, /* IPv4-compatible */
	{ "::ffff:0.0.0.0", "::ffff:255.255.255.255", false },
	{ "::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1", false }, /* IPv4-translated */
	{ "64:ff9b::", "64:ff9b::255.255.255.255", false },
	{ "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", false },
	{ "64:ff9b::10.0.0.0", "64:ff9b::10.255.255.255", false },
	{ "64:ff9b::11.0.0.0", "64:ff9b::100.63.255.255", true }, /* NAT64 of the world */
	{ "64:ff9b::172.16.0.0", "64:ff9b::172.31.255.255", false },
	{ "64:ff9b::192.168.0.0", "64:ff9b::192.168.255.255", false },
	{ "64:ff9b::1:0:0", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", false },
	{ "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false },
	{ "100::", "100:0:0:1:ffff:ffff:ffff:ffff", false },
	{ "200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", false }, /* Teredo */
	{ "2001:1::1", "2001:1::3", false }, /* PCP, TURN, SRP */
	{ "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", false }, /* benchmarks */
	{ "2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", false }, /* AMT */
	{ "2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", false }, /* AS112 */
	{ "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", false }, /* ORCHID */
	{ "2001:20::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "2001:1ff:ffff::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false }, /* 6to4 */
	{ "2003::", "29ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", true }, /* AS112 */
	{ "3ffe:ffff::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false }, /* SRv6 */
	{ "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	{ "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false }, /* site-local */
	{ "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
};

/* Whether the set of that name in the packet filter has the address. */
static bool in_set(const char *text, const char *set, const char *address)
{
	uint8_t bytes[16];
	bool v6 = strchr(address, ':');
	char begin[64], copy[2000];
	cr_assert_eq(
		inet_pton(v6 ? AF_INET6 : AF_INET, address, bytes), 1, "%s", address);
	(void)snprintf(begin, sizeof(begin), "\tset %s%c {", set, v6 ? '6' : '4');
	const char *list = strstr(text + place(text, begin), "elements = { ");
	(void)snprintf(copy, sizeof(copy), "%s", list + strlen("elements = { "));
	*strchr(copy, '}') = '\0';
	for (char *save, *one = strtok_r(copy, ", ", &save); one;
		one = strtok_r(NULL, ", ", &save)) {
		struct net_prefix p;
		cr_assert(net_prefix_parse(one, &p), "%s", one);
		if (net_prefix_has(&p, v6, bytes))
			return true;
	}
	return false;
}

/* As the rules for the internet judge. */
static bool passes(const char *text, const char *address)
{
	struct net_prefix translated;
	uint8_t bytes[16];
	cr_assert(net_prefix_parse(NET_TRANSLATED, &translated));
	if (inet_pton(AF_INET6, address, bytes) == 1 &&
		net_prefix_has(&translated, true, bytes))
		return !in_set(text, "translated", address);
	return !in_set(text, "special", address);
}

Test(net_filter, packets_and_answers_know_the_same_special_addresses)
{
	host = (struct net_host){ 0 };
	const char *t = text_of(WORDS(ALLOW "internet"));
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		const char *ends[] = { specials[i].first, specials[i].last };
		for (size_t k = 0; k < ARRAY_SIZE(ends); k++) {
			cr_expect_eq(
				internet(ends[k]), specials[i].internet, "%s", ends[k]);
			cr_expect_eq(
				passes(t, ends[k]), specials[i].internet, "%s", ends[k]);
		}
	}
}

/* A multicast goes to all on the local network, and they answer. */
Test(net_filter, a_denied_lan_is_all_that_is_near)
{
	static const char *const near[] = { "10.1.2.3", "172.16.0.1", "192.168.7.9",
		"169.254.169.254", "100.100.1.1", "224.0.0.251", "239.255.255.250",
		"fc00::1", "fec0::1", "fe80::1", "ff02::fb", "ff05::1:3",
		"64:ff9b::10.1.2.3", "64:ff9b::192.168.7.9", "64:ff9b::169.254.169.254",
		"64:ff9b::100.64.0.1", "64:ff9b:1::1", "64:ff9b:1:fffe::10.0.0.1",
		"::10.0.0.1", "2002:a01:203::1", "2002:ac1f:1::1", "2002:c0a8:101::1",
		"2002:a9fe:a9fe::1", "2002:6440:1::1", "2002:7f00:1::1" };
	const char *t = text_of(WORDS(DENY "lan"));
	place(t, "daddr @link4 goto refuse");
	place(t, "daddr @link6 goto refuse");
	for (size_t i = 0; i < ARRAY_SIZE(near); i++)
		cr_expect(in_set(t, "private", near[i]) || in_set(t, "link", near[i]),
			"%s", near[i]);
	cr_expect(!in_set(t, "link", "1.1.1.1") && !in_set(t, "link", "2606:4700::1111"));
	cr_expect(!in_set(t, "link", "64:ff9b::1.1.1.1") &&
		!in_set(t, "private", "64:ff9b::1.1.1.1"));
}

static bool allowed(const struct net_filter *f, const char *text)
{
	uint8_t address[16];
	cr_assert_eq(inet_pton(AF_INET6, text, address), 1);
	return net_is_allowed(f, &host, true, address);
}

Test(net_filter, what_a_translator_takes_for_ipv4_is_judged_as_that)
{
	host = (struct net_host){ .own = { .v = &(struct net_prefix){ .bits = 32,
						   .bytes = { 198, 51, 99, 5 } },
					  .n = 1 },
		.attached = {
			.v = &(struct net_prefix){ .bits = 24, .bytes = { 198, 51, 99 } },
			.n = 1 } };
	cr_assert(internet("64:ff9b::1.1.1.1"));
	cr_assert_not(internet("64:ff9b::198.51.99.5"));
	cr_assert_not(internet("64:ff9b::198.51.99.6"));
	const char *t = text_of(WORDS(ALLOW "internet"));
	place(t, "add element inet sbox own6 { 64:ff9b::c633:6305 }");
	place(t, "add element inet sbox attached6 { 64:ff9b::c633:6300/120 }");
	struct net_filter f = filter_of(WORDS(ALLOW "lan", ALLOW "100.64.0.7"));
	cr_assert(allowed(&f, "64:ff9b::10.0.0.1") && allowed(&f, "64:ff9b::100.64.0.7"));
	cr_assert(allowed(&f, "64:ff9b::198.51.99.6"));
	cr_assert_not(allowed(&f, "64:ff9b::198.51.99.5"));
	cr_assert_not(allowed(&f, "64:ff9b::100.64.0.8"));
	cr_assert_not(allowed(&f, "64:ff9b:1::10.0.0.1"));
	/* a rule for an address of IPv4 is one for its translation, too */
	t = text_of(WORDS("--network=user", "--network-ipv6", DENY "11.2.3.0/24:80"));
	place(t, "{ 11.2.3.0/24 . tcp . 80 }");
	place(t, "{ 64:ff9b::b02:300/120 . tcp . 80 }");
	t = text_of(WORDS("--network=user", DENY "11.2.3.0/24:80"));
	cr_assert_null(strstr(t, "b02:300"));
}

Test(net_filter, an_address_that_is_not_on_the_internet_can_be_allowed)
{
	struct net_filter f = filter_of(WORDS(ALLOW "lan", ALLOW "100.64.0.7:80"));
	const uint8_t lan[] = { 192, 168, 7, 7 }, neighbour[] = { 203, 0, 113, 9 },
		      own[] = { 203, 0, 113, 5 }, named[] = { 100, 64, 0, 7 },
		      metadata[] = { 169, 254, 169, 254 };
	cr_assert(net_is_allowed(&f, &host, false, lan));
	cr_assert(net_is_allowed(&f, &host, false, neighbour));
	cr_assert(net_is_allowed(&f, &host, false, named));
	cr_assert(!net_is_allowed(&f, &host, false, own));
	cr_assert(!net_is_allowed(&f, &host, false, metadata));
}

Test(net_filter, an_update_names_the_hosts_new_addresses)
{
	const char *t = net_filter_update(&arena, &host);
	cr_assert_lt(place(t, "flush set inet sbox own4"),
		place(t, "add element inet sbox own4 { 203.0.113.5 }"));
	place(t,
		"add element inet sbox attached6 { 64:ff9b::cb00:7100/120, 2a00:1::/64 }");
}

Test(net_filter, refusals_are_read_from_nfts_words)
{
	struct net_refusals r;
	net_refused_parse(&arena,
		"table inet sbox {\n\tset refused4 {\n"
		"\t\ttype ipv4_addr . inet_proto . inet_service\n\t\tsize 1024\n"
		"\t\telements = { 192.0.2.4 . 17 . 53 counter packets 1 bytes 29,\n"
		"\t\t\t     192.0.2.8 . 6 . 443 counter packets 7 bytes 60 }\n\t}\n}\n"
		"table inet sbox {\n\tset refused6 {\n"
		"\t\telements = { 2001:db8::1 . 6 . 80 counter packets 2 bytes 9 }\n",
		&r);
	cr_assert_eq(r.n, 3);
	cr_assert(r.v[0].udp && r.v[0].port == 53 && r.v[0].count == 1);
	cr_assert(!r.v[1].udp && r.v[1].port == 443 && r.v[1].count == 7);
	cr_assert(r.v[2].v6 && r.v[2].port == 80);
	net_refused_parse(&arena, "", &r);
	cr_assert_eq(r.n, 0);
}

/* ---- published ports ---- */

static const char *const ports[] = { "127.0.0.1:8080:80", "0.0.0.0:53:53/udp",
	"[::1]:8080:80", "[2001:db8::1]:1:65535/udp" };

Test(net_filter, what_is_asked_is_what_is_heard)
{
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		for (int what = FORWARD_ADD; what < FORWARD_COUNT; what++) {
			enum net_forward_what heard;
			struct net_publish p, again;
			const char *hint;
			cr_assert_null(net_publish_parse(ports[i], &p, &hint));
			cr_assert(net_forward_asked(
				net_forward_ask(&arena, (enum net_forward_what)what, &p),
				&heard, &again));
			cr_assert_eq((int)heard, what);
			cr_assert_str_eq(net_forward_text(&arena, &again), ports[i]);
		}
	enum net_forward_what heard = FORWARD_COUNT;
	struct net_publish p;
	cr_assert(net_forward_asked(
		net_forward_ask(&arena, FORWARD_LIST, NULL), &heard, &p));
	cr_assert_eq(heard, FORWARD_LIST);
	static const char *const none[] = { "", "add", "add ", "add x", "addd 80",
		"list 80", "remove", "remove 0", "drop 80" };
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		cr_assert_not(net_forward_asked(none[i], &heard, &p), "%s", none[i]);
}

Test(net_filter, an_answer_is_an_errno_or_the_ports)
{
	struct net_publish v[ARRAY_SIZE(ports)];
	struct net_forwards all = { v, ARRAY_SIZE(ports) }, got;
	const char *hint;
	for (size_t i = 0; i < all.n; i++)
		cr_assert_null(net_publish_parse(ports[i], &v[i], &hint));
	char *text = arena_strdup(&arena, net_forward_answer(&arena, 0, &all));
	cr_assert_eq(net_forward_answered(&arena, text, &got), 0);
	cr_assert_eq(got.n, all.n);
	for (size_t i = 0; i < all.n; i++)
		cr_assert_str_eq(net_forward_text(&arena, &got.v[i]), ports[i]);
	text = arena_strdup(&arena, net_forward_answer(&arena, -EADDRINUSE, NULL));
	cr_assert_eq(net_forward_answered(&arena, text, &got), -EADDRINUSE);
	static const char *const none[] = { "", "x", "0\nx", "-1", "99999" };
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		cr_assert_eq(
			net_forward_answered(&arena, arena_strdup(&arena, none[i]), &got),
			-EPROTO, "%s", none[i]);
}

Test(net_filter, a_port_is_the_same_wherever_it_leads)
{
	struct net_publish x, y;
	const char *hint;
	net_publish_parse("8080:80", &x, &hint);
	net_publish_parse("127.0.0.1:8080:81", &y, &hint);
	cr_assert(net_forward_same(&x, &y));
	net_publish_parse("8080/udp", &y, &hint);
	cr_assert_not(net_forward_same(&x, &y));
	net_publish_parse("0.0.0.0:8080", &y, &hint);
	cr_assert_not(net_forward_same(&x, &y));
}
