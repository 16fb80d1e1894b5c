/* SPDX-License-Identifier: MIT */
/* An instruction that KVM's emulator does not know, from device memory's neighbourhood: PSHUFB on a device. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $MMIO_DEVICE, %ebx
	mov $0x77, %r9
	pshufb (%rbx), %xmm1
	mov %r9, OUT_AREA
	done_mmio $0x600d0015
