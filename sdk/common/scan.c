/* SPDX-License-Identifier: MIT */
#include "common/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "common/error.h"
#include "common/file.h"
#include "common/search.h"
#include "common/text.h"

/* One manifest. Only running out of memory is a failure. */
static int32_t scan_file(const struct vr_scan *to, const char *directory, const char *name)
{
	char *file = vr_text_format("%s/%s", directory, name);
	struct vr_manifest *m = NULL;
	int32_t code;

	if (!file)
		return VR_E_NOMEM;
	vr_error_clear();
	code = vr_search_elevated() ? vr_search_trusted(file) : VR_OK;
	if (code == VR_OK)
		code = vr_manifest_read(file, &m);
	if (code == VR_OK)
		code = to->found(to->opaque, m, directory);
	else if (code != VR_E_NOMEM)
		code = to->wrong(to->opaque, code, file);
	free(file);
	return code;
}

#define CLAIM_MAX 4096u /* bytes of a manifest in which its id is looked for */

char *vr_scan_claimed_id(const char *file)
{
	const struct file_request rq = {.path = file, .flags = O_RDONLY, .kinds = FILE_REGULAR};
	const char *name = strrchr(file, '/');
	size_t length = strlen(name = name ? name + 1 : file);
	char text[CLAIM_MAX + 1];
	struct file_opened f;
	ssize_t n = 0;

	if (file_open(&rq, &f) == VR_OK) {
		n = file_read(f.fd, text, CLAIM_MAX);
		close(f.fd);
	}
	text[n > 0 ? n : 0] = '\0';
	vr_error_clear();
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "id:", 3)) {
			const char *id = line + 3 + strspn(line + 3, " \t'\"");
			size_t k = strcspn(id, " \t\r\n'\"#");

			if (k && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-._") >= k)
				return vr_text_format("%.*s", (int)k, id);
		}
	}
	return vr_text_format("%.*s", (int)(length > 5 ? length - 5 : length), name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_manifest_name(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && !strcmp(name + n - 5, ".yaml");
}

/* *error: why the folder could not be read to its end, or 0. */
static int32_t list_manifests(DIR *d, char ***names, int *error)
{
	const struct dirent *entry;

	*names = NULL;
	while ((errno = 0, entry = readdir(d))) {
		if (!is_manifest_name(entry->d_name))
			continue;
		if (vr_text_list_add(names, entry->d_name) < 0) {
			vr_text_list_free(*names);
			return VR_E_NOMEM;
		}
	}
	*error = errno;
	/* The file system's order is arbitrary. */
	if (*names)
		qsort(*names, vr_text_list_length(*names), sizeof(char *), by_name);
	return VR_OK;
}

static int32_t wrong_folder(const struct vr_scan *to, const char *directory, int error)
{
	vr_error_clear();
	int32_t code =
		vr_error_set(error == EACCES ? VR_E_PERM : VR_E_IO,
			     "%s: the plugins of this folder can't be listed: %s; name a folder that can be "
			     "read, or take it out of the search path",
			     directory, strerror(error));
	return to->wrong(to->opaque, code, NULL);
}

int32_t vr_scan_directory(const char *directory, const struct vr_scan *to)
{
	char **names;
	int error = 0;
	int32_t code;
	DIR *d = opendir(directory);

	if (!d)
		return errno == ENOENT ? VR_OK : wrong_folder(to, directory, errno);
	code = list_manifests(d, &names, &error);
	closedir(d);
	if (code < 0)
		return code;
	if (error)
		code = wrong_folder(to, directory, error);
	for (char **name = names; code == VR_OK && name && *name; name++)
		code = scan_file(to, directory, *name);
	vr_text_list_free(names);
	return code;
}

int vr_scan_preference(const struct vr_manifest *x, const struct vr_manifest *y)
{
	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return strcmp(x->id, y->id);
}
