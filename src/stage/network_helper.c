/* SPDX-License-Identifier: MIT */
/* network_helper.c - slirp4netns or pasta: its words, its start, and when it is ready
 *
 * slirp4netns takes descriptors of any number: the namespaces, one to write "1" to when the
 * network is up, one at whose end it ends. pasta takes paths only, closes what it inherits
 * (from version 2024_06 on) but its first three descriptors, and may not look into another
 * process's, where AppArmor has a profile for it. So those three are the namespaces, and a
 * pipe for what it has to say. Its number, which it writes to a file when it is ready,
 * comes through the same pipe. A process beside it sees to its end.
 */
#include "stage/network_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "resolve/net_forward.h"
#include "stage/network.h"
#include "stage/network_ipv6.h"
#include "stage/network_port.h"

struct words {
	char **v;
	size_t n;
};

static const struct network_spec *spec_of(const struct network_run *n)
{
	return n->rd->network;
}

static struct arena *arena_of(const struct network_run *n)
{
	return n->rd->plan->arena;
}

static bool is_pasta(const struct network_run *n)
{
	return n->rd->plan->network_helper == NETWORK_PASTA;
}

static void word(struct network_run *n, struct words *w, const char *text)
{
	*ARENA_PUSH(arena_of(n), w) = (char *)text;
}

#define WORD_F(n, w, ...) word((n), (w), arena_printf(arena_of(n), __VA_ARGS__))

static int make_pipe(
	const struct network_run *n, int *ret_read, int *ret_write, struct err *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe for %s", n->helper.name);
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

/* ---- slirp4netns ---- */

static void slirp_words(struct network_run *n, struct words *w, int ready, int leave)
{
	const struct net_filter *f = spec_of(n)->filter;
	word(n, w, "slirp4netns");
	word(n, w, "--configure");
	word(n, w, "--mtu=65520");
	word(n, w, "--enable-seccomp");
	if (!f->host_loopback) /* else the rules let through what they name of it */
		word(n, w, "--disable-host-loopback");
	if (f->any && !f->free_lookup && f->names.n == 0)
		word(n, w, "--disable-dns");
	if (n->rd->plan->network_ipv6)
		word(n, w, "--enable-ipv6");
	WORD_F(n, w, "--ready-fd=%d", ready);
	WORD_F(n, w, "--exit-fd=%d", leave);
	word(n, w, "--netns-type=path");
	WORD_F(n, w, "--userns-path=/proc/self/fd/%d", n->user_ns);
	WORD_F(n, w, "/proc/self/fd/%d", n->net_ns);
	word(n, w, "tap0");
	word(n, w, NULL);
}

static int start_slirp(struct network_run *n, int ready, int leave, struct err *e)
{
	const struct network_spec *spec = spec_of(n);
	const struct network_wall wall = { .required = n->rd->plan->landlock ==
			LANDLOCK_REQUIRED };
	struct words w = { 0 };
	slirp_words(n, &w, ready, leave);
	struct proc_spec proc = { .path = spec->path,
		.argv = w.v,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.keep_fds = { ready, leave, n->user_ns, n->net_ns },
		.n_keep_fds = 4,
		.prepare = network_wall_off,
		.data = &wall };
	return side_start(&n->helper, &proc, e);
}

/* ---- pasta ---- */

static void pasta_words(struct network_run *n, struct words *w)
{
	static const char *const fixed[] = { "pasta", "--foreground", "--config-net",
		"--userns=/proc/self/fd/0", "--netns=/proc/self/fd/1",
		"--pid=/proc/self/fd/2", "--no-netns-quit", "--address", INSIDE_ADDRESS,
		"--netmask", "24", "--gateway", INSIDE_GATEWAY, "--dns-forward",
		INSIDE_DNS, "--ns-ifname", "tap0", "--mtu", "65520", "--no-dhcp",
		"--no-dhcpv6", "--no-ra", "--tcp-ports", "none", "--udp-ports", "none",
		"--tcp-ns", "none", "--udp-ns", "none", NULL };
	for (size_t i = 0; fixed[i]; i++)
		word(n, w, fixed[i]);
	if (!spec_of(n)->filter->host_loopback)
		word(n, w, "--no-map-gw");
	if (!n->rd->plan->network_ipv6)
		word(n, w, "--ipv4-only");
	if (n->rd->plan->network_ipv6) {
		word(n, w, "--address");
		word(n, w, INSIDE_ADDRESS6);
		word(n, w, "--gateway");
		word(n, w, INSIDE_GATEWAY6);
	}
	word(n, w, NULL);
}

/* Not before there is what sees to its end. (What it says later finds no reader; it ignores
 * SIGPIPE, and insists on being the one who does so.) */
static int pasta_prepare(const void *go_data)
{
	const int *go = go_data;
	char byte;
	fd_close(go[1]); /* else our end would go unnoticed */
	return RETRY(read(go[0], &byte, 1)) == 1 ? 0 : -EPIPE;
}

static int start_pasta(struct network_run *n, int say, int leave, struct err *e)
{
	int go[2];
	struct words w = { 0 };
	pasta_words(n, &w);
	struct proc_spec proc = { .path = spec_of(n)->path,
		.argv = w.v,
		.stdin_fd = n->user_ns,
		.stdout_fd = n->net_ns,
		.stderr_fd = say,
		.keep_fd = -1,
		.prepare = pasta_prepare, /* it has its own walls */
		.data = go };
	int r = make_pipe(n, &go[0], &go[1], e);
	if (r < 0)
		return r;
	r = side_start(&n->helper, &proc, e);
	if (r == 0)
		r = side_guard(&n->helper, leave, &n->guard, e);
	if (r == 0 && write(go[1], "", 1) != 1)
		r = err_sys(e, -errno, "cannot let %s go", n->helper.name);
	fd_close(go[0]);
	fd_close(go[1]);
	return r;
}

/* Its number, on a line of its own; all else is for messages. */
static bool pasta_is_ready(const struct network_run *n)
{
	char text[4096];
	off_t end = lseek(n->helper.log, 0, SEEK_END);
	off_t from = end < (off_t)sizeof(text) ? 0 : end - (off_t)sizeof(text) + 1;
	ssize_t size = pread(n->helper.log, text, sizeof(text) - 1, from);
	text[size < 0 ? 0 : size] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t digits = strspn(line, "0123456789");
		if (digits > 0 && line[digits] == '\n')
			return true;
	}
	return false;
}

