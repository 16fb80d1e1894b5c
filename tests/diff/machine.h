/* SPDX-License-Identifier: MIT */
/* machine.h: one vCPU of the software engine, in process, for differential tests of any guest. One at a time.
 */
#ifndef DIFF_MACHINE_H
#define DIFF_MACHINE_H

#include <vmrun/accel.h>
#include <vmrun/emitter.h>

#include "fake_host/fake_host.h"

struct diff_machine {
	struct vr_fake_host *host;
	const struct vr_accel *accel;
	struct vr_vm *vm;
	struct vr_vcpu *vcpu;
	uint8_t *ram;
	uint64_t bytes;
};

/* RAM of `bytes` at guest-physical `base`; tier 0, 1 or 2, the last two by `emit`. 0, or -1 (a message is on
 * stderr when there is one). */
int diff_machine_open(struct diff_machine *w, unsigned tier, const struct vr_isa *isa,
		      const struct vr_emit *emit, uint64_t base, uint64_t bytes);
/* Until the guest's first hypercall. 0, or -1: it ended otherwise. */
int diff_machine_run(struct diff_machine *w);
void diff_machine_close(struct diff_machine *w);

#endif
