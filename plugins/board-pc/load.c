/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <board/bytes.h>
#include <board/seed.h>
#include <inttypes.h>
#include <string.h>

#include "bzimage.h"
#include "elf.h"
#include "map.h"
#include "ranges.h"

#define MIB ((uint64_t)1 << 20)
#define PAGE 4096u

/* boot_params (Linux Documentation/arch/x86/zero-page.rst) */
#define BP_ACPI_RSDP 0x070u
#define BP_EXT_RAMDISK_IMAGE 0x0c0u
#define BP_EXT_RAMDISK_SIZE 0x0c4u
#define BP_EXT_CMDLINE 0x0c8u
#define BP_E820_COUNT 0x1e8u
#define BP_TYPE_OF_LOADER 0x210u
#define BP_CODE32_START 0x214u
#define BP_RAMDISK_IMAGE 0x218u
#define BP_RAMDISK_SIZE 0x21cu
#define BP_CMDLINE 0x228u
#define BP_SETUP_DATA 0x250u
#define BP_E820 0x2d0u
#define E820_ENTRY 20u
#define LOADER_UNKNOWN 0xffu

/* struct setup_data (Documentation/arch/x86/boot.rst, setup_data): next, type, length, bytes */
#define SETUP_RNG_SEED 9u
#define SETUP_HEADER 16u
#define SEED_BYTES 32u

/* hvm_start_info and its tables (Xen's public/arch-x86/hvm/start_info.h) */
#define PVH_MAGIC 0x336ec578u
#define PVH_MODULES (PC_PVH_INFO + 0x80)
#define PVH_MEMORY (PC_PVH_INFO + 0x100)
#define PVH_MEMORY_ENTRY 24u

struct initrd {
	uint64_t base, size;
};

/* As high as the kernel allows: it unpacks itself upwards from below. */
static int32_t place_initrd(const struct vr_tables *t, const struct load_input *in, const struct pc_kernel *k,
			    struct initrd *out)
{
	const struct vr_boot_payload *p = in->payload;
	uint64_t top = ranges_low_end(in->ram_size), start = k->end > PC_HIGH ? k->end : PC_HIGH;

	*out = (struct initrd){0, 0};
	if (!p->initrd || !p->initrd_size)
		return VR_OK;
	if (top > k->initrd_max)
		top = k->initrd_max + 1;
	if (start > top || p->initrd_size > top - start ||
	    ((top - p->initrd_size) & ~(uint64_t)(PAGE - 1)) < start)
		return vr_tables_fail(
			t, VR_E_CONFIG,
			"%s: RAM is too small: the kernel ends at %" PRIu64 " MiB, the initrd has %" PRIu64
			" MiB and must end below %" PRIu64 " MiB; give more with -m",
			p->kernel_name, (start + MIB - 1) / MIB, (p->initrd_size + MIB - 1) / MIB, top / MIB);
	out->base = (top - p->initrd_size) & ~(uint64_t)(PAGE - 1);
	out->size = p->initrd_size;
	return vr_tables_copy(t, out->base, p->initrd, p->initrd_size);
}

/* Linux: COMMAND_LINE_SIZE is 2048 on x86, with the final zero. Only a bzImage tells its own. */
#define CMDLINE_MAX 2047u

uint64_t load_cmdline_max(const struct vr_boot_payload *p)
{
	uint64_t most = bzimage_is(p) ? bzimage_cmdline_max(p) : CMDLINE_MAX;

	return most < PC_CMDLINE_MAX - 1 ? most : PC_CMDLINE_MAX - 1;
}

static int32_t place_cmdline(const struct vr_tables *t, const struct load_input *in)
{
	uint64_t length = strlen(in->cmdline), most = load_cmdline_max(in->payload);

	if (length > most)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: a command line of %" PRIu64 " bytes; this kernel takes %" PRIu64,
				      in->payload->kernel_name, length, most);
	return vr_tables_copy(t, PC_CMDLINE, in->cmdline, length + 1);
}

/* Linux begins its random numbers with it; older kernels pass over types that they do not know. */
static int32_t random_seed(const struct vr_tables *t)
{
	struct vr_mapping map;
	uint8_t *p = vr_tables_ram(t, PC_SETUP_DATA, SETUP_HEADER + SEED_BYTES, &map);

	if (!p)
		return VR_E_INTERNAL;
	vr_le_put(p + 8, SETUP_RNG_SEED, 4);
	vr_le_put(p + 12, SEED_BYTES, 4);
	vr_seed(p + SETUP_HEADER, SEED_BYTES);
	vr_tables_filled(t, &map);
	return VR_OK;
}