static int hear_pasta(struct network_run *n, struct err *e)
{
	char text[512];
	ssize_t size = RETRY(read(n->helper.channel, text, sizeof(text)));
	if (size <= 0)
		return side_failed(&n->helper, "ended before it was ready", e);
	int r = fd_write_all(n->helper.log, text, (size_t)size);
	if (r < 0)
		return err_sys(e, r, "cannot keep what %s says", n->helper.name);
	return pasta_is_ready(n) ? 0 : -EAGAIN;
}

/* ---- either ---- */

int network_helper_start(struct network_run *n, struct err *e)
{
	_cleanup_fd_ int ready = -1, leave = -1;
	n->helper.name = spec_of(n)->helper;
	int r = make_pipe(n, &n->helper.channel, &ready, e);
	if (r == 0)
		r = make_pipe(n, &leave, &n->exit_fd, e);
	if (r < 0)
		return r;
	return is_pasta(n) ? start_pasta(n, ready, leave, e)
			   : start_slirp(n, ready, leave, e);
}

static int hear_slirp(struct network_run *n, struct err *e)
{
	char byte;
	if (RETRY(read(n->helper.channel, &byte, 1)) != 1)
		return side_failed(&n->helper, "ended before it was ready", e);
	const struct network_place place = network_inside(n, PLACE_CAP(CAP_NET_ADMIN));
	return n->rd->plan->network_ipv6 ? network_ipv6_configure(&place, e) : 0;
}

static int publish(const struct network_run *n, struct err *e)
{
	const struct network_spec *spec = spec_of(n);
	int r = 0;
	for (size_t i = 0; r == 0 && i < spec->n_publish; i++)
		r = network_port_add(arena_of(n), spec->ports_path, &spec->publish[i], e);
	return r;
}

int network_helper_look(struct network_run *n, struct err *e)
{
	int r = is_pasta(n) ? hear_pasta(n, e) : hear_slirp(n, e);
	if (r == 0)
		r = publish(n, e);
	if (r == 0)
		n->helper.channel = fd_close(n->helper.channel);
	return r;
}
