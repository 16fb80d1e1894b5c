/* SPDX-License-Identifier: MIT */
#include "boot_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "seed.h"

void vr_boot_tree_chosen(struct vr_tree *t, const struct vr_fdt_input *in, const char *console,
			 uint64_t address)
{
	char path[64];

	snprintf(path, sizeof(path), "%s@%" PRIx64, console, address);
	vr_tree_begin(t, "chosen");
	vr_tree_string(t, "bootargs", in->cmdline);
	vr_tree_string(t, "stdout-path", path);
	if (in->initrd_end > in->initrd_start) {
		VR_TREE_CELLS(t, "linux,initrd-start", VR_TREE_PAIR(in->initrd_start));
		VR_TREE_CELLS(t, "linux,initrd-end", VR_TREE_PAIR(in->initrd_end));
	}
	vr_tree_bytes(t, "rng-seed", in->rng_seed, sizeof(in->rng_seed));
	vr_tree_bytes(t, "kaslr-seed", in->kaslr_seed, sizeof(in->kaslr_seed));
	vr_tree_end(t);
}

void vr_boot_tree_memory(struct vr_tree *t, const struct vr_fdt_input *in, uint64_t base)
{
	vr_tree_begin_at(t, "memory", base);
	vr_tree_string(t, "device_type", "memory");
	VR_TREE_CELLS(t, "reg", VR_TREE_PAIR(base), VR_TREE_PAIR(in->ram_size));
	vr_tree_end(t);
}

void vr_boot_tree_clock(struct vr_tree *t, const char *node, const char *name, uint32_t hz, uint32_t phandle)
{
	vr_tree_begin(t, node);
	vr_tree_string(t, "compatible", "fixed-clock");
	VR_TREE_CELLS(t, "#clock-cells", 0);
	VR_TREE_CELLS(t, "clock-frequency", hz);
	vr_tree_string(t, "clock-output-names", name);
	VR_TREE_CELLS(t, "phandle", phandle);
	vr_tree_end(t);
}

int32_t vr_boot_tree_load(const struct vr_tables *t, struct vr_fdt_input *in,
			  int (*build)(const struct vr_fdt_input *in, void *buffer, uint32_t size),
			  uint64_t gpa, uint32_t size)
{
	struct vr_mapping m;
	int32_t rc = vr_tables_map(t, gpa, size, &m);
	int error;

	if (rc < 0)
		return rc;
	vr_seed(in->rng_seed, sizeof(in->rng_seed));
	vr_seed(in->kaslr_seed, sizeof(in->kaslr_seed));
	error = build(in, m.bytes, size);
	vr_tables_filled(t, &m);
	if (error)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "the device tree can't be built: %s (is the command line, %zu "
				      "bytes, too long?)",
				      vr_tree_strerror(error), strlen(in->cmdline));
	return VR_OK;
}
