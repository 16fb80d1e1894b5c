/* SPDX-License-Identifier: MIT */
/*
 * map.h: the memory map, I/O ports and interrupt lines of the `pc` machine.
 *
 * Interrupt lines of vmrun.irq/1 on this board: 0..23 are the PC's, an ISA interrupt below 16 and the I/O
 * APIC pin of that number, but for the PIT's 0, which is pin 2 there. Lines 32..63 are those of the virtio
 * slots, 64..95 those of other devices of plugins; they share the sixteen pins that no other device has: a pin is
 * high as long as one of its lines is.
 */
#ifndef BOARD_PC_MAP_H
#define BOARD_PC_MAP_H

#include <stdint.h>

/* ---- memory ---- */
#define PC_LOW_END UINT64_C(0x000A0000)  /* conventional memory: 640 KiB */
#define PC_EBDA UINT64_C(0x0009FC00)     /* what a BIOS keeps for itself of it */
#define PC_FIRMWARE UINT64_C(0x000E0000) /* ACPI tables, where a BIOS would be */
#define PC_FIRMWARE_END UINT64_C(0x00100000)
#define PC_HIGH UINT64_C(0x00100000)
#define PC_HOLE UINT64_C(0xC0000000) /* 3 GiB: RAM ends here and goes on above 4 GiB */
#define PC_ABOVE UINT64_C(0x100000000)
#define PC_RAM_MIN (UINT64_C(2) << 20)
#define PC_RAM_MAX (UINT64_C(1) << 40)
#define PC_VIRTIO_BASE UINT64_C(0xD0000000)
#define PC_VIRTIO_STRIDE UINT64_C(0x1000) /* a page each */
#define PC_VIRTIO_SIZE UINT64_C(0x200)
#define PC_VIRTIO_SLOTS 32u
#define PC_WINDOWS_BASE UINT64_C(0xD8000000) /* for devices of vmrun.device/1 */
#define PC_WINDOWS_SIZE UINT64_C(0x02000000)
#define PC_WINDOW_DEVICES 16u
#define PC_ECAM_BASE UINT64_C(0xE0000000) /* PCI configuration space of bus 0 */
#define PC_ECAM_SIZE UINT64_C(0x00100000)
#define PC_PCI_MEMORY UINT64_C(0xE1000000) /* what PCI devices may be given; none is there yet */
#define PC_PCI_MEMORY_END UINT64_C(0xFEC00000)
#define PC_IOAPIC_BASE UINT64_C(0xFEC00000)
#define PC_LAPIC_BASE UINT64_C(0xFEE00000)

/* ---- what is put into RAM to start with ---- */
#define PC_GDT UINT64_C(0x500)
#define PC_PVH_INFO UINT64_C(0x6000)
#define PC_BOOT_PARAMS UINT64_C(0x7000)
#define PC_STACK UINT64_C(0x9000)       /* grows down from here */
#define PC_PAGE_TABLES UINT64_C(0x9000) /* six pages */
#define PC_SETUP_DATA UINT64_C(0xF000)
#define PC_CMDLINE UINT64_C(0x20000)
#define PC_CMDLINE_MAX 0x10000u

/* ---- lines ---- */
#define PC_LINES 24u
#define PC_IRQ_PIT 0u
#define PC_IRQ_UART 4u
#define PC_IRQ_RTC 8u
#define PC_IRQ_SCI 9u
#define PC_PIN_PIT 2u /* of the I/O APIC */
#define PC_LINE_VIRTIO 32u
#define PC_LINE_WINDOWS (PC_LINE_VIRTIO + PC_VIRTIO_SLOTS)
#define PC_WINDOW_LINES 32u
#define PC_SLOT_LINES (PC_VIRTIO_SLOTS + PC_WINDOW_LINES) /* those that share pins, from PC_LINE_VIRTIO */

/* ---- ports ---- */
#define PC_PORT_PM_EVENT 0x600u
#define PC_PORT_PM_CONTROL 0x604u
#define PC_PORT_PM_TIMER 0x608u
#define PC_PORT_PCI 0xCF8u /* ..0xCFF */
#define PC_PORT_RESET 0xCF9u
#define PC_RESET_VALUE 0x06u
#define PC_PCI_PORTS 0x1000u /* ..0xffff: what PCI devices may be given */

#define PC_MAX_VCPUS 254u /* 8-bit APIC ids, 255 being everyone */

/* The line of 0..23 that line PC_LINE_VIRTIO + slot drives. */
static inline uint32_t pc_slot_pin(uint32_t slot)
{
	static const uint8_t pin[16] = {5, 10, 11, 12, 14, 15, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};

	return pin[slot % 16];
}

#endif
