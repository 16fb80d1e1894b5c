/* SPDX-License-Identifier: MIT */
/* Folders of a FAT volume: entries, short and long names, paths (sections 6 and 7 of the format's
 * description). */
#include "boot/fat.h"

#include <inttypes.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/bytes.h"
#include "common/error.h"

#define DIR_ATTRIBUTES 11
#define DIR_NT_CASE 12 /* bit 3: the base, bit 4: the extension is lower case */
#define DIR_CLUSTER_HIGH 20
#define DIR_CLUSTER_LOW 26
#define DIR_SIZE 28

#define ATTR_VOLUME 0x08u
#define ATTR_FOLDER 0x10u
#define ATTR_LONG 0x0fu
#define ATTR_LONG_MASK 0x3fu

#define LONG_LAST 0x40u
#define LONG_PER_ENTRY 13u
#define LONG_ENTRIES 20u

/* A long name on its way: its entries lie before the short one, the last piece first. */
struct long_name {
	uint16_t units[LONG_ENTRIES * LONG_PER_ENTRY];
	uint32_t pieces;  /* how many there are */
	uint32_t missing; /* how many are still to come; 0 and pieces: complete */
	uint8_t checksum;
};

static void take_piece(struct long_name *l, const uint8_t *d)
{
	static const uint8_t places[LONG_PER_ENTRY] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
	uint32_t n = d[0] & ~LONG_LAST;

	if (d[0] & LONG_LAST) {
		*l = (struct long_name){.pieces = n, .missing = n, .checksum = d[13]};
		if (!n || n > LONG_ENTRIES)
			*l = (struct long_name){0};
	}
	if (!l->missing || n != l->missing || d[13] != l->checksum) {
		l->pieces = 0; /* an orphan: the short name stands */
		return;
	}
	for (uint32_t i = 0; i < LONG_PER_ENTRY; i++)
		l->units[(n - 1) * LONG_PER_ENTRY + i] = vr_le16(d + places[i]);
	l->missing--;
}

/* Section 7.2. */
static uint8_t short_checksum(const uint8_t *name)
{
	uint8_t sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (uint8_t)(((sum & 1) << 7) + (sum >> 1) + name[i]);
	return sum;
}

static char *put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

