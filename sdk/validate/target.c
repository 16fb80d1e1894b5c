/* SPDX-License-Identifier: MIT */
/*
 * target.c: manifests, read by the strict reader that vmrun has and found by its search (sdk/common), so that
 * the validator and vmrun never disagree on what a manifest says.
 */
#include "target.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "common/arch.h"
#include "common/classes.h"
#include "common/error.h"
#include "common/file.h"
#include "common/manifest.h"
#include "common/scan.h"
#include "common/search.h"
#include "common/text.h"

static const uint32_t bit_of[VR_CLASS_COUNT] = {
	[VR_CLASS_ACCEL] = CHECK_ACCEL,
	[VR_CLASS_TRANSLATOR] = CHECK_TRANSLATOR,
	[VR_CLASS_BOARD] = CHECK_BOARD,
	[VR_CLASS_DEVICE] = CHECK_DEVICE,
	[VR_CLASS_PASSTHROUGH] = CHECK_PASSTHROUGH,
};

static char *copy(const char *s)
{
	char *to = strdup(s);

	if (!to)
		abort();
	return to;
}

static char *join(const char *file, const char *name)
{
	char path[PATH_MAX];
	const char *slash = strrchr(file, '/');

	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - file + 1) : 0, file, name);
	/* dlopen() looks for a name without a slash elsewhere. */
	return realpath(path, NULL) ?: copy(path);
}

static void take(const struct vr_manifest *m, struct check_target *out)
{
	static char *nothing[1];
	struct check_option *options = calloc(m->option_count + 1, sizeof(*options));

	if (!options)
		abort();
	out->manifest_read = m;
	out->id = m->id;
	out->class_name = vr_class_name(m->class_id);
	out->class_bit = bit_of[m->class_id];
	out->abi_major = m->abi_major;
	out->abi_minor = m->abi_minor;
	out->helper = role_name(m->helper);
	out->wraps = m->wraps;
	out->provides = m->provides ? m->provides : nothing;
	out->requires_ = m->requires_ ? m->requires_ : nothing;
	out->guest = m->guest ? m->guest : nothing;
	out->host = m->host ? m->host : nothing;
	for (uint32_t i = 0; i < m->option_count; i++)
		options[i] = (struct check_option){m->options[i].name, m->options[i].type,
						   m->options[i].default_value};
	out->options = options;
	out->option_count = m->option_count;
	if (m->library)
		out->library = join(out->manifest, m->library);
}

