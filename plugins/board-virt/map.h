/* SPDX-License-Identifier: MIT */
/*
 * map.h: the memory map and interrupt numbers of the `virt` machine (the ones QEMU's machine of that name
 * has, so that stock firmware and kernels find everything). What all `virt` machines have is in a64_map.
 *
 * Interrupt lines of vmrun.irq/1 on this board are GIC INTIDs: private lines 16..31 (PPI n is INTID 16 + n),
 * shared lines 32.. (SPI n is INTID 32 + n).
 */
#ifndef BOARD_VIRT_MAP_H
#define BOARD_VIRT_MAP_H

#include <board/virt.h>

#define A64_GICD_BASE UINT64_C(0x08000000)
#define A64_GICD_SIZE UINT64_C(0x00010000)
#define A64_GICR_BASE UINT64_C(0x080A0000)
#define A64_GICR_STRIDE UINT64_C(0x00020000) /* one vCPU: RD_base and SGI_base, 64 KiB each */
#define A64_UART_BASE UINT64_C(0x09000000)
#define A64_UART_SIZE UINT64_C(0x00001000)
#define A64_RTC_BASE UINT64_C(0x09010000)
#define A64_RTC_SIZE UINT64_C(0x00001000)
#define A64_RAM_MAX (UINT64_C(255) << 30)

/* Redistributors fill the addresses up to the UART. */
#define A64_MAX_VCPUS 123u

#define A64_PPI_BASE 16u
#define A64_SPI_BASE 32u
#define A64_PPI_TIMER_HYP 10u
#define A64_PPI_TIMER_VIRT 11u
#define A64_PPI_TIMER_SECURE 13u
#define A64_PPI_TIMER_PHYS 14u
#define A64_LINE_UART (A64_SPI_BASE + 1u)
#define A64_LINE_RTC (A64_SPI_BASE + 2u)

#define A64_APB_CLOCK_HZ 24000000u

extern const struct virt_map a64_map;

#endif
