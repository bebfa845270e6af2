/* SPDX-License-Identifier: MIT */
/* test_net_rule.c - promises of src/config/net_rule.c */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "config/net_rule.h"

static struct net_rule good(const char *text)
{
	struct net_rule r;
	const char *hint, *wrong = net_rule_parse(text, &r, &hint);
	cr_assert_null(wrong, "%s: %s", text, wrong);
	return r;
}

static const char *prefix_text(const struct net_prefix *p)
{
	static char text[NET_PREFIX_TEXT];
	net_prefix_text(p, text);
	return text;
}

Test(net_rule, every_form_of_a_destination)
{
	cr_assert_eq(good("internet").what, NET_INTERNET);
	cr_assert_eq(good("lan:80").what, NET_LAN);
	cr_assert_eq(good("host-loopback:631").what, NET_HOST_LOOPBACK);
	cr_assert_str_eq(good("*.Example.ORG.").name, "*.example.org");
	cr_assert_str_eq(good("nas.").name, "nas");
	cr_assert_str_eq(good("*:443").name, "*");
	struct net_rule r = good("192.0.2.0/24:80");
	cr_assert_str_eq(prefix_text(&r.prefix), "192.0.2.0/24");
	r = good("192.0.2.7/udp");
	cr_assert_str_eq(prefix_text(&r.prefix), "192.0.2.7");
	r = good("2001:db8::/32");
	cr_assert_str_eq(prefix_text(&r.prefix), "2001:db8::/32");
	r = good("[2001:db8::1]:443/udp");
	cr_assert_str_eq(prefix_text(&r.prefix), "2001:db8::1");
	cr_assert_eq(r.ports[0].first, 443);
}

Test(net_rule, ports_alone_are_tcps)
{
	cr_assert_eq(good("a.b").protocol, NET_ANY);
	cr_assert_eq(good("a.b:80").protocol, NET_TCP);
	cr_assert_eq(good("a.b:80/udp").protocol, NET_UDP);
	cr_assert_eq(good("192.0.2.0/24/udp").protocol, NET_UDP);
	cr_assert_eq(good("192.0.2.0/24/udp").n_ports, 0);
}

Test(net_rule, ranges_of_ports_are_sorted_and_joined)
{
	struct net_rule r = good("a.b:90,80-85,86,8000-9000,8500");
	cr_assert_eq(r.n_ports, 3);
	cr_assert_eq(r.ports[0].first, 80);
	cr_assert_eq(r.ports[0].last, 86);
	cr_assert_eq(r.ports[1].first, 90);
	cr_assert_eq(r.ports[2].last, 9000);
	cr_assert_eq(good("a.b:1-65535").ports[0].last, 65535);
}

Test(net_rule, what_is_no_rule_is_refused)
{
	static const char *const bad[] = { "", "intrenet", "nas", "10.0.0", "10.0.0.256",
		"10.0.0.1/8", "10.0.0.0/33", "2001:db8::1/64", "[10.0.0.1]:80", "[::1",
		"a.b:", "a.b:0", "a.b:65536", "a.b:80,", "a.b:9-8", "a.b:80:81",
		"*.*.b.c", "a*.b.c", "-a.b", "a..b", ".a.b", "host-loopback",
		"host-loopback/udp", "a b.c", "a.b/icmp", "http://a.b/", "a.b:http" };
	struct net_rule r;
	const char *hint;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_not_null(net_rule_parse(bad[i], &r, &hint), "%s", bad[i]);
	char many[200] = "a.b:1";
	for (int i = 2; i <= NET_RANGES_MAX + 1; i++)
		(void)snprintf(
			many + strlen(many), sizeof(many) - strlen(many), ",%d", i * 2);
	cr_assert_not_null(net_rule_parse(many, &r, &hint));
}

Test(net_rule, a_pages_address_is_told_what_to_write_instead)
{
	struct net_rule r;
	const char *hint;
	const char *wrong = net_rule_parse("https://example.org/x", &r, &hint);
	cr_assert_str_eq(wrong, "a page's address, not a host's");
	cr_assert_not_null(strstr(hint, "example.org:443"));
}

Test(net_rule, the_closer_pattern_counts_more)
{
	unsigned any = net_name_match("*", "x.example.org");
	unsigned wide = net_name_match("*.org", "x.example.org");
	unsigned close = net_name_match("*.example.org", "x.example.org");
	unsigned same = net_name_match("x.example.org", "x.example.org");
	cr_assert(0 < any && any < wide && wide < close && close < same);
}

Test(net_rule, a_wildcard_is_for_what_lies_below)
{
	cr_assert(net_name_match("*.example.org", "a.b.example.org"));
	cr_assert(!net_name_match("*.example.org", "example.org"));
	cr_assert(!net_name_match("*.example.org", "badexample.org"));
	cr_assert(!net_name_match("example.org", "a.example.org"));
}

/* The label "a.cloud" below example.org is its owner's, not cloud.example.org's. */
Test(net_rule, a_dot_within_a_label_is_no_dot_between_labels)
{
	cr_assert(!net_name_match("*.cloud.example.org", "a\\.cloud.example.org"));
	cr_assert(!net_name_match("*.cloud.example.org", "a\\\\\\.cloud.example.org"));
	cr_assert(net_name_match("*.cloud.example.org", "a\\\\.cloud.example.org"));
	cr_assert(net_name_match("*.example.org", "a\\.cloud.example.org"));
}

Test(net_rule, an_address_lies_in_a_network_or_not)
{
	struct net_prefix p;
	cr_assert(net_prefix_parse("10.128.0.0/9", &p));
	cr_assert(net_prefix_has(&p, false, (uint8_t[]){ 10, 200, 1, 1 }));
	cr_assert(!net_prefix_has(&p, false, (uint8_t[]){ 10, 127, 255, 255 }));
	cr_assert(!net_prefix_has(&p, true, (uint8_t[16]){ 10, 200, 1, 1 }));
	cr_assert(net_prefix_parse("0.0.0.0/0", &p));
	cr_assert(net_prefix_has(&p, false, (uint8_t[]){ 255, 0, 0, 1 }));
}

Test(net_rule, every_form_of_a_published_port)
{
	struct net_publish p;
	const char *hint;
	cr_assert_null(net_publish_parse("8080", &p, &hint));
	cr_assert(p.port == 8080 && p.inside == 8080 && !p.udp);
	cr_assert_eq(memcmp(p.address, (uint8_t[]){ 127, 0, 0, 1 }, 4), 0);
	cr_assert_null(net_publish_parse("8080:80/udp", &p, &hint));
	cr_assert(p.port == 8080 && p.inside == 80 && p.udp);
	cr_assert_null(net_publish_parse("0.0.0.0:53:5353", &p, &hint));
	cr_assert(p.address[0] == 0 && p.port == 53 && p.inside == 5353);
	cr_assert_null(net_publish_parse("[2001:db8::1]:8080:80/udp", &p, &hint));
	cr_assert(p.v6 && p.address[0] == 0x20 && p.port == 8080 && p.inside == 80);
	cr_assert_null(net_publish_parse("[::]:80", &p, &hint));
	cr_assert(p.v6 && p.address[0] == 0 && p.inside == 80);
	static const char *const bad[] = { "", "0", "65536", "1.2.3.4", "1.2.3:80",
		"1:2:3", "1.2.3.4:1:2:3", "::1:80", "[::1]", "[::1]80", "[::1:80",
		"[1.2.3.4]:80", "[]:80", "[::1]:80:", "80:", ":80", "80/icmp" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_not_null(net_publish_parse(bad[i], &p, &hint), "%s", bad[i]);
}
