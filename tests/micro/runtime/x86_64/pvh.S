/* SPDX-License-Identifier: MIT */
/* The note that makes an ELF file bootable by Xen's PVH protocol: the physical address of its 32-bit entry. */
	.section .note, "a", @note
	.balign 4
	.long 4, 4, 18
	.asciz "Xen"
	.long _start
	.text
