/* SPDX-License-Identifier: MIT */
/* pack.c - what kind of thing a file is, and the layers of OCI and docker images
 *
 * An OCI image's digests go from index.json down: each blob is held against the one that
 * named it. A docker archive has none for its layers but those of the decompressed streams,
 * in its config. JSON is read by jansson, in pieces of at most 4 MiB.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/image.h"

enum { JSON_MAX = 4 * 1024 * 1024, INDEX_DEPTH = 4, LAYERS_MAX = 1000 };

struct pack {
	struct image *im;
	int fd; /* the archive; -1: a directory */
	int dir;
	struct err *e;
};

/* ---- its parts ---- */

static int open_blob(struct pack *p, const char *name)
{
	char buf[512];
	int fd = sys_openat2(p->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	int code = fd < 0 ? -errno : -EINVAL;
	fd_close(fd);
	if (fd >= 0 || code == -EXDEV)
		return err_set(p->e, code, "its '%s' is no file in it", shown(name, buf));
	return err_sys(p->e, code, "cannot open its '%s'", shown(name, buf));
}

static const char *plain(const char *name)
{
	while (name && str_starts(name, "./"))
		name += 2;
	return name;
}

/* Places the archive at a member. */
static struct archive *at_member(
	struct pack *p, const char *name, struct archive_entry **ret)
{
	char buf[512];
	struct archive *a = outer_open(p->fd, p->e);
	if (!a)
		return NULL;
	while (archive_read_next_header(a, ret) == ARCHIVE_OK) {
		const char *path = plain(archive_entry_pathname(*ret));
		if (path && strcmp(path, name) == 0)
			return a;
	}
	archive_read_free(a);
	err_set(p->e, -ENOENT, "it has no '%s' in it", shown(name, buf));
	return NULL;
}

/* All of a small part, terminated; freed by the caller. */
static char *read_part(struct pack *p, const char *name, size_t *ret_size)
{
	char *text = malloc(JSON_MAX + 1), buf[512];
	ssize_t n = -1;
	if (!text)
		abort();
	if (p->fd < 0) {
		_cleanup_fd_ int fd = open_blob(p, name);
		if (fd < 0) {
			free(text);
			return NULL;
		}
		n = fd_read_full(fd, text, JSON_MAX + 1);
	} else {
		struct archive_entry *entry;
		struct archive *a = at_member(p, name, &entry);
		if (!a) {
			free(text);
			return NULL;
		}
		n = archive_read_data(a, text, JSON_MAX + 1);
		archive_read_free(a);
	}
	if (n < 0 || n > JSON_MAX) {
		free(text);
		err_set(p->e, -EFBIG, "its '%s' %s", shown(name, buf),
			n < 0 ? "cannot be read" : "is larger than 4 MiB");
		return NULL;
	}
	text[n] = '\0';
	*ret_size = (size_t)n;
	return text;
}

/* "sha256:HEX" as where the blob is. */
static int blob_name(struct pack *p, const char *digest, char name[128])
{
	char buf[512];
	if (!digest || !str_starts(digest, "sha256:") || strlen(digest) != 7 + 64 ||
		strspn(digest + 7, "0123456789abcdef") != 64)
		return err_set(p->e, -EINVAL, "'%s' is no sha256 digest",
			shown(digest ? digest : "", buf));
	(void)snprintf(name, 128, "blobs/sha256/%s", digest + 7);
	return 0;
}

static int wrong_digest(
	struct pack *p, const char *name, const char *want, const char *is)
{
	char buf[512];
	err_set(p->e, -EBADMSG, "the digest of '%s' is wrong: sha256:%s, should be %s",
		shown(name, buf), is, want);
	return err_hint(
		p->e, "the file is damaged, or is not what it says; get it again");
}

/* JSON out of a part; @digest: what it must have, or NULL. */
static json_t *read_json(struct pack *p, const char *name, const char *digest)
{
	size_t size;
	char found[HEX_SIZE], buf[512];
	uint8_t raw[SHA256_DIGEST_SIZE];
	json_error_t why;
	struct sha256_ctx sha;
	char *text = read_part(p, name, &size);
	if (!text)
		return NULL;
	sha256_init(&sha);
	sha256_update(&sha, size, (const uint8_t *)text);
	sha256_digest(&sha, sizeof(raw), raw);
	hex(found, raw);
	json_t *json = NULL;
	if (digest && strcmp(found, digest + 7) != 0)
		wrong_digest(p, name, digest, found);
	else if (!(json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why)))
		err_set(p->e, -EBADMSG, "its '%s' is no JSON", shown(name, buf));
	free(text);
	return json;
}

