/* SPDX-License-Identifier: MIT */
/*
 * map.h: the memory map and interrupt numbers of the `virt` machine (the ones QEMU's machine of that
 * name has, so that stock firmware and kernels find everything).
 *
 * Interrupt lines of vmrun.irq/1 on this board are GIC INTIDs: private lines 16..31 (PPI n is INTID
 * 16 + n), shared lines 32.. (SPI n is INTID 32 + n).
 */
#ifndef VR_BOARD_VIRT_MAP_H
#define VR_BOARD_VIRT_MAP_H

#include <stdint.h>

#define VIRT_GICD_BASE UINT64_C(0x08000000)
#define VIRT_GICD_SIZE UINT64_C(0x00010000)
#define VIRT_GICR_BASE UINT64_C(0x080A0000)
#define VIRT_GICR_STRIDE UINT64_C(0x00020000) /* one vCPU: RD_base and SGI_base, 64 KiB each */
#define VIRT_UART_BASE UINT64_C(0x09000000)
#define VIRT_UART_SIZE UINT64_C(0x00001000)
#define VIRT_RTC_BASE UINT64_C(0x09010000)
#define VIRT_RTC_SIZE UINT64_C(0x00001000)
#define VIRT_VIRTIO_BASE UINT64_C(0x0A000000)
#define VIRT_VIRTIO_STRIDE UINT64_C(0x200)
#define VIRT_VIRTIO_SLOTS 32u
/* What plugins bring: QEMU has a platform bus for such devices there. */
#define VIRT_WINDOW_BASE UINT64_C(0x0C000000)
#define VIRT_WINDOW_SIZE UINT64_C(0x02000000)
#define VIRT_WINDOWS 16u
#define VIRT_RAM_BASE UINT64_C(0x40000000)
#define VIRT_RAM_MAX (UINT64_C(255) << 30)

/* Redistributors fill the room up to the UART. */
#define VIRT_MAX_VCPUS 123u

#define VIRT_PPI_BASE 16u
#define VIRT_SPI_BASE 32u
#define VIRT_PPI_TIMER_HYP 10u
#define VIRT_PPI_TIMER_VIRT 11u
#define VIRT_PPI_TIMER_SECURE 13u
#define VIRT_PPI_TIMER_PHYS 14u
#define VIRT_SPI_UART 1u
#define VIRT_SPI_RTC 2u
#define VIRT_SPI_VIRTIO 16u
#define VIRT_SPI_WINDOW 112u

#define VIRT_APB_CLOCK_HZ 24000000u

#endif
