/* SPDX-License-Identifier: MIT */
/*
 * debuglog.h: vmrun.debuglog/1, a host table: the log that `vmrun -d ITEM[,ITEM...][:RANGE]` asks for.
 *
 * The core reads the option, opens the file and writes device accesses. An accelerator asks once, when a
 * virtual machine is created, which items are on, and writes records of those that it can observe. The core
 * warns of an item that is asked for and that the accelerator can't give. With no item on an accelerator
 * calls nothing else here, so that a log that is off costs nothing.
 */
#ifndef VMRUN_DEBUGLOG_H
#define VMRUN_DEBUGLOG_H

#include <vmrun/abi.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DEBUGLOG_ID "vmrun.debuglog/1"

/* The items, one for each row of vmrun/debuglog.def: VR_DEBUGLOG_INSN and so on. */
enum vr_debuglog_item {
#define VR_DEBUGLOG_ITEM(name, word, address, help) VR_DEBUGLOG_##name,
#include <vmrun/debuglog.def>
#undef VR_DEBUGLOG_ITEM
	VR_DEBUGLOG_COUNT
};

struct vr_disassembler; /* opaque */

struct vr_host_debuglog {
	uint32_t size;
	uint32_t reserved;
	/* The items that are on, as bits 1 << VR_DEBUGLOG_*. `can`: the items whose records the caller
	 * writes. Asked in vr_accel.vm_create. [main] */
	uint32_t(VR_CALL *items)(const struct vr_host *host, uint32_t can);
	/* 1: a record of the item about any address of [first, last] is wanted. [any] */
	int32_t(VR_CALL *wanted)(const struct vr_host *host, uint32_t item, uint64_t first, uint64_t last);
	/* Write one record: lines of text, the last of which needs no line feed. Each line of the log begins
	 * with the item's word. Records of several threads do not mix. [any] */
	void(VR_CALL *write)(const struct vr_host *host, uint32_t item, const char *text);
	/* A disassembler for a target, by LLVM's names: triple such as "riscv64", features such as "+a,+c".
	 * Where the library for it is missing the core tells the user, and the disassembler gives numbers.
	 * *out lives as long as the machine. Before the guest runs: no library can be opened later. [main] */
	int32_t(VR_CALL *disassembler)(const struct vr_host *host, const char *triple, const char *features,
				       struct vr_disassembler **out);
	/* The instruction at `address`, whose bytes are code[0..length), as text. The number of its bytes;
	 * 0 only for length 0. [any] */
	uint32_t(VR_CALL *disassemble)(const struct vr_host *host, struct vr_disassembler *d,
				       uint64_t address, const uint8_t *code, uint32_t length, char *text,
				       uint32_t capacity);
};

#ifdef __cplusplus
}
#endif

#endif
