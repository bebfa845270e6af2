/* SPDX-License-Identifier: MIT */
/* test_dns.c - promises of src/resolve/dns.c */
#include <criterion/criterion.h>
#include <string.h>

#include "resolve/dns.h"

/* A message, written as the RFC draws it. */
struct message {
	uint8_t v[2048];
	size_t n;
};

static void put(struct message *m, const void *data, size_t size)
{
	memcpy(m->v + m->n, data, size);
	m->n += size;
}

static void put16(struct message *m, unsigned value)
{
	put(m, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

static struct message header(unsigned id, unsigned flags, unsigned answers)
{
	struct message m = { .n = 0 };
	put16(&m, id);
	put16(&m, flags);
	put16(&m, 1);
	put16(&m, answers);
	put16(&m, 0);
	put16(&m, 0);
	return m;
}

static void name(struct message *m, const char *text)
{
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ".");
		put(m, (uint8_t[]){ (uint8_t)len }, 1);
		put(m, p, len);
		p += len + (p[len] == '.');
	}
	put(m, "", 1);
}

static struct message question(const char *text, unsigned type)
{
	struct message m = header(0x1234, 0x0100, 0);
	name(&m, text);
	put16(&m, type);
	put16(&m, 1);
	return m;
}

/* A record for the name at the message's 12th byte. */
static void record(struct message *m, unsigned type, const void *data, size_t size)
{
	put16(m, 0xc00c);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 300);
	put16(m, (unsigned)size);
	put(m, data, size);
}

static struct dns_question good(const struct message *m)
{
	struct dns_question q;
	cr_assert_eq(dns_read_question(m->v, m->n, &q), 0);
	return q;
}

Test(dns, a_question_is_its_name_in_lower_case_and_its_type)
{
	struct message m = question("WWW.Example.org", 28);
	struct dns_question q = good(&m);
	cr_assert_str_eq(q.name, "www.example.org");
	cr_assert_eq(q.type, 28);
	cr_assert_eq(q.id, 0x1234);
	cr_assert_eq(q.end, m.n);
	m = question("", 2);
	cr_assert_str_eq(good(&m).name, "");
}

Test(dns, a_dot_in_a_label_makes_no_other_name)
{
	struct message m = header(1, 0x0100, 0);
	put(&m,
		"\x0b"
		"a.example.b\3org\0",
		17);
	put16(&m, 1);
	put16(&m, 1);
	cr_assert_str_eq(good(&m).name, "a\\.example\\.b.org");
}

Test(dns, what_is_no_question_is_refused)
{
	struct dns_question q;
	struct message m = question("example.org", 1);
	for (size_t n = 0; n < m.n; n++)
		cr_assert_neq(dns_read_question(m.v, n, &q), 0, "%zu bytes", n);
	m.v[2] |= 0x80; /* a reply */
	cr_assert_neq(dns_read_question(m.v, m.n, &q), 0);
	m = question("example.org", 1);
	m.v[5] = 2; /* two questions */
	cr_assert_neq(dns_read_question(m.v, m.n, &q), 0);
	m = header(1, 0x0100, 0);
	put16(&m, 0xc00c); /* a name that points to itself */
	put16(&m, 1);
	put16(&m, 1);
	cr_assert_neq(dns_read_question(m.v, m.n, &q), 0);
	m = question("example.org", 1);
	m.v[m.n - 1] = 3; /* another class */
	cr_assert_neq(dns_read_question(m.v, m.n, &q), 0);
}

Test(dns, a_question_is_asked_alone_and_refused_with_its_number)
{
	struct message m = question("example.org", 1);
	struct dns_question q = good(&m);
	uint8_t out[512];
	cr_assert_eq(dns_ask(m.v, &q, 0xabcd, out), q.end);
	cr_assert_eq(out[0], 0xab);
	cr_assert_eq(dns_refuse(m.v, &q, DNS_NO_SUCH_NAME, out), q.end);
	cr_assert_eq(out[0], 0x12);
	cr_assert_eq(out[2] & 0x80, 0x80);
	cr_assert_eq(out[3] & 0x0f, DNS_NO_SUCH_NAME);
}

Test(dns, all_addresses_of_a_reply_are_seen)
{
	struct message m = question("example.org", 1);
	struct dns_question q = good(&m);
	struct dns_answer a;
	m.v[2] = 0x81;
	m.v[7] = 3;
	record(&m, 5, "\1x\3org\0", 7);
	record(&m, 1, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	record(&m, 28, (uint8_t[16]){ 0x20, 1, [15] = 9 }, 16);
	cr_assert_eq(dns_read_answer(m.v, m.n, &q, 0x1234, &a), 0);
	cr_assert_eq(a.n, 2);
	cr_assert(!a.v[0].v6 && a.v[0].bytes[3] == 1 && a.v[0].ttl == 300);
	cr_assert(a.v[1].v6 && a.v[1].bytes[15] == 9);
}

Test(dns, a_reply_to_another_question_is_none)
{
	struct message m = question("example.org", 1), other = question("example.net", 1);
	struct dns_question q = good(&m), q_other = good(&other);
	struct dns_answer a;
	m.v[2] = 0x81;
	cr_assert_eq(dns_read_answer(m.v, m.n, &q, 0x1234, &a), 0);
	cr_assert_neq(dns_read_answer(m.v, m.n, &q, 0x1235, &a), 0);
	cr_assert_neq(dns_read_answer(m.v, m.n, &q_other, 0x1234, &a), 0);
	m.v[2] = 0x01;
	cr_assert_neq(dns_read_answer(m.v, m.n, &q, 0x1234, &a), 0);
}

Test(dns, a_reply_with_a_broken_address_or_too_many_is_none)
{
	struct message m = question("example.org", 1);
	struct dns_question q = good(&m);
	struct dns_answer a;
	m.v[2] = 0x81;
	m.v[7] = 1;
	record(&m, 1, (uint8_t[]){ 192, 0, 2, 1, 5 }, 5);
	cr_assert_neq(dns_read_answer(m.v, m.n, &q, 0x1234, &a), 0);
	m = question("example.org", 1);
	m.v[2] = 0x81;
	m.v[7] = DNS_ADDRESSES_MAX + 1;
	for (int i = 0; i <= DNS_ADDRESSES_MAX; i++)
		record(&m, 1, (uint8_t[]){ 192, 0, 2, (uint8_t)i }, 4);
	cr_assert_neq(dns_read_answer(m.v, m.n, &q, 0x1234, &a), 0);
}

Test(dns, an_address_lives_longer_than_programs_keep_it)
{
	cr_assert_geq(dns_lifetime(0), 120);
	cr_assert_gt(dns_lifetime(300), 300);
	cr_assert_leq(dns_lifetime(UINT32_MAX), 86400 + 60);
}
