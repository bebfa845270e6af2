/* SPDX-License-Identifier: MIT */
/* network.c - the network's words made into helpers, rules, and the files that tell of them
 *
 * What is missing on this machine is told here, before anything is started: the helper, the
 * tun device, nft for rules. Nothing weaker is tried in its place.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/proc.h"
#include "config/settings.h"
#include "resolve/net_forward.h"
#include "resolve/wish.h"

static const char tun[] = "/dev/net/tun";

static bool is_host_root(const struct resolver *r)
{
	return strcmp(r->p->root, "host") == 0;
}

/* ---- the files that programs look into ---- */

/* With the host's network: its resolv.conf is often a link into /run, which the sandbox has
 * its own of. */
static void hosts_resolver(struct resolver *r)
{
	char target[PATH_MAX];
	if (!realpath("/etc/resolv.conf", target) || path_is_below(target, "/etc"))
		return;
	const char *path = arena_strdup(r->a, target);
	struct mount_op *op = wish(r, OP_BIND,
		is_host_root(r) ? path : "/etc/resolv.conf", SET_NETWORK, NULL);
	op->source = path;
	op->implied = true;
}

/* Without a name server glibc would ask 127.0.0.1, where nobody listens: an answer at once. */
static const char *resolv_conf(const struct resolver *r)
{
	if (!r->rd->network)
		return "# no network, no name server\n";
	return r->rd->network->resolver_path ? "nameserver " INSIDE_RESOLVER "\n"
					     : "nameserver " INSIDE_DNS "\n";
}

static const char *hosts(const struct resolver *r)
{
	const char *text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n";
	if (r->p->uts == SHARING_PRIVATE)
		text = arena_printf(r->a, "%s127.0.1.1\t%s\n", text, r->p->hostname);
	if (r->rd->network && r->rd->network->filter->host_loopback)
		text = arena_printf(
			r->a, "%s" INSIDE_GATEWAY "\t" INSIDE_HOST_LOOPBACK "\n", text);
	return text;
}

static void wish_files(struct resolver *r)
{
	static const char nsswitch[] =
		"passwd: files\ngroup: files\nshadow: files\n"
		"hosts: files dns\nnetworks: files\n"
		"protocols: files\nservices: files\nethers: files\n"
		"rpc: files\n";
	if (r->p->network == NETWORK_HOST) {
		hosts_resolver(r);
		return;
	}
	/* another root's own files say what fits its own network, not this one */
	if (!is_host_root(r) && !r->rd->network)
		return;
	wish_text(r,
		is_host_root(r) ? path_real(r->a, "/etc/resolv.conf")
				: "/etc/resolv.conf",
		resolv_conf(r), SET_NETWORK);
	wish_text(r, "/etc/hosts", hosts(r), SET_NETWORK);
	if (is_host_root(r))
		wish_text(r, "/etc/nsswitch.conf", nsswitch, SET_NETWORK);
}

/* ---- the helper and its rules ---- */

static const char *find(
	struct resolver *r, const char *name, enum setting_id id, const char *package)
{
	char path[64];
	if (proc_find_helper(name, path, sizeof(path)))
		return arena_strdup(r->a, path);
	diag_add(r->d, &r->p->origin[id], "%s needs the program %s", settings[id].key,
		name)
		->hint = arena_printf(r->a, "install the package %s", package);
	return NULL;
}

static void check_tun(struct resolver *r)
{
	if (access(tun, R_OK | W_OK) == 0)
		return;
	struct diag *d = diag_add(r->d, &r->p->origin[SET_NETWORK],
		"network = user needs '%s': %s", tun, strerror(errno));
	d->hint = errno == ENOENT
		? "an administrator loads the kernel's module with: modprobe tun"
		: "it is open to all users on common systems; an administrator makes it so "
		  "with: chmod 666 /dev/net/tun";
}

static void read_publish(struct resolver *r, struct network_spec *spec)
{
	const struct list *l = &r->p->publish;
	struct net_publish *v = arena_alloc(r->a, (l->n + 1) * sizeof(*v));
	for (size_t i = 0; i < l->n; i++) {
		const char *hint;
		if (!net_publish_parse(l->v[i].text, &v[spec->n_publish], &hint))
			spec->n_publish++;
	}
	spec->publish = v;
}

/* One of our own. */
static const char *find_ours(
	struct resolver *r, const char *name, enum setting_id id, const char *who)
{
	const char *path = host_libexec(r->h, r->a, name);
	if (access(path, X_OK) < 0)
		diag_add(r->d, &r->p->origin[id], "%s the program '%s': %s", who, path,
			strerror(errno))
			->hint = "it is part of sbox; is the installation whole?";
	return path;
}

static void find_for_rules(struct resolver *r, struct network_spec *spec)
{
	enum setting_id id =
		r->p->network_allow.n > 0 ? SET_NETWORK_ALLOW : SET_NETWORK_DENY;
	/* without any rule there is still the host's loopback to keep from */
	spec->nft_path = find(r, "nft", spec->filter->any ? id : SET_NETWORK, "nftables");
	if (spec->filter->names.n > 0)
		spec->resolver_path =
			find_ours(r, "sbox-resolver", id, "rules with names need");
}

/* Where ports are asked for: by "publish", and by "sbox port" later. */
static int make_folder(struct resolver *r, struct network_spec *spec)
{
	const char *folder = instance_subdir(r->rd->instance, r->a, NETWORK_FOLDER, r->e);
	if (!folder)
		return r->e->code;
	spec->ports_path = arena_printf(r->a, "%s/" NETWORK_SOCKET, folder);
	return 0;
}

int wish_network(struct resolver *r)
{
	struct network_spec *spec = arena_alloc(r->a, sizeof(*spec));
	struct net_filter *filter = arena_alloc(r->a, sizeof(*filter));
	bool pasta = r->p->network_helper == NETWORK_PASTA;
	int code = 0;
	if (r->p->network == NETWORK_USER) {
		net_filter_init(filter, r->a, r->p);
		spec->filter = filter;
		spec->helper = pasta ? "pasta" : "slirp4netns";
		spec->path = find(
			r, spec->helper, SET_NETWORK, pasta ? "passt" : "slirp4netns");
		check_tun(r);
		read_publish(r, spec);
		find_for_rules(r, spec);
		spec->forward_path =
			find_ours(r, "sbox-forward", SET_NETWORK, "network = user needs");
		r->rd->network = spec;
		if (!r->dry)
			code = make_folder(r, spec);
	}
	wish_files(r);
	return code;
}
