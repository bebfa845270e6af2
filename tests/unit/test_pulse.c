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

/* A packet that is a command, and then numbers. */
static struct packet numbers(uint32_t number, size_t n, const uint32_t *values)
{
	struct packet p = command(number);
	for (size_t i = 0; i < n; i++)
		put_u32(&p, 'L', values[i]);
	return p;
}
#define NUMBERS(command, ...) \
	numbers(command, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t), \
		(uint32_t[]){ __VA_ARGS__ })

static uint32_t read_at(const struct packet *p, size_t i)
{
	const uint8_t *v = p->v + i;
	return (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 | (uint32_t)v[2] << 8 | v[3];
}

/* Whether it reaches the server as what it is. */
static bool passes(struct pulse_client *c, struct packet p)
{
	uint32_t was = read_at(&p, 1);
	cr_assert_eq(pulse_tame(c, p.v, &p.n), 0);
	return read_at(&p, 1) == was;
}

/* The server answers @question, which has been made harmless, by @answer. */
static struct packet answered(
	struct pulse_client *c, const struct packet *question, struct packet answer)
{
	uint32_t size = (uint32_t)answer.n;
	memcpy(answer.v + 6, question->v + 6, 4);
	cr_assert_eq(pulse_answer(c, answer.v, &size), 0);
	answer.n = size;
	return answer;
}

/* A stream is made: @number is the command, the rest is what the server says of it. */
static void make(
	struct pulse_client *c, uint32_t number, uint32_t channel, uint32_t index)
{
	struct packet p = command(number);
	cr_assert_eq(pulse_tame(c, p.v, &p.n), 0);
	answered(c, &p, NUMBERS(2, channel, index));
}

static bool has(const struct packet *p, const char *text)
{
	return memmem(p->v, p->n, text, strlen(text));
}

Test(pulse, a_module_is_never_loaded)
{
	struct pulse_client any = { .record = true };
	struct packet p = command(51), question = command(25);
	put_text(&p, "module-ladspa-sink");
	put_text(&p, "plugin=/home/ann/x.so");
	put_u32(&question, 'L', UINT32_MAX);
	cr_assert_eq(pulse_tame(&any, p.v, &p.n), 0);
	cr_assert_eq(p.n, question.n);
	memcpy(question.v + 6, p.v + 6, 4); /* a tag */
	cr_assert_arr_eq(p.v, question.v, p.n);
}

Test(pulse, what_a_later_protocol_adds_does_not_pass)
{
	struct pulse_client any = { .record = true };
	const uint32_t refused[] = { 7, 36, 38, 39, 40, 44, 45, 48, 49, 50, 52, 53, 67,
		68, 70, 87, 90, 101, 103, 104, 105, 1000, UINT32_MAX };
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct packet p = command(refused[i]);
		put_u32(&p, 'L', 1);
		cr_assert_eq(pulse_tame(&any, p.v, &p.n), 0);
		cr_assert_eq(p.v[4], 25, "command %u passed", (unsigned)refused[i]);
	}
}

Test(pulse, a_stream_keeps_what_tells_who_plays_and_nothing_that_does_something)
{
	struct pulse_client any = { .record = true };
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
	cr_assert_eq(pulse_tame(&any, p.v, &p.n), 0);
	cr_assert_eq(p.n, n);
	cr_assert(has(&p, "tmedia.role") && has(&p, "tapplication.name"));
	cr_assert(has(&p, "tformat.rate"));
	cr_assert(has(&p, "t_ilter.apply") && has(&p, "t_udioconvert.filter-graph"));
	cr_assert(has(&p, "t_edia.class"));
}

