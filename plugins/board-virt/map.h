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

#define VIRT_GICD_BASE 0x08000000ull
#define VIRT_GICD_SIZE 0x00010000ull
#define VIRT_GICR_BASE 0x080A0000ull
#define VIRT_GICR_STRIDE 0x00020000ull /* one vCPU: RD_base and SGI_base, 64 KiB each */
#define VIRT_UART_BASE 0x09000000ull
#define VIRT_UART_SIZE 0x00001000ull
#define VIRT_RTC_BASE 0x09010000ull
#define VIRT_RTC_SIZE 0x00001000ull
#define VIRT_VIRTIO_BASE 0x0A000000ull
#define VIRT_VIRTIO_STRIDE 0x200ull
#define VIRT_VIRTIO_SLOTS 32u
#define VIRT_RAM_BASE 0x40000000ull
#define VIRT_RAM_MAX (255ull << 30)

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

#define VIRT_APB_CLOCK_HZ 24000000u

#endif
