/* SPDX-License-Identifier: MIT */
/* registers.h: what debuggers are told of the registers of each architecture that vmrun knows; for boards of
 * these architectures, a third party's as well. */
#ifndef VR_BOARD_REGISTERS_H
#define VR_BOARD_REGISTERS_H

#include <vmrun/registers.h>

extern const struct vr_registers vr_registers_arm64, vr_registers_riscv64, vr_registers_x86_64;

#endif
