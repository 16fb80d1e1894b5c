/* SPDX-License-Identifier: MIT */
/*
 * abi.h: the words every other header of the ABI is written in.
 *
 * Rules of the binary interface:
 *  - A struct begins with `uint32_t size`, set by the side that fills it. Members are only ever appended;
 *    a member is used only when VR_HAS() says that the other side's struct reaches it. Of a struct that is
 *    filled for the caller: the caller sets `size` to its capacity; no more than that is written.
 *  - Nothing of implementation-defined size or layout crosses: no enum, bool, long, bit-field,
 *    varargs or FILE*. Functions carry VR_CALL.
 *  - Results are `int32_t`: 0 or a count on success, a negative code of errors.def otherwise; the text
 *    goes to vr_host.error() first (per thread, first error wins).
 *  - Thread tags: [main] the thread that built the machine; [vcpu] the thread of that vCPU;
 *    [any] any thread, must not block; [quiesced] no vCPU is running.
 */
#ifndef VMRUN_ABI_H
#define VMRUN_ABI_H

#include <stddef.h>
#include <stdint.h>

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

#define VR_ABI_MAJOR 1
#define VR_ABI_MINOR 1
/* The least minor that a plugin needs of its host, for VR_MAGIC_INITIALIZER: a plugin that uses nothing newer
 * defines it to an earlier one and loads in older hosts as well. Its manifest says the same number. */
#ifndef VR_ABI_MINOR_NEEDED
#define VR_ABI_MINOR_NEEDED VR_ABI_MINOR
#endif

/* True when struct *p, as its maker sized it, holds member m and the member is not NULL/0. */
#define VR_HAS(p, m) ((p) != NULL && (p)->size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m)

/* The error codes: VR_OK and the VR_E_* of errors.def, as plain integers. */
#define VR_OK 0
#define VR_ERROR(name, value, text) static const int32_t VR_E_##name __attribute__((unused)) = (value);
#include <vmrun/errors.def>
#undef VR_ERROR

#endif
