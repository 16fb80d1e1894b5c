/* SPDX-License-Identifier: MIT */
/* struct_copy_out.h: handing a struct of the ABI out to a plugin that may have been built when it was shorter. */
#ifndef UTIL_STRUCT_COPY_OUT_H
#define UTIL_STRUCT_COPY_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of a struct up to and with a member. */
#define STRUCT_END_OF(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/*
 * Copies *in, a struct of `whole` bytes that begins with its size, to *out, as far as the size in *out says
 * that there is room; that then says how much was given. A caller that leaves an impossible size there is taken for the oldest,
 * which had `least` bytes: nothing after those is written.
 */
static inline void struct_copy_out(void *out, const void *in, uint32_t whole, uint32_t least)
{
	uint32_t capacity;

	memcpy(&capacity, out, sizeof(capacity));
	if (capacity > whole && capacity < whole + 4096)
		capacity = whole; /* built when it was longer */
	if (capacity < least || capacity > whole)
		capacity = least;
	memcpy(out, in, capacity);
	memcpy(out, &capacity, sizeof(capacity));
}

#endif
