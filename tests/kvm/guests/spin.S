/* SPDX-License-Identifier: MIT */
/* Runs until it is stopped. */
#include "macros.S"
	.code64
	.globl _start
_start:	incq OUT_AREA
	jmp _start