Test(pulse, memory_is_not_shared)
{
	struct pulse_client any = { .record = true };
	struct packet p = command(8);
	struct pulse_header h;
	put_u32(&p, 'L', 0xc0000023);
	put_u32(&p, 'x', 0);
	cr_assert_eq(pulse_tame(&any, p.v, &p.n), 0);
	cr_assert_arr_eq(p.v + 10, "L\0\0\0\x23", 5);
	for (unsigned bit = 0; bit < 8; bit++) {
		uint8_t header[PULSE_HEADER] = { [16] = (uint8_t)(1u << bit) };
		cr_assert_lt(pulse_read_header(header, &h), 0);
	}
}

Test(pulse, sizes_that_lead_out_of_the_packet_are_refused)
{
	struct pulse_client any = { .record = true };
	struct packet p = command(9);
	put(&p, "P", 1);
	put_property(&p, "media.name", "x");
	put(&p, "N", 1);
	for (size_t n = 0; n < p.n; n++) {
		struct packet cut = { .n = n };
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, p.v, n);
		cr_assert(pulse_tame(&any, exact, &cut.n) < 0 || n == 10, "%zu", n);
		free(exact);
	}
}

Test(pulse, who_plays_does_not_record_nor_learn_of_what_there_is_to_record)
{
	const uint32_t records[] = { 5, 6, 11, 23, 31, 47, 57, 58, 59, 73, 75, 80, 83, 98,
		99 };
	struct pulse_client player = { .record = false }, recorder = { .record = true };
	make(&recorder, 5, 0, 0);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		cr_assert_not(passes(&player, NUMBERS(records[i], 0)), "%u", records[i]);
		cr_assert_eq(player.wanted_record, true);
	}
	for (size_t i = sizeof(records) / sizeof(records[0]); i > 0; i--)
		cr_assert(passes(&recorder, NUMBERS(records[i - 1], 0)), "%u",
			records[i - 1]);
	cr_assert_not(recorder.wanted_record);

	struct packet ask = command(24), sources = NUMBERS(2, 0, 1);
	cr_assert_eq(pulse_tame(&player, ask.v, &ask.n), 0);
	cr_assert_eq(answered(&player, &ask, sources).n, 10);
	ask = command(24);
	cr_assert_eq(pulse_tame(&recorder, ask.v, &ask.n), 0);
	cr_assert_eq(answered(&recorder, &ask, sources).n, sources.n);
	cr_assert_eq(answered(&player, &ask, NUMBERS(66, 1, 0)).n, 0);
	cr_assert_eq(answered(&recorder, &ask, NUMBERS(66, 1, 0)).n, 20);
}

Test(pulse, that_one_may_not_is_told_as_such)
{
	struct pulse_client c = { .record = false };
	struct packet p = NUMBERS(5, 0);
	cr_assert_eq(pulse_tame(&c, p.v, &p.n), 0);
	struct packet answer = answered(&c, &p, NUMBERS(0, 5));
	cr_assert_eq(answer.n, 15);
	cr_assert_eq(read_at(&answer, 6), 7, "its tag");
	cr_assert_eq(read_at(&answer, 11), 1, "access denied");
}

Test(pulse, only_its_own_streams_are_changed_or_looked_at)
{
	const uint32_t playing[] = { 29, 37, 69 }, recording[] = { 31, 98, 99 };
	struct pulse_client c = { .record = true };
	make(&c, 3, 1, 50);
	make(&c, 5, 1, 60);
	for (size_t i = 0; i < 3; i++) {
		cr_assert(passes(&c, NUMBERS(playing[i], 50)));
		cr_assert_not(passes(&c, NUMBERS(playing[i], 60)));
		cr_assert_not(passes(&c, NUMBERS(playing[i], 1)));
		cr_assert(passes(&c, NUMBERS(recording[i], 60)));
		cr_assert_not(passes(&c, NUMBERS(recording[i], 50)));
	}
	cr_assert(passes(&c, NUMBERS(4, 1)));
	cr_assert_not(passes(&c, NUMBERS(37, 50)), "it has ended");
	cr_assert(passes(&c, NUMBERS(98, 60)));
	struct packet killed = NUMBERS(65, 1);
	uint32_t size = (uint32_t)killed.n;
	cr_assert_eq(pulse_answer(&c, killed.v, &size), 0);
	cr_assert_eq(size, killed.n);
	cr_assert_not(passes(&c, NUMBERS(98, 60)), "the server has ended it");
}

