/* SPDX-License-Identifier: MIT */
/* inputs.c: the files that a run reads or that its disks lie on, which no log may be written over. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "machine/parts.h"

static bool is_open(const struct source *s, const struct stat *st)
{
	struct stat other;

	return s->fd >= 0 && !fstat(s->fd, &other) && file_is_one(&other, st);
}

static bool is_at(const char *path, const struct stat *st)
{
	struct stat other;

	return path && !stat(path, &other) && file_is_one(&other, st);
}

/* The id of the plugin whose manifest or library it is; one that is not used counts, as it may be opened yet. */
static const char *plugin_of(struct registry *r, const struct stat *st)
{
	for (uint32_t i = 0; i < registry_count(r); i++) {
		struct loaded_plugin *p = registry_at(r, i);

		if (is_at(p->manifest->file, st) || is_at(registry_library(p), st))
			return p->manifest->id;
	}
	return NULL;
}

int32_t machine_spare_inputs(const struct machine *m, const char *machine_file, const char *label,
			     const struct stat *st)
{
	const char *what = NULL, *name = NULL;
	struct backing log = {.count = 0};

	backing_find(&log, st, UINT64_MAX, "/sys/dev/block");
	for (uint32_t i = 0; !what && i < m->disk_count; i++)
		if (backing_common(&m->disk[i].backing, &log)) {
			what = "disk";
			name = m->disk[i].name;
		}
	for (uint32_t i = 0; !what && i <= m->boot_files.initrd_count; i++) {
		const struct source *s = i ? &m->boot_files.initrd[i - 1] : &m->boot_files.main;

		if (is_open(s, st)) {
			what = "file";
			name = s->name;
		}
	}
	backing_free(&log);
	if (!what && is_at(machine_file, st)) {
		what = "machine file";
		name = machine_file;
	}
	if (!what && (name = plugin_of(m->registry, st)))
		what = "plugin";
	return what ? vr_error_set(VR_E_BUSY,
				   "%s: is %s '%s' of this machine, or lies under it; name another file",
				   label, what, name)
		    : VR_OK;
}

int32_t machine_open_log(struct machine *m, const char *machine_file, const char *what, const char *path,
			 int *fd)
{
	char label[192];
	struct file_request request = {.path = path,
				       .label = label,
				       .flags = O_WRONLY | O_CREAT,
				       .kinds = FILE_REGULAR | FILE_PIPE | FILE_FIFO | FILE_CHARACTER};
	struct file_opened opened;
	int32_t rc;

	snprintf(label, sizeof(label), "%s '%s'", what, path);
	rc = file_open(&request, &opened);
	if (rc < 0)
		return rc;
	rc = machine_spare_inputs(m, machine_file, label, &opened.st);
	for (uint32_t i = 0; rc == VR_OK && i < m->log_files && opened.kind == FILE_REGULAR; i++)
		if (file_is_one(&m->log_file[i].st, &opened.st))
			rc = vr_error_set(VR_E_BUSY, "%s: is the file of %s as well; name another file",
					  label, m->log_file[i].what);
	if (rc == VR_OK && opened.kind == FILE_REGULAR && file_truncate(opened.fd, 0))
		rc = vr_error_set(VR_E_IO, "%s: can't be emptied: %s", label, strerror(errno));
	if (rc < 0)
		close(opened.fd);
	else
		*fd = opened.fd;
	if (rc == VR_OK && m->log_files < sizeof(m->log_file) / sizeof(m->log_file[0])) {
		m->log_file[m->log_files].what = what;
		m->log_file[m->log_files++].st = opened.st;
	}
	return rc;
}
