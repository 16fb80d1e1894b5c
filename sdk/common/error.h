/* SPDX-License-Identifier: MIT */
/* error.h: one error text per thread; the first one wins until it is taken. */
#ifndef VR_COMMON_ERROR_H
#define VR_COMMON_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* Note the text (printf-like, one line: what, where, what to do) unless one is noted; returns code. */
int32_t vr_error_set(int32_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prefix "context: " to the noted text (for callers that know more: which file ...). Returns code. */
int32_t vr_error_context(int32_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The noted text, or the code's general text; valid until the next call on this thread. */
const char *vr_error_text(int32_t code);
void vr_error_clear(void);
/* Is a text noted that was not read yet? */
bool vr_error_is_noted(void);
/* "VR_E_NOENT" ... */
const char *vr_error_name(int32_t code);

#endif
