/* SPDX-License-Identifier: MIT */
/*
 * registers.h: vmrun.registers/1, optional: the registers of an architecture, as a debugger shows them. A
 * board's plugin offers it, or a translator's, or an accelerator's; the core asks them in this order when
 * `--gdb` is given.
 *
 * Registers are numbered through all features in their order. The names of features, and what registers they
 * must have, are those of gdb's manual, appendix "Standard Target Features"; features with other names may
 * follow, and are shown as well. The core makes gdb's target description (XML) of this table.
 */
#ifndef VMRUN_REGISTERS_H
#define VMRUN_REGISTERS_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_REGISTERS_ID "vmrun.registers/1"

struct vr_register {
	const char *name;
	const char *type;  /* of the target description: "int", "code_ptr", or one of the feature's types */
	const char *group; /* "general", "float", "vector", "system"; NULL: as the type says */
	uint32_t bits;     /* a multiple of 8, at most VR_REGISTER_BITS */
	uint32_t place;    /* what get() and set() know it by */
};
#define VR_REGISTER_BITS 512u

#define VR_REGISTERS_GENERAL 1u /* a debugger reads them all at each stop */
struct vr_register_feature {
	const char *name;
	const char *types; /* XML that defines types, or "" */
	const struct vr_register *registers;
	uint32_t count;
	uint32_t flags; /* VR_REGISTERS_*; features with GENERAL come first */
};

struct vr_registers {
	uint32_t size;
	uint32_t feature_count;
	const char *arch;         /* the guest's architecture: "arm64" */
	const char *architecture; /* its name in a target description: "aarch64" */
	const char *state_id;     /* canonical state: VR_STATE_ARM64_ID ... */
	uint32_t state_size;
	uint32_t feature_stride; /* bytes from one feature to the next */
	uint32_t register_stride;
	uint32_t pc; /* number of the program counter */
	const struct vr_register_feature *features;
	/* A register out of, or into, a canonical state; `bytes` bytes, least significant first. VR_E_NOENT:
	 * this state does not hold it. VR_E_UNSUPPORTED: it can't be written. [any] */
	int32_t(VR_CALL *get)(const void *state, uint32_t place, uint32_t bytes, void *value);
	int32_t(VR_CALL *set)(void *state, uint32_t place, uint32_t bytes, const void *value);
};

#ifdef __cplusplus
}
#endif

#endif
