/* SPDX-License-Identifier: MIT */
/* layout.h: where things are, for C and for the assembler. Offsets in the guests' code, and in the device. */
#ifndef VR_VALIDATE_LAYOUT_H
#define VR_VALIDATE_LAYOUT_H

#define GUEST_STORE 0x000    /* writes a pattern: 64 products, then a byte, a half and a word */
#define GUEST_DEVICE 0x100   /* reads and writes the device in all widths */
#define GUEST_SPIN 0x200     /* counts for ever */
#define GUEST_IDLE 0x280     /* counts how often it is woken */
#define GUEST_WAKE 0x300     /* sleeps until the interrupt pin is high */
#define GUEST_PATCH 0x380    /* changes its own code */
#define GUEST_UNMAPPED 0x480 /* reads where nothing is */
#define GUEST_CALL 0x500     /* a hypercall */
#define GUEST_ROM 0x580      /* reads and writes read-only memory */
#define GUEST_HOST 0x680     /* has the device change its code */
#define GUEST_HOST_PLACE 0x60
#define GUEST_HOST_NEW 0x70
#define GUEST_VECTORS 0x800
#define GUEST_BYTES 0xc00

#define DEVICE_PATTERN 0xf1e2d3c4b5a69788 /* what reads of the device give, cut to the width */
#define DEVICE_DONE 0x800                 /* a write ends the run */
#define DEVICE_PATCH 0x900                /* a write makes the host change the guest's code */

#endif
