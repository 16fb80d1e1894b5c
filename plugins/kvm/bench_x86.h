/* SPDX-License-Identifier: MIT */
/* bench_x86.h: a virtual machine of one vCPU and 64 KiB, to try out what this KVM does. */
#ifndef KVMP_BENCH_X86_H
#define KVMP_BENCH_X86_H

#include "kvm.h"

#define KVMP_BENCH_MEMORY 0x10000u
#define KVMP_BENCH_CODE 0x1000u /* where its code goes; 0x2000 to 0x4fff are page tables */

struct kvmp_bench {
	int vm, vcpu;
	uint8_t *memory;
	struct kvm_run *run;
	size_t run_size;
	struct kvm_sregs power_on;
};

/* false: it can't be had; either way kvmp_bench_close() has to follow. */
bool kvmp_bench_open(const struct kvmp_plugin *p, struct kvmp_bench *b);
void kvmp_bench_close(struct kvmp_bench *b);
/* Its vCPU in 64-bit mode, the first 2 MiB mapped one to one; in user mode, or in kernel mode. */
bool kvmp_bench_long_mode(struct kvmp_bench *b, bool user);

#endif
