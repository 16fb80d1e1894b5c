/* SPDX-License-Identifier: MIT */
/* What is looked at in a plugin's library before the dynamic linker gets it: any bytes give an answer, and a
 * text with each refusal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "common/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256];
	int32_t rc;

	memset(text, 1, sizeof(text));
	rc = elf_check_bytes(data, size, text, sizeof(text));
	if (rc != VR_OK && (rc != VR_E_IO || !memchr(text, 0, sizeof(text)) || !text[0]))
		abort();
	return 0;
}
