/* SPDX-License-Identifier: MIT */
/* inputs.c: the files that a machine reads or that its disks lie on, which no log may be written over. */
#include <string.h>
#include <unistd.h>

#include "machine/parts.h"
#include "common/error.h"

static bool is(const struct source *s, const struct stat *st)
{
	struct stat other;

	return s->fd >= 0 && !fstat(s->fd, &other) && other.st_dev == st->st_dev &&
	       other.st_ino == st->st_ino;
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
	return what ? vr_error_set(VR_E_BUSY,
				   "%s: is %s '%s' of this machine, or lies under it; name another file",
				   label, what, name)
		    : VR_OK;
}
