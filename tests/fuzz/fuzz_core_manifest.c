/* SPDX-License-Identifier: MIT */
/* Any bytes as a manifest: it is one, or there is an error with a place in the file. */
#include <stdint.h>
#include <string.h>
#include <vmrun/abi.h>

#include "common/error.h"
#include "common/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vr_manifest *m = NULL;
	int32_t rc;

	vr_error_clear();
	rc = vr_manifest_parse("f", (const char *)data, size, &m);
	if (rc == VR_OK ? !m || !m->id || !m->provides : m != NULL || rc != VR_E_MANIFEST)
		__builtin_trap();
	if (rc < 0 && strncmp(vr_error_text(rc), "f:", 2) != 0)
		__builtin_trap();
	vr_manifest_free(m);
	return 0;
}
