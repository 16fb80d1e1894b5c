/* SPDX-License-Identifier: MIT */
/* Any bytes as a compressed file of the format that they begin like, and as an EFI zboot kernel. */
#include <stdlib.h>
#include "boot/unpack.h"
#include "boot/zboot.h"
#include "common/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct unpack_limits limits = {.most = 4 << 20, .may_load = true};
	const struct unpack_format *f = unpack_format_of(data, size);
	void *out;
	size_t n;

	if (f && !unpack("f", f, data, size, &limits, &out, &n))
		free(out);
	vr_error_clear();
	if (zboot_is(data, size) && !zboot_unpack("f", data, size, &limits, &out, &n))
		free(out);
	vr_error_clear();
	return 0;
}
