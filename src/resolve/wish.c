/* SPDX-License-Identifier: MIT */
/* wish.c - one more thing for the root's contents */
#include "resolve/wish.h"

#include <string.h>
#include <sys/stat.h>

struct mount_op *wish(struct resolver *r, enum op_kind kind, const char *dest,
	enum setting_id id, const struct origin *at)
{
	struct mount_op *op = ARENA_PUSH(r->a, &r->rd->ops);
	*op = (struct mount_op){ .kind = kind,
		.dest = dest,
		.id = id,
		.rank = ++r->rank,
		.parent = OP_NO_PARENT };
	if (at) {
		op->at = *at;
		op->layer = at->layer + 1;
	}
	return op;
}

struct mount_op *wish_if_there(
	struct resolver *r, const char *path, enum setting_id id, bool write)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return NULL;
	struct mount_op *op = wish(r, OP_BIND, path, id, NULL);
	op->source = path;
	op->write = write;
	return op;
}

void wish_text(struct resolver *r, const char *dest, const char *text, enum setting_id id)
{
	struct mount_op *op = wish(r, OP_FILE, dest, id, NULL);
	op->content = text;
	op->size = strlen(text);
	op->mode = 0444;
	op->implied = true;
}
