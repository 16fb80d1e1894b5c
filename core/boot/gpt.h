/* SPDX-License-Identifier: MIT */
/* gpt.h: the GUID partition table (UEFI specification 2.10, section 5.3). */
#ifndef VR_BOOT_GPT_H
#define VR_BOOT_GPT_H

#include <stdbool.h>
#include <stdint.h>
#include "boot/source.h"

/* GUIDs as they lie on disk. */
extern const uint8_t vr_gpt_type_esp[16];      /* EFI system partition */
extern const uint8_t vr_gpt_type_xbootldr[16]; /* extended boot loader partition (UAPI BLS) */

struct vr_gpt_partition {
	uint8_t type[16], id[16];
	uint64_t offset, length; /* bytes; inside the source */
	uint32_t number;         /* 1.. as tools count them */
};

struct vr_gpt {
	uint32_t block_size; /* 512 or 4096 */
	uint32_t count;
	bool from_backup; /* the primary header was bad, the backup good */
	struct vr_gpt_partition *partitions;
};

/* The source claims to hold a GPT: a header's signature, or a protective MBR. */
bool vr_gpt_is(const struct vr_source *s);
/* Used entries in table order. VR_E_IMAGE when neither header nor its backup is right. */
int32_t vr_gpt_read(const struct vr_source *s, struct vr_gpt *out);
void vr_gpt_free(struct vr_gpt *g);

#endif
