/* SPDX-License-Identifier: MIT */
/*
 * abi.h: the words every other header of the ABI is written in.
 *
 * Rules of the binary interface:
 *  - A struct begins with `uint32_t size`, set by the side that fills it. Members are only ever appended;
 *    a member is used only when VR_HAS() (of a pointer) or
 *    VR_REACHES() (of a number) says that the other side's struct reaches it. Of a struct that is
 *    filled for the caller: the caller sets `size` to its capacity; no more than that is written.
 *  - Nothing of implementation-defined size or layout crosses: no enum, bool, long, bit-field,
 *    varargs or FILE*. Functions carry VR_CALL.
 *  - Results are `int32_t`: 0 or a count on success, a negative code of errors.def otherwise; the text
 *    goes to vr_host.error() first (per thread, first error wins).
 *  - Thread tags say where a function may be called: [main] the thread that built the machine; [vcpu]
 *    the thread of that vCPU; [any] any thread; [quiesced] no vCPU is running.
 *  - A function tagged [any] may be called under its caller's locks. So it may take a lock of its own
 *    that every holder keeps for a moment only, and waits for nothing else: no I/O that can block, no sleep,
 *    no other thread. It calls only functions tagged [any]. Locks are taken in the order device, transport
 *    or bus, interrupt controller, host (doc/life.md).
 */
#ifndef VMRUN_ABI_H
#define VMRUN_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && !defined(_WIN64)
#define VR_CALL __cdecl
#else
#define VR_CALL
#endif

#if defined(_WIN32)
#define VR_EXPORT __declspec(dllexport)
#else
#define VR_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define VR_ALIGNED(bytes) alignas(bytes)
#else
#define VR_ALIGNED(bytes) _Alignas(bytes)
#endif

#define VR_ABI_MAJOR 1
#define VR_ABI_MINOR 0
/* The least minor that a plugin needs of its host, for VR_MAGIC_INITIALIZER: a plugin that uses nothing newer
 * defines it to an earlier one and loads in older hosts as well. Its manifest says the same number. */
#ifndef VR_ABI_MINOR_NEEDED
#define VR_ABI_MINOR_NEEDED VR_ABI_MINOR
#endif

/* True when p is not NULL and struct *p, as its maker sized it, reaches over member m, whatever its value. */
#define VR_REACHES(p, m) ((p) != NULL && (p)->size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m))
/* The value of member m, a number, or `otherwise` when *p ends before it. */
#define VR_VALUE(p, m, otherwise) (VR_REACHES(p, m) ? (p)->m : (otherwise))
/* True when *p reaches over m, a function or another pointer, and m is not NULL. */
#define VR_HAS(p, m) (VR_REACHES(p, m) && (p)->m != NULL)

/*
 * Handles. What one side makes and the other only passes on is a pointer to a struct that has no members outside of
 * its maker, which casts it at its boundary. A `void *opaque` comes with a function and goes back to it.
 */
struct vr_plugin_self; /* a plugin's: the first argument of its functions */
struct vr_vm;          /* an accelerator's: a virtual machine ... */
struct vr_vcpu;        /* ... and one of its vCPUs */
struct vr_board;       /* a board plugin's */
struct vr_device;      /* a device plugin's */

/* The error codes: VR_OK and the VR_E_* of errors.def, as plain integers. */
#define VR_OK 0
#define VR_ERROR(name, value, text)
#include <vmrun/errors.def>
#undef VR_ERROR

#ifdef __cplusplus
}
#endif

#endif
