/* SPDX-License-Identifier: MIT */
/* sbox-image.c - works on the tree of an image: import, export, verify, remove
 *
 *   sbox-image import ROOT MANIFEST RESULT SOURCE|DIR mine|range NAME [quiet]
 *   sbox-image export ROOT OUT gz|xz|zst|none
 *   sbox-image verify ROOT MANIFEST
 *   sbox-image remove ROOT
 *
 * ROOT and DIR are directories, the other words in capitals numbers of open descriptors; NAME is
 * what messages call the source. sbox
 * runs it in a sandbox of its own, as root of the caller's range of ids: what it reads is
 * foreign, and libarchive and jansson are kept out of sbox itself. To RESULT it writes what
 * it has made, as lines.
 *
 * Exit status: 0, 1 for differences that verify found, 2 for a failure that was told.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "image/image.h"

enum { EXIT_FINE, EXIT_DIFFERENT, EXIT_TROUBLE };

/* A descriptor that was passed on: its number, or -1 where the word is none. */
static int descriptor(const char *word)
{
	uint64_t n;
	if (num_u64(word, 3, INT_MAX, &n) < 0 || fcntl((int)n, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return (int)n;
}

static int trouble(const struct err *e)
{
	log_err(e);
	return EXIT_TROUBLE;
}

static int open_root(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The manifest's own digest tells one content from another. */
static int tell(struct image *im, int manifest, int result, const char *kind,
	const char *digest, struct err *e)
{
	char text[1024], content[HEX_SIZE];
	uint64_t size;
	if (content_hash(manifest, false, &size, content) < 0)
		return err_set(e, -EIO, "cannot read the image's manifest");
	(void)snprintf(text, sizeof(text),
		"kind=%s\ndigest=sha256:%s\ncontent=sha256:%s\nentries=%" PRIu64
		"\nbytes=%" PRIu64 "\nskipped=%" PRIu64 "\nunmapped=%" PRIu64
		"\nxattrs=%" PRIu64 "\n",
		kind, *digest ? digest : content, content, im->entries, im->bytes,
		im->skipped, im->unmapped, im->xattrs);
	int r = fd_write_all(result, text, strlen(text));
	return r < 0 ? err_sys(e, r, "cannot tell the result") : 0;
}

static int import_from(
	struct image *im, const char *source, char digest[HEX_SIZE], const char **kind)
{
	struct stat st;
	if (source[0] != '/') {
		int fd = descriptor(source);
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_set(im->e, -EBADF, "'%s' is no descriptor", source);
		im->progress_size = st.st_size;
		im->progress_fd = im->progress_fd == 0 ? fd : -1;
		return pack_import(im, fd, -1, digest, kind);
	}
	im->progress_fd = -1;
	_cleanup_fd_ int dir = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(im->e, -errno, "cannot read the directory");
	if (fstatat(dir, "oci-layout", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return pack_import(im, -1, dir, digest, kind);
	*kind = "tree";
	return tree_import(im, dir);
}

/* Once the tree is there: times that later entries would have changed, and the disk. */
static int settle(struct image *im, int manifest)
{
	int r = extract_finish(im);
	if (r < 0)
		return r;
	if (syncfs(im->root) < 0 || fsync(manifest) < 0)
		return err_sys(im->e, -errno, "cannot write the image to the disk");
	return 0;
}

static int import(int argc, char **argv, struct err *e)
{
	struct image im = { .e = e, .parent_fd = -1 };
	char digest[HEX_SIZE] = "";
	const char *kind = NULL;
	bool quiet;
	if (argc < 8)
		return err_set(e, -EINVAL, "usage: sbox-image import ...");
	int manifest = descriptor(argv[3]), result = descriptor(argv[4]);
	im.mine = strcmp(argv[6], "mine") == 0;
	quiet = argc > 8 && strcmp(argv[8], "quiet") == 0;
	im.progress_fd = !quiet && isatty(STDERR_FILENO) ? 0 : -1;
	im.root = open_root(argv[2]);
	im.manifest = manifest < 0 ? NULL : fdopen(dup(manifest), "r+");
	if (im.root < 0 || result < 0 || !im.manifest)
		return err_set(e, -EBADF, "sbox-image was not started by sbox");
	int r = import_from(&im, argv[5], digest, &kind);
	progress(&im, true);
	if (r == 0)
		r = settle(&im, manifest);
	if (r == 0)
		r = tell(&im, manifest, result, kind, digest, e);
	return r < 0 ? err_wrap(e, "cannot import '%s'", argv[7]) : 0;
}

static int export(int argc, char **argv, struct err *e)
{
	int out = argc == 5 ? descriptor(argv[3]) : -1;
	int root = out < 0 ? -1 : open_root(argv[2]);
	if (root < 0)
		return err_set(
			e, -EINVAL, "usage: sbox-image export ROOT OUT COMPRESSION");
	return tree_export(root, out, argv[4], e);
}

static int verify(int argc, char **argv, struct err *e)
{
	int manifest = argc == 4 ? descriptor(argv[3]) : -1;
	int root = manifest < 0 ? -1 : open_root(argv[2]);
	if (root < 0)
		return err_set(e, -EINVAL, "usage: sbox-image verify ROOT MANIFEST");
	int64_t n = tree_verify(root, manifest, e);
	if (n < 0)
		return (int)n;
	return n > 0 ? EXIT_DIFFERENT : 0;
}

/* All that is in it; the directory itself is where it is mounted. */
static int remove_all(int argc, char **argv, struct err *e)
{
	int root = argc == 3 ? open_root(argv[2]) : -1;
	if (root < 0)
		return err_set(e, -EINVAL, "usage: sbox-image remove ROOT");
	return tree_remove(root, e);
}

#ifdef __SANITIZE_ADDRESS__
int __lsan_is_turned_off(void);
/* In its sandbox nobody can look for leaks: the process is not dumpable. */
int __lsan_is_turned_off(void)
{
	return 1;
}
#endif

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv, struct err *e);
	} verbs[] = { { "import", import }, { "export", export }, { "verify", verify },
		{ "remove", remove_all } };
	struct err e = { 0 };
	(void)umask(0);
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* names in pax headers are UTF-8 */
	log_init();
	for (size_t i = 0; argc > 2 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			int r = verbs[i].run(argc, argv, &e);
			return r < 0 ? trouble(&e) : r;
		}
	err_set(&e, -EINVAL, "sbox-image is started by sbox; see 'sbox image'");
	return trouble(&e);
}