static json_t *read_blob(struct pack *p, const char *digest)
{
	char name[128];
	return blob_name(p, digest, name) < 0 ? NULL : read_json(p, name, digest);
}

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- layers ---- */

/* @digest: "sha256:HEX" that it must have, in the way that @use says. */
static int layer(
	struct pack *p, const char *name, enum stream_use use, const char *digest)
{
	struct stream s;
	struct stream_end end;
	struct err other = { 0 };
	char buf[512];
	_cleanup_fd_ int blob = p->fd < 0 ? open_blob(p, name) : -1;
	if (p->fd < 0 && blob < 0)
		return blob;
	int r = p->fd < 0 ? stream_open(blob, NULL, use, &s, p->e)
			  : stream_open(p->fd, name, use, &s, p->e);
	if (r < 0)
		return r;
	r = stream_extract(p->im, &s);
	/* what cannot be read is read on, since a wrong digest tells more */
	bool whole = r == 0 || r == -EBADMSG;
	int closed = stream_close(&s, !whole, &end, &other);
	if (closed < 0)
		*p->e = other; /* the cause of what was seen here */
	r = closed < 0 ? closed : r;
	if (whole && closed == 0 && strcmp(end.digest, digest + 7) != 0)
		return wrong_digest(p, name, digest, end.digest);
	set_clear(&p->im->layer);
	place_forget(p->im);
	return r < 0 ? err_wrap(p->e, "the layer '%s'", shown(name, buf)) : 0;
}

/* ---- OCI ---- */

static bool is_ours(json_t *entry)
{
	static const struct {
		const char *machine, *name;
	} names[] = { { "x86_64", "amd64" }, { "aarch64", "arm64" }, { "i686", "386" },
		{ "armv7l", "arm" } };
	json_t *platform = json_object_get(entry, "platform");
	const char *os = text_of(platform, "os"),
		   *cpu = text_of(platform, "architecture");
	struct utsname host;
	if (!os && !cpu)
		return true;
	if (!os || strcmp(os, "linux") != 0 || !cpu || uname(&host) < 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].machine, host.machine) == 0)
			return strcmp(names[i].name, cpu) == 0;
	return strcmp(host.machine, cpu) == 0;
}

/* From an index to the one manifest for this machine; @index is consumed. */
static json_t *choose(struct pack *p, json_t *index, char digest[HEX_SIZE])
{
	for (unsigned depth = 0; depth < INDEX_DEPTH; depth++) {
		json_t *list = json_object_get(index, "manifests"), *entry;
		const char *chosen = NULL;
		size_t i, fitting = 0;
		json_array_foreach(list, i, entry)
		{
			if (!is_ours(entry))
				continue;
			const char *d = text_of(entry, "digest");
			fitting += !chosen || !d || strcmp(chosen, d) != 0;
			chosen = chosen ? chosen : d;
		}
		if (!json_is_array(list)) {
			err_set(p->e, -EBADMSG, "its index has no list of manifests");
			break;
		}
		if (fitting != 1) {
			err_set(p->e, -EINVAL, "it holds %s for this machine",
				fitting ? "several images" : "no image");
			err_hint(p->e,
				"copy the one that is meant into a file of its own, with "
				"skopeo copy");
			break;
		}
		json_t *next = read_blob(p, chosen);
		if (next && chosen)
			(void)snprintf(digest, HEX_SIZE, "%s", chosen + 7);
		json_decref(index);
		if (!next || json_object_get(next, "layers"))
			return next;
		index = next;
		if (depth + 1 == INDEX_DEPTH)
			err_set(p->e, -ELOOP, "its indexes are nested too deep");
	}
	json_decref(index);
	return NULL;
}

