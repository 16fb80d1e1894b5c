/* SPDX-License-Identifier: MIT */
/* gpt.h: the GUID partition table (UEFI specification 2.10, section 5.3). */
#ifndef BOOT_GPT_H
#define BOOT_GPT_H

#include <stdbool.h>
#include <stdint.h>
#include "boot/source.h"

/* GUIDs as they lie on disk. */
extern const uint8_t gpt_type_esp[16];      /* EFI system partition */
extern const uint8_t gpt_type_xbootldr[16]; /* extended boot loader partition (UAPI BLS) */

struct gpt_partition {
	uint8_t type[16], id[16];
	uint64_t offset, length; /* bytes; inside the source */
	uint32_t number;         /* 1.. as tools count them */
};

struct gpt {
	uint32_t block_size; /* 512 or 4096 */
	uint32_t count;
	bool from_backup; /* the primary header was bad, the backup good */
	struct gpt_partition *partitions;
};

/* The source claims to hold a GPT: a header's signature, or a protective MBR. */
bool gpt_is(const struct source *s);
/* Used entries in table order. VR_E_IMAGE when neither header nor its backup is right. */
int32_t gpt_read(const struct source *s, struct gpt *out);
void gpt_free(struct gpt *g);

#endif
