/* SPDX-License-Identifier: MIT */
/*
 * bytes.h: little-endian fields of images, tables and guest memory, whatever the host's order and alignment.
 * [any]
 */
#ifndef VR_BOARD_BYTES_H
#define VR_BOARD_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint32_t vr_le16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static inline uint32_t vr_le32(const uint8_t *p)
{
	return vr_le16(p) | vr_le16(p + 2) << 16;
}

static inline uint64_t vr_le64(const uint8_t *p)
{
	return vr_le32(p) | (uint64_t)vr_le32(p + 4) << 32;
}

/* The low `bytes` bytes of the value, 0-8 of them. */
static inline void vr_le_put(uint8_t *p, uint64_t value, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

#ifdef __cplusplus
}
#endif

#endif