static int oci(struct pack *p, char digest[HEX_SIZE])
{
	json_t *index = read_json(p, "index.json", NULL);
	json_t *manifest = index ? choose(p, index, digest) : NULL;
	if (!manifest)
		return p->e->code;
	json_t *layers = json_object_get(manifest, "layers"), *entry;
	int r = 0;
	size_t i;
	if (!json_is_array(layers))
		r = err_set(p->e, -EBADMSG, "its manifest has no list of layers");
	else if (json_array_size(layers) > LAYERS_MAX)
		r = err_set(p->e, -E2BIG, "it has more than %d layers", LAYERS_MAX);
	/* its config is of no use here, but a wrong one is a sign */
	json_t *config = r == 0
		? read_blob(p, text_of(json_object_get(manifest, "config"), "digest"))
		: NULL;
	if (r == 0 && !config)
		r = p->e->code;
	json_decref(config);
	json_array_foreach(layers, i, entry)
	{
		char name[128];
		const char *d = text_of(entry, "digest");
		if (r == 0)
			r = blob_name(p, d, name);
		if (r == 0)
			r = layer(p, name, STREAM_BLOB, d);
	}
	json_decref(manifest);
	return r;
}

/* ---- docker ---- */

/* A layer that is a link to one that the archive has already ("../ID/layer.tar"). */
static int docker_layer(struct pack *p, const char *name, const char *diff_id)
{
	char real[PATH_MAX], buf[512];
	struct archive_entry *entry;
	struct archive *a = at_member(p, name, &entry);
	if (!a)
		return p->e->code;
	const char *to = archive_entry_symlink(entry);
	(void)snprintf(real, sizeof(real), "%s", name);
	if (to)
		(void)snprintf(
			real, sizeof(real), "%s", str_starts(to, "../") ? to + 3 : to);
	archive_read_free(a);
	if (!diff_id || !str_starts(diff_id, "sha256:"))
		return err_set(
			p->e, -EBADMSG, "it has no digest for '%s'", shown(name, buf));
	return layer(p, real, STREAM_LAYER, diff_id);
}

/* What names itself by its digest, "HEX.json" or "blobs/sha256/HEX", must have it. */
static json_t *docker_config(struct pack *p, const char *name, char digest[HEX_SIZE])
{
	static const char blobs[] = "blobs/sha256/";
	char want[7 + HEX_SIZE] = "sha256:";
	const char *stem = name;
	if (stem && str_starts(stem, blobs))
		stem += strlen(blobs);
	if (!stem || strspn(stem, "0123456789abcdef") != 64 ||
		(stem[64] && strcmp(stem + 64, ".json") != 0)) {
		err_set(p->e, -EBADMSG, "its config is not named by a digest");
		return NULL;
	}
	(void)snprintf(want + 7, HEX_SIZE, "%.64s", stem);
	(void)snprintf(digest, HEX_SIZE, "%.64s", stem);
	return read_json(p, name, want);
}

