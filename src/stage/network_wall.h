/* SPDX-License-Identifier: MIT */
/* network_wall.h - what the programs of the network are before their execve */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A network namespace and its owner, to run in, and what may be done there. */
struct network_place {
	int user_ns, net_ns;
	uint64_t capabilities; /* bit n: capability n; all others are given up */
};

#define PLACE_CAP(n) (UINT64_C(1) << (n))

/* For prepare() of struct proc_spec, with a struct network_place. */
int network_enter(const void *place_data);

/* Runs @act in there, in a process of its own, and waits; it says 0 or negative errno, of
 * which the lower eight bits come back. */
int network_act_inside(const struct network_place *place, int (*act)(void));

/* What a program that stays outside may reach of the files. */
struct network_wall {
	bool required; /* else a kernel without Landlock is excused */
	const char
		*program; /* what it becomes, where that is not below /usr; may be NULL */
};

/* The same with a struct network_wall: for sbox-forward, and for slirp4netns, which cannot
 * build its own sandbox where no user 0 is mapped. */
int network_wall_off(const void *wall_data);
