/* SPDX-License-Identifier: MIT */
/* dns.h - questions and answers of the name system, read and refused */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_NAME_SIZE = 1025, DNS_ADDRESSES_MAX = 64, DNS_MESSAGE_MAX = 65535 };
/* Codes of replies (RFC 1035, section 4.1.1). */
enum { DNS_NO_ERROR = 0, DNS_SERVER_FAILURE = 2, DNS_NO_SUCH_NAME = 3 };

struct dns_question {
	uint16_t id, type;
	char name[DNS_NAME_SIZE]; /* lower case, no dot at the end; "" for the root */
	size_t end; /* of the header and the question, which stand first */
};

struct dns_address {
	bool v6;
	uint8_t bytes[16];
	uint32_t ttl; /* seconds */
};

struct dns_answer {
	bool truncated;
	struct dns_address v[DNS_ADDRESSES_MAX];
	size_t n;
};

/* A program's question: one, and nothing else but EDNS. 0 or -EBADMSG. */
int dns_read_question(const uint8_t *message, size_t size, struct dns_question *ret);
/* What can lead a program past the addresses that were looked at: records with addresses as
 * hints (SVCB, HTTPS), and ANY. They are answered with nothing. */
bool dns_type_is_hint(uint16_t type);
/* The question alone, with @id; @out has room for @q->end bytes. Its size. */
size_t dns_ask(
	const uint8_t *message, const struct dns_question *q, uint16_t id, uint8_t *out);
/* A reply without records to the question at the beginning of @message. Its size. */
size_t dns_refuse(const uint8_t *message, const struct dns_question *q, unsigned code,
	uint8_t *out);
/* A name server's reply to @q, asked under @id: all addresses in it. 0, -EBADMSG where it is
 * none, -E2BIG with more addresses than there is room for. */
int dns_read_answer(const uint8_t *message, size_t size, const struct dns_question *q,
	uint16_t id, struct dns_answer *ret);
/* For how long an address may be used that is valid for @ttl seconds: programs keep what
 * they looked up for a minute at least, and connect a little later. */
unsigned dns_lifetime(uint32_t ttl);
