/* SPDX-License-Identifier: MIT */
/* plan.h - what a run shall be: pure data, no descriptors, no decisions left to a format
 *
 * The plan is all that the rooms below know of profiles and flags. Values are as written
 * (paths with ~ and variables still in them); src/resolve turns them into what is there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

/* Where a value was written. */
struct origin {
	const char
		*file; /* NULL: built-in default; else the path, or the flag as typed */
	unsigned line; /* 0: on the command line */
	unsigned column; /* of the value; on the command line: index of the word */
	unsigned layer; /* order of files: a later layer overrides an earlier one */
};

/* One entry of a list setting. Which members mean something is up to the value type. */
struct item {
	const char *text; /* word, path, or destination */
	const char *arg; /* bind: source; file: content; link: target; env: value; ... */
	uint64_t size; /* tmpfs: bytes, 0 for the kernel's default */
	mode_t mode;
	bool optional; /* ?path */
	bool write; /* bind: rw */
	struct origin at;
};

/* A limit is a number of at least 0, or one of these: */
#define LIMIT_NONE INT64_C(-1)
/* a share of what the machine has, in hundredths of a percent, 1 to 10000 */
static inline int64_t limit_of_share(int64_t hundredths)
{
	return LIMIT_NONE - hundredths;
}
static inline bool limit_is_share(int64_t limit)
{
	return limit < LIMIT_NONE;
}
static inline int64_t limit_share(int64_t limit)
{
	return LIMIT_NONE - limit;
}

struct list {
	struct item *v;
	size_t n;
};

enum sharing { SHARING_PRIVATE, SHARING_HOST, SHARING_COUNT };
enum identity { IDENTITY_SELF, IDENTITY_ROOT, IDENTITY_COUNT };
enum id_map { ID_MAP_AUTO, ID_MAP_SINGLE, ID_MAP_RANGE, ID_MAP_COUNT };
enum groups { GROUPS_AUTO, GROUPS_DROP, GROUPS_KEEP, GROUPS_COUNT };
enum access_mode { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE, ACCESS_COUNT };
enum network { NETWORK_NONE, NETWORK_USER, NETWORK_HOST, NETWORK_COUNT };
enum network_helper { NETWORK_SLIRP4NETNS, NETWORK_PASTA, NETWORK_HELPER_COUNT };
enum when_lost { LOST_WARN, LOST_END, LOST_COUNT };
enum want { WANT_NO, WANT_AUTO, WANT_YES, WANT_COUNT };
enum want_sound { SOUND_NO, SOUND_PLAY, SOUND_AUTO, SOUND_YES, SOUND_COUNT };
enum want_x11 { X11_NO, X11_FALLBACK, X11_AUTO, X11_YES, X11_COUNT };
enum dbus { DBUS_NONE, DBUS_FILTERED, DBUS_COUNT };
enum syscalls_default {
	SYSCALLS_ERRNO,
	SYSCALLS_KILL,
	SYSCALLS_LOG,
	SYSCALLS_DEFAULT_COUNT
};
enum architectures { ARCH_NATIVE, ARCH_MULTIARCH, ARCH_COUNT };
enum nested { NESTED_NONE, NESTED_BROWSER, NESTED_FULL, NESTED_COUNT };
enum landlock { LANDLOCK_OFF, LANDLOCK_AUTO, LANDLOCK_REQUIRED, LANDLOCK_COUNT };
enum limits_held { LIMITS_REQUIRED, LIMITS_AUTO, LIMITS_GROUP, LIMITS_COUNT };
enum oom_kill { OOM_KILL_ONE, OOM_KILL_ALL, OOM_KILL_COUNT };
enum engine {
	ENGINE_AUTO,
	ENGINE_FUSE_OVERLAYFS,
	ENGINE_KERNEL_OVERLAY,
	ENGINE_WORD_COUNT
};
enum wait_for { WAIT_MAIN, WAIT_ALL, WAIT_COUNT };

