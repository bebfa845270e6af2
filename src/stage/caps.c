/* SPDX-License-Identifier: MIT */
/* caps.c - capability sets and no_new_privs, each read back
 *
 * The sets hold exactly what the plan names, which is nothing by default: permitted,
 * effective, inheritable, ambient and bounding. What the bounding set lacks no execve can
 * bring back, whatever user the program becomes inside.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stage/stage.h"

static bool kept(uint64_t set, int cap)
{
	return set >> cap & 1;
}

/* Caps that this kernel does not know end the loop with EINVAL. */
static int drop_bounding(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		if (kept(keep, cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return errno == EINVAL ? 0 : -errno;
	}
	return 0;
}

/* With no capability at all, the rules that make some out of user id 0 are switched off
 * too, for good. A new user namespace begins with the usual rules again. */
static int lock_rules(uint64_t set)
{
	const int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	if (set)
		return 0; /* fake root: programs that change their id lose them as usual */
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == bits ? 0 : -EPERM;
}

static int set_all(uint64_t set)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	for (unsigned i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(set >> (32 * i));
		data[i].effective = data[i].permitted = data[i].inheritable = word;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int cap = 0; cap < 64; cap++)
		if (kept(set, cap) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}

/* Fails closed: any difference between what was asked and what is. */
static int read_back(uint64_t set)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(set >> (32 * i));
		if (data[i].effective != word || data[i].permitted != word ||
			data[i].inheritable != word)
			return -EPERM;
	}
	for (int cap = 0; cap < 64; cap++) {
		int bounding = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (bounding < 0)
			break; /* beyond the last one */
		if (bounding != kept(set, cap))
			return -EPERM;
		/* no more than what is permitted can be ambient, so only that is asked */
		if (bounding &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 1)
			return -EPERM;
	}
	return 0;
}

int stage_capabilities(struct child *c)
{
	uint64_t set = c->rd->capabilities;
	int r = drop_bounding(set);
	if (r == 0)
		r = lock_rules(set);
	if (r == 0)
		r = set_all(set);
	if (r == 0)
		r = read_back(set);
	return r < 0 ? stage_fail(c, STEP_CAPABILITIES, -1, r) : 0;
}

int stage_no_new_privs(struct child *c)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return stage_fail(c, STEP_NO_NEW_PRIVS, -1, -errno);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return stage_fail(c, STEP_NO_NEW_PRIVS, -1, -EPERM);
	return 0;
}
