/* SPDX-License-Identifier: MIT */
/* bytes.h: little-endian fields of on-disk structures, whatever the host's order and alignment. */
#ifndef BOOT_BYTES_H
#define BOOT_BYTES_H

#include <stdint.h>

static inline uint16_t vr_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t vr_le32(const uint8_t *p)
{
	return (uint32_t)vr_le16(p) | (uint32_t)vr_le16(p + 2) << 16;
}

static inline uint64_t vr_le64(const uint8_t *p)
{
	return (uint64_t)vr_le32(p) | (uint64_t)vr_le32(p + 4) << 32;
}

#endif
