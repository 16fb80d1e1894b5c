/* SPDX-License-Identifier: MIT */
/* From what the user named to a payload: files, or an image that is a disk or a kernel. */
#include "boot/boot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/disk.h"
#include "boot/gpt.h"
#include "boot/initrd.h"
#include "boot/kinds.h"
#include "boot/unpack.h"
#include "boot/zboot.h"
#include "common/error.h"

#define FILE_MAX (UINT64_C(2) << 30)
#define KERNEL_MAX (UINT64_C(1) << 30) /* unpacked */
#define CONTAINERS_MAX 3               /* gzip in zboot in gzip: deeper is a mistake */

static int32_t read_source(const struct source *s, void **data, size_t *size)
{
	if (s->size > FILE_MAX)
		return vr_error_set(VR_E_IMAGE,
				    "%s: %" PRIu64 " bytes are too many (at most %" PRIu64
				    "); is it the right "
				    "file?",
				    s->name, s->size, FILE_MAX);
	uint8_t *b = malloc((size_t)s->size + 1);
	if (!b)
		return vr_error_set(VR_E_NOMEM, "%s: no memory for its %" PRIu64 " bytes", s->name, s->size);
	int32_t e = source_read(s, 0, b, (size_t)s->size, "the file");
	if (e) {
		free(b);
		return e;
	}
	b[s->size] = 0;
	*data = b;
	*size = (size_t)s->size;
	return VR_OK;
}

/* Takes the kernel out of its containers; *data is replaced. */
static int32_t unpack_kernel(const char *name, const struct unpack_limits *limits, void **data, size_t *size)
{
	for (int i = 0; i < CONTAINERS_MAX; i++) {
		const struct unpack_format *f = unpack_format_of(*data, *size);
		void *inner;
		size_t n;
		int32_t e;

		if (f)
			e = unpack(name, f, *data, *size, limits, &inner, &n);
		else if (zboot_is(*data, *size))
			e = zboot_unpack(name, *data, *size, limits, &inner, &n);
		else
			return *size ? VR_OK
				     : vr_error_set(VR_E_IMAGE, "%s: is empty; copy or make it again", name);
		if (e)
			return e;
		free(*data);
		*data = inner;
		*size = n;
	}
	return vr_error_set(VR_E_IMAGE, "%s: is packed more than %d times; unpack it first", name,
			    CONTAINERS_MAX - 1);
}

/* "a b", either of which may be absent. */
static char *join(const char *a, const char *b)
{
	size_t n = a ? strlen(a) : 0, m = b ? strlen(b) : 0;
	char *p = malloc(n + m + 2);

	if (p)
		snprintf(p, n + m + 2, "%s%s%s", n ? a : "", n && m ? " " : "", m ? b : "");
	return p;
}

/* The owned parts are filled in (but for the command line); the payload points at them. */
static int32_t finish(const struct boot_files *f, struct boot *out, size_t kernel_size, size_t initrd_size,
		      const char *options, const char *append)
{
	const struct unpack_limits limits = {
		.most = (size_t)(f->ram_size < KERNEL_MAX ? f->ram_size : KERNEL_MAX),
		.may_load = !f->guest_has_run,
	};
	char program[64];
	int32_t e = unpack_kernel(out->kernel_name, &limits, &out->kernel, &kernel_size);

	if (e)
		return e;
	if (kinds_program(out->kernel, kernel_size, program, sizeof(program)))
		return vr_error_set(
			VR_E_IMAGE,
			"%s: is %s and no kernel; a guest's kernel runs programs: put it on a disk, or "
			"into an initrd",
			out->kernel_name, program);
	out->cmdline = join(options, append);
	if (!out->cmdline)
		return vr_error_set(VR_E_NOMEM, "no memory for the kernel command line");
	out->payload = (struct vr_boot_payload){
		.size = sizeof(out->payload),
		.kernel = out->kernel,
		.kernel_size = kernel_size,
		.initrd = out->initrd,
		.initrd_size = out->initrd ? initrd_size : 0,
		.cmdline = out->cmdline,
		.kernel_name = out->kernel_name,
	};
	return VR_OK;
}

void boot_files_none(struct boot_files *f)
{
	*f = (struct boot_files){.main.fd = -1};
}

int32_t boot_open(struct boot_files *f, const char *kernel, char *const *initrds, const char *image,
		  uint64_t ram_size)
{
	int32_t e;

	boot_files_none(f);
	f->is_image = !kernel;
	f->ram_size = ram_size;
	e = source_open(kernel ? kernel : image, ram_size, &f->main);
	for (; !e && initrds && *initrds && f->initrd_count < BOOT_INITRDS; initrds++) {
		e = source_open(*initrds, ram_size, &f->initrd[f->initrd_count]);
		f->initrd_count += !e;
	}
	if (e)
		boot_close(f);
	return e;
}

void boot_close(struct boot_files *f)
{
	source_close(&f->main);
	for (uint32_t i = 0; i < f->initrd_count; i++)
		source_close(&f->initrd[i]);
}

