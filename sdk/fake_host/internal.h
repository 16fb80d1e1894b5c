/* SPDX-License-Identifier: MIT */
/* internal.h: what the fake host's own files share; base.c has what is not said to be elsewhere. */
#ifndef VMRUN_FAKE_HOST_INTERNAL_H
#define VMRUN_FAKE_HOST_INTERNAL_H

#include <stddef.h>

#include "fake_host.h"

size_t vr_fake_host_page(void);
struct vr_fake_host *vr_fake_host_of(const struct vr_host *host);
__attribute__((format(printf, 2, 3))) void vr_fake_host_note(struct vr_fake_host *f, const char *format, ...);
/* The function is for [main] / for that vCPU's thread. */
void vr_fake_host_on_main(struct vr_fake_host *f, const char *function);
void vr_fake_host_on_vcpu(struct vr_fake_host *f, uint32_t vcpu, const char *function);
/* To what vmrun.device-trace/1 was given, if anything. */
void vr_fake_host_show_access(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address,
			      uint32_t width, uint32_t is_write, uint64_t value, int32_t result,
			      const char *name);
void vr_fake_host_show_line(struct vr_fake_host *f, uint32_t vcpu, uint32_t line, uint32_t level);
int32_t vr_fake_host_show_hypercall(struct vr_fake_host *f, uint32_t vcpu, uint32_t kind, uint64_t *regs);
/* struct vr_host's error(). */
void VR_CALL vr_fake_host_error(const struct vr_host *host, int32_t code, const char *text);
/* A refusal of the host's: code, with this text as the error. */
int32_t vr_fake_host_no(struct vr_fake_host *f, int32_t code, const char *text);
/* Counts a request; VR_E_NOMEM with a text when this one is to fail. */
int32_t vr_fake_host_request(struct vr_fake_host *f, const char *function);
/* disk.c */
void vr_fake_host_disks_free(struct vr_fake_host *f);
/* time.c */
void vr_fake_host_timers_free(struct vr_fake_host *f);

#endif
