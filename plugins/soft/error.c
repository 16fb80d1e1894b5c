/* SPDX-License-Identifier: MIT */
/* error.c: an error with its text, for the core. */
#include <stdarg.h>
#include <stdio.h>

#include "soft.h"

int32_t soft_error(const struct soft_vm *vm, int32_t code, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	vm->host->error(vm->host, code, text);
	return code;
}
