/* SPDX-License-Identifier: MIT */
/* dns.c - questions and answers of the name system, read and refused
 *
 * The messages come from the program and from the net; they are taken apart by libresolv,
 * the C library's own reader. Pure: part of sbox-resolver, and of nothing else.
 */
#include "resolve/dns.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

enum {
	FLAGS_AT = 2,
	COUNTS_AT = 4,
	TYPE_HTTPS = 65,
	TYPE_SVCB = 64,
	LIFETIME_MAX = 86400
};

/* Lower case; libresolv has escaped what is not printable, and dots in a label. */
static void fold(char *name)
{
	size_t len = strlen(name);
	if (len > 0 && name[len - 1] == '.' && (len == 1 || name[len - 2] != '\\'))
		name[len - 1] = '\0';
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
}

/* The only question; 0 or -EBADMSG. */
static int question_of(ns_msg *handle, struct dns_question *ret)
{
	ns_rr rr;
	if (ns_msg_count(*handle, ns_s_qd) != 1 ||
		ns_parserr(handle, ns_s_qd, 0, &rr) < 0 || ns_rr_class(rr) != ns_c_in)
		return -EBADMSG;
	ret->type = ns_rr_type(rr);
	(void)snprintf(ret->name, sizeof(ret->name), "%s", ns_rr_name(rr));
	fold(ret->name);
	return 0;
}

int dns_read_question(const uint8_t *message, size_t size, struct dns_question *ret)
{
	ns_msg handle;
	*ret = (struct dns_question){ 0 };
	if (size > DNS_MESSAGE_MAX || ns_initparse(message, (int)size, &handle) < 0 ||
		ns_msg_getflag(handle, ns_f_qr) ||
		ns_msg_getflag(handle, ns_f_opcode) != ns_o_query ||
		ns_msg_count(handle, ns_s_an) || ns_msg_count(handle, ns_s_ns) ||
		ns_msg_count(handle, ns_s_ar) > 1)
		return -EBADMSG;
	ret->id = ns_msg_id(handle);
	const u_char *p = message + NS_HFIXEDSZ;
	if (ns_name_skip(&p, message + size) < 0 ||
		(size_t)(p - message) + NS_QFIXEDSZ > size)
		return -EBADMSG;
	ret->end = (size_t)(p - message) + NS_QFIXEDSZ;
	/* a pointer could only lead into the header */
	for (const u_char *l = message + NS_HFIXEDSZ; l < p; l += *l + 1)
		if (*l & NS_CMPRSFLGS)
			return -EBADMSG;
	return question_of(&handle, ret);
}

bool dns_type_is_hint(uint16_t type)
{
	return type == TYPE_HTTPS || type == TYPE_SVCB || type == ns_t_any;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t question_alone(const uint8_t *message, const struct dns_question *q,
	unsigned id, unsigned flags, uint8_t *out)
{
	memcpy(out, message, q->end);
	put16(out, id);
	put16(out + FLAGS_AT, flags);
	memset(out + COUNTS_AT, 0, 8);
	put16(out + COUNTS_AT, 1);
	return q->end;
}

size_t dns_ask(
	const uint8_t *message, const struct dns_question *q, uint16_t id, uint8_t *out)
{
	return question_alone(message, q, id, 0x0100 /* recursion desired */, out);
}

size_t dns_refuse(
	const uint8_t *message, const struct dns_question *q, unsigned code, uint8_t *out)
{
	return question_alone(
		message, q, q->id, 0x8180 /* a reply, recursion available */ | code, out);
}

static int add_address(const ns_rr *rr, struct dns_answer *ret)
{
	bool v6 = ns_rr_type(*rr) == ns_t_aaaa;
	size_t size = v6 ? NS_IN6ADDRSZ : NS_INADDRSZ;
	if (ns_rr_type(*rr) != ns_t_a && !v6)
		return 0;
	if (ns_rr_rdlen(*rr) != size)
		return -EBADMSG;
	if (ret->n == DNS_ADDRESSES_MAX)
		return -E2BIG;
	struct dns_address *one = &ret->v[ret->n++];
	one->v6 = v6;
	one->ttl = ns_rr_ttl(*rr);
	memcpy(one->bytes, ns_rr_rdata(*rr), size);
	return 0;
}

int dns_read_answer(const uint8_t *message, size_t size, const struct dns_question *q,
	uint16_t id, struct dns_answer *ret)
{
	ns_msg handle;
	struct dns_question same = { 0 };
	*ret = (struct dns_answer){ 0 };
	if (size > DNS_MESSAGE_MAX || ns_initparse(message, (int)size, &handle) < 0 ||
		!ns_msg_getflag(handle, ns_f_qr) || ns_msg_id(handle) != id ||
		question_of(&handle, &same) < 0 || same.type != q->type ||
		strcmp(same.name, q->name) != 0)
		return -EBADMSG;
	ret->truncated = ns_msg_getflag(handle, ns_f_tc);
	/* the last section too: what is there may be believed */
	const ns_sect sections[] = { ns_s_an, ns_s_ar };
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++)
		for (int i = 0; i < ns_msg_count(handle, sections[s]); i++) {
			ns_rr rr;
			if (ns_parserr(&handle, sections[s], i, &rr) < 0)
				return -EBADMSG;
			int r = add_address(&rr, ret);
			if (r < 0)
				return r;
		}
	return 0;
}

unsigned dns_lifetime(uint32_t ttl)
{
	enum { LEAST = 60, GRACE = 60 };
	return (ttl < LEAST ? LEAST : ttl > LIFETIME_MAX ? LIFETIME_MAX : ttl) + GRACE;
}