static int32_t is_kind(const char *name, const struct kind *k)
{
	return vr_error_set(VR_E_UNSUPPORTED, "%s: is %s; %s", name, k->what, k->boot);
}

/* What the image begins with; *n bytes, malloc'ed. */
static int32_t read_head(const struct source *s, uint8_t **head, size_t *n)
{
	int32_t e;

	if (!s->size)
		return vr_error_set(VR_E_IMAGE, "%s: is empty; copy or make the image again", s->name);
	*n = s->size < KINDS_BYTES ? (size_t)s->size : KINDS_BYTES;
	*head = malloc(*n);
	if (!*head)
		return vr_error_set(VR_E_NOMEM, "%s: no memory to read it", s->name);
	e = source_read(s, 0, *head, *n, "the image");
	if (e)
		free(*head);
	return e;
}

/* Images that people try and that are neither a GPT disk nor a kernel; junk is left to the board, which knows
 * what its kernels look like. */
static int32_t refuse(const struct source *s, bool is_disk)
{
	const struct kind *k;
	int32_t e = VR_OK;
	uint8_t *b;
	size_t n = 0;

	e = read_head(s, &b, &n);
	if (e)
		return e;
	k = kinds_find(b, n);
	/* A CD may have a partition table as well, for sticks; what it boots is no entry that is read here. */
	if (k && (!is_disk || k->offset == KINDS_CD))
		e = is_kind(s->name, k);
	/* "HdrS" at 0x202 is the other thing that ends its first sector in 55 AA: a kernel with a boot sector. */
	else if (!is_disk && n >= 0x206 && !memcmp(b + 510, "\x55\xaa", 2) && memcmp(b + 0x202, "HdrS", 4) &&
		 memcmp(b, "MZ", 2))
		e = vr_error_set(
			VR_E_IMAGE,
			"%s: has a boot sector but no GPT (byte 512 has no \"EFI PART\"); give a kernel with "
			"--kernel, or make the image with a GPT",
			s->name);
	free(b);
	return e;
}

/* The user's initrds after what is there. */
static int32_t add_initrds(const struct boot_files *f, struct boot *out, size_t *size)
{
	for (uint32_t i = 0; i < f->initrd_count; i++) {
		const char *name = f->initrd[i].name;
		size_t n = 0;
		void *piece = NULL;
		int32_t e = read_source(&f->initrd[i], &piece, &n);

		if (!e && !n)
			e = vr_error_set(VR_E_IMAGE, "%s: is empty; copy or make it again", name);
		if (e) {
			free(piece);
			return e;
		}
		if (!initrd_append(&out->initrd, size, piece, n))
			return vr_error_set(VR_E_NOMEM, "%s: no memory for its %zu bytes", name, n);
	}
	return VR_OK;
}

static int32_t from_disk(const struct boot_files *f, const char *append, struct boot *out)
{
	struct disk_boot d;
	int32_t e = disk_boot_read(&f->main, &d);

	if (e)
		return e;
	out->kernel = d.kernel;
	out->initrd = d.initrd;
	out->kernel_name = d.kernel_name;
	d.kernel = d.initrd = NULL;
	d.kernel_name = NULL;
	e = add_initrds(f, out, &d.initrd_size);
	if (!e)
		e = finish(f, out, d.kernel_size, d.initrd_size, d.options, append);
	disk_boot_free(&d);
	return e;
}

static int32_t from_files(const struct boot_files *f, const char *append, struct boot *out)
{
	size_t kernel_size = 0, initrd_size = 0;
	int32_t e = VR_OK;

	out->kernel_name = join(f->main.name, NULL);
	if (!out->kernel_name)
		e = vr_error_set(VR_E_NOMEM, "no memory for a file name");
	if (!e)
		e = read_source(&f->main, &out->kernel, &kernel_size);
	if (!e)
		e = add_initrds(f, out, &initrd_size);
	return e ? e : finish(f, out, kernel_size, initrd_size, NULL, append);
}

static int32_t measure(struct boot_files *f)
{
	int32_t e = source_measure(&f->main);

	for (uint32_t i = 0; !e && i < f->initrd_count; i++)
		e = source_measure(&f->initrd[i]);
	return e;
}

static int32_t disk_from_pipe(const struct source *s)
{
	return vr_error_set(
		VR_E_INVAL,
		"%s: is a disk image that comes out of a pipe, and a disk must be a file or a block "
		"device: write it to a file first",
		s->name);
}

int32_t boot_read(struct boot_files *f, const char *append, struct boot *out, int *is_disk)
{
	int32_t e = measure(f);

	*out = (struct boot){0};
	*is_disk = !e && f->is_image && gpt_is(&f->main);
	if (!e && f->is_image)
		e = refuse(&f->main, *is_disk);
	if (!e && *is_disk)
		e = f->main.pipe ? disk_from_pipe(&f->main) : from_disk(f, append, out);
	else if (!e)
		e = from_files(f, append, out);
	if (e)
		boot_free(out);
	return e;
}

void boot_free(struct boot *b)
{
	free(b->kernel);
	free(b->initrd);
	free(b->cmdline);
	free(b->kernel_name);
	*b = (struct boot){0};
}