/* At most 255 units give at most 765 bytes: a unit gives 3 at most, a pair of surrogates 4. */
static void long_to_utf8(const struct long_name *l, char *out)
{
	uint32_t n = l->pieces * LONG_PER_ENTRY;
	char *p = out;

	if (n > 255)
		n = 255;
	for (uint32_t i = 0; i < n && l->units[i]; i++) {
		uint32_t c = l->units[i];
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n && l->units[i + 1] >= 0xdc00 &&
		    l->units[i + 1] < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + (l->units[++i] - 0xdc00u);
		else if (c >= 0xd800 && c < 0xe000)
			c = 0xfffd; /* half of a pair */
		else if (c < 0x20 || c == 0x7f)
			c = '_'; /* not allowed, and names end up in messages */
		p = put_utf8(p, c);
	}
	*p = 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Section 6.1: eight and three characters, blank-padded. */
static void short_to_text(const uint8_t *d, char *out)
{
	uint8_t flags = d[DIR_NT_CASE];
	char *p = out;

	for (int i = 0; i < 11; i++) {
		int start = i < 8 ? 0 : 8, end = i < 8 ? 8 : 11, rest = i;
		while (rest < end && d[rest] == ' ')
			rest++;
		if (rest == end)
			continue; /* nothing but padding from here */
		if (i == 8)
			*p++ = '.';
		/* Code pages are unknown, and names end up in messages. */
		char c = d[i] < 0x20 || d[i] >= 0x7f ? '_' : (char)d[i];
		*p++ = flags & (start ? 0x10 : 0x08) ? lower(c) : c;
	}
	*p = 0;
}

static bool same_name(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n && a[i]; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return i == n && !a[i];
}

/* One 32-byte entry. *stop: the folder ends here. */
static int32_t take_entry(const struct fat *f, const uint8_t *d, uint64_t at, struct long_name *l,
			  fat_visit visit, void *opaque, bool *stop)
{
	struct fat_entry e = {.at = at};

	*stop = d[0] == 0;
	if (*stop)
		return 0;
	if (d[0] == 0xe5) { /* deleted */
		l->pieces = 0;
		return 0;
	}
	uint32_t attributes = d[DIR_ATTRIBUTES];
	if ((attributes & ATTR_LONG_MASK) == ATTR_LONG) {
		take_piece(l, d);
		return 0;
	}
	if (attributes & ATTR_VOLUME || d[0] == '.') { /* the label; "." and ".." */
		l->pieces = 0;
		return 0;
	}
	short_to_text(d, e.short_name);
	if (l->pieces && !l->missing && l->checksum == short_checksum(d))
		long_to_utf8(l, e.name);
	else
		memcpy(e.name, e.short_name, sizeof(e.short_name));
	l->pieces = 0;
	e.is_folder = attributes & ATTR_FOLDER;
	e.cluster = vr_le16(d + DIR_CLUSTER_LOW);
	if (f->bits == 32)
		e.cluster |= (uint32_t)vr_le16(d + DIR_CLUSTER_HIGH) << 16;
	e.size = e.is_folder ? 0 : vr_le32(d + DIR_SIZE);
	int32_t rc = visit(opaque, &e);
	*stop = rc != 0;
	return rc;
}

/* `n` entries at a source offset. */
static int32_t list_piece(struct fat *f, uint64_t offset, uint32_t n, struct long_name *l, fat_visit visit,
			  void *opaque, bool *stop)
{
	uint8_t d[64 * 32];

	while (n && !*stop) {
		uint32_t now = n < 64 ? n : 64;
		int32_t e = source_read(f->source, offset, d, (size_t)now * 32, "a FAT folder");
		for (uint32_t i = 0; !e && i < now && !*stop; i++)
			e = take_entry(f, d + i * 32, offset + i * 32, l, visit, opaque, stop);
		if (e)
			return e;
		offset += (uint64_t)now * 32;
		n -= now;
	}
	return VR_OK;
}

static int32_t list_folder(struct fat *f, const struct fat_entry *folder, fat_visit visit, void *opaque)
{
	struct long_name l = {.pieces = 0};
	uint32_t cluster = folder->cluster, entries = 0;
	bool stop = false;

	if (!cluster && f->bits != 32)
		return list_piece(f, f->root, f->root_entries, &l, visit, opaque, &stop);
	if (!cluster)
		cluster = f->root_cluster;
	while (cluster && !stop) {
		uint64_t offset;
		int32_t e = fat_locate(f, cluster, folder->name, &offset);
		if (!e)
			e = list_piece(f, offset, f->cluster_size / 32, &l, visit, opaque, &stop);
		if (e || stop)
			return e;
		entries += f->cluster_size / 32;
		/* A chain in a circle would get here sooner or later. */
		if (entries >= FAT_DIR_MAX)
			return vr_error_set(
				VR_E_IMAGE,
				"%s: FAT volume at byte %" PRIu64 ": the folder %.200s has more than %d "
				"entries, or its cluster chain is a circle; check it (fsck.fat) or make the "
				"image again",
				f->source->name, f->base, folder->name, FAT_DIR_MAX);
		e = fat_next(f, cluster, folder->name, &cluster);
		if (e)
			return e;
	}
	return VR_OK;
}

struct search {
	const char *name;
	size_t length;
	struct fat_entry *found;
};

static int32_t match(void *opaque, const struct fat_entry *e)
{
	struct search *s = opaque;

	if (!same_name(e->name, s->name, s->length) && !same_name(e->short_name, s->name, s->length))
		return 0;
	*s->found = *e;
	return 1;
}

int32_t fat_find(struct fat *f, const char *path, struct fat_entry *out)
{
	struct fat_entry here = {.name = "/", .is_folder = true};
	const char *p = path;

	for (;;) {
		p += strspn(p, "/\\");
		if (!*p)
			break;
		struct search s = {p, strcspn(p, "/\\"), out};
		int32_t rc = VR_OK;
		if (here.is_folder)
			rc = list_folder(f, &here, match, &s);
		if (rc < 0)
			return rc;
		if (!rc)
			return vr_error_set(
				VR_E_NOENT,
				"%s: the FAT volume at byte %" PRIu64 " has no %.300s (\"%.*s\" is missing)",
				f->source->name, f->base, path, (int)(s.length > 200 ? 200 : s.length), p);
		here = *out;
		p += s.length;
	}
	*out = here;
	return VR_OK;
}

int32_t fat_list(struct fat *f, const char *path, fat_visit visit, void *opaque)
{
	struct fat_entry folder;
	int32_t e = fat_find(f, path, &folder);

	if (e)
		return e;
	if (!folder.is_folder)
		return vr_error_set(VR_E_NOENT,
				    "%s: %.300s on the FAT volume at byte %" PRIu64 " is no folder",
				    f->source->name, path, f->base);
	return list_folder(f, &folder, visit, opaque);
}
