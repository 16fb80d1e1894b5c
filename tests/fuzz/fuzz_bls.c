/* SPDX-License-Identifier: MIT */
/* Any text as an entry; and its two halves as versions, whose order must be one. */
#include <stdlib.h>
#include <string.h>
#include "boot/bls.h"
#include "common/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	if (!s)
		exit(0);
	memcpy(s, data, size);
	s[size] = 0;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t third = size / 3;
	char *v[3] = {text(data, third), text(data + third, third), text(data + 2 * third, size - 2 * third)};
	struct bls_entry e;

	if (!bls_parse("f", v[0], (const char *)data, size, &e)) {
		if (bls_compare(&e, &e))
			abort();
		bls_free(&e);
	}
	vr_error_clear();
	int ab = bls_version_compare(v[0], v[1]), ba = bls_version_compare(v[1], v[0]);
	int bc = bls_version_compare(v[1], v[2]), ac = bls_version_compare(v[0], v[2]);
	if ((ab > 0) != (ba < 0) || (ab < 0) != (ba > 0))
		abort();
	if (ab <= 0 && bc <= 0 && ac > 0)
		abort();
	for (int i = 0; i < 3; i++)
		free(v[i]);
	return 0;
}
