/* SPDX-License-Identifier: MIT */
/* dns.c - any bytes as a message of the name system: a question that is read stays the same
 *
 * A question that is accepted can be asked and refused, and is the same question then; a
 * reply that is accepted has no more addresses than there is room for.
 */
#include <stdlib.h>
#include <string.h>

#include "resolve/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *message, const struct dns_question *q)
{
	struct dns_question again;
	struct dns_answer answer;
	uint8_t *out = malloc(q->end);
	if (dns_ask(message, q, 7, out) != q->end ||
		dns_read_question(out, q->end, &again) < 0 || again.id != 7 ||
		strcmp(again.name, q->name) != 0 || again.type != q->type)
		abort();
	size_t n = dns_refuse(message, q, DNS_NO_SUCH_NAME, out);
	if (dns_read_answer(out, n, q, q->id, &answer) < 0 || answer.n != 0)
		abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_question q;
	struct dns_answer answer;
	uint8_t *message = calloc(1, size ? size : 1);
	if (size)
		memcpy(message, data, size);
	if (dns_read_question(message, size, &q) == 0)
		check(message, &q);
	/* as a reply to whatever question it holds */
	if (size > 3) {
		uint8_t flags = message[2];
		message[2] = flags & 0x7f;
		uint8_t counts[6];
		if (size >= 12) {
			memcpy(counts, message + 6, 6);
			memset(message + 6, 0, 6);
		}
		int r = dns_read_question(message, size, &q);
		message[2] = flags;
		if (size >= 12)
			memcpy(message + 6, counts, 6);
		if (r == 0 && dns_read_answer(message, size, &q, q.id, &answer) == 0 &&
			answer.n > DNS_ADDRESSES_MAX)
			abort();
	}
	free(message);
	return 0;
}
