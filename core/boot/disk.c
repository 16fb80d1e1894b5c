/* SPDX-License-Identifier: MIT */
/*
 * From a disk to what it boots: the GPT names an EFI system partition (and perhaps an extended boot loader
 * partition); each holds entries in /loader/entries; the best of all entries names kernel and initrds on its
 * own partition.
 */
#include "boot/disk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <vmrun/abi.h>
#include <vmrun/host.h>
#include "boot/bls.h"
#include "boot/fat.h"
#include "boot/gpt.h"
#include "boot/initrd.h"
#include "common/error.h"
#include "util/log.h"

#define ENTRIES_MAX 256u /* entry files on one partition */
#define KERNEL_MAX (512u << 20)
#define INITRD_MAX (UINT32_C(2) << 30)
#define ENTRIES "/loader/entries"

/* The entry files' names of one partition. */
struct names {
	char (*list)[FAT_NAME_MAX];
	uint32_t count;
	const char *image;
};

/* The best entry so far and the partition it lies on. */
struct choice {
	struct bls_entry entry;
	uint64_t base, length;
	uint32_t seen, without_kernel;
	bool grub; /* GRUB is on one of the partitions */
};

static bool is_conf(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && !strcmp(name + n - 5, ".conf");
}

static int32_t note_name(void *opaque, const struct fat_entry *e)
{
	struct names *n = opaque;

	if (e->is_folder || !is_conf(e->name))
		return 0;
	if (n->count == ENTRIES_MAX)
		return vr_error_set(VR_E_IMAGE, "%s: " ENTRIES " holds more than %u entries; remove some",
				    n->image, ENTRIES_MAX);
	memcpy(n->list[n->count++], e->name, sizeof(e->name));
	return 0;
}

static int32_t consider(struct fat *f, const char *name, struct choice *best)
{
	char path[FAT_NAME_MAX + 32], where[FAT_NAME_MAX + 512];
	struct bls_entry entry;
	size_t size;
	void *text;
	int32_t e;

	snprintf(path, sizeof(path), ENTRIES "/%s", name);
	snprintf(where, sizeof(where), "%.400s: %s", f->source->name, path);
	e = fat_read(f, path, BLS_FILE_MAX, &text, &size);
	if (e)
		return e;
	e = bls_parse(where, name, text, size, &entry);
	free(text);
	if (e)
		return e;
	best->seen++;
	/* Entries for an EFI program or a unified kernel image need firmware. */
	if (!entry.linux_path)
		best->without_kernel++;
	if (entry.linux_path && (!best->entry.linux_path || bls_compare(&entry, &best->entry) < 0)) {
		bls_free(&best->entry);
		best->entry = entry;
		best->base = f->base;
		best->length = f->length;
	} else {
		bls_free(&entry);
	}
	return VR_OK;
}

/* A folder of EFI programs has GRUB: grub.cfg beside it, or the program itself (UEFI 2.10, 13.3.1.3: \EFI\<vendor>). */
static int32_t is_grub(void *opaque, const struct fat_entry *e)
{
	(void)opaque;
	return !e->is_folder && !strncasecmp(e->name, "grub", 4);
}

static int32_t grub_in_folder(void *opaque, const struct fat_entry *e)
{
	char path[FAT_NAME_MAX + 8];

	snprintf(path, sizeof(path), "/EFI/%s", e->name);
	return e->is_folder ? fat_list(opaque, path, is_grub, NULL) : 0;
}

static bool has_grub(struct fat *f)
{
	int32_t rc = fat_list(f, "/EFI", grub_in_folder, f);

	vr_error_clear(); /* a folder that can't be read has none */
	return rc > 0;
}

static int32_t look_in(const struct source *s, const struct gpt_partition *p, struct choice *best)
{
	struct fat *f = malloc(sizeof(*f));
	struct names names = {.list = calloc(ENTRIES_MAX, FAT_NAME_MAX), .image = s->name};
	int32_t e = VR_OK;

	if (!f || !names.list)
		e = vr_error_set(VR_E_NOMEM, "%s: no memory to read its partitions", s->name);
	if (!e) {
		e = fat_open(s, p->offset, p->length, f);
		if (e)
			vr_error_context(e, "partition %" PRIu32, p->number);
	}
	if (!e) {
		e = fat_list(f, ENTRIES, note_name, &names);
		if (e == VR_E_NOENT) { /* the other partition may have it */
			vr_error_clear();
			e = VR_OK;
		}
		if (!e && !names.count)
			best->grub |= has_grub(f);
	}
	for (uint32_t i = 0; !e && i < names.count; i++)
		e = consider(f, names.list[i], best);
	free(names.list);
	free(f);
	return e;
}

