/* SPDX-License-Identifier: MIT */
/* settings.c - the table: one row for each setting, the only place where it is defined
 *
 * Flags, profile keys, help, man pages, completions, "did you mean" and the output of
 * "profile show" all come from here. A row whose parser does not fit its member does not
 * compile.
 */
#include "config/settings.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

static const char *const sharing_words[] = { "private", "host", NULL };
static const char *const identity_words[] = { "self", "root", NULL };
static const char *const id_map_words[] = { "auto", "single", "range", NULL };
static const char *const groups_words[] = { "auto", "drop", "keep", NULL };
static const char *const access_words[] = { "none", "read", "write", NULL };
static const char *const engine_words[] = { "auto", "fuse-overlayfs", "kernel", NULL };
static const char *const network_words[] = { "none", "user", "host", NULL };
static const char *const network_helper_words[] = { "slirp4netns", "pasta", NULL };
static const char *const lost_words[] = { "warn", "end", NULL };
static const char *const want_words[] = { "no", "auto", "yes", NULL };
static const char *const sound_words[] = { "no", "play", "auto", "yes", NULL };
static const char *const x11_words[] = { "no", "fallback", "auto", "yes", NULL };
static const char *const dbus_words[] = { "none", "filtered", NULL };
static const char *const default_words[] = { "errno", "kill", "log", NULL };
static const char *const architecture_words[] = { "native", "multiarch", NULL };
static const char *const nested_words[] = { "none", "browser", "full", NULL };
static const char *const landlock_words[] = { "off", "auto", "required", NULL };
static const char *const limits_words[] = { "required", "auto", "group", NULL };
static const char *const oom_kill_words[] = { "one", "all", NULL };
static const char *const wait_words[] = { "main", "all", NULL };
#define WORDS_FIT(words, count) \
	static_assert(ARRAY_SIZE(words) == (count) + 1, #words " is out of step")
WORDS_FIT(sharing_words, SHARING_COUNT);
WORDS_FIT(identity_words, IDENTITY_COUNT);
WORDS_FIT(id_map_words, ID_MAP_COUNT);
WORDS_FIT(groups_words, GROUPS_COUNT);
WORDS_FIT(access_words, ACCESS_COUNT);
WORDS_FIT(engine_words, ENGINE_WORD_COUNT);
WORDS_FIT(network_words, NETWORK_COUNT);
WORDS_FIT(network_helper_words, NETWORK_HELPER_COUNT);
WORDS_FIT(lost_words, LOST_COUNT);
WORDS_FIT(want_words, WANT_COUNT);
WORDS_FIT(sound_words, SOUND_COUNT);
WORDS_FIT(x11_words, X11_COUNT);
WORDS_FIT(dbus_words, DBUS_COUNT);
WORDS_FIT(default_words, SYSCALLS_DEFAULT_COUNT);
WORDS_FIT(architecture_words, ARCH_COUNT);
WORDS_FIT(nested_words, NESTED_COUNT);
WORDS_FIT(landlock_words, LANDLOCK_COUNT);
WORDS_FIT(limits_words, LIMITS_COUNT);
WORDS_FIT(oom_kill_words, OOM_KILL_COUNT);
WORDS_FIT(wait_words, WAIT_COUNT);

const char *const setting_sections[] = { "profile", "filesystem", "identity",
	"namespaces", "network", "desktop", "confinement", "environment", "process",
	"limits", NULL };

/* The offset of a member, if it has the type that the row's parser writes. */
#define MEMBER(ctype, name) \
	offsetof(struct plan, name) + \
		0 * \
			sizeof(char[__builtin_types_compatible_p( \
					    ctype, __typeof__(((struct plan *)0)->name)) \
					? 1 \
					: -1])
#define BOOL(name)     .type = &value_bool, .offset = MEMBER(bool, name)
#define ENUM(name, w)  .type = &value_enum, .offset = MEMBER(int, name), .choices = (w)
#define TEXT(t, name)  .type = &(t), .offset = MEMBER(const char *, name)
#define NUM64(t, name) .type = &(t), .offset = MEMBER(int64_t, name)
#define LIST(t, name)  .type = &(t), .offset = MEMBER(struct list, name)

const struct setting settings[SET_COUNT] = {
	/* ---- profile ---- */
	[SET_DESCRIPTION] = { "description", "profile", TEXT(value_string, description),
		.help = "what the profile is for",
		.doc = "One line, shown by \"sbox profile list\".", .flags = S_FILE },
	[SET_COMMAND] = { "command", "profile", LIST(value_words, command),
		.metavar = "NAME...",
		.help = "programs that use this profile where none is named",
		.doc = "The program's name without its directory, for programs that are named "
		       "without one or lie in the system (/usr, /opt and the like): a download "
		       "cannot choose its profile by its name. With a slash, the path as it is "
		       "given. * and ? stand for other characters. Where several profiles name a "
		       "program, the first by name is used.",
		.flags = S_FILE },
	[SET_EXTENDS] = { "extends", "profile", LIST(value_words, extends),
		.alias = "profile", .short_flag = 'p', .metavar = "NAME|FILE",
		.help = "profiles to begin with",
		.doc = "Their settings are read first, in the order given; those of the file "
		       "or the command line that names them come after. A name is looked for "
		       "in the user's, the system's and sbox's own profiles; a word with a "
		       "slash in it is a file, which begins at the folder of the profile that "
		       "names it.",
		.flags = S_PROFILE },

	/* ---- filesystem ---- */
	[SET_ROOT] = { "root", "filesystem", TEXT(value_root, root),
		.help = "what the sandbox sees as /",
		.doc = "host: a new root with the trees of the system setting in it. empty: a "
		       "new root with nothing but what other settings put there. The name "
		       "of an image (sbox image list), or a directory: that one is the "
		       "root, for another distribution's tree. A file: an archive that is "
		       "imported as an image, unless it was before.",
		.flags = S_WIDENS },
	[SET_ROOT_WRITE] = { "root-write", "filesystem", BOOL(root_write),
		.help = "let the program write to the root it was given",
		.doc = "Without it the root is read-only, but for the places that other "
		       "settings make writable.",
		.flags = S_WIDENS },
	[SET_SYSTEM] = { "system", "filesystem", LIST(value_paths, system),
		.help = "trees of the host's system, for root = host",
		.doc = "Read-only. Ignored with another root, which brings its own. A layer goes "
		       "over the directories among them that are directly below /; what is named "
		       "further down stays read-only, unless it lies in a tree of overlay.",
		.flags = S_WIDENS },
	[SET_READ] = { "read", "filesystem", LIST(value_paths, read), .short_flag = 'r',
		.help = "paths to see, read-only, at their own place",
		.doc = "With everything below them. ?PATH may be missing; any other must "
		       "exist. Of several rules the one with the most specific path holds.",
		.flags = S_WIDENS },
	[SET_WRITE] = { "write", "filesystem", LIST(value_paths, write),
		.short_flag = 'w',
		.help = "paths to see and to write, at their own place",
		.doc = "What is written there is written on the host.",
		.flags = S_WIDENS },
	[SET_BIND] = { "bind", "filesystem", LIST(value_bind, bind),
		.help = "show a path at another place",
		.doc = "The source is the host's path, ?SRC where it may be missing; the "
		       "destination is the sandbox's. rw makes it writable.",
		.flags = S_WIDENS },
	[SET_DEVICE] = { "device", "filesystem", LIST(value_paths, device),
		.help = "device nodes (or directories of them) to use",
		.doc = "Everywhere else device nodes do not work.", .flags = S_WIDENS },
	[SET_TMPFS] = { "tmpfs", "filesystem", LIST(value_tmpfs, tmpfs),
		.help = "an empty place in memory that is gone afterwards",
		.doc = "size= limits it (default: half of the memory), mode= is the mode of "
		       "its top (default 0755). ?PATH is left out where a root of one's own "
		       "has no such directory." },
	[SET_DIR] = { "dir", "filesystem", LIST(value_dir, dir),
		.help = "an empty directory",
		.doc = "In the parts of the root that sbox makes; the tree of a root of one's "
		       "own stays as it is. mode= is its mode (default "
		       "0755)." },
	[SET_FILE] = { "file", "filesystem", LIST(value_file, file),
		.help = "a file with given content, read-only",
		.doc = "Each further word is one line of it. mode= is its mode (default "
		       "0644)." },
	[SET_LINK] = { "link", "filesystem", LIST(value_link, link),
		.help = "a symbolic link",
		.doc = "In the parts of the root that sbox makes; the tree of a root of one's "
		       "own stays as it is." },
	[SET_HIDE] = { "hide", "filesystem", LIST(value_paths, hide),
		.help = "paths that shall not be seen",
		.doc = "A directory looks empty, a file looks empty. At an equal path hiding "
		       "wins over showing. A path that nothing shows needs no hiding." },
	[SET_SECRET] = { "secret", "filesystem", LIST(value_paths, secret),
		.help = "paths hidden unless a rule names them",
		.doc = "Like hide, but a read or write rule for the same path wins." },
	[SET_PROTECT] = { "protect", "filesystem", LIST(value_paths, protect),
		.help = "paths that stay read-only unless a rule names them",
		.doc = "Where a less specific rule made their surroundings writable. A missing "
		       "path cannot be protected; one that ends in / is made as an empty "
		       "directory if a writable place would hold it." },
	[SET_HOME] = { "home", "filesystem", TEXT(value_home, home),
		.help = "the home directory inside",
		.doc = "private: a home of the sandbox's own, kept under the profile's name or "
		       "the given one in ~/.local/share/sbox/homes. ephemeral: an empty one, "
		       "gone afterwards. host: the real one. none: no home.",
		.flags = S_WIDENS },
	[SET_CWD] = { "cwd", "filesystem", ENUM(cwd, access_words),
		.help = "how the caller's working directory is seen",
		.doc = "A caller who stands in the home directory itself, above it, or where a "
		       "session keeps its sockets (/tmp itself, /run, XDG_RUNTIME_DIR) shows "
		       "nothing of it; read and write do.",
		.flags = S_WIDENS },
	[SET_LAYER] = { "layer", "filesystem", TEXT(value_layer, layer),
		.short_flag = 'l', .help = "where writes go instead of the host",
		.doc = "none: what is not writable stays so. With a layer the trees of the system, a "
		       "directory root, the home with home = host, and the working directory can all "
		       "be written to, and nothing of that reaches the host: ephemeral keeps it in "
		       "memory, to be gone afterwards; a name keeps it in "
		       "~/.local/share/sbox/layers, to be used again by the next run with that "
		       "name, looked at with \"sbox diff\", and brought to the host with "
		       "\"sbox apply\". What write and bind make writable is still written on the "
		       "host. Hidden things stay hidden." },
	[SET_LAYER_UNDER] = { "layer-under", "filesystem", LIST(value_words, layer_under),
		.metavar = "NAME...",
		.help = "kept layers to see below the layer, read-only",
		.doc = "The first one lies on top of the others. They must have been written by "
		       "the engine that is used now." },
	[SET_OVERLAY] = { "overlay", "filesystem", LIST(value_paths, overlay),
		.help = "paths to see, with writes going to the layer",
		.doc = "Directories, in addition to what layer overlays by itself. Needs a layer.",
		.flags = S_WIDENS },
	[SET_ENGINE] = { "engine", "filesystem", ENUM(engine, engine_words),
		.help = "what puts a layer over a tree",
		.doc = "kernel: the kernel's overlay file system, as fast as without; what belongs to "
		       "ids that the id map does not have cannot be changed by it. fuse-overlayfs: "
		       "the program of that name, with which everything that can be read can be "
		       "changed; several times slower with many small files. auto: for each tree "
		       "the kernel, where the tree is the caller's own and the kernel can do it; "
		       "else fuse-overlayfs. A kept layer stays with the engine that it was begun "
		       "with." },
	[SET_CHDIR] = { "chdir", "filesystem", TEXT(value_path, chdir), .short_flag = 'C',
		.metavar = "DIR", .help = "directory to start in",
		.doc = "Default: the caller's where it is visible, else the home, else /." },
	[SET_PROC] = { "proc", "filesystem", BOOL(proc), .help = "mount /proc",
		.doc = "A fresh one, of the sandbox's own processes." },
	[SET_DEV] = { "dev", "filesystem", BOOL(dev), .help = "make a minimal /dev",
		.doc = "null, zero, full, random, urandom, tty, its own terminals and shared "
		       "memory." },
	[SET_SYS] = { "sys", "filesystem", BOOL(sys),
		.help = "show the host's /sys, read-only",
		.doc = "It tells much about the machine; the gpu setting shows the few parts "
		       "that it needs.",
		.flags = S_WIDENS },

	/* ---- identity ---- */
	[SET_IDENTITY] = { "identity", "identity", ENUM(identity, identity_words),
		.help = "who the program is inside",
		.doc = "self: the caller, by the same number. root: number 0, which is the "
		       "caller on the host and has no rights there that the caller has not." },
	[SET_ID_MAP] = { "id-map", "identity", ENUM(id_map, id_map_words),
		.help = "which ids exist inside",
		.doc = "single: one's own only. range: the subordinate ids of /etc/subuid and "
		       "/etc/subgid too, through newuidmap(1). auto: a range for identity = "
		       "root and for groups = drop, else single." },
	[SET_GROUPS] = { "groups", "identity", ENUM(groups, groups_words),
		.help = "the caller's supplementary groups",
		.doc = "drop needs a range of ids. keep keeps them, though they have no name "
		       "inside. auto drops them wherever the id map allows it.",
		.flags = S_WIDENS },
	[SET_HOSTNAME] = { "hostname", "identity", TEXT(value_hostname, hostname),
		.help = "host name inside", .doc = "With uts = private, the default." },
	[SET_MACHINE_ID] = { "machine-id", "identity", TEXT(value_machine_id, machine_id),
		.help = "what /etc/machine-id says",
		.doc = "random: another one at each start. host: the host's own, by which it "
		       "can be known again.",
		.flags = S_WIDENS },

	/* ---- namespaces ---- */
	[SET_PID] = { "pid", "namespaces", ENUM(pid, sharing_words),
		.help = "process ids and /proc",
		.doc = "With host, other processes are seen and a descendant that leaves its "
		       "parent may outlive the sandbox.",
		.flags = S_WIDENS },
	[SET_IPC] = { "ipc", "namespaces", ENUM(ipc, sharing_words),
		.help = "System V IPC and POSIX message queues",
		.doc = "X11's shared memory needs host.", .flags = S_WIDENS },
	[SET_UTS] = { "uts", "namespaces", ENUM(uts, sharing_words), .help = "host name",
		.doc = "host: the host's own name.", .flags = S_WIDENS },
	[SET_CGROUP] = { "cgroup", "namespaces", ENUM(cgroup, sharing_words),
		.help = "view of control groups",
		.doc = "private: its own group looks like the root.", .flags = S_WIDENS },
	[SET_TIME] = { "time", "namespaces", ENUM(time, sharing_words),
		.help = "monotonic and boot-time clocks",
		.doc = "private allows offsets for them. The clock of the day is always the "
		       "host's." },
	[SET_MONOTONIC_OFFSET] = { "monotonic-offset", "namespaces",
		NUM64(value_offset, monotonic_offset_ns),
		.help = "added to the monotonic clock",
		.doc = "Needs time = private. The clock cannot become negative." },
	[SET_BOOTTIME_OFFSET] = { "boottime-offset", "namespaces",
		NUM64(value_offset, boottime_offset_ns),
		.help = "added to the boot-time clock",
		.doc = "Needs time = private; uptime(1) shows it." },

	/* ---- network ---- */
	[SET_NETWORK] = { "network", "network", ENUM(network, network_words),
		.help = "the network that the program sees",
		.doc = "none: a loopback interface of its own and nothing else. user: a network of "
		       "its own, which slirp4netns(1) or pasta(1) connects to the world as an "
		       "ordinary program of the caller; the host's loopback is not reachable, "
		       "the host's other addresses and the local network are, unless rules "
		       "say otherwise. host: the host's, with everything that listens on its "
		       "loopback, and its abstract sockets.",
		.flags = S_WIDENS },
	[SET_NETWORK_ALLOW] = { "network-allow", "network",
		LIST(value_net_rules, network_allow),
		.help = "the only destinations that may be reached",
		.doc = "Needs network = user. With it, everything that no rule allows is "
		       "refused at once, counted, and named when the program has ended. A rule "
		       "is a destination, then :PORTS (80,443 or 8000-8999), then /udp or /tcp. "
		       "Ports alone are those of TCP; without ports and protocol everything "
		       "goes.\n\n"
		       "A destination is an address; a network such as 192.0.2.0/24; a name; or "
		       "a word. An address of IPv6 with ports stands in brackets. *.NAME is "
		       "every name below NAME, * any name. A name is looked up by sbox, which "
		       "opens the addresses that it answered for as long as they are valid; one "
		       "that leads to an address that is not on the internet is refused, unless "
		       "a rule allows that address too. internet is all but private, "
		       "link-local, multicast and reserved addresses, the host's own and those "
		       "of the networks that it is attached to. lan is the private ones and "
		       "those of the attached networks, without the host's own. An address "
		       "below 64:ff9b::/96 (NAT64) counts as the one of IPv4 in it. "
		       "host-loopback:PORT is that port of 127.0.0.1 of the host, found inside "
		       "under the name host-loopback.\n\n"
		       "Names are looked up freely where internet, lan or everything is "
		       "allowed; else only those that a rule names.\n\n"
		       "The most specific rule wins: a longer prefix over a shorter one, a rule "
		       "with ports over one without, at equal depth deny. Addresses and "
		       "networks win over names, names over lan, lan over internet, and all "
		       "over 0.0.0.0/0 and ::/0.",
		.flags = S_WIDENS },
	[SET_NETWORK_DENY] = { "network-deny", "network",
		LIST(value_net_rules, network_deny),
		.help = "destinations that may not be reached",
		.doc = "As network-allow. Without any network-allow, everything else may be. "
		       "Here lan is also the host's own addresses, link-local ones, multicast "
		       "and 100.64.0.0/10, and what stands for one of these in IPv6 (NAT64, "
		       "6to4). A denied name "
		       "is not looked up; an address that the program knows otherwise is not "
		       "meant by it." },
	[SET_PUBLISH] = { "publish", "network", LIST(value_publish, publish),
		.help = "ports of the program that the host can reach",
		.doc = "PORT of the host leads to the same port inside, PORT:INSIDE to "
		       "another; /udp is for UDP. The host listens on 127.0.0.1 unless an "
		       "ADDRESS stands before it; 0.0.0.0 is all of them. One of IPv6 stands in "
		       "brackets, as in [::1]:8080:80, and needs network-ipv6 = yes. Inside, the "
		       "program must listen on all addresses, not on its loopback alone, and "
		       "sees connections come from its own address, whoever made them. A port "
		       "that is taken is an error. Needs network = user; \"sbox port\" changes "
		       "them while the program runs.",
		.flags = S_WIDENS },
	[SET_NETWORK_IPV6] = { "network-ipv6", "network", BOOL(network_ipv6),
		.help = "IPv6 with network = user", .doc = "Where the host has it.",
		.flags = S_WIDENS },
	[SET_NETWORK_HELPER] = { "network-helper", "network",
		ENUM(network_helper, network_helper_words),
		.help = "the program behind network = user",
		.doc = "Both run as the caller, outside the sandbox, with their own confinement "
		       "switched on and the same addresses inside." },
	[SET_NETWORK_LOST] = { "network-lost", "network", ENUM(network_lost, lost_words),
		.help = "what happens when the network's helper dies",
		.doc = "warn: it is told, and the program goes on without a network. end: the "
		       "program is ended. Nothing becomes reachable by it in either case." },

	/* ---- desktop ---- */
	[SET_WAYLAND] = { "wayland", "desktop", ENUM(wayland, want_words),
		.help = "the Wayland compositor's socket",
		.doc = "auto: where the session has one. yes: an error where it has not.",
		.flags = S_WIDENS },
	[SET_X11] = { "x11", "desktop", ENUM(x11, x11_words),
		.help = "the X server's socket and its key",
		.doc = "A program with it can read the keyboard and the windows of all other "
		       "X11 programs. fallback: only where there is no Wayland socket.",
		.flags = S_WIDENS },
	[SET_SOUND] = { "sound", "desktop", ENUM(sound, sound_words),
		.help = "the sound server, through a filter",
		.doc = "What speaks PulseAudio's protocol (PulseAudio, pipewire-pulse). play: a "
		       "program can play, where the session has a server, and sees no "
		       "microphone. auto: it can record, too: microphones, and what others play. "
		       "yes: the same, and an error where there is no server.\n\n"
		       "In each case it does not see the streams of others, nor change their "
		       "volume, and all else is refused: above all to load modules, which would "
		       "be a way out of the sandbox. PipeWire's own socket is not shown. A "
		       "server that is started again is found by programs that connect again.",
		.flags = S_WIDENS },
	[SET_GPU] = { "gpu", "desktop", ENUM(gpu, want_words),
		.help = "the graphics devices",
		.doc = "/dev/dri and its like, and the parts of /sys that drivers read.",
		.flags = S_WIDENS },
	[SET_THEMES] = { "themes", "desktop", BOOL(themes),
		.help = "the user's fonts, themes and icons, read-only",
		.doc = "And the settings of toolkits that name them.",
		.flags = S_WIDENS },
	[SET_DBUS] = { "dbus", "desktop", ENUM(dbus, dbus_words),
		.help = "the session bus",
		.doc = "filtered: through xdg-dbus-proxy(1), which lets only the names of the "
		       "dbus- settings through.",
		.flags = S_WIDENS },
	[SET_DBUS_OWN] = { "dbus-own", "desktop", LIST(value_words, dbus_own),
		.metavar = "NAME...", .help = "bus names that the program may own",
		.doc = "NAME.* stands for all below it.", .flags = S_WIDENS },
	[SET_DBUS_TALK] = { "dbus-talk", "desktop", LIST(value_words, dbus_talk),
		.metavar = "NAME...", .help = "bus names that the program may call",
		.doc = "Any method of them.", .flags = S_WIDENS },
	[SET_DBUS_SEE] = { "dbus-see", "desktop", LIST(value_words, dbus_see),
		.metavar = "NAME...", .help = "bus names that the program may know of",
		.doc = "Without calling them.", .flags = S_WIDENS },
	[SET_DBUS_CALL] = { "dbus-call", "desktop", LIST(value_words, dbus_call),
		.metavar = "NAME=RULE...",
		.help = "single methods that the program may call",
		.doc = "As --call of xdg-dbus-proxy(1): NAME=INTERFACE.METHOD@PATH.",
		.flags = S_WIDENS },

	/* ---- confinement ---- */
	[SET_SYSCALLS_ALLOW] = { "syscalls-allow", "confinement",
		LIST(value_syscalls, syscalls_allow),
		.help = "system calls that the program may make",
		.doc = "Names, and groups with systemd's names and contents: @system-service, "
		       "@file-system; \"sbox syscalls\" lists them. A rule that names a call "
		       "beats one that names a group, whatever their order; of two alike deny "
		       "wins. The default is @system-service, @sandbox, @pkey and a few more; an "
		       "empty value clears it.",
		.flags = S_WIDENS },
	[SET_SYSCALLS_DENY] = { "syscalls-deny", "confinement",
		LIST(value_syscalls, syscalls_deny),
		.help = "system calls that it may not make",
		.doc = "The default is @keyring, io_uring's three and userfaultfd. NAME:ENOSYS answers with that error, NAME:kill ends the program. Pasting "
		       "input into a terminal (TIOCSTI, TIOCLINUX) and changing its line "
		       "discipline (TIOCSETD) are always refused." },
	[SET_SYSCALLS_DEFAULT] = { "syscalls-default", "confinement",
		ENUM(syscalls_default, default_words),
		.help = "what happens at a call that is not allowed",
		.doc = "errno: EPERM, and ENOSYS for calls that sbox does not know. kill: the "
		       "program ends by SIGSYS. log: the call is made, and the kernel's log "
		       "names it; for finding out what a program needs, not for confining it.",
		.flags = S_WIDENS },
	[SET_ARCHITECTURES] = { "architectures", "confinement",
		ENUM(architectures, architecture_words),
		.help = "whose calls are understood",
		.doc = "native: a 32-bit program is ended by its first call. multiarch: the same "
		       "rules hold for 32-bit programs. Calls of the x32 kind always end the "
		       "program.",
		.flags = S_WIDENS },
	[SET_NESTED] = { "nested", "confinement", ENUM(nested, nested_words),
		.help = "namespaces that the program may make itself",
		.doc = "browser: user, process, network and IPC namespaces and chroot, for the "
		       "sandbox that a browser builds around its own parts. full: all, with "
		       "mounts, for bwrap, podman or sbox inside; Landlock must then be off or "
		       "auto, which leaves it out. What is hidden in a writable place stays "
		       "unread with it too, but the program can rename it, as it can what is "
		       "protected, and put something else in its place.",
		.flags = S_WIDENS },
	[SET_SOCKETS] = { "sockets", "confinement", LIST(value_sockets, sockets),
		.metavar = "FAMILY...",
		.help = "address families of the sockets that it may make",
		.doc = "unix, inet, inet6, netlink, packet, bluetooth, vsock, alg, can, or all. "
		       "Without this setting the first four; for the sake of 32-bit programs "
		       "all with architectures = multiarch.",
		.flags = S_WIDENS },
	[SET_WX_MEMORY] = { "wx-memory", "confinement", BOOL(wx_memory),
		.help = "memory that is writable and executable",
		.doc = "Compilers at run time (browsers, JavaScript, Java) need it.",
		.flags = S_WIDENS },
	[SET_PTRACE] = { "ptrace", "confinement", BOOL(ptrace),
		.help = "tracing its own processes", .doc = "For debuggers and strace.",
		.flags = S_WIDENS },
	[SET_PERSONALITY] = { "personality", "confinement", BOOL(personality),
		.help = "other execution domains",
		.doc = "Without it personality(2) may only ask, keep Linux's own and switch "
		       "address randomization off.",
		.flags = S_WIDENS },
	[SET_CAPABILITIES] = { "capabilities", "confinement",
		LIST(value_capabilities, capabilities),
		.help = "capabilities inside, none by default",
		.doc = "As in capabilities(7), without cap_. none clears; root stands for those that a "
		       "package manager needs. They hold over the sandbox's own user "
		       "namespace only, never on the host. Those over the network and the "
		       "mounts are refused, since the sandbox's own rules rest on them.",
		.flags = S_WIDENS },
	[SET_LANDLOCK] = { "landlock", "confinement", ENUM(landlock, landlock_words),
		.help = "a second wall around files, from the same rules",
		.doc = "By the kernel's Landlock, derived from what is mounted: writing only "
		       "where a rule makes it possible, no abstract sockets and no signals to "
		       "processes outside. auto: what this kernel can do. required: an error "
		       "where it cannot, with network = host also where it cannot bar abstract "
		       "sockets (before Linux 6.12).",
		.flags = S_WIDENS },
	[SET_APPARMOR] = { "apparmor", "confinement", TEXT(value_string, apparmor),
		.metavar = "auto|off|PROFILE",
		.help = "the AppArmor profile of the program",
		.doc = "auto: sbox-payload, which sbox brings, where it is loaded, unless "
		       "nested = full or a profile confines the caller; else what the "
		       "caller's own gives. off: always that. The program does not leave "
		       "sbox-payload for a profile of its own that the system may have.",
		.flags = S_WIDENS },
	[SET_SELINUX] = { "selinux", "confinement", TEXT(value_string, selinux),
		.metavar = "auto|off|CONTEXT",
		.help = "the SELinux context of the program",
		.doc = "auto: the caller's." },

	/* ---- environment ---- */
	[SET_PASS_ENV] = { "pass-env", "environment", LIST(value_names, pass_env),
		.help = "variables of the caller that pass",
		.doc = "All others do not. PATH, HOME, USER, LOGNAME, SHELL and "
		       "XDG_RUNTIME_DIR are set for the sandbox unless named here.",
		.flags = S_WIDENS },
	[SET_ENV] = { "env", "environment", LIST(value_env, env), .short_flag = 'e',
		.help = "set variables", .doc = "A later one wins." },
	[SET_UNSET_ENV] = { "unset-env", "environment", LIST(value_names, unset_env),
		.help = "variables that do not pass after all",
		.doc = "Wins over pass-env, not over env." },

	/* ---- process ---- */
	[SET_NAME] = { "name", "process", TEXT(value_instance_name, name),
		.help = "what the running sandbox is called",
		.doc = "By this name \"sbox ps\" lists it and \"sbox kill\" and its like find "
		       "it; without one, by the pid of sbox. A letter comes first. While it "
		       "runs, no other can be started with the same name." },
	[SET_PASS_FD] = { "pass-fd", "process", LIST(value_fds, pass_fd),
		.help = "open descriptors of the caller that pass",
		.doc = "0, 1 and 2 always do. A descriptor of a directory gives what is below "
		       "it, for writing too; where there is no Landlock, it also leads up to all "
		       "of the host's files.",
		.flags = S_WIDENS },
	[SET_NEW_SESSION] = { "new-session", "process", BOOL(new_session),
		.help = "start in a session of its own",
		.doc = "Without the caller's terminal: no Ctrl-C, no job control. Where the "
		       "caller has none, it is always so." },
	[SET_TIMEOUT] = { "timeout", "process", NUM64(value_duration, timeout_ns),
		.short_flag = 't',
		.help = "end the program after this time (exit code 124)",
		.doc = "It gets SIGTERM, and SIGKILL two seconds later. 0: no limit." },
	[SET_WAIT] = { "wait", "process", ENUM(wait, wait_words),
		.help = "when the sandbox ends",
		.doc = "main: with the program itself; what it left running is ended. all: "
		       "when the last process has ended." },

	/* ---- limits ---- */
	[SET_LIMITS] = { "limits", "limits", ENUM(limits, limits_words),
		.help = "what happens where a limit cannot be held",
		.doc = "memory to io-max hold for all processes of the sandbox together, by a "
		       "control group that systemd's user manager delegates, or the caller's "
		       "own where that is writable. required: without one the program is not "
		       "started. auto: what can be held is held, and a warning tells the rest: "
		       "at each start where a flag or a profile of one's own asks for a limit, "
		       "once in a session for those of sbox's profiles. "
		       "group: as required, with a group even where nothing is limited, for "
		       "\"sbox stats\" and \"sbox pause\"." },
	[SET_MEMORY] = { "memory", "limits", NUM64(value_limit_size, memory),
		.help = "memory that all its processes may use",
		.doc = "With their files in the page cache. At the limit the kernel kills one "
		       "of them, see oom-kill. Unless swap is set, too, none of it is swapped "
		       "out." },
	[SET_MEMORY_HIGH] = { "memory-high", "limits",
		NUM64(value_limit_size, memory_high),
		.help = "memory above which they are slowed down",
		.doc = "And made to give back what can be had again." },
	[SET_SWAP] = { "swap", "limits", NUM64(value_limit_size, swap),
		.help = "swap that they may use",
		.doc = "0: none, as with memory alone. max: as much as there is." },
	[SET_OOM_KILL] = { "oom-kill", "limits", ENUM(oom_kill, oom_kill_words),
		.help = "who is killed when the memory is used up",
		.doc = "one: the process that the kernel chooses, so that a browser loses a "
		       "page, not all. all: the whole sandbox." },
	[SET_CPUS] = { "cpus", "limits", NUM64(value_limit_cpus, cpus),
		.help = "processors that they may keep busy",
		.doc = "1.5 is one and a half; 50% is half of all there are." },
	[SET_CPU_WEIGHT] = { "cpu-weight", "limits", NUM64(value_weight, cpu_weight),
		.help = "share of the processors when others want them, too",
		.doc = "Others have 100." },
	[SET_CPUSET] = { "cpuset", "limits", TEXT(value_cpuset, cpuset),
		.help = "processors that they may run on",
		.doc = "all: as many as there are. The controller is rarely delegated; the "
		       "error tells how to." },
	[SET_CPU_TIME] = { "cpu-time", "limits", NUM64(value_duration, cpu_time_ns),
		.help = "end it after this much processor time (as 124)",
		.doc = "Of all its processes together. It gets SIGTERM, and SIGKILL two "
		       "seconds later. 0: no limit." },
	[SET_PIDS] = { "pids", "limits", NUM64(value_limit_count, pids),
		.help = "processes and threads that there may be at once",
		.doc = "At the limit fork(2) fails." },
	[SET_IO_WEIGHT] = { "io-weight", "limits", NUM64(value_weight, io_weight),
		.help = "share of the disks when others want them, too",
		.doc = "Others have 100. The controller is rarely delegated; the error tells "
		       "how to." },
	[SET_IO_MAX] = { "io-max", "limits", LIST(value_io_max, io_max),
		.help = "speed limits on a disk",
		.doc = "PATH is the disk's device, or anything on it. rbps, wbps: bytes a "
		       "second read and written; riops, wiops: operations. rbps=max lifts that "
		       "limit of that disk, and max alone all limits of all disks. The "
		       "controller is rarely delegated; the error tells how to." },
	[SET_NOFILE] = { "nofile", "limits", NUM64(value_limit_number, nofile),
		.help = "descriptors that a process may have open",
		.doc = "This and the next are limits for each process by itself, "
		       "setrlimit(2)'s; they need no control group and cannot be above the "
		       "caller's own hard limit." },
	[SET_FSIZE] = { "fsize", "limits", NUM64(value_limit_bytes, fsize),
		.help = "size of a file that it may write",
		.doc = "Beyond it the process gets SIGXFSZ." },
	[SET_CORE] = { "core", "limits", NUM64(value_limit_bytes, core),
		.help = "size of a core file", .doc = "0: none." },
	[SET_STACK] = { "stack", "limits", NUM64(value_limit_bytes, stack),
		.help = "size of a stack", .doc = "Of the main thread." },
	[SET_MEMLOCK] = { "memlock", "limits", NUM64(value_limit_bytes, memlock),
		.help = "memory that it may lock", .doc = "See mlock(2)." },
	[SET_ADDRESS_SPACE] = { "address-space", "limits",
		NUM64(value_limit_bytes, address_space),
		.help = "address space of a process",
		.doc = "Browsers and programs with a garbage collector reserve many times "
		       "what they use; memory is the limit for them." },
	[SET_NICE] = { "nice", "limits", NUM64(value_nice, nice), .help = "niceness",
		.doc = "19 is the lowest priority." },
	[SET_OOM_SCORE] = { "oom-score", "limits", NUM64(value_oom_score, oom_score),
		.help = "whom the kernel kills first when memory ends",
		.doc = "Among all of the machine's processes; 1000 is the first." },

	/* ---- the command line only ---- */
	[SET_SHELL_COMMAND] = { "command-string", NULL, TEXT(value_string, shell_command),
		.short_flag = 'c', .metavar = "STRING", .help = "run a line of shell",
		.doc = "By /bin/sh; further words are its $0, $1 and so on.",
		.flags = S_CMDLINE },
	[SET_NO_LIMITS] = { "no-limits", NULL, BOOL(no_limits),
		.help = "run without the limits that need a control group",
		.doc = "Where they cannot be held, or are not wanted. \"sbox ps\" shows it.",
		.flags = S_CMDLINE },
	[SET_DRY_RUN] = { "dry-run", NULL, BOOL(dry_run), .short_flag = 'n',
		.help = "print the steps and do nothing",
		.doc = "In the order in which they would be taken, with their origin.",
		.flags = S_CMDLINE },
	[SET_JSON] = { "json", NULL, BOOL(json), .help = "print listings as JSON",
		.doc = "For --dry-run and the verbs that list.", .flags = S_CMDLINE },
	[SET_JSON_STATUS] = { "json-status", NULL, NUM64(value_fd, json_status_fd),
		.help = "tell what happens on a descriptor, in JSON",
		.doc = "A line for each: \"started\" with the pid of the sandbox's init on the "
		       "host and whether its limits are held, dropped or none, then \"refused\" for each destination or name that the rules "
		       "of the network refused, with how often, then \"exited\" with the exit "
		       "code and the signal, or \"failed\" with the message and the hint.",
		.flags = S_CMDLINE },
	[SET_VERBOSE] = { "verbose", NULL, BOOL(verbose), .short_flag = 'v',
		.help = "tell more",
		.doc = "The profile that was chosen, and what else is decided on the way.",
		.flags = S_CMDLINE },
	[SET_QUIET] = { "quiet", NULL, BOOL(quiet), .short_flag = 'q',
		.help = "tell errors only", .doc = "No warnings.", .flags = S_CMDLINE },
	[SET_HELP] = { "help", NULL, BOOL(help), .short_flag = 'h',
		.help = "print the flags", .doc = "See also \"sbox help\".",
		.flags = S_CMDLINE },
	[SET_VERSION] = { "version", NULL, BOOL(version), .short_flag = 'V',
		.help = "print the version", .doc = "One line.", .flags = S_CMDLINE },
};

const char *setting_flag(const struct setting *s)
{
	return s->alias ? s->alias : s->key;
}

enum setting_id setting_find(const char *key)
{
	for (unsigned i = 0; i < SET_COUNT; i++)
		if (strcmp(settings[i].key, key) == 0 ||
			(settings[i].alias && strcmp(settings[i].alias, key) == 0))
			return i;
	return SET_COUNT;
}

enum setting_id setting_find_short(char flag)
{
	for (unsigned i = 0; i < SET_COUNT; i++)
		if (settings[i].short_flag == flag)
			return i;
	return SET_COUNT;
}

/* The keys, then the aliases, which are flags only. */
static const char *next_key(size_t i, const void *ctx)
{
	unsigned forbidden = *(const unsigned *)ctx;
	if (i >= 2 * SET_COUNT)
		return NULL;
	const struct setting *s = &settings[i % SET_COUNT];
	const char *name = i < SET_COUNT ? s->key
		: forbidden & S_CMDLINE	 ? NULL
					 : s->alias;
	return name && !(s->flags & forbidden) ? name : "";
}

const char *setting_nearest(const char *key, unsigned forbidden)
{
	return str_nearest(key, next_key, &forbidden);
}

const char *setting_metavar(const struct setting *s)
{
	return s->metavar ? s->metavar : s->type->metavar;
}

void setting_apply(struct plan *p, struct diags *d, enum setting_id id, const char *text,
	const struct origin *at)
{
	const struct setting *s = &settings[id];
	void *member = setting_member(s, p);

	p->origin[id] = *at;
	if (!*text && s->type->list) {
		memset(member, 0, sizeof(struct list));
		return;
	}
	const struct value_input in = {
		.arena = p->arena, .diags = d, .setting = s, .text = text, .at = *at
	};
	if (!*text && id != SET_DESCRIPTION && id != SET_SHELL_COMMAND) {
		struct diag *missing = diag_add(d, at, "%s: a value is missing", s->key);
		missing->about = id;
		missing->hint = arena_printf(
			p->arena, "write %s = %s", s->key, setting_metavar(s));
		return;
	}
	s->type->parse(&in, member);
}
