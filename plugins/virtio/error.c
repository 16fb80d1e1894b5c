/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "virtio.h"

int32_t vr_virtio_fail(const struct vr_host *host, int32_t code, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	host->error(host, code, text);
	return code;
}
