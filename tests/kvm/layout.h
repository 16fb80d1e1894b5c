/* SPDX-License-Identifier: MIT */
/*
 * layout.h: where things are in a micro-guest's memory. Read by C and by the assembler.
 *
 * Memory is 4 MiB at 0, the code at ORG. A guest ends with an OUT of 4 bytes to PORT_DONE, its result; a
 * write to PORT_STOP only stops it, so that its state can be taken in the middle.
 */
#ifndef KVMP_LAYOUT_H
#define KVMP_LAYOUT_H

#define RAM_SIZE 0x400000
#define ORG 0x1000     /* code, at most 8 KiB */
#define AP_CODE 0x4000 /* where a second vCPU starts by SIPI */
#define GDT 0x5000
#define TSS 0x5800
#define IDT 0x6000      /* 256 entries of 16 bytes */
#define OUT_AREA 0x8000 /* what a guest found out */
#define STACK 0xc000    /* top, CPL 0; the page below it */
#define STACK3 0xe000   /* top, CPL 3 */
#define TABLES 0x10000  /* PML4, PDPT, four page directories: 4 GiB identical, 2 MiB pages */
#define SLOT1 0x200000  /* the second half of memory is a slot of its own */

#define SEL_CODE64 0x08
#define SEL_DATA 0x10
#define SEL_CODE32 0x18
#define SEL_CODE16 0x20
#define SEL_DATA16 0x28
#define SEL_DATA3 0x33
#define SEL_CODE3 0x3b
#define SEL_TSS 0x40

#define PORT_DONE 0xf4
#define PORT_STOP 0xf6
#define PORT_ECHO 0x100 /* keeps what was written, 8 bytes wide */
#define PORT_LOG 0x110  /* remembers all that is written; reads count up */
#define PORT_NONE 0x300

#define MMIO_DEVICE 0xd0000000 /* one page: remembers what is written, and reads it back */
#define MMIO_LOG 0xd0001000    /* a log, as PORT_LOG */
#define MMIO_NONE 0xd0010000
#define MMIO_DONE 0xd0002000 /* as PORT_DONE and PORT_STOP, for code without access to ports */
#define MMIO_STOP 0xd0002004
#define MMIO_BELL 0xd0003000 /* 16 bytes of registers whose writes are remembered */
#define PORT_BELL 0x118      /* the same, one byte */
#define ROM 0x80000000       /* 64 KiB, read-only, a device below takes the writes */

#define VECTOR 0x40 /* of the interrupts that the tests give */

#endif
