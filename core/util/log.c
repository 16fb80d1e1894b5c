/* SPDX-License-Identifier: MIT */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/host.h>

#include "common/file.h"

static _Atomic uint32_t log_level = VR_LOG_WARN;
static atomic_int log_raw;

void log_set_level(uint32_t level)
{
	atomic_store(&log_level, level);
}

uint32_t log_get_level(void)
{
	return atomic_load(&log_level);
}

void log_set_raw(int raw)
{
	atomic_store(&log_raw, raw);
}

int log_is_raw(void)
{
	return atomic_load(&log_raw);
}

void log_text(const char *text, size_t n)
{
	static const char ending[] = "\r\n";
	int raw = atomic_load(&log_raw);

	if (raw)
		(void)file_write(STDERR_FILENO, ending, 1);
	while (n) {
		const char *end = memchr(text, '\n', n);
		size_t length = end ? (size_t)(end - text) : n;

		(void)file_write(STDERR_FILENO, text, length);
		if (end)
			(void)file_write(STDERR_FILENO, raw ? ending : ending + 1, raw ? 2 : 1);
		n -= length + (end != NULL);
		text += length + (end != NULL);
	}
}

void log_print(uint32_t level, const char *format, ...)
{
	static const char *const prefix[] = {
		"vmrun: error: ", "vmrun: warning: ", "vmrun: ", "vmrun: debug: "};
	char text[2048], out[2 * sizeof(text) + 64];
	int saved = errno;
	int raw = atomic_load(&log_raw);
	size_t n = 0;
	va_list ap;

	if (level > log_get_level())
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);

	if (raw) /* the guest may have left the cursor in the middle of a line */
		out[n++] = '\r';
	for (const char *p = prefix[level > VR_LOG_DEBUG ? VR_LOG_DEBUG : level]; *p; p++)
		out[n++] = *p;
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n') {
			if (raw)
				out[n++] = '\r';
			out[n++] = '\n';
		} else {
			/* Texts may quote what a file holds: no escape sequences to the terminal. */
			out[n++] = (c < 0x20 && c != '\t') || c == 0x7f ? '?' : (char)c;
		}
	}
	if (raw)
		out[n++] = '\r';
	out[n++] = '\n';
	/* In as few writes as the kernel allows, so that threads don't mix their lines. Nothing can be said where
	 * standard error itself can't be written. */
	(void)file_write(STDERR_FILENO, out, n);
	errno = saved;
}
