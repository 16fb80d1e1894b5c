// SPDX-License-Identifier: MIT
/*
 * stepper.c: preloaded into vmrun: a KVM whose debugging works, over one that can only step.
 *
 * Where KVM emulates kernel mode, its emulator looks at no breakpoint instruction and at no data breakpoint. With
 * either set, this runs the vCPU one instruction after the other, which the emulator can, and looks itself: at the
 * byte under the program counter before a step, and at the watched bytes after it. It answers as KVM_RUN does on a
 * processor that has them (KVM API 4.87, SDM vol. 3 17.2). An access that changes nothing is not seen.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define FDS 1024
#define SLOTS 16

static struct {
	struct kvm_userspace_memory_region slot[SLOTS];
} vms[FDS];
static struct {
	int vm;
	struct kvm_run *run;
	struct kvm_guest_debug debug;
} vcpus[FDS];

static int real(int fd, unsigned long request, void *argument)
{
	static int (*next)(int, unsigned long, ...);

	if (!next)
		next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	return next(fd, request, argument);
}

static const uint8_t *guest(int fd, uint64_t va)
{
	struct kvm_translation t = {.linear_address = va};

	if (real(fd, KVM_TRANSLATE, &t) || !t.valid)
		return NULL;
	for (int i = 0; i < SLOTS; i++) {
		const struct kvm_userspace_memory_region *r = &vms[vcpus[fd].vm].slot[i];

		if (t.physical_address >= r->guest_phys_addr &&
		    t.physical_address - r->guest_phys_addr < r->memory_size)
			return (const uint8_t *)(uintptr_t)r->userspace_addr +
			       (t.physical_address - r->guest_phys_addr);
	}
	return NULL;
}

static int debug_exit(int fd, uint32_t exception, uint64_t pc, uint64_t dr6)
{
	struct kvm_run *r = vcpus[fd].run;

	r->exit_reason = KVM_EXIT_DEBUG;
	r->debug.arch = (struct kvm_debug_exit_arch){
		.exception = exception, .pc = pc, .dr6 = 0xffff0ff0 | dr6, .dr7 = 0x400};
	return 0;
}

/* Kind and length of register i, or -1: it is off. */
static int kind_of(const struct kvm_guest_debug *g, int i, unsigned *length)
{
	static const unsigned lengths[] = {1, 2, 8, 4};
	uint64_t dr7 = g->arch.debugreg[7];

	if (!(g->control & KVM_GUESTDBG_USE_HW_BP) || !(dr7 >> (2 * i) & 3))
		return -1;
	*length = lengths[dr7 >> (18 + 4 * i) & 3];
	return (int)(dr7 >> (16 + 4 * i) & 3);
}

static void watched(int fd, uint64_t values[4])
{
	const struct kvm_guest_debug *g = &vcpus[fd].debug;
	unsigned length;

	for (int i = 0; i < 4; i++) {
		const uint8_t *at;

		values[i] = 0;
		if (kind_of(g, i, &length) > 0 && (at = guest(fd, g->arch.debugreg[i])))
			memcpy(&values[i], at, length);
	}
}

static int stepwise(int fd)
{
	const struct kvm_guest_debug *g = &vcpus[fd].debug;
	struct kvm_run *run = vcpus[fd].run;
	struct kvm_guest_debug one = {.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP |
						 (g->control & KVM_GUESTDBG_BLOCKIRQ)};

	for (;;) {
		struct kvm_regs regs;
		uint64_t before[4], after[4], hit = 0;
		const uint8_t *code;
		unsigned length;
		int rc;

		if (real(fd, KVM_GET_REGS, &regs))
			return -1;
		code = guest(fd, regs.rip);
		if ((g->control & KVM_GUESTDBG_USE_SW_BP) && code && *code == 0xcc)
			return debug_exit(fd, 3, regs.rip, 0);
		for (int i = 0; i < 4; i++)
			if (!kind_of(g, i, &length) && g->arch.debugreg[i] == regs.rip)
				return debug_exit(fd, 1, regs.rip, UINT64_C(1) << i);
		watched(fd, before);
		if (real(fd, KVM_SET_GUEST_DEBUG, &one))
			return -1;
		rc = real(fd, KVM_RUN, NULL);
		if (rc || run->exit_reason != KVM_EXIT_DEBUG)
			return rc;
		watched(fd, after);
		for (int i = 0; i < 4; i++)
			hit |= (uint64_t)(before[i] != after[i]) << i;
		if (hit)
			return debug_exit(fd, 1, run->debug.arch.pc, hit);
		if (g->control & KVM_GUESTDBG_SINGLESTEP)
			return 0;
		if (run->immediate_exit) {
			errno = EINTR;
			return -1;
		}
	}
}

static int created(int vm, int fd)
{
	if (fd < 0 || fd >= FDS)
		return fd;
	vcpus[fd].vm = vm;
	memset(&vcpus[fd].debug, 0, sizeof(vcpus[fd].debug));
	/* A second mapping; once the sandbox is entered there can be none. */
	vcpus[fd].run = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (vcpus[fd].run == MAP_FAILED)
		vcpus[fd].run = NULL;
	return vcpus[fd].run ? fd : -1;
}

/* A mapping that is left would keep the virtual machine, and its thread in this process. */
int close(int fd)
{
	static int (*next)(int);

	if (!next)
		next = (int (*)(int))dlsym(RTLD_NEXT, "close");
	if (fd >= 0 && fd < FDS && vcpus[fd].run) {
		munmap(vcpus[fd].run, 4096);
		vcpus[fd].run = NULL;
	}
	return next(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	const struct kvm_userspace_memory_region *r;
	void *argument;
	va_list ap;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (fd < 0 || fd >= FDS)
		return real(fd, request, argument);
	switch (request) {
	case KVM_SET_USER_MEMORY_REGION:
		r = argument;
		if (r->slot < SLOTS)
			vms[fd].slot[r->slot] = *r;
		return real(fd, request, argument);
	case KVM_CREATE_VCPU:
		return created(fd, real(fd, request, argument));
	case KVM_SET_GUEST_DEBUG:
		memcpy(&vcpus[fd].debug, argument, sizeof(vcpus[fd].debug));
		if (vcpus[fd].debug.control & (KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW_BP))
			return 0;
		return real(fd, request, argument);
	case KVM_RUN:
		if (vcpus[fd].debug.control & (KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW_BP))
			return stepwise(fd);
		return real(fd, request, argument);
	default:
		return real(fd, request, argument);
	}
}