static int ends(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

/* The manifest beside a library that names it: the one of the same stem first. */
static char *manifest_of(const char *library)
{
	const char *name = strrchr(library, '/') ? strrchr(library, '/') + 1 : library;
	const char *dot = strrchr(library, '.');
	char path[PATH_MAX];
	struct dirent *e;
	char *found = NULL;
	DIR *folder;

	snprintf(path, sizeof(path), "%.*s.yaml", dot ? (int)(dot - library) : (int)strlen(library), library);
	if (access(path, R_OK) == 0)
		return copy(path);
	snprintf(path, sizeof(path), "%.*s.", (int)(name - library), library);
	folder = opendir(path);
	while (folder && !found && (e = readdir(folder))) {
		struct vr_manifest *m;

		if (!ends(e->d_name, ".yaml"))
			continue;
		snprintf(path, sizeof(path), "%.*s%.255s", (int)(name - library), library, e->d_name);
		if (vr_manifest_read(path, &m) < 0)
			continue;
		if (m->library && strcmp(m->library, name) == 0)
			found = copy(path);
		vr_manifest_free(m);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* A FIFO, a folder, a device: opening it could wait for ever. One that is missing is a rule's business. */
static int check_library(struct check_target *out)
{
	const struct file_request r = {.path = out->library, .flags = O_RDONLY, .kinds = FILE_REGULAR};
	struct file_opened f;
	int32_t rc = out->library ? file_open(&r, &f) : VR_E_NOENT;

	if (rc == VR_E_INVAL)
		snprintf(out->error, sizeof(out->error), "%s", vr_error_text(rc));
	vr_error_clear();
	if (rc == VR_OK)
		close(f.fd);
	return rc == VR_E_INVAL ? -1 : 0;
}

int check_target_read(const char *file, struct check_target *out)
{
	struct vr_manifest *m;
	int32_t rc;

	memset(out, 0, sizeof(*out));
	if (access(file, R_OK) < 0) {
		snprintf(out->error, sizeof(out->error), "%s: can't be read; name a manifest or a library",
			 file);
		return -1;
	}
	out->manifest = ends(file, ".yaml") || ends(file, ".yml") ? copy(file) : manifest_of(file);
	if (!out->manifest) {
		snprintf(out->error, sizeof(out->error),
			 "%s: no manifest (.yaml) beside it names this library; write one, or name the "
			 "manifest",
			 file);
		return -1;
	}
	vr_error_clear();
	rc = vr_manifest_read(out->manifest, &m);
	if (rc < 0) {
		snprintf(out->error, sizeof(out->error), "%s", vr_error_text(rc));
		if (!ends(file, ".yaml") && !ends(file, ".yml"))
			out->library = join(file, strrchr(file, '/') ? strrchr(file, '/') + 1 : file);
		return 0;
	}
	take(m, out);
	return check_library(out);
}

static int has(char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(vr_arch_canonical(*list), name) == 0 || strcmp(*list, "any") == 0)
			return 1;
	return 0;
}

/* What was found in all folders; of two with one id the first. */
struct found {
	struct vr_manifest **manifest;
	uint32_t count;
};

static int32_t add(void *opaque, struct vr_manifest *m, const char *directory)
{
	struct found *f = opaque;
	struct vr_manifest **more;

	(void)directory;
	for (uint32_t i = 0; i < f->count; i++)
		if (strcmp(f->manifest[i]->id, m->id) == 0) {
			vr_manifest_free(m);
			return VR_OK;
		}
	more = realloc(f->manifest, (f->count + 1) * sizeof(*more));
	if (!more)
		abort();
	f->manifest = more;
	f->manifest[f->count++] = m;
	return VR_OK;
}

/* `vmrun doctor` tells what is wrong with other plugins. */
static int32_t leave_out(void *opaque, int32_t code, const char *file)
{
	(void)opaque, (void)code, (void)file;
	vr_error_clear();
	return VR_OK;
}

static int32_t look_in_all(struct found *f, const char *plugin_path)
{
	const struct vr_scan to = {add, leave_out, f};
	char **folders;
	int32_t rc = vr_search_standard(plugin_path, &folders);

	for (char **folder = folders; rc == VR_OK && folder && *folder; folder++)
		rc = vr_scan_directory(*folder, &to);
	vr_text_list_free(folders);
	return rc;
}

static int32_t look(struct found *f, const char *plugin_path, const char *folder)
{
	const struct vr_scan to = {add, leave_out, f};
	int32_t rc = plugin_path ? look_in_all(f, plugin_path) : VR_OK;

	if (rc == VR_OK)
		rc = vr_scan_directory(folder, &to);
	return rc == VR_OK && !plugin_path ? look_in_all(f, NULL) : rc;
}

int check_target_find(uint32_t class_bit, const char *guest, const char *id, const char *plugin_path,
		      const char *beside, struct check_target *out)
{
	struct vr_manifest *best = NULL;
	struct found f = {0};
	char folder[PATH_MAX];
	const char *slash = beside ? strrchr(beside, '/') : NULL;
	int32_t rc;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - beside) : 1, slash ? beside : ".");
	rc = look(&f, plugin_path, folder);
	for (uint32_t i = 0; rc == VR_OK && i < f.count; i++) {
		struct vr_manifest *m = f.manifest[i];

		if (bit_of[m->class_id] == class_bit && m->library && (!id || strcmp(id, m->id) == 0) &&
		    (!guest || has(m->guest, guest)) &&
		    (!m->host || !*m->host || has(m->host, vr_arch_host())) &&
		    (!best || vr_scan_preference(m, best) < 0))
			best = m;
	}
	for (uint32_t i = 0; i < f.count; i++)
		if (f.manifest[i] != best)
			vr_manifest_free(f.manifest[i]);
	free(f.manifest);
	if (!best)
		return -1;
	memset(out, 0, sizeof(*out));
	out->manifest = copy(best->file);
	take(best, out);
	return 0;
}

const char *check_arch_host(void)
{
	return vr_arch_host();
}

const char *check_arch_name(const char *name)
{
	return vr_arch_canonical(name);
}