static int32_t find_entry(const struct source *s, struct choice *best)
{
	struct gpt g;
	uint32_t looked = 0;
	int32_t e = gpt_read(s, &g);

	for (uint32_t i = 0; !e && i < g.count; i++) {
		const struct gpt_partition *p = &g.partitions[i];
		if (memcmp(p->type, gpt_type_esp, 16) && memcmp(p->type, gpt_type_xbootldr, 16))
			continue;
		looked++;
		e = look_in(s, p, best);
	}
	if (!e && !looked)
		e = vr_error_set(VR_E_IMAGE,
				 "%s: none of its %" PRIu32
				 " partitions is an EFI system partition; give a kernel with "
				 "--kernel, or make the image with one",
				 s->name, g.count);
	if (!e && !best->entry.linux_path && best->without_kernel)
		e = vr_error_set(VR_E_IMAGE,
				 "%s: no entry in " ENTRIES
				 " of its EFI system partition has a \"linux\" line (%" PRIu32
				 " looked at); give a kernel with --kernel",
				 s->name, best->seen);
	if (!e && !best->entry.linux_path && best->grub)
		e = vr_error_set(VR_E_IMAGE,
				 "%s: boots by GRUB and has no entry of the Boot Loader Specification, and "
				 "no firmware "
				 "runs here; give the kernel and initrd of its /boot with --kernel and "
				 "--initrd, the disk "
				 "with --disk, and --append root=/dev/vdaN",
				 s->name);
	if (!e && !best->entry.linux_path)
		e = vr_error_set(VR_E_IMAGE,
				 "%s: no *.conf in " ENTRIES
				 " of its EFI system partition (Boot Loader Specification); "
				 "give a kernel with --kernel",
				 s->name);
	gpt_free(&g);
	return e;
}

/* Several initrds: one after the other, each padded to four bytes, as Linux wants it. */
static int32_t read_initrds(struct fat *f, const struct bls_entry *entry, struct disk_boot *out)
{
	for (uint32_t i = 0; i < entry->initrd_count; i++) {
		size_t size, at = (out->initrd_size + 3) & ~(size_t)3;
		void *piece;
		int32_t e = fat_read(f, entry->initrd[i], INITRD_MAX - at, &piece, &size);
		if (e)
			return vr_error_context(e, "initrd of the entry %s", entry->id);
		if (!initrd_append(&out->initrd, &out->initrd_size, piece, size))
			return vr_error_set(VR_E_NOMEM, "%s: no memory for the initrds of %s",
					    f->source->name, entry->id);
	}
	return VR_OK;
}

static int32_t read_files(struct fat *f, const struct bls_entry *entry, struct disk_boot *out)
{
	int32_t e = fat_read(f, entry->linux_path, KERNEL_MAX, &out->kernel, &out->kernel_size);

	if (e)
		return vr_error_context(e, "kernel of the entry %s", entry->id);
	e = read_initrds(f, entry, out);
	if (e)
		return e;
	size_t n = strlen(f->source->name) + 2 + strlen(entry->linux_path) + 1;
	out->kernel_name = malloc(n);
	out->options = malloc(strlen(entry->options) + 1);
	if (!out->kernel_name || !out->options)
		return vr_error_set(VR_E_NOMEM, "%s: no memory", f->source->name);
	snprintf(out->kernel_name, n, "%s: %s", f->source->name, entry->linux_path);
	strcpy(out->options, entry->options);
	return VR_OK;
}

int32_t disk_boot_read(const struct source *s, struct disk_boot *out)
{
	struct choice best = {.seen = 0};
	struct fat *f = NULL;
	int32_t e;

	*out = (struct disk_boot){0};
	e = find_entry(s, &best);
	if (!e) {
		log_print(VR_LOG_INFO, "%s: boots %s", s->name,
			  best.entry.title ? best.entry.title : best.entry.id);
		f = malloc(sizeof(*f));
		e = f ? fat_open(s, best.base, best.length, f)
		      : vr_error_set(VR_E_NOMEM, "%s: no memory", s->name);
	}
	if (!e)
		e = read_files(f, &best.entry, out);
	free(f);
	bls_free(&best.entry);
	if (e)
		disk_boot_free(out);
	return e;
}

void disk_boot_free(struct disk_boot *b)
{
	free(b->kernel);
	free(b->initrd);
	free(b->options);
	free(b->kernel_name);
	*b = (struct disk_boot){0};
}
