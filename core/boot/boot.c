/* SPDX-License-Identifier: MIT */
/* From what the user named to a payload: files, or an image that is a disk or a kernel. */
#include "boot/boot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/bytes.h"
#include "boot/disk.h"
#include "boot/gpt.h"
#include "boot/gzip.h"
#include "boot/source.h"
#include "boot/zboot.h"
#include "util/error.h"

#define FILE_MAX (UINT64_C(2) << 30)
#define KERNEL_MAX ((size_t)1 << 30) /* unpacked */
#define CONTAINERS_MAX 3             /* gzip in zboot in gzip: nobody packs deeper */

static int32_t read_source(const struct vr_source *s, uint64_t limit, void **data, size_t *size)
{
	limit = limit ? limit : FILE_MAX;
	if (s->size > limit)
		return vr_error_set(VR_E_IMAGE,
				    "%s: %" PRIu64 " bytes are too many (at most %" PRIu64
				    "); is it the right "
				    "file?",
				    s->name, s->size, limit);
	uint8_t *b = malloc((size_t)s->size + 1);
	if (!b)
		return vr_error_set(VR_E_NOMEM, "%s: no memory for its %" PRIu64 " bytes", s->name, s->size);
	int32_t e = vr_source_read(s, 0, b, (size_t)s->size, "the file");
	if (e) {
		free(b);
		return e;
	}
	b[s->size] = 0;
	*data = b;
	*size = (size_t)s->size;
	return VR_OK;
}

int32_t vr_boot_read_file(const char *path, uint64_t limit, void **data, size_t *size)
{
	struct vr_source s;
	int32_t e = vr_source_open(path, &s);

	*data = NULL;
	*size = 0;
	if (e)
		return e;
	e = read_source(&s, limit, data, size);
	vr_source_close(&s);
	return e;
}

