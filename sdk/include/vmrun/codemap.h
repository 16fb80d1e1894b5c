/* SPDX-License-Identifier: MIT */
/*
 * codemap.h: vmrun.codemap/1, a host table: names for generated code, which `vmrun --perf-map` and
 * `--jitdump` hand to profilers.
 */
#ifndef VMRUN_CODEMAP_H
#define VMRUN_CODEMAP_H

#include <vmrun/abi.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_CODEMAP_ID "vmrun.codemap/1"

struct vr_host_codemap {
	uint32_t size;
	uint32_t reserved;
	/* 1: the user asked for names. Asked in vr_accel.vm_create. [main] */
	int32_t(VR_CALL *wanted)(const struct vr_host *host);
	/* Code was made: `length` bytes that run at `address` and can be read at `code`. name: without
	 * blanks, such as "arm64:0x40080000". It takes the place of what was at these addresses before. [any]
	 */
	void(VR_CALL *add)(const struct vr_host *host, uint64_t address, const uint8_t *code, uint64_t length,
			   const char *name);
};

#ifdef __cplusplus
}
#endif

#endif
