/* SPDX-License-Identifier: MIT */
/* test_cpuid.c: what the guest is told of its processor. */
#include "vm.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct test_vm k;

enum { BASIC, CACHE, LEVEL0, LEVEL1, KVMP_NAME, KVMP_FEATURES, EXTENDED, SIZES, COUNT };
static const uint32_t questions[COUNT][2] = {
	[BASIC] = {1, 0},
	[CACHE] = {4, 3},
	[LEVEL0] = {0xb, 0},
	[LEVEL1] = {0xb, 1},
	[KVMP_NAME] = {0x40000000, 0},
	[KVMP_FEATURES] = {0x40000001, 0},
	[EXTENDED] = {0x80000001, 0},
	[SIZES] = {0x80000008, 0},
};
static struct {
	uint32_t eax, ebx, ecx, edx;
} answer[COUNT];

/* Asks on a vCPU, which this thread has made. */
static int ask(uint32_t vcpu)
{
	struct vr_exit e = {.size = sizeof(e)};
	uint32_t end = UINT32_MAX;
	int result;

	test_load(&k, GUEST_OF(cpuid));
	memcpy(k.ram + OUT_AREA + 0x100, questions, sizeof(questions));
	memcpy(k.ram + OUT_AREA + 0x100 + sizeof(questions), &end, sizeof(end));
	k.done = 0;
	TRY(test_enter(&k, vcpu, MODE_LONG));
	while (!k.done)
		CHECK(k.accel->vcpu_run(k.vcpu[vcpu], &e) == VR_OK, "%s", test_error(&k));
	memcpy(answer, k.ram + OUT_AREA + 0x200, sizeof(answer));
out:
	return result;
}

static bool kernel_has(unsigned long capability)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), rc = ioctl(fd, KVM_CHECK_EXTENSION, capability);

	close(fd);
	return rc > 0;
}

static int place(void)
{
	int result;

	TRY(test_start(&k, 3, NULL));
	for (uint32_t i = 0; i < 3; i++) {
		TRY(test_vcpu(&k, i));
		TRY(ask(i));
		CHECK(answer[BASIC].ebx >> 24 == i && (answer[BASIC].ebx >> 16 & 0xff) == 3,
		      "vCPU %u: ebx %x", i, answer[BASIC].ebx);
		CHECK(answer[BASIC].edx >> 28 & 1, "one of several");
		CHECK(answer[LEVEL0].eax == 0 && answer[LEVEL0].ebx == 1 && answer[LEVEL0].ecx >> 8 == 1,
		      "a thread a core: %x %x %x", answer[LEVEL0].eax, answer[LEVEL0].ebx,
		      answer[LEVEL0].ecx);
		CHECK(answer[LEVEL1].eax == 2 && answer[LEVEL1].ebx == 3 && answer[LEVEL1].ecx >> 8 == 2,
		      "three cores: %x %x %x", answer[LEVEL1].eax, answer[LEVEL1].ebx, answer[LEVEL1].ecx);
		CHECK(answer[LEVEL0].edx == i && answer[LEVEL1].edx == i, "x2APIC id %x", answer[LEVEL1].edx);
		CHECK(answer[SIZES].ecx == (2 << 12 | 2), "AMD's core count %x", answer[SIZES].ecx);
		CHECK(!(answer[CACHE].eax & 0x1f) || answer[CACHE].eax >> 26 == 2, "cache %x",
		      answer[CACHE].eax);
	}
out:
	test_close(&k);
	return result;
}

/* Without local APICs in the kernel nothing that needs them; never what the host would pay for. */
static int without_lapic(void)
{
	int result;

	TRY(test_start(&k, 1, NULL));
	TRY(test_vcpu(&k, 0));
	TRY(ask(0));
	CHECK(!(answer[BASIC].ecx & (1u << 3 | 1u << 21 | 1u << 24)), "MONITOR, x2APIC or the deadline: %x",
	      answer[BASIC].ecx);
	CHECK(answer[BASIC].ecx >> 31, "no hypervisor");
	/* A KVM that emulates kernel mode shows some of the host's bits whatever it is told. */
	CHECK(!(answer[BASIC].edx >> 28 & 1) || !test_native(), "one of several");
	CHECK(answer[KVMP_NAME].ebx == 0x4b4d564b, "not KVM's leaves: %x", answer[KVMP_NAME].ebx);
	CHECK(!(answer[KVMP_FEATURES].eax & ~(1u << 0 | 1u << 1 | 1u << 3 | 1u << 5 | 1u << 24)) &&
		      (answer[KVMP_FEATURES].eax & 1u << 3),
	      "KVM's features %x", answer[KVMP_FEATURES].eax);
out:
	test_close(&k);
	return result;
}

static int with_lapic(void)
{
	int result;

	TRY(test_start(&k, 1, "split"));
	TRY(test_vcpu(&k, 0));
	TRY(ask(0));
	CHECK(answer[BASIC].ecx >> 21 & 1, "no x2APIC: %x", answer[BASIC].ecx);
	CHECK((answer[BASIC].ecx >> 24 & 1) == kernel_has(KVM_CAP_TSC_DEADLINE_TIMER), "deadline: %x",
	      answer[BASIC].ecx);
	CHECK(!(answer[KVMP_FEATURES].eax & 1u << 15), "a feature is announced that is not there");
out:
	test_close(&k);
	return result;
}

/* ECX of a leaf, as KVM would have it. */
static uint32_t supported(uint32_t leaf)
{
	static union {
		struct kvm_cpuid2 head;
		uint8_t room[sizeof(struct kvm_cpuid2) + 512 * sizeof(struct kvm_cpuid_entry2)];
	} c;
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	uint32_t ecx = 0;

	c.head.nent = 512;
	if (ioctl(fd, KVM_GET_SUPPORTED_CPUID, &c) == 0)
		for (uint32_t i = 0; i < c.head.nent; i++)
			if (c.head.entries[i].function == leaf)
				ecx = c.head.entries[i].ecx;
	close(fd);
	return ecx;
}

/* VMX and SVM: only when asked for, and then as KVM has them. */
static int nested(void)
{
	int result;

	for (uint32_t on = 0; on < 2; on++) {
		test_options.nested = on;
		TRY(test_start(&k, 1, NULL));
		TRY(test_vcpu(&k, 0));
		TRY(ask(0));
		CHECK((answer[BASIC].ecx >> 5 & 1) == (on & supported(1) >> 5), "VMX, nested %u", on);
		CHECK((answer[EXTENDED].ecx >> 2 & 1) == (on & supported(0x80000001) >> 2), "SVM, nested %u",
		      on);
		if (!on)
			test_close(&k);
	}
out:
	test_close(&k);
	return result;
}

static const struct test_case tests[] = {
	{"each vCPU's place", place},
	{"without local APICs", without_lapic},
	{"with local APICs", with_lapic},
	{"nested", nested},
};

int main(void)
{
	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
