/* SPDX-License-Identifier: MIT */
/* selfcheck.c - looks and asks, from inside a sandbox, whether what was promised holds
 *
 * usage: selfcheck [WORD=VALUE]...
 *
 * One line a property: "held NAME: detail", "broken NAME: what was found" or "untestable
 * NAME: why". The result is 1 when one is broken. What is promised depends on the plan and
 * is told by words (those with + may be repeated):
 *
 *   writable=DIR+       where writing is allowed; everywhere else it is not
 *   hidden=PATH+        the host's, and not to be found
 *   secret=TEXT+        what the caller knows and no process here may
 *   device=NAME+        in /dev besides the usual
 *   uid=N gid=N groups=drop|keep capabilities=HEX
 *   pid= ipc= uts= cgroup=private|host   network=none|host   sys=yes|no
 *   nested=none|browser|full   architectures=native|multiarch   landlock=on|off
 *   ptrace= personality= wx-memory=yes|no   sockets=NAME,... (all where left out)
 *   refused=GROUP:CALL:ANSWER+   as callmatrix words it
 *   hostname=NAME machine-id=TEXT        the host's, not to be seen
 *   host-pid=N abstract=NAME port=N sysv=ID   of a process, listeners and memory outside
 *
 * Standard input must be a file that the caller could write, open for reading: without
 * Landlock it could be opened anew.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "selfcheck_calls.h"
#include "selfcheck_files.h"
#include "selfcheck_processes.h"

/* ---- what lies outside of files ---- */

static int connect_unix(const struct sockaddr_un *address, size_t size)
{
	static const int kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int fd = socket(AF_UNIX, kinds[i] | SOCK_CLOEXEC, 0);
		int r = fd < 0
			? -1
			: connect(fd, (const struct sockaddr *)address, (socklen_t)size);
		if (fd >= 0)
			close(fd);
		if (r == 0)
			return 0;
	}
	return -1;
}

static void check_reach(void)
{
	static const char *const paths[] = { "/run/dbus/system_bus_socket",
		"/run/docker.sock", "/run/podman/podman.sock", "/run/systemd/private",
		"/run/systemd/journal/socket", "/run/containerd/containerd.sock",
		"/run/user/%u/bus", "/run/user/%u/systemd/private", "/tmp/.X11-unix/X0" };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(
			address.sun_path, sizeof(address.sun_path), paths[i], getuid());
#pragma GCC diagnostic pop
		if (connect_unix(&address, sizeof(address)) == 0)
			flaw("%s", address.sun_path);
	}
	property("sockets.paths", "no service of the host's answers");

	const char *name = word("abstract");
	memset(address.sun_path, 0, sizeof(address.sun_path));
	(void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
	if (*name != '\0' &&
		connect_unix(&address,
			offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)) == 0)
		flaw("reached");
	/* in the host's network only a scope of Landlock's keeps from them: from Linux 6.12 */
	if (!is("network", "none") &&
		syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 6)
		untestable("sockets.abstract", "kernel: no Landlock scopes");
	else
		property("sockets.abstract", "the host's are out of reach");

	struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atol(word("port"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool reached = fd >= 0 &&
		connect(fd, (struct sockaddr *)&loopback, sizeof(loopback)) == 0;
	if (fd >= 0)
		close(fd);
	if (is("network", "none") && reached)
		flaw("the host's loopback answers");
	struct if_nameindex *all = if_nameindex();
	for (struct if_nameindex *i = all; i != NULL && i->if_index != 0; i++)
		if (is("network", "none") && strcmp(i->if_name, "lo") != 0)
			flaw("there is an interface '%s'", i->if_name);
	property("sockets.network", "as promised");
}

static bool in_list(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = strstr(list, name); p != NULL; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ',') && (p[len] == ',' || p[len] == '\0'))
			return true;
	return false;
}

static void check_sockets(void)
{
	static const struct {
		const char *name;
		int family;
	} families[] = { { "unix", AF_UNIX }, { "inet", AF_INET }, { "inet6", AF_INET6 },
		{ "netlink", AF_NETLINK }, { "packet", AF_PACKET }, { "alg", AF_ALG },
		{ "vsock", AF_VSOCK }, { "bluetooth", AF_BLUETOOTH }, { "can", AF_CAN } };
	for (size_t i = 0; *word("sockets") != '\0' && i < ARRAY_SIZE(families); i++)
		expect_answer(families[i].name, ABI_NATIVE, number_of("socket"),
			(uint64_t)families[i].family, 0,
			in_list(word("sockets"), families[i].name) ? "allowed"
								   : "EAFNOSUPPORT");
	property("sockets.families", "those that are promised");

	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 ||
		socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0)
		flaw("a raw socket can be made");
	property("sockets.raw", "none");
}

static void check_ipc(void)
{
	struct shmid_ds ds;
	int id = atoi(word("sysv"));
	if (is("ipc", "private") && *word("sysv") != '\0' &&
		shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 12345)
		flaw("the host's shared memory %d is there", id);
	property("ipc.sysv", "the host's is not there");

	if (syscall(SYS_add_key, "user", "selfcheck", "x", 1, -3) >= 0)
		flaw("add_key");
	if (syscall(SYS_keyctl, 0, -3, 1) >= 0)
		flaw("keyctl");
	if (syscall(SYS_request_key, "user", "selfcheck", NULL, 0) >= 0)
		flaw("request_key");
	property("ipc.keys", "no keyring can be used");
}

/* ---- all of it ---- */

static void check_landlock(void)
{
	if (!is("landlock", "on"))
		return;
	if (can_write_file("/proc/self/fd/0"))
		flaw("the file on standard input can be opened for writing");
	property("landlock.reopen", "what is open for reading stays so");
}

int main(int argc, char **argv)
{
	(void)argc;
	words = argv + 1;
	check_files();
	check_root();
	check_privileges();
	check_init();
	check_processes();
	check_proc();
	check_devices();
	check_injection();
	check_refused();
	check_abis();
	check_namespaces();
	check_reach();
	check_sockets();
	check_ipc();
	check_own();
	check_landlock();
	return n_broken > 0;
}
