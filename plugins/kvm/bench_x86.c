/* SPDX-License-Identifier: MIT */
/* bench_x86.c: a virtual machine of kvm.so's own, to try out what this KVM does. */
#include "bench_x86.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PML4 0x2000u
#define PDPT 0x3000u

void kvmp_bench_close(struct kvmp_bench *b)
{
	if (b->run != MAP_FAILED)
		munmap(b->run, b->run_size);
	if (b->memory != MAP_FAILED)
		munmap(b->memory, KVMP_BENCH_MEMORY);
	if (b->vcpu >= 0)
		close(b->vcpu);
	if (b->vm >= 0)
		close(b->vm);
}

bool kvmp_bench_open(const struct kvmp_plugin *p, struct kvmp_bench *b)
{
	struct kvm_userspace_memory_region r = {.memory_size = KVMP_BENCH_MEMORY};
	int size;

	*b = (struct kvmp_bench){.vm = -1, .vcpu = -1, .memory = MAP_FAILED, .run = MAP_FAILED};
	b->vm = kvmp_ioctl_number(p->fd, KVM_CREATE_VM, 0);
	size = kvmp_ioctl_number(p->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (b->vm < 0 || size < (int)sizeof(struct kvm_run))
		return false;
	(void)kvmp_ioctl_number(b->vm, KVM_SET_TSS_ADDR, 0xfeffd000ul);
	b->run_size = (size_t)size;
	b->memory = mmap(NULL, KVMP_BENCH_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->memory == MAP_FAILED)
		return false;
	r.userspace_addr = (uint64_t)(uintptr_t)b->memory;
	if (kvmp_ioctl(b->vm, KVM_SET_USER_MEMORY_REGION, &r) < 0)
		return false;
	b->vcpu = kvmp_ioctl_number(b->vm, KVM_CREATE_VCPU, 0);
	if (b->vcpu < 0)
		return false;
	b->run = mmap(NULL, b->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, b->vcpu, 0);
	return b->run != MAP_FAILED && kvmp_ioctl(b->vcpu, KVM_GET_SREGS, &b->power_on) == 0;
}

static void flat(struct kvm_segment *s, uint8_t type, bool lng)
{
	*s = (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = type & 8 ? 8 : 16,
		.type = type,
		.present = 1,
		.s = 1,
		.g = 1,
		.l = lng,
		.db = !lng,
	};
}

bool kvmp_bench_long_mode(struct kvmp_bench *b, bool user)
{
	struct kvm_sregs s = b->power_on;
	uint64_t pml4 = PDPT | 7,
		 page = 0x87; /* one 1 GiB page would need a feature; 2 MiB in a level of its own */

	memset(b->memory + PML4, 0, 0x3000);
	memcpy(b->memory + PML4, &pml4, 8);
	pml4 = (PDPT + 0x1000) | 7;
	memcpy(b->memory + PDPT, &pml4, 8);
	memcpy(b->memory + PDPT + 0x1000, &page, 8);
	flat(&s.cs, 11, true);
	flat(&s.ss, 3, false);
	if (user) {
		s.cs.dpl = s.ss.dpl = 3;
		s.cs.selector |= 3;
		s.ss.selector |= 3;
	}
	s.ds = s.es = s.fs = s.gs = s.ss;
	s.cr0 = 0x80000031;
	s.cr3 = PML4;
	s.cr4 = 0x620; /* PAE, OSFXSR, OSXMMEXCPT */
	s.efer = 0x500;
	return kvmp_ioctl(b->vcpu, KVM_SET_SREGS, &s) == 0;
}
