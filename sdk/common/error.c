/* SPDX-License-Identifier: MIT */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/abi.h>

/*
 * A text is NOTED until it is read; then it is TAKEN: still readable (so that a caller may log it and
 * print it), but the next vr_error_set() replaces it. Without that step an error that was read and dealt
 * with would hide every later one.
 */
enum { EMPTY, NOTED, TAKEN };

#define TEXT_MAX 1024

static _Thread_local struct {
	int state;
	int32_t code;
	char text[TEXT_MAX];
} noted;

static const char *general_text(int32_t code)
{
	switch (code) {
	case VR_OK:
		return "no error";
#define VR_ERROR(name, value, text) \
	case value:                 \
		return text;
#include <vmrun/errors.def>
#undef VR_ERROR
	default:
		return code > 0 ? "no error" : "unknown error";
	}
}

const char *vr_error_name(int32_t code)
{
	switch (code) {
	case VR_OK:
		return "VR_OK";
#define VR_ERROR(name, value, text) \
	case value:                 \
		return "VR_E_" #name;
#include <vmrun/errors.def>
#undef VR_ERROR
	default:
		return code > 0 ? "VR_OK" : "VR_E_?";
	}
}

/* One line: whatever a file or a plugin put into the text, it can't forge a second message. */
static void one_line(char *s)
{
	for (; *s; s++) {
		if (*s == '\n' || *s == '\r')
			*s = ' ';
	}
}

int32_t vr_error_set(int32_t code, const char *format, ...)
{
	char text[TEXT_MAX]; /* the arguments may point into the old text */
	va_list ap;

	if (noted.state == NOTED)
		return code;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	one_line(text);
	memcpy(noted.text, text, sizeof(text));
	noted.code = code;
	noted.state = NOTED;
	return code;
}

int32_t vr_error_context(int32_t code, const char *format, ...)
{
	char context[TEXT_MAX / 2];
	char text[TEXT_MAX];
	const char *old = general_text(code);
	va_list ap;

	if (noted.state == NOTED || (noted.state == TAKEN && noted.code == code))
		old = noted.text;
	va_start(ap, format);
	vsnprintf(context, sizeof(context), format, ap);
	va_end(ap);
	/* A text that doesn't fit loses its tail, never the context. */
	snprintf(text, sizeof(text), "%s: %.*s", context, (int)(sizeof(text) - sizeof(context) - 2), old);
	one_line(text);
	memcpy(noted.text, text, sizeof(text));
	noted.code = code;
	noted.state = NOTED;
	return code;
}

const char *vr_error_text(int32_t code)
{
	if (noted.state == NOTED) {
		noted.state = TAKEN;
		return noted.text;
	}
	if (noted.state == TAKEN && noted.code == code)
		return noted.text;
	return general_text(code);
}

bool vr_error_is_noted(void)
{
	return noted.state == NOTED;
}

void vr_error_clear(void)
{
	noted.state = EMPTY;
	noted.text[0] = '\0';
}