Test(pulse, no_answer_is_taken_for_that_of_a_new_stream)
{
	struct pulse_client c = { .record = false };
	struct packet stat = command(13), new = command(3);
	cr_assert_eq(pulse_tame(&c, stat.v, &stat.n), 0);
	cr_assert_eq(pulse_tame(&c, new.v, &new.n), 0);
	answered(&c, &stat, NUMBERS(2, 1, 50, 1, 1, 1));
	cr_assert_not(passes(&c, NUMBERS(37, 50)));
	answered(&c, &new, NUMBERS(0, 1));
	cr_assert_eq(answered(&c, &new, NUMBERS(2, 1, 50)).n, 0, "it is answered");
	cr_assert_not(passes(&c, NUMBERS(37, 50)));

	struct packet forged = command(13);
	memcpy(forged.v + 6, new.v + 6, 4);
	cr_assert_lt(pulse_tame(&c, forged.v, &forged.n), 0, "a tag of ours");
}

Test(pulse, nothing_is_told_of_others)
{
	const uint32_t lists[] = { 26, 28, 30, 32, 34 }, single[] = { 25, 27, 33 };
	struct pulse_client c = { .record = true };
	for (size_t i = 0; i < 5; i++) {
		struct packet p = command(lists[i]), all = NUMBERS(2, 50);
		put_text(&all, "a film's name");
		cr_assert_eq(pulse_tame(&c, p.v, &p.n), 0);
		struct packet got = answered(&c, &p, all);
		cr_assert_eq(got.n, 10, "%u", lists[i]);
		cr_assert_eq(read_at(&got, 6), 7);
	}
	for (size_t i = 0; i < 3; i++) {
		struct packet p = NUMBERS(single[i], 0);
		cr_assert_eq(pulse_tame(&c, p.v, &p.n), 0);
		cr_assert_eq(read_at(&p, 1), 25);
		cr_assert_eq(read_at(&p, 11), UINT32_MAX);
	}
	make(&c, 3, 0, 50);
	for (uint32_t kind = 0; kind < 16; kind++) {
		struct packet own = NUMBERS(66, 0x10 | kind, 50);
		struct packet other = NUMBERS(66, 0x10 | kind, 51);
		uint32_t size = (uint32_t)own.n, others_size = (uint32_t)other.n;
		cr_assert_eq(pulse_answer(&c, own.v, &size), 0);
		cr_assert_eq(pulse_answer(&c, other.v, &others_size), 0);
		bool device = kind < 2 || kind == 7 || kind == 9;
		cr_assert_eq(size > 0, device || kind == 2, "%u", kind);
		cr_assert_eq(others_size > 0, device, "%u", kind);
	}
}

Test(pulse, samples_are_not_left_in_the_server)
{
	struct pulse_client c = { .record = true };
	for (uint32_t number = 15; number <= 19; number++)
		cr_assert_eq(passes(&c, NUMBERS(number, 1)), number == 18);
}

Test(pulse, more_questions_than_are_kept_teach_nothing)
{
	struct pulse_client c = { .record = false };
	struct packet first = command(3);
	cr_assert_eq(pulse_tame(&c, first.v, &first.n), 0);
	for (unsigned i = 0; i < PULSE_WAITING_MAX; i++)
		passes(&c, command(30));
	cr_assert_eq(answered(&c, &first, NUMBERS(2, 1, 50)).n, 0);
	for (uint32_t i = 0; i < PULSE_STREAMS + 10; i++)
		make(&c, 3, i, 1000 + i);
	cr_assert(passes(&c, NUMBERS(37, 1000)));
	cr_assert_not(passes(&c, NUMBERS(37, 1000 + PULSE_STREAMS)));
}