/* Takes the kernel out of its containers; *data is replaced. */
static int32_t unpack_kernel(const char *name, void **data, size_t *size)
{
	for (int i = 0; i < CONTAINERS_MAX; i++) {
		void *inner;
		size_t n;
		int32_t e;
		if (vr_gzip_is(*data, *size))
			e = vr_gzip_unpack(name, *data, *size, KERNEL_MAX, &inner, &n);
		else if (vr_zboot_is(*data, *size))
			e = vr_zboot_unpack(name, *data, *size, KERNEL_MAX, &inner, &n);
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
static int32_t finish(struct vr_boot *out, size_t kernel_size, size_t initrd_size, const char *options,
		      const char *append)
{
	int32_t e = unpack_kernel(out->kernel_name, &out->kernel, &kernel_size);

	if (e)
		return e;
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

static int32_t from_kernel(const struct vr_source *kernel, const struct vr_source *initrd, const char *append,
			   struct vr_boot *out)
{
	size_t kernel_size = 0, initrd_size = 0;
	int32_t e;

	out->kernel_name = join(kernel->name, NULL);
	e = out->kernel_name ? VR_OK : vr_error_set(VR_E_NOMEM, "no memory for a file name");
	if (!e)
		e = read_source(kernel, 0, &out->kernel, &kernel_size);
	if (!e && initrd->fd >= 0)
		e = read_source(initrd, 0, &out->initrd, &initrd_size);
	return e ? e : finish(out, kernel_size, initrd_size, NULL, append);
}

static bool has(const uint8_t *b, size_t n, size_t at, const char *bytes, size_t length)
{
	return n >= at + length && !memcmp(b + at, bytes, length);
}

/* Images that people try and that are neither a GPT disk nor a kernel; junk is left to the board, which knows
 * what its kernels look like. */
static int32_t refuse(const struct vr_source *s)
{
	uint8_t b[2048];
	size_t n = s->size < sizeof(b) ? (size_t)s->size : sizeof(b);
	int32_t e;

	if (!n)
		return vr_error_set(VR_E_IMAGE, "%s: is empty; copy or make the image again", s->name);
	e = vr_source_read(s, 0, b, n, "the image");
	if (e)
		return e;
	if (has(b, n, 0, "QFI\xfb", 4))
		return vr_error_set(VR_E_UNSUPPORTED,
				    "%s: is a qcow2 image, and only raw ones are read; convert it: qemu-img "
				    "convert -O raw",
				    s->name);
	if (has(b, n, 0, "conectix", 8) || has(b, n, 0, "vhdxfile", 8) || has(b, n, 0, "KDMV", 4))
		return vr_error_set(
			VR_E_UNSUPPORTED,
			"%s: is a VHD, VHDX or VMDK image, and only raw ones are read; convert it: qemu-img "
			"convert -O raw",
			s->name);
	/* s_magic of the superblock at 1024. */
	if (has(b, n, 1024 + 56, "\x53\xef", 2))
		return vr_error_set(VR_E_IMAGE,
				    "%s: is an ext2/3/4 file system without a partition table; give a kernel "
				    "with --kernel",
				    s->name);
	/* "HdrS" at 0x202 is the other thing that ends its first sector in 55 AA: a kernel with a boot
	 * sector. */
	if (has(b, n, 510, "\x55\xaa", 2) && !has(b, n, 0x202, "HdrS", 4) && !has(b, n, 0, "MZ", 2))
		return vr_error_set(
			VR_E_IMAGE,
			"%s: has a boot sector but no GPT (byte 512 has no \"EFI PART\"); give a kernel with "
			"--kernel, or make the image with a GPT",
			s->name);
	return VR_OK;
}

static int32_t from_disk(const struct vr_source *s, const char *append, struct vr_boot *out)
{
	struct vr_disk_boot d;
	int32_t e = vr_disk_boot_read(s, &d);

	if (e)
		return e;
	out->kernel = d.kernel;
	out->initrd = d.initrd;
	out->kernel_name = d.kernel_name;
	d.kernel = d.initrd = NULL;
	d.kernel_name = NULL;
	e = finish(out, d.kernel_size, d.initrd_size, d.options, append);
	vr_disk_boot_free(&d);
	return e;
}

static int32_t from_image(const struct vr_source *s, const char *append, struct vr_boot *out, int *is_disk)
{
	const struct vr_source none = {.fd = -1};
	int32_t e;

	*is_disk = vr_gpt_is(s);
	if (*is_disk)
		return from_disk(s, append, out);
	e = refuse(s);
	return e ? e : from_kernel(s, &none, append, out);
}

int32_t boot_open(struct boot_files *f, const char *kernel, const char *initrd, const char *image)
{
	int32_t e;

	*f = (struct boot_files){.main.fd = -1, .initrd.fd = -1, .is_image = !kernel};
	e = vr_source_open(kernel ? kernel : image, &f->main);
	return e || !initrd ? e : vr_source_open(initrd, &f->initrd);
}

int32_t boot_read(struct boot_files *f, const char *append, struct vr_boot *out, int *is_disk)
{
	int32_t e = vr_source_measure(&f->main);

	*out = (struct vr_boot){0};
	*is_disk = 0;
	if (!e && f->initrd.fd >= 0)
		e = vr_source_measure(&f->initrd);
	if (!e)
		e = f->is_image ? from_image(&f->main, append, out, is_disk)
				: from_kernel(&f->main, &f->initrd, append, out);
	if (e)
		vr_boot_free(out);
	return e;
}

void boot_close(struct boot_files *f)
{
	vr_source_close(&f->main);
	vr_source_close(&f->initrd);
}

/* Opened for one time. */
static int32_t boot_once(const char *kernel, const char *initrd, const char *image, const char *append,
			 struct vr_boot *out, int *is_disk)
{
	struct boot_files f;
	int32_t e = boot_open(&f, kernel, initrd, image);

	*out = (struct vr_boot){0};
	if (!e)
		e = boot_read(&f, append, out, is_disk);
	boot_close(&f);
	return e;
}

int32_t vr_boot_from_files(const char *kernel, const char *initrd, const char *append, struct vr_boot *out)
{
	int is_disk;

	return boot_once(kernel, initrd, NULL, append, out, &is_disk);
}

int32_t vr_boot_from_image(const char *path, const char *append, struct vr_boot *out, int *is_disk)
{
	*is_disk = 0;
	return boot_once(NULL, NULL, path, append, out, is_disk);
}

void vr_boot_free(struct vr_boot *b)
{
	free(b->kernel);
	free(b->initrd);
	free(b->cmdline);
	free(b->kernel_name);
	*b = (struct vr_boot){0};
}