enum setting_id {
	/* profile */
	SET_DESCRIPTION,
	SET_COMMAND,
	SET_EXTENDS,
	/* filesystem */
	SET_ROOT,
	SET_ROOT_WRITE,
	SET_SYSTEM,
	SET_READ,
	SET_WRITE,
	SET_BIND,
	SET_DEVICE,
	SET_TMPFS,
	SET_DIR,
	SET_FILE,
	SET_LINK,
	SET_HIDE,
	SET_SECRET,
	SET_PROTECT,
	SET_HOME,
	SET_CWD,
	SET_LAYER,
	SET_LAYER_UNDER,
	SET_OVERLAY,
	SET_ENGINE,
	SET_CHDIR,
	SET_PROC,
	SET_DEV,
	SET_SYS,
	/* identity */
	SET_IDENTITY,
	SET_ID_MAP,
	SET_GROUPS,
	SET_HOSTNAME,
	SET_MACHINE_ID,
	/* namespaces */
	SET_PID,
	SET_IPC,
	SET_UTS,
	SET_CGROUP,
	SET_TIME,
	SET_MONOTONIC_OFFSET,
	SET_BOOTTIME_OFFSET,
	/* network */
	SET_NETWORK,
	SET_NETWORK_ALLOW,
	SET_NETWORK_DENY,
	SET_PUBLISH,
	SET_NETWORK_IPV6,
	SET_NETWORK_HELPER,
	SET_NETWORK_LOST,
	/* desktop */
	SET_WAYLAND,
	SET_X11,
	SET_SOUND,
	SET_GPU,
	SET_THEMES,
	SET_DBUS,
	SET_DBUS_OWN,
	SET_DBUS_TALK,
	SET_DBUS_SEE,
	SET_DBUS_CALL,
	/* confinement */
	SET_SYSCALLS_ALLOW,
	SET_SYSCALLS_DENY,
	SET_SYSCALLS_DEFAULT,
	SET_ARCHITECTURES,
	SET_NESTED,
	SET_SOCKETS,
	SET_WX_MEMORY,
	SET_PTRACE,
	SET_PERSONALITY,
	SET_CAPABILITIES,
	SET_LANDLOCK,
	SET_APPARMOR,
	SET_SELINUX,
	/* environment */
	SET_PASS_ENV,
	SET_ENV,
	SET_UNSET_ENV,
	/* process */
	SET_NAME,
	SET_PASS_FD,
	SET_NEW_SESSION,
	SET_TIMEOUT,
	SET_WAIT,
	/* limits */
	SET_LIMITS,
	SET_MEMORY,
	SET_MEMORY_HIGH,
	SET_SWAP,
	SET_OOM_KILL,
	SET_CPUS,
	SET_CPU_WEIGHT,
	SET_CPUSET,
	SET_CPU_TIME,
	SET_PIDS,
	SET_IO_WEIGHT,
	SET_IO_MAX,
	SET_NOFILE,
	SET_FSIZE,
	SET_CORE,
	SET_STACK,
	SET_MEMLOCK,
	SET_ADDRESS_SPACE,
	SET_NICE,
	SET_OOM_SCORE,
	/* the command line only */
	SET_SHELL_COMMAND,
	SET_NO_LIMITS,
	SET_DRY_RUN,
	SET_JSON,
	SET_JSON_STATUS,
	SET_VERBOSE,
	SET_QUIET,
	SET_HELP,
	SET_VERSION,
	SET_COUNT
};

/* The AppArmor profile that sbox brings for programs; apparmor = auto takes it. */
#define APPARMOR_PAYLOAD "sbox-payload"

/* Scalars of integer kind are int or int64_t so that the table's parsers can reach them
 * through one offset each. */
struct plan {
	struct arena *arena; /* owns everything below; borrowed */

	const char *description;
	struct list command;
	struct list
		extends; /* the profiles that were read, in the order of their layers */

	const char *root; /* "host", "empty", an image, a directory, or an archive */
	bool root_write;
	struct list system, read, write, bind, device, tmpfs, dir, file, link;
	struct list hide, secret, protect;
	const char *home; /* "private[:NAME]", "ephemeral", "host", "none" */
	int cwd; /* enum access_mode */
	const char *layer; /* "none", "ephemeral", or a name */
	struct list layer_under, overlay;
	int engine; /* enum engine */
	const char *chdir;
	bool proc, dev, sys;

	int identity, id_map, groups;
	const char *hostname;
	const char *machine_id; /* "random", "host" or 32 hex digits */

	int pid, ipc, uts, cgroup, time; /* enum sharing */
	int64_t monotonic_offset_ns, boottime_offset_ns;

	int network, network_helper, network_lost;
	struct list network_allow, network_deny,
		publish; /* text as net_rule.c reads it */
	bool network_ipv6;

	int wayland, x11, sound, gpu; /* enum want; enum want_x11, enum want_sound */
	bool themes;
	int dbus;
	struct list dbus_own, dbus_talk, dbus_see, dbus_call;

	struct list syscalls_allow, syscalls_deny;
	int syscalls_default, architectures, nested;
	struct list sockets; /* address families; empty: see socket_is_allowed() */
	bool wx_memory, ptrace, personality;
	struct list capabilities;
	int landlock;
	const char *apparmor, *selinux; /* "auto", "off", or a label */

	struct list pass_env, env, unset_env;

	const char *name; /* of the instance; NULL: its pid */
	struct list pass_fd;
	bool new_session;
	int64_t timeout_ns; /* 0: none */
	int wait;

	int limits; /* enum limits_held */
	/* each a number in its unit, a share, or LIMIT_NONE */
	int64_t memory, memory_high, swap; /* bytes */
	int oom_kill;
	int64_t cpus; /* thousandths */
	int64_t cpu_weight, io_weight;
	const char *cpuset; /* NULL: all */
	int64_t cpu_time_ns; /* 0: none */
	int64_t pids;
	struct list io_max; /* text: path; arg: the limits as io.max has them */
	int64_t nofile, fsize, core, stack, memlock, address_space;
	int64_t nice, oom_score;

	const char *shell_command;
	bool no_limits;
	bool dry_run, json;
	int64_t json_status_fd; /* -1: none */
	bool verbose, quiet, help, version;

	const char
		*profile_name; /* of the last profile named: the private home's default */
	char *const *argv; /* the program and its arguments; NULL: a shell */
	struct origin origin[SET_COUNT];
};

/* Every member at its default: the least that a program can be given. */
void plan_init(struct plan *p, struct arena *a);
/* "file:line", "--flag" or "default": where a value came from, for messages. */
const char *origin_text(struct arena *a, const struct origin *at);
