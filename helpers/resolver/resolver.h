/* SPDX-License-Identifier: MIT */
/* resolver.h - what the parts of sbox-resolver share
 *
 * What it reads is foreign, from the program as from the name servers: lengths and names are
 * checked in resolve/dns.c, and no part of this trusts the other side to be quick, in order,
 * or there at all.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/clock.h"
#include "resolve/dns.h"
#include "resolve/net_filter.h"

struct mnl_socket;

enum {
	CHANNEL = STDOUT_FILENO,
	QUESTIONS_MAX = 64, /* at once; more are dropped, and asked again */
	CLIENTS_MAX = 16, /* at once over TCP */
	UDP_MAX = 4096,
	ASK_AGAIN_MS = 1000,
	GIVE_UP_MS = 4000,
	CLIENT_MS = 10000, /* for a whole question over TCP */
	NAMES_MAX = 512, /* refused names that are told apart */
	GIVEN_MAX = 4096, /* addresses whose names are remembered */
};

struct counted {
	char *name;
	uint64_t n;
	bool near; /* it was looked up, and led to what is not on the internet */
};

struct given {
	bool v6;
	uint8_t address[16];
	char *name;
};

/* A message of TCP, after its two bytes of length. */
struct stream {
	int fd; /* -1: none */
	size_t have; /* bytes of length and message */
	uint8_t data[2 + DNS_MESSAGE_MAX];
};

/* A program's connection. */
struct client {
	struct stream in;
	int64_t until_ms;
	bool asked; /* a question of it is on its way */
};

/* A question that is on its way. */
struct question {
	int up; /* to the name server; -1: this place is free */
	struct client *client; /* NULL: by UDP */
	struct sockaddr_in from;
	struct dns_question q;
	uint16_t id; /* under which we asked */
	size_t size; /* of what was asked: header and question */
	uint8_t asked[DNS_NAME_SIZE + 32];
	int64_t again_ms, until_ms;
	bool sent; /* by TCP, when the connection is there */
	struct stream *answer; /* by TCP */
};

struct resolver {
	struct arena arena;
	struct net_filter filter;
	struct arena host_arena;
	struct net_host host;
	struct mnl_socket *netlink;
	uint32_t sequence;
	int udp, tcp;
	struct question questions[QUESTIONS_MAX];
	struct client clients[CLIENTS_MAX];
	struct stream answers[CLIENTS_MAX]; /* one for each client */
	struct counted refused[NAMES_MAX];
	size_t n_refused;
	struct given given[GIVEN_MAX];
	size_t n_given; /* ever; the oldest are written over */
};

/* ---- rules.c ---- */

/* From standard input, all of them. */
void rules_read(struct resolver *r);
/* The host's addresses, told anew; @text is written to. */
void rules_update(struct resolver *r, char *text);
/* What a name may do: whether it is looked up, and which sets take its addresses. Of the
 * rules that name it, those that allow count where they are closer than any that denies. */
bool rules_allow(const struct resolver *r, const char *name, uint64_t *ret_sets);

/* ---- told.c ---- */

/* Ends the program; @error: an errno, or 0. */
_Noreturn void die(const char *what, int error);
/* A name that was refused; @near: since it led to what is not on the internet. */
void count_refused(struct resolver *r, const char *name, bool near);
/* That the program got the address under this name. */
void remember(struct resolver *r, const struct dns_address *a, const char *name);
/* A message to the supervisor. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All that was counted and remembered, and the end. */
_Noreturn void tell(const struct resolver *r);

/* ---- sets.c ---- */

/* For later calls. */
void sets_open(struct resolver *r);
/* Lets packets to the address through for @seconds from now. 0 or negative errno. */
int open_in_set(
	struct resolver *r, const struct dns_address *a, unsigned set, unsigned seconds);

/* ---- questions.c ---- */

/* A program's question, by TCP from @client, else by UDP from @from: refused, or asked. */
void on_question(struct resolver *r, const uint8_t *message, size_t size,
	struct client *client, const struct sockaddr_in *from);
/* What came for a question; passed on, or refused. */
void on_answer(struct resolver *r, struct question *q, uint8_t *message, size_t size);
/* Asks, or asks again. */
void send_up(struct question *q);
/* There is no answer; the place is free then. */
void fail_question(struct resolver *r, struct question *q);
void close_client(struct client *c);

/* ---- input.c ---- */

/* Each: what can be read there is. */
void on_udp(struct resolver *r);
void on_connection(struct resolver *r);
void on_client(struct resolver *r, struct client *c);
void on_up(struct resolver *r, struct question *q);
void on_channel(struct resolver *r);

/* ---- walls.c ---- */

/* No files, one capability, few system calls, from here on. */
void walls_raise(void);