/* Also for plain ELF kernels: a vmlinux expects it, others may use it. */
static int32_t boot_params(const struct vr_tables *t, const struct load_input *in, const struct pc_kernel *k,
			   const struct initrd *rd)
{
	struct ram_range r[RANGES_MAX];
	uint32_t n = ranges(in->ram_size, r);
	struct vr_mapping map;
	uint8_t *p = vr_tables_ram(t, PC_BOOT_PARAMS, PAGE, &map);

	if (!p)
		return VR_E_INTERNAL;
	memcpy(p + BZIMAGE_HEADER, (const uint8_t *)in->payload->kernel + BZIMAGE_HEADER * !!k->header_size,
	       k->header_size);
	p[BP_TYPE_OF_LOADER] = LOADER_UNKNOWN;
	vr_le_put(p + BP_ACPI_RSDP, in->rsdp, 8);
	vr_le_put(p + BP_CODE32_START, k->load, 4);
	vr_le_put(p + BP_RAMDISK_IMAGE, rd->base, 4);
	vr_le_put(p + BP_RAMDISK_SIZE, rd->size, 4);
	vr_le_put(p + BP_EXT_RAMDISK_IMAGE, rd->base >> 32, 4);
	vr_le_put(p + BP_EXT_RAMDISK_SIZE, rd->size >> 32, 4);
	vr_le_put(p + BP_CMDLINE, PC_CMDLINE, 4);
	vr_le_put(p + BP_EXT_CMDLINE, PC_CMDLINE >> 32, 4);
	vr_le_put(p + BP_SETUP_DATA, PC_SETUP_DATA, 8);
	p[BP_E820_COUNT] = (uint8_t)n;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *e = p + BP_E820 + i * E820_ENTRY;

		vr_le_put(e, r[i].base, 8);
		vr_le_put(e + 8, r[i].length, 8);
		vr_le_put(e + 16, r[i].type, 4);
	}
	vr_tables_filled(t, &map);
	return VR_OK;
}

static int32_t pvh_info(const struct vr_tables *t, const struct load_input *in, const struct initrd *rd)
{
	struct ram_range r[RANGES_MAX];
	uint32_t n = ranges(in->ram_size, r);
	struct vr_mapping map;
	uint8_t *p = vr_tables_ram(t, PC_PVH_INFO, PAGE, &map), *m;

	if (!p)
		return VR_E_INTERNAL;
	vr_le_put(p, PVH_MAGIC, 4);
	vr_le_put(p + 4, 1, 4); /* version 1: with a memory map */
	vr_le_put(p + 12, rd->size ? 1 : 0, 4);
	vr_le_put(p + 16, rd->size ? PVH_MODULES : 0, 8);
	vr_le_put(p + 24, PC_CMDLINE, 8);
	vr_le_put(p + 32, in->rsdp, 8);
	vr_le_put(p + 40, PVH_MEMORY, 8);
	vr_le_put(p + 48, n, 4);
	m = p + (PVH_MODULES - PC_PVH_INFO);
	vr_le_put(m, rd->base, 8);
	vr_le_put(m + 8, rd->size, 8);
	m = p + (PVH_MEMORY - PC_PVH_INFO);
	for (uint32_t i = 0; i < n; i++, m += PVH_MEMORY_ENTRY) {
		vr_le_put(m, r[i].base, 8);
		vr_le_put(m + 8, r[i].length, 8);
		vr_le_put(m + 16, r[i].type, 4);
	}
	vr_tables_filled(t, &map);
	return VR_OK;
}

static int32_t read_header(const struct vr_tables *t, const struct load_input *in, struct pc_kernel *k)
{
	const struct vr_boot_payload *p = in->payload;
	const uint8_t *b = p->kernel;

	if (elf_is(p))
		return elf_read(t, p, k);
	if (bzimage_is(p))
		return bzimage_read(t, p, in->ram_size, k);
	if (p->kernel_size < 4)
		return vr_tables_fail(t, VR_E_IMAGE, "%s: %" PRIu64 " bytes are no kernel", p->kernel_name,
				      p->kernel_size);
	return vr_tables_fail(t, VR_E_IMAGE,
			      "%s: neither a bzImage (\"HdrS\" at offset 0x202) nor an ELF file (begins with "
			      "%02x %02x %02x %02x); give the kernel's bzImage or vmlinux",
			      p->kernel_name, b[0], b[1], b[2], b[3]);
}

int32_t boot_load(const struct vr_tables *t, const struct load_input *in, struct registry_entry *entry)
{
	const struct vr_boot_payload *p = in->payload;
	struct pc_kernel k = {.mode = 0};
	struct initrd rd;
	int32_t rc = read_header(t, in, &k);

	if (rc >= 0 && k.header_size)
		rc = vr_tables_copy(t, k.load, (const uint8_t *)p->kernel + k.skip, p->kernel_size - k.skip);
	else if (rc >= 0)
		rc = elf_load(t, p, k.bias);
	if (rc >= 0)
		rc = place_initrd(t, in, &k, &rd);
	if (rc >= 0)
		rc = place_cmdline(t, in);
	if (rc >= 0)
		rc = random_seed(t);
	if (rc >= 0)
		rc = boot_params(t, in, &k, &rd);
	if (rc >= 0 && k.mode == ENTRY_PROTECTED)
		rc = pvh_info(t, in, &rd);
	if (rc >= 0)
		rc = entry_tables(t, k.mode);
	if (rc < 0)
		return rc;
	*entry = (struct registry_entry){
		.mode = k.mode,
		.rip = k.entry,
		.rbx = k.mode == ENTRY_PROTECTED ? PC_PVH_INFO : 0,
		.rsi = k.mode == ENTRY_LONG ? PC_BOOT_PARAMS : 0,
		.rsp = PC_STACK,
	};
	return VR_OK;
}
