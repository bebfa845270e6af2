/* SPDX-License-Identifier: MIT */
/* sets.c - the packet filter's sets, where an address is open as long as it is valid */
#include "resolver/resolver.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>

void sets_open(struct resolver *r)
{
	r->netlink = mnl_socket_open(NETLINK_NETFILTER);
	if (!r->netlink || mnl_socket_bind(r->netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		die("cannot reach the packet filter", errno);
}

/* One change of one element, into the batch. */
static void element_message(struct resolver *r, struct mnl_nlmsg_batch *batch, bool add,
	const char *set_name, const struct dns_address *a, unsigned seconds)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();
	if (!set || !element)
		die("out of memory", 0);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, "sbox");
	nftnl_set_set_str(set, NFTNL_SET_NAME, set_name);
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, a->bytes, a->v6 ? 16 : 4);
	if (add)
		nftnl_set_elem_set_u64(
			element, NFTNL_SET_ELEM_TIMEOUT, (uint64_t)seconds * 1000);
	nftnl_set_elem_add(set, element);
	struct nlmsghdr *header = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch),
		add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, NFPROTO_INET,
		(uint16_t)((add ? NLM_F_CREATE : 0) | NLM_F_ACK), r->sequence++);
	nftnl_set_elems_nlmsg_build_payload(header, set);
	nftnl_set_free(set);
	(void)mnl_nlmsg_batch_next(batch);
}

/* Every message of the batch is answered; the first that is no zero counts. */
static int await_answers(struct resolver *r, unsigned n)
{
	char buf[8192];
	int error = 0;
	while (n > 0) {
		ssize_t size = mnl_socket_recvfrom(r->netlink, buf, sizeof(buf));
		if (size < 0)
			return errno == EINTR ? 0 : -errno;
		int left = (int)size;
		for (const struct nlmsghdr *h = (void *)buf; mnl_nlmsg_ok(h, left);
			h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
			if (h->nlmsg_type != NLMSG_ERROR || n == 0)
				continue;
			n--;
			if (e->error && !error)
				error = e->error;
		}
		if (error)
			return error; /* the kernel has taken nothing of the batch */
	}
	return 0;
}

/* An element that is there already keeps its old time when it is added again, so it is added
 * (or was there), taken out and added anew; the kernel does all that in one step. */
int open_in_set(
	struct resolver *r, const struct dns_address *a, unsigned set, unsigned seconds)
{
	char buf[4096], name[32];
	(void)snprintf(name, sizeof(name), "name%c_%u", a->v6 ? '6' : '4', set);
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buf, sizeof(buf));
	if (!batch)
		return -ENOMEM;
	nftnl_batch_begin(mnl_nlmsg_batch_current(batch), r->sequence++);
	mnl_nlmsg_batch_next(batch);
	element_message(r, batch, true, name, a, seconds);
	element_message(r, batch, false, name, a, 0);
	element_message(r, batch, true, name, a, seconds);
	nftnl_batch_end(mnl_nlmsg_batch_current(batch), r->sequence++);
	mnl_nlmsg_batch_next(batch);
	ssize_t n = mnl_socket_sendto(
		r->netlink, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch));
	int error = n < 0 ? -errno : await_answers(r, 3);
	mnl_nlmsg_batch_stop(batch);
	return error;
}
