/* SPDX-License-Identifier: MIT */
/* image.c - any bytes as an image's information, and as a line of its manifest
 *
 * What is accepted can be written and read again, and says the same.
 */
#include "resolve/image.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_info(struct arena *a, const char *text, size_t size)
{
	struct image_info info = { 0 }, again = { 0 };
	if (image_parse(a, text, size, &info) < 0)
		return;
	char *first = image_format(a, &info);
	if (strlen(first) > IMAGE_INFO_MAX)
		return; /* numbers with their zeros */
	if (image_parse(a, first, strlen(first), &again) < 0)
		abort();
	if (strcmp(first, image_format(a, &again)) != 0)
		abort();
}

static void check_line(const char *text, size_t size)
{
	struct line *line = calloc(2, sizeof(*line));
	struct err e = { 0 };
	struct image *im = calloc(1, sizeof(*im));
	char *out = NULL;
	size_t length;
	if (!line || !im || manifest_parse(text, size, &line[0]) < 0)
		goto done;
	im->e = &e;
	im->manifest = open_memstream(&out, &length);
	if (!im->manifest || manifest_write(im, &line[0]) < 0 ||
		fclose(im->manifest) != 0)
		abort();
	if (length == 0 || out[length - 1] != '\n' || memchr(out, '\n', length - 1) ||
		manifest_parse(out, length - 1, &line[1]) < 0 ||
		strcmp(line[0].path, line[1].path) != 0 ||
		strcmp(line[0].target, line[1].target) != 0 ||
		strcmp(line[0].hash, line[1].hash) != 0 || line[0].uid != line[1].uid ||
		line[0].mode != line[1].mode || line[0].size != line[1].size)
		abort();
done:
	free(out);
	free(im);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	/* a copy of its own size, so that a sanitizer sees the end */
	char *text = malloc(size ? size : 1);
	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	check_info(&a, text, size);
	check_line(text, size);
	free(text);
	arena_done(&a);
	return 0;
}
