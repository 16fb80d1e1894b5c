/* SPDX-License-Identifier: MIT */
/* The guests' flat binaries, each between guest_NAME and guest_NAME_end. */
	.section .rodata
.macro blob name
	.globl guest_\name, guest_\name\()_end
guest_\name:
	.incbin "\name\().bin"
guest_\name\()_end:
.endm
#define GUEST(name) blob name
#include "guests.def"
	.section .note.GNU-stack, "", %progbits
