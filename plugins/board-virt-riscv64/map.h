/* SPDX-License-Identifier: MIT */
/*
 * map.h: the memory map and interrupt numbers of the riscv64 `virt` machine (the ones QEMU's machine of that
 * name has, so that stock firmware and kernels find everything). What all `virt` machines have is in rv_map.
 *
 * Shared lines of vmrun.irq/1 on this board are the PLIC's sources; a hart's input pins are bits of mip.
 */
#ifndef BOARD_RISCV64_MAP_H
#define BOARD_RISCV64_MAP_H

#include <board/virt.h>
#include <vmrun/state_riscv64.h>

#define RV_TEST_BASE UINT64_C(0x00100000)
#define RV_TEST_SIZE UINT64_C(0x00001000)
#define RV_RTC_BASE UINT64_C(0x00101000)
#define RV_RTC_SIZE UINT64_C(0x00001000)
#define RV_CLINT_BASE UINT64_C(0x02000000)
#define RV_CLINT_SIZE UINT64_C(0x00010000)
#define RV_PLIC_BASE UINT64_C(0x0C000000)
#define RV_PLIC_SIZE UINT64_C(0x00600000)
#define RV_UART_BASE UINT64_C(0x10000000)
#define RV_UART_SIZE UINT64_C(0x00000100)
#define RV_RAM_MAX (UINT64_C(255) << 30)

#define RV_MAX_VCPUS 64u

#define RV_IRQ_UART 10u
#define RV_IRQ_RTC 11u

#define RV_PIN_SSIP 1u
#define RV_PIN_MSIP 3u
#define RV_PIN_STIP 5u
#define RV_PIN_MTIP 7u
#define RV_PIN_SEIP 9u
#define RV_PIN_MEIP 11u

#define RV_APB_CLOCK_HZ 24000000u /* for devices of plugins; that of the arm64 board */
#define RV_UART_CLOCK_HZ 3686400u

/* One tick of the time base in ns. */
#define RV_TICK (UINT64_C(1000000000) / VR_RISCV_TIMEBASE)

extern const struct virt_map rv_map;

#endif
