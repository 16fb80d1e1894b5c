/* SPDX-License-Identifier: MIT */
/* Any bytes as a gzip file and as an EFI zboot kernel. */
#include <stdlib.h>
#include "boot/gzip.h"
#include "boot/zboot.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *out;
	size_t n;

	if (!vr_gzip_unpack("f", data, size, 4 << 20, &out, &n))
		free(out);
	vr_error_clear();
	if (vr_zboot_is(data, size) && !vr_zboot_unpack("f", data, size, 4 << 20, &out, &n))
		free(out);
	vr_error_clear();
	return 0;
}
