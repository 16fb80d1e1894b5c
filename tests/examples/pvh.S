/* SPDX-License-Identifier: MIT */
/* pvh.S: the smallest kernel for the pc board (PVH: 32-bit code in an ELF64 file): says OK on the serial port,
 * reads a register of the first virtio slot, powers off by ACPI. */
	.section .note, "a", @note
	.long 4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start

	.text
	.code32
	.globl _start
_start:
	mov $0x3f8, %edx
	mov $'O', %al
	out %al, %dx
	mov $'K', %al
	out %al, %dx
	mov $'\n', %al
	out %al, %dx
	mov 0xd0000000, %eax
	mov $0x604, %edx
	mov $0x3400, %eax /* SLP_EN, SLP_TYP 5 */
	out %ax, %dx
1:	hlt
	jmp 1b
