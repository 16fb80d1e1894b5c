/* SPDX-License-Identifier: MIT */
/*
 * host_error.h: an error with its text, for host->error(): what happened, to what, and what to do, printf-like. All is
 * inline, so a plugin that links no library can have it. [any]
 */
#ifndef VR_KIT_HOST_ERROR_H
#define VR_KIT_HOST_ERROR_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest text, with its end; a longer one loses its tail. */
#define VR_HOST_ERROR_TEXT 768

/* The same after what is already in text[size], a string, where all of it stays. Returns code. */
__attribute__((format(printf, 5, 0))) static inline int32_t vr_host_error_v(const struct vr_host *host,
									    int32_t code, char *text,
									    size_t size, const char *format,
									    va_list args)
{
	size_t n = strlen(text);

	vsnprintf(text + n, size - n, format, args);
	host->error(host, code, text);
	return code;
}

/* Returns code. */
__attribute__((format(printf, 3, 4))) static inline int32_t
vr_host_error(const struct vr_host *host, int32_t code, const char *format, ...)
{
	char text[VR_HOST_ERROR_TEXT] = "";
	va_list args;

	va_start(args, format);
	vr_host_error_v(host, code, text, sizeof(text), format, args);
	va_end(args);
	return code;
}

#ifdef __cplusplus
}
#endif
#endif
