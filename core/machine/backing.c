/* SPDX-License-Identifier: MIT */
#include "machine/backing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include <vmrun/host.h>
#include "common/error.h"
#include "common/file.h"
#include "util/log.h"

#define DEPTH 8u /* a loop device over a partition of a loop device ... */
#define SECTOR 512u

struct walk {
	struct backing *b;
	const char *sysfs;
};

/* A range of what is looked at. */
struct range {
	uint64_t start, length;
	bool unknown;
};

static void walk_device(const struct walk *w, dev_t device, struct range r, unsigned depth);

/* ---- sysfs
 * ------------------------------------------------------------------------------------------------- */

static int open_attribute(const struct walk *w, dev_t device, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%u:%u/%s", w->sysfs, major(device), minor(device), name);

	return n < 0 || (size_t)n >= sizeof(path) ? -1
						  : file_open_plain(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
}

/* One line, without its end. */
static bool read_attribute(const struct walk *w, dev_t device, const char *name, char *text, size_t size)
{
	int fd = open_attribute(w, device, name);
	ssize_t n;

	if (fd < 0)
		return false;
	n = file_read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return true;
}

static uint64_t number(const struct walk *w, dev_t device, const char *name)
{
	char text[32];

	return read_attribute(w, device, name, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

static bool read_device(const struct walk *w, dev_t device, const char *name, dev_t *out)
{
	char text[32];
	unsigned a, b;

	if (!read_attribute(w, device, name, text, sizeof(text)) || sscanf(text, "%u:%u", &a, &b) != 2)
		return false;
	*out = makedev(a, b);
	return true;
}

/* ---- what lies below
 * --------------------------------------------------------------------------------------- */

static bool add(struct backing *b, dev_t device, ino_t inode, const struct range *r, const char *path)
{
	struct backing_part *p = &b->part[b->count];

	if (b->count == BACKING_PARTS)
		return false;
	*p = (struct backing_part){.device = device,
				   .inode = inode,
				   .start = r->start,
				   .length = r->length,
				   .unknown = r->unknown,
				   .lock = -1};
	if (path) {
		p->path = strdup(path);
		if (!p->path)
			return false;
	}
	b->count++;
	return true;
}

/* `r` lies in a range of something else, which begins at `start` there. */
static struct range inside(struct range r, uint64_t start)
{
	if (r.length > UINT64_MAX - r.start - start) /* up to the end */
		r.length = UINT64_MAX - r.start - start;
	r.start += start;
	return r;
}

static void walk_loop(const struct walk *w, dev_t device, struct range r, unsigned depth)
{
	char path[PATH_MAX];
	struct stat st;

	if (!read_attribute(w, device, "loop/backing_file", path, sizeof(path)) || stat(path, &st))
		return;
	r = inside(r, number(w, device, "loop/offset"));
	if (S_ISBLK(st.st_mode))
		walk_device(w, st.st_rdev, r, depth + 1);
	else if (S_ISREG(st.st_mode))
		add(w->b, st.st_dev, st.st_ino, &r, path);
}

/* What a device mapper or an md device is made of. */
static void walk_slaves(const struct walk *w, dev_t device, unsigned depth)
{
	const struct range some = {.start = 0, .length = UINT64_MAX, .unknown = true};
	int fd = open_attribute(w, device, "slaves");
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!folder && fd >= 0)
		close(fd);
	while (folder && (e = readdir(folder))) {
		char name[sizeof(e->d_name) + 16];
		dev_t below;

		snprintf(name, sizeof(name), "slaves/%s/dev", e->d_name);
		if (e->d_name[0] != '.' && read_device(w, device, name, &below))
			walk_device(w, below, some, depth + 1);
	}
	if (folder)
		closedir(folder);
}

static void walk_device(const struct walk *w, dev_t device, struct range r, unsigned depth)
{
	dev_t whole;

	if (depth == DEPTH || !add(w->b, device, 0, &r, NULL))
		return;
	if (number(w, device, "partition") && read_device(w, device, "../dev", &whole))
		walk_device(w, whole, inside(r, number(w, device, "start") * SECTOR), depth + 1);
	walk_loop(w, device, r, depth);
	walk_slaves(w, device, depth);
}

void backing_find(struct backing *b, const struct stat *st, uint64_t length, const char *sysfs)
{
	const struct walk w = {b, sysfs};
	const struct range all = {.start = 0, .length = length};

	*b = (struct backing){.count = 0};
	if (S_ISBLK(st->st_mode))
		walk_device(&w, st->st_rdev, all, 0);
	else
		add(b, st->st_dev, st->st_ino, &all, NULL);
}

/* ---- collisions
 * -------------------------------------------------------------------------------------------- */

/* Ranges end at or below 2^64 - 1, so a difference that is negative is larger than any length. */
static bool collide(const struct backing_part *a, const struct backing_part *b)
{
	if (a->device != b->device || a->inode != b->inode || (a->unknown && b->unknown))
		return false;
	return a->start - b->start < b->length || b->start - a->start < a->length;
}

const struct backing_part *backing_common(const struct backing *a, const struct backing *b)
{
	for (uint32_t i = 0; i < a->count; i++) {
		for (uint32_t k = 0; k < b->count; k++) {
			if (collide(&a->part[i], &b->part[k]))
				return a->part[i].path ? &a->part[i] : &b->part[k];
		}
	}
	return NULL;
}

/* ---- locks
 * ------------------------------------------------------------------------------------------------- */

/* What can't be opened or locked is only told: the file may belong to another user, or have been deleted. */
static int32_t lock_part(struct backing_part *p, bool read_only)
{
	/* Others may use other parts of the range. */
	const bool shared = read_only || p->unknown;
	const struct file_request r = {
		.path = p->path, .flags = shared ? O_RDONLY : O_RDWR, .kinds = FILE_REGULAR};
	struct flock l = {.l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
	struct file_opened f;

	l.l_start = p->start > INT64_MAX ? INT64_MAX : (off_t)p->start;
	/* 0: to the end, wherever that will be. */
	l.l_len = p->length >= (uint64_t)(INT64_MAX - l.l_start) ? 0 : (off_t)p->length;
	if (file_open(&r, &f) < 0 || f.st.st_dev != p->device || f.st.st_ino != p->inode) {
		vr_error_clear();
		log_print(VR_LOG_INFO, "'%s', which a disk lies on, can't be locked", p->path);
		if (f.fd >= 0)
			close(f.fd);
		return VR_OK;
	}
	p->lock = f.fd;
	return fcntl(f.fd, F_OFD_SETLK, &l) && (errno == EAGAIN || errno == EACCES) ? VR_E_BUSY : VR_OK;
}

int32_t backing_lock(struct backing *b, bool read_only, const struct backing_part **part)
{
	for (uint32_t i = 0; i < b->count; i++) {
		if (b->part[i].path && lock_part(&b->part[i], read_only) < 0) {
			*part = &b->part[i];
			return VR_E_BUSY;
		}
	}
	return VR_OK;
}

void backing_free(struct backing *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		if (b->part[i].lock >= 0)
			close(b->part[i].lock);
		free(b->part[i].path);
	}
	b->count = 0;
}
