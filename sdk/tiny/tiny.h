/* SPDX-License-Identifier: MIT */
/*
 * tiny.h: the tiny machine of the SDK's templates, so small that an accelerator, a translator and a board
 *for it each fit on two pages.
 *
 * Sixteen registers of 64 bits and a program counter. Instructions are 32-bit words, least significant byte
 *first: opcode in bits 31:24, x in 23:20, y in 19:16, imm in 15:0. No modes, no page tables, no exceptions:
 *what can't be carried out ends the machine.
 *
 *	MOVI   x = imm << 16 * y, y 0..3
 *	ADD    x = y + r[imm & 15]
 *	ADDI   x = y + sign-extended imm
 *	LOAD   x = 32 bits at y + sign-extended imm, zero-extended
 *	STORE  32 bits at y + sign-extended imm = x
 *	STOREB 8 bits at y + sign-extended imm = x
 *	BNE    x != y: continue at pc + 4 * sign-extended imm
 *	WAIT   sleep until the interrupt input (pin 0) is high
 *
 * The board: RAM from TINY_RAM; the image, which begins with the bytes "TINY", is put at its start, and vCPU
 *0 begins behind them. A 16550 serial port, a register with the interrupt lines that are high (any of them:
 *pin 0 is high), a register that powers off with the status that is written, slots for virtio devices, and
 *windows for the devices that the user names: the first has TINY_WINDOWS and the line TINY_WINDOW_LINE, and their
 *clock goes at TINY_CLOCK_HZ. The guest is told of none of this: there is no device tree.
 */
#ifndef VR_TINY_TINY_H
#define VR_TINY_TINY_H

#include <stdint.h>

#define TINY_ARCH "tiny"

#define TINY_OP_MOVI 1u
#define TINY_OP_ADD 2u
#define TINY_OP_ADDI 3u
#define TINY_OP_LOAD 4u
#define TINY_OP_STORE 5u
#define TINY_OP_STOREB 6u
#define TINY_OP_BNE 7u
#define TINY_OP_WAIT 8u

#define TINY_RAM 0x80000000u
#define TINY_MAGIC "TINY"
#define TINY_ENTRY (TINY_RAM + 4)
#define TINY_UART 0x10000000u
#define TINY_UART_LINE 1u
#define TINY_LINES 0x10001000u /* read: the lines that are high, one bit each */
#define TINY_POWER 0x10002000u /* write: power off with this status */
#define TINY_VIRTIO 0x10010000u
#define TINY_VIRTIO_STRIDE 0x200u
#define TINY_VIRTIO_SLOTS 8u
#define TINY_VIRTIO_LINE 8u
#define TINY_WINDOWS 0x10020000u
#define TINY_WINDOWS_SIZE 0x20000u
#define TINY_WINDOW_COUNT 16u
#define TINY_WINDOW_LINE 16u
#define TINY_WINDOW_LINES 16u
#define TINY_CLOCK_HZ 24000000u /* of VR_DEVICE_CLOCK */

/* The canonical state of a vCPU, the same for every accelerator. */
#define TINY_STATE_ID "com.example.tiny.state/1"
struct tiny_state {
	uint32_t size;
	uint32_t reserved;
	uint64_t pc;
	uint64_t r[16];
};

#endif
