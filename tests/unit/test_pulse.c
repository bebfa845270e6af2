/* SPDX-License-Identifier: MIT */
/* test_pulse.c - promises of src/resolve/pulse.c */
#include <criterion/criterion.h>
#include <string.h>

#include "resolve/pulse.h"

struct packet {
	uint8_t v[512];
	size_t n;
};

static void put(struct packet *p, const void *data, size_t size)
{
	memcpy(p->v + p->n, data, size);
	p->n += size;
}

static void put_u32(struct packet *p, char letter, uint32_t value)
{
	put(p,
		(uint8_t[]){ (uint8_t)letter, (uint8_t)(value >> 24),
			(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value },
		5);
}

static void put_text(struct packet *p, const char *text)
{
	put(p, "t", 1);
	put(p, text, strlen(text) + 1);
}

static void put_property(struct packet *p, const char *key, const char *text)
{
	put_text(p, key);
	put_u32(p, 'L', (uint32_t)strlen(text));
	put_u32(p, 'x', (uint32_t)strlen(text));
	put(p, text, strlen(text));
}

static struct packet command(uint32_t number)
{
	struct packet p = { .n = 0 };
	put_u32(&p, 'L', number);
	put_u32(&p, 'L', 7);
	return p;
}

static bool has(const struct packet *p, const char *text)
{
	return memmem(p->v, p->n, text, strlen(text));
}

Test(pulse, a_module_is_never_loaded)
{
	struct packet p = command(51), question = command(25);
	put_text(&p, "module-ladspa-sink");
	put_text(&p, "plugin=/home/ann/x.so");
	put_u32(&question, 'L', UINT32_MAX);
	cr_assert_eq(pulse_tame(p.v, &p.n), 0);
	cr_assert_eq(p.n, question.n);
	cr_assert_arr_eq(p.v, question.v, p.n);
}

Test(pulse, what_a_later_protocol_adds_does_not_pass)
{
	const uint32_t refused[] = { 7, 36, 44, 48, 52, 53, 67, 70, 87, 90, 101, 103, 104,
		105, 1000, UINT32_MAX };
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct packet p = command(refused[i]);
		put_u32(&p, 'L', 1);
		cr_assert_eq(pulse_tame(p.v, &p.n), 0);
		cr_assert_eq(p.v[4], 25, "command %u passed", (unsigned)refused[i]);
	}
}

Test(pulse, a_stream_keeps_what_tells_who_plays_and_nothing_that_does_something)
{
	struct packet p = command(3);
	put(&p, "a\3\2\0\0\xac\x44m\2\1\2", 11);
	put_u32(&p, 'L', UINT32_MAX);
	put(&p, "N01B\5V\0\1\0\0U\0\0\0\0\0\0\0\0v\1\0\1\0\0", 25);
	put(&p, "P", 1);
	put_property(&p, "media.role", "music");
	put_property(&p, "filter.apply", "ladspa-sink");
	put_property(&p, "audioconvert.filter-graph", "{ }");
	put_property(&p, "application.name", "player");
	put_property(&p, "media.class", "Audio/Source");
	put(&p, "N", 1);
	put(&p, "fB\1P", 4);
	put_property(&p, "format.rate", "44100");
	put(&p, "N", 1);
	size_t n = p.n;
	cr_assert_eq(pulse_tame(p.v, &p.n), 0);
	cr_assert_eq(p.n, n);
	cr_assert(has(&p, "tmedia.role") && has(&p, "tapplication.name"));
	cr_assert(has(&p, "tformat.rate"));
	cr_assert(has(&p, "t_ilter.apply") && has(&p, "t_udioconvert.filter-graph"));
	cr_assert(has(&p, "t_edia.class"));
}

Test(pulse, memory_is_not_shared)
{
	struct packet p = command(8);
	struct pulse_header h;
	put_u32(&p, 'L', 0xc0000023);
	put_u32(&p, 'x', 0);
	cr_assert_eq(pulse_tame(p.v, &p.n), 0);
	cr_assert_arr_eq(p.v + 10, "L\0\0\0\x23", 5);
	for (unsigned bit = 0; bit < 8; bit++) {
		uint8_t header[PULSE_HEADER] = { [16] = (uint8_t)(1u << bit) };
		cr_assert_lt(pulse_read_header(header, &h), 0);
	}
}

Test(pulse, sizes_that_lead_out_of_the_packet_are_refused)
{
	struct packet p = command(9);
	put(&p, "P", 1);
	put_property(&p, "media.name", "x");
	put(&p, "N", 1);
	for (size_t n = 0; n < p.n; n++) {
		struct packet cut = { .n = n };
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, p.v, n);
		cr_assert(pulse_tame(exact, &cut.n) < 0 || n == 10, "%zu", n);
		free(exact);
	}
	const uint8_t big[PULSE_HEADER] = { 0, 1, 0, 1, 255, 255, 255, 255 };
	struct pulse_header h;
	cr_assert_lt(pulse_read_header(big, &h), 0);
}