static int docker(struct pack *p, char digest[HEX_SIZE])
{
	json_t *list = read_json(p, "manifest.json", NULL), *entry;
	if (!list)
		return p->e->code;
	json_t *one = json_array_get(list, 0);
	json_t *layers = json_object_get(one, "Layers");
	if (json_array_size(list) != 1 || !json_is_array(layers)) {
		bool several = json_array_size(list) > 1;
		json_decref(list);
		err_set(p->e, -EINVAL, "it holds %s",
			several ? "several images" : "no image");
		return err_hint(p->e, "save the one that is meant in a file of its own");
	}
	json_t *config = docker_config(p, text_of(one, "Config"), digest);
	json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	int r = config ? 0 : p->e->code;
	size_t i;
	if (r == 0 &&
		(json_array_size(ids) != json_array_size(layers) ||
			json_array_size(layers) > LAYERS_MAX))
		r = err_set(p->e, -EBADMSG, "its layers and their digests do not match");
	json_array_foreach(layers, i, entry)
	{
		const char *name = json_string_value(entry);
		if (r == 0)
			r = name ? docker_layer(p, name,
					   json_string_value(json_array_get(ids, i)))
				 : err_set(p->e, -EBADMSG, "a layer has no name");
	}
	json_decref(config);
	json_decref(list);
	return r;
}

/* ---- which of them ---- */

enum kind { KIND_TAR, KIND_OCI, KIND_DOCKER };

/* Whether archives of images have such names at their top. */
static bool is_part(const char *name)
{
	static const char *const files[] = { "oci-layout", "index.json", "manifest.json",
		"repositories", "blobs", "" };
	size_t len = strcspn(name, "/");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strlen(files[i]) == len && strncmp(files[i], name, len) == 0)
			return true;
	return strspn(name, "0123456789abcdef") == 64 &&
		(len == 64 || strcmp(name + 64, ".json") == 0 ||
			strcmp(name + 64, ".tar") == 0);
}

/* The first name that is none of theirs tells. */
static int kind_of(struct pack *p, enum kind *ret)
{
	struct archive_entry *entry;
	bool layout = false, index = false, manifest = false;
	int n;
	*ret = KIND_TAR;
	struct archive *a = outer_open(p->fd, p->e);
	if (!a)
		return p->e->code;
	while ((n = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
		const char *name = plain(archive_entry_pathname(entry));
		if (!name || !is_part(strcmp(name, ".") == 0 ? "" : name))
			break;
		layout = layout || strcmp(name, "oci-layout") == 0;
		index = index || strcmp(name, "index.json") == 0;
		manifest = manifest || strcmp(name, "manifest.json") == 0;
	}
	archive_read_free(a);
	/* what broke off in an image's archive is no system's tree */
	if (n != ARCHIVE_EOF && n != ARCHIVE_OK && (layout || index || manifest))
		return err_set(p->e, -EBADMSG, "it is cut short or broken");
	if (n == ARCHIVE_EOF)
		*ret = layout && index ? KIND_OCI : manifest ? KIND_DOCKER : KIND_TAR;
	return 0;
}

static int tar(struct pack *p, char digest[HEX_SIZE])
{
	struct stream s;
	struct stream_end end;
	struct err other = { 0 };
	int r = stream_open(p->fd, NULL, STREAM_ALL, &s, p->e);
	if (r < 0)
		return r;
	r = stream_extract(p->im, &s);
	if (stream_close(&s, r < 0, &end, &other) < 0) {
		*p->e = other;
		return other.code;
	}
	if (r == 0)
		memcpy(digest, end.digest, HEX_SIZE);
	return r;
}

static int any(struct pack *p, enum kind kind, char digest[HEX_SIZE])
{
	switch (kind) {
	case KIND_TAR:
		return tar(p, digest);
	case KIND_OCI:
		return oci(p, digest);
	case KIND_DOCKER:
		return docker(p, digest);
	}
	return -EINVAL;
}

int pack_import(
	struct image *im, int fd, int dir, char digest[HEX_SIZE], const char **ret_kind)
{
	static const char *const kinds[] = { "tar", "oci", "docker" };
	struct pack p = { .im = im, .fd = fd, .dir = dir, .e = im->e };
	enum kind kind = KIND_OCI;
	int r = fd >= 0 ? kind_of(&p, &kind) : 0;
	if (r < 0)
		return r;
	*ret_kind = kinds[kind];
	im->layered = kind != KIND_TAR;
	r = any(&p, kind, digest);
	if (r == 0 && im->entries == 0)
		r = err_set(p.e, -EBADMSG, "there is nothing in it");
	return r;
}
