/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h: vmrun.sandbox/1, of the host: what a plugin needs of the system while the guest runs.
 *
 * Once the guest runs the process has no more system calls than it needs: it opens no file, makes no socket,
 * starts no program and maps no memory as executable. doc/sandbox.md lists what is left. An ioctl() is
 * refused (EPERM) unless its request was asked for here. A host that has no such table refuses none.
 */
#ifndef VMRUN_SANDBOX_H
#define VMRUN_SANDBOX_H

#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_SANDBOX_ID "vmrun.sandbox/1"

struct vr_host_sandbox {
	uint32_t size;
	uint32_t reserved;
	/* ioctl() with this request, on any descriptor, stays possible. Those that are made most often first.
	 * VR_E_PERM: no plugin gets this one (TIOCSTI); VR_E_STATE: there is no machine, or the guest runs
	 * already. [main] */
	int32_t(VR_CALL *allow_ioctl)(const struct vr_host *host, uint64_t request);
};

#ifdef __cplusplus
}
#endif

#endif
