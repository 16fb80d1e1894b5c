/* SPDX-License-Identifier: MIT */
/* inputs.c: the files that a run reads or that its disks lie on, which no log may be written over. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/parts.h"
#include "common/error.h"
#include "common/text.h"

static bool is(const struct source *s, const struct stat *st)
{
	struct stat other;

	return s->fd >= 0 && !fstat(s->fd, &other) && other.st_dev == st->st_dev &&
	       other.st_ino == st->st_ino;
}

static bool is_at(const char *path, const struct stat *st)
{
	struct stat other;

	return path && !stat(path, &other) && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

/* A plugin that was found, also one that is not used: it may be opened yet. */
static bool is_plugins(struct registry *r, const struct stat *st, const char **name)
{
	for (uint32_t i = 0; i < registry_count(r); i++) {
		const struct loaded_plugin *p = registry_at(r, i);
		char *library = p->manifest->library
					? vr_text_format("%s/%s", p->directory, p->manifest->library)
					: NULL;
		bool found = is_at(p->manifest->file, st) || is_at(library, st);

		free(library);
		if (found) {
			*name = p->manifest->id;
			return true;
		}
	}
	return false;
}

int32_t machine_spare_inputs(const struct machine *m, const char *label, const struct stat *st)
{
	const struct source *sources[] = {&m->boot_files.main, &m->boot_files.initrd};
	const char *what = NULL, *name = NULL;
	struct backing log = {.count = 0};

	backing_find(&log, st, UINT64_MAX, "/sys/dev/block");
	for (uint32_t i = 0; !what && i < m->disk_count; i++)
		if (backing_common(&m->disk[i].backing, &log)) {
			what = "disk";
			name = m->disk[i].name;
		}
	for (size_t i = 0; !what && i < sizeof(sources) / sizeof(sources[0]); i++)
		if (is(sources[i], st)) {
			what = "file";
			name = sources[i]->name;
		}
	backing_free(&log);
	if (!what && is_at(m->machine_file, st)) {
		what = "machine file";
		name = m->machine_file;
	}
	if (!what && is_plugins(m->registry, st, &name))
		what = "plugin";
	return what ? vr_error_set(VR_E_BUSY,
				   "%s: is %s '%s' of this machine, or lies under it; name another file",
				   label, what, name)
		    : VR_OK;
}
