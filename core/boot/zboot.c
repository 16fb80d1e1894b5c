/* SPDX-License-Identifier: MIT */
#include "boot/zboot.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/bytes.h"
#include "common/error.h"

/* The header, as Linux documents it for boot loaders:
 *   0x00  "MZ\0\0"   0x04  "zimg"   0x08  u32 payload offset   0x0c  u32 payload size
 *   0x18  the compression's name, NUL-terminated, up to 0x38 */
#define ZBOOT_HEADER 0x38u
#define ZBOOT_OFFSET 0x08u
#define ZBOOT_SIZE 0x0cu
#define ZBOOT_METHOD 0x18u

bool zboot_is(const void *data, size_t size)
{
	const uint8_t *p = data;

	return size >= 8 && p[0] == 'M' && p[1] == 'Z' && !memcmp(p + 4, "zimg", 4);
}

int32_t zboot_unpack(const char *name, const void *data, size_t size, const struct unpack_limits *limits,
		     void **out, size_t *out_size)
{
	const struct unpack_format *said, *is;
	const uint8_t *p = data;
	char method[ZBOOT_HEADER - ZBOOT_METHOD + 1];

	*out = NULL;
	*out_size = 0;
	if (size < ZBOOT_HEADER)
		return vr_error_set(VR_E_IMAGE,
				    "%s: EFI zboot header is cut off at byte %zu of %u; copy the file again",
				    name, size, ZBOOT_HEADER);
	uint32_t offset = vr_le32(p + ZBOOT_OFFSET), length = vr_le32(p + ZBOOT_SIZE);
	if (offset < ZBOOT_HEADER || offset > size || length > size - offset)
		return vr_error_set(VR_E_IMAGE,
				    "%s: EFI zboot payload (header byte 8: offset %" PRIu32 ", size %" PRIu32
				    ") lies outside the file of %zu bytes; copy the file again",
				    name, offset, length, size);
	memcpy(method, p + ZBOOT_METHOD, sizeof(method) - 1);
	method[sizeof(method) - 1] = 0;
	for (char *c = method; *c; c++) {
		if (!isgraph((unsigned char)*c))
			*c = '?';
	}
	said = unpack_format_called(method);
	if (!said)
		return vr_error_set(VR_E_UNSUPPORTED,
				    "%s: EFI zboot payload is compressed with \"%s\" (header byte 24), which "
				    "vmrun can't unpack; unpack the kernel and give that",
				    name, method);
	is = unpack_format_of(p + offset, length);
	if (!is || strcmp(unpack_format_name(is), unpack_format_name(said)))
		return vr_error_set(VR_E_IMAGE,
				    "%s: EFI zboot payload at byte %" PRIu32
				    " is not the %s data that the header says it is; copy the file again",
				    name, offset, unpack_format_name(said));
	int32_t e = unpack(name, is, p + offset, length, limits, out, out_size);
	return e ? vr_error_context(e, "EFI zboot payload at byte %" PRIu32, offset) : VR_OK;
}
