/* SPDX-License-Identifier: MIT */
/* test_probe.c: what is said when KVM is not there or refuses: each with its cause and a remedy. */
#include "../tmp.h"
#include "vm.h"

#include <errno.h>
#include <linux/kvm.h>
#include <time.h>
#include <unistd.h>

static struct test_vm k;
static const struct vr_plugin *p;

/* Probes with these options; PASS when it fails with `code` and a text that has all the words. */
static int refused(const char *device, const char *irqchip, int32_t code, const char *word, const char *word2)
{
	int32_t rc;
	int result = PASS;

	test_host_init(&k);
	k.device = device;
	k.irqchip = irqchip;
	CHECK(vmrun_plugin_create(&k.host, "kvm", &p) == VR_OK, "create");
	rc = p->probe(p->self);
	CHECK(rc == code, "code %d, not %d: %s", rc, code, test_error(&k));
	CHECK(k.error_code == code && strstr(k.error, word) && strstr(k.error, word2),
	      "'%s' lacks '%s' or '%s'", test_error(&k), word, word2);
	printf("  %s\n", k.error);
out:
	p->destroy(p->self);
	test_host_fini(&k);
	return result;
}

static int missing(void)
{
	return refused("/nonexistent/kvm", NULL, VR_E_NOENT, "/nonexistent/kvm is missing", "");
}

static int no_permission(void)
{
	test_faults.open_error = EACCES;
	return refused("/dev/kvm", NULL, VR_E_PERM, "permission", "group");
}

static int no_driver(void)
{
	test_faults.open_error = ENODEV;
	return refused("/dev/kvm", NULL, VR_E_NOENT, "no driver", "load");
}

static int too_many_files(void)
{
	test_faults.open_error = EMFILE;
	return refused("/dev/kvm", NULL, VR_E_IO, "can't open", "files");
}

static int no_device(void)
{
	char path[PATH_MAX];
	int fd = mkstemp(tmp_template(path, "vmrun-kvm")), result;

	result = refused(path, NULL, VR_E_UNSUPPORTED, "not a device", "device=/dev/kvm");
	close(fd);
	unlink(path);
	return result;
}

static int a_folder(void)
{
	return refused("/tmp", NULL, VR_E_UNSUPPORTED, "/tmp is not a device", "device=/dev/kvm");
}

static int another_device(void)
{
	return refused("/dev/null", NULL, VR_E_UNSUPPORTED, "not the KVM device", "device=");
}

static int bad_option(void)
{
	return refused("/dev/kvm", "some", VR_E_CONFIG, "irqchip", "split");
}

static int other_version(void)
{
	if (test_no_kvm())
		return test_skip("%s", test_no_kvm());
	test_faults.version = 11;
	return refused("/dev/kvm", NULL, VR_E_UNSUPPORTED, "version 11", "kernel");
}

static int capabilities(void)
{
	static const struct {
		int number;
		const char *name;
	} caps[] = {
		{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
		{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
		{KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"},
		{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
		{KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"},
		{KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS"},
		{KVM_CAP_XSAVE, "KVM_CAP_XSAVE"},
		{KVM_CAP_XCRS, "KVM_CAP_XCRS"},
		{KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
	};
	int result = PASS;

	if (test_no_kvm())
		return test_skip("%s", test_no_kvm());
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]) && result == PASS; i++) {
		test_faults.missing = caps[i].number;
		result = refused("/dev/kvm", NULL, VR_E_UNSUPPORTED, caps[i].name, "newer kernel");
	}
	return result;
}

static int virtualisation_taken(void)
{
	if (test_no_kvm())
		return test_skip("%s", test_no_kvm());
	test_faults.ioctl = KVM_CREATE_VM;
	test_faults.error = EBUSY;
	return refused("/dev/kvm", NULL, VR_E_BUSY, "taken", "VirtualBox");
}

static int virtualisation_off(void)
{
	if (test_no_kvm())
		return test_skip("%s", test_no_kvm());
	test_faults.ioctl = KVM_CREATE_VM;
	test_faults.error = EIO;
	return refused("/dev/kvm", NULL, VR_E_UNSUPPORTED, "firmware", "nested");
}

static int life(void)
{
	const struct vr_plugin *other;
	int result = PASS;

	test_host_init(&k);
	CHECK(vmrun_plugin_create(&k.host, "another", &p) == VR_E_NOENT, "another id");
	CHECK(vmrun_plugin_create(&k.host, "kvm", &p) == VR_OK, "create");
	CHECK(!p->query(p->self, "vmrun.accel/2"), "an interface that it has not");
	CHECK(p->stop(p->self) == VR_OK, "stop");
	CHECK(vmrun_plugin_create(&k.host, "kvm", &other) == VR_OK, "create another");
	CHECK(other->self != p->self, "two machines have one instance");
	p->destroy(p->self);
	other->destroy(other->self);
out:
	test_host_fini(&k);
	return result;
}

/* What doctor shows, in well under a second. */
static int facts(void)
{
	static const char *const names[] = {"device",          "vcpus",
					    "events",          "irqchip",
					    "real mode",       "unrestricted guest",
					    "kernel mode",     "exit cost",
					    "kernel mode SSE", "kernel mode CMPXCHG16B"};
	struct timespec start, end;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (test_no_kvm())
		return test_skip("%s", test_no_kvm());
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!test_fact(names[i])[0])
			return test_fail("no fact '%s'", names[i]);
	printf("  %lld ms\n", (long long)ms);
	return ms < 1000 ? PASS : test_fail("%lld ms", (long long)ms);
}

/* ---- later refusals -------------------------------------------------------------------------------- */
static int says(int32_t rc, int32_t code, const char *word)
{
	if (rc != code || k.error_code != code || !strstr(k.error, word))
		return test_fail("%d '%s', not %d and '%s'", rc, test_error(&k), code, word);
	printf("  %s\n", k.error);
	k.error_code = 0;
	return PASS;
}

static int vm_refused(void)
{
	struct vr_vm_config c = {.size = sizeof(c), .vcpu_count = 1, .arch = "arm64"};
	struct vr_vm *vm;
	int result;

	TRY(test_start(&k, 1, NULL));
	TRY(says(k.accel->vm_create(k.self, &c, &vm), VR_E_UNSUPPORTED, "not arm64"));
	c.arch = "x86_64";
	c.vcpu_count = 100000;
	TRY(says(k.accel->vm_create(k.self, &c, &vm), VR_E_RANGE, "at most"));
	c.vcpu_count = 1;
	test_faults = (struct test_faults){.ioctl = KVM_CREATE_VM, .error = ENOMEM};
	TRY(says(k.accel->vm_create(k.self, &c, &vm), VR_E_NOMEM, "virtual machine"));
	test_faults = (struct test_faults){.ioctl = KVM_GET_SUPPORTED_CPUID, .error = EINVAL};
	TRY(says(k.accel->vm_create(k.self, &c, &vm), VR_E_UNSUPPORTED, "CPUID"));
	test_faults = (struct test_faults){.ioctl = KVM_SET_TSS_ADDR, .error = EIO};
	TRY(says(k.accel->vm_create(k.self, &c, &vm), VR_E_IO, "TSS"));
	test_faults.error = 0;
out:
	test_close(&k);
	return result;
}

static int vcpu_refused(void)
{
	static const struct {
		unsigned long ioctl;
		int error;
		const char *word;
		int32_t code;
	} faults[] = {
		{KVM_CREATE_VCPU, ENOMEM, "give the guest less", VR_E_NOMEM},
		{KVM_CREATE_VCPU, EMFILE, "ulimit -n", VR_E_IO},
		{KVM_CREATE_VCPU, EEXIST, "no vCPU 0", VR_E_EXISTS},
		{KVM_SET_SIGNAL_MASK, EINVAL, "SIGNAL_MASK", VR_E_UNSUPPORTED},
		{KVM_SET_CPUID2, EINVAL, "CPUID2", VR_E_UNSUPPORTED},
		{KVM_GET_REGS, EIO, "GET_REGS", VR_E_IO},
	};
	int result;

	TRY(test_start(&k, 1, NULL));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		/* A failed one leaves its number taken in the kernel: a machine each. */
		if (i) {
			test_close(&k);
			TRY(test_start(&k, 1, NULL));
		}
		test_faults = (struct test_faults){.ioctl = faults[i].ioctl, .error = faults[i].error};
		TRY(says(k.accel->vcpu_create(k.vm, 0, &k.vcpu[0]), faults[i].code, faults[i].word));
		test_faults.error = 0;
	}
	test_close(&k);
	TRY(test_start(&k, 1, NULL));
	test_faults.mmap_error = ENOMEM;
	TRY(says(k.accel->vcpu_create(k.vm, 0, &k.vcpu[0]), VR_E_NOMEM, "kvm_run"));
	test_faults.mmap_error = 0;
	TRY(says(k.accel->vcpu_create(k.vm, 1, &k.vcpu[1]), VR_E_RANGE, "vCPU 1"));
out:
	test_close(&k);
	return result;
}

static int memory_refused(void)
{
	int result;

	TRY(test_start(&k, 1, NULL));
	TRY(says(k.accel->memory_map(k.vm, 1, 0x10000000, 0x10000, k.rom, 0), VR_E_EXISTS, "in use"));
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000, 0x10000, k.rom, 0), VR_E_EXISTS, "overlaps"));
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000100, 0x10000, k.rom, 0), VR_E_INVAL, "whole pages"));
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000000, 0, k.rom, 0), VR_E_INVAL, "whole pages"));
	TRY(says(k.accel->memory_map(k.vm, 2, 0xfffffffffffff000, 0x10000, k.rom, 0), VR_E_INVAL,
		 "whole pages"));
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000000, 0x10000, k.rom + 1, 0), VR_E_INVAL, "whole pages"));
	TRY(says(k.accel->memory_map(k.vm, 1000, 0x10000000, 0x10000, k.rom, 0), VR_E_RANGE, "slot 1000"));
	TRY(says(k.accel->memory_map(k.vm, 2, 0xff00000000000000, 0x10000, k.rom, 0), VR_E_INVAL, "refuses"));
	test_faults = (struct test_faults){.ioctl = KVM_SET_USER_MEMORY_REGION, .error = ENOMEM};
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000000, 0x10000, k.rom, 0), VR_E_NOMEM, "refuses"));
	test_faults = (struct test_faults){.ioctl = KVM_SET_USER_MEMORY_REGION, .error = ENOSPC};
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000000, 0x10000, k.rom, 0), VR_E_IO, "fewer devices"));
	test_faults = (struct test_faults){.ioctl = KVM_SET_USER_MEMORY_REGION, .error = EINVAL};
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000000, 0x10000, k.rom, 0), VR_E_INVAL, "(-m)"));
	test_faults = (struct test_faults){.missing = KVM_CAP_READONLY_MEM};
	TRY(says(k.accel->memory_map(k.vm, 2, 0x10000000, 0x10000, k.rom, VR_MEM_READONLY), VR_E_UNSUPPORTED,
		 "read-only"));
	TRY(says(k.accel->memory_unmap(k.vm, 7), VR_E_NOENT, "slot 7"));
out:
	test_close(&k);
	return result;
}

/* The device goes, or the kernel fails, while a guest runs. */
static int run_fails(void)
{
	static const struct {
		int error;
		int32_t code;
		const char *word;
	} errors[] = {
		{ENODEV, VR_E_NOENT, "KVM has gone"},  {EBADF, VR_E_IO, "KVM has gone"},
		{EIO, VR_E_IO, "VM_ACCEL_FALLBACK=1"}, {ENOMEM, VR_E_NOMEM, "free some memory"},
		{EFAULT, VR_E_FAULT, "guest memory"},  {EINVAL, VR_E_FAULT, "KVM_RUN"},
	};
	struct vr_exit e = {.size = sizeof(e)};
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(port), MODE_LONG));
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		test_faults =
			(struct test_faults){.ioctl = KVM_RUN, .error = errors[i].error, .after = (int)i};
		TRY(says(k.accel->vcpu_run(k.vcpu[0], &e), errors[i].code, errors[i].word));
		CHECK(e.reason == VR_EXIT_ERROR, "reason %u", e.reason);
	}
	test_faults.error = 0;
	TRY(test_expect(&k, 0x600d0005));
out:
	test_close(&k);
	return result;
}

/* A reset that fails ends the machine. */
static int reset_fails(void)
{
	static const unsigned long calls[] = {KVM_SET_REGS, KVM_SET_SREGS, KVM_SET_MP_STATE, KVM_SET_XSAVE,
					      KVM_SET_PIT2};
	int result;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		TRY(test_open(&k, 1, "full", GUEST_OF(port), MODE_LONG));
		test_faults = (struct test_faults){.ioctl = calls[i], .error = EIO};
		k.accel->vm_reset(k.vm);
		test_faults.error = 0;
		CHECK(k.powered == VR_POWER_CRASH + 1, "call %zu: power %u", i, k.powered);
		CHECK(strstr(k.logged, "the machine can't be reset: ") && strstr(k.logged, "KVM has gone"),
		      "%s", k.logged);
		printf("  %s", k.logged);
		if (i + 1 < sizeof(calls) / sizeof(calls[0]))
			test_close(&k);
	}
out:
	test_close(&k);
	return result;
}

/* Exits that should not be: each is told, and the vCPU stops. */
static void entry_refused(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = 0x80000021;
}

static void unknown_hardware(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_UNKNOWN;
	run->hw.hardware_exit_reason = 0x77;
}

static void gives_up(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
	run->internal.ndata = 2;
	run->internal.data[0] = 0x1234;
	run->internal.data[1] = 0x5678;
}

static void unheard_of(struct kvm_run *run)
{
	run->exit_reason = 4711;
}

static int strange_exits(void)
{
	static const struct {
		void (*exit)(struct kvm_run *run);
		int32_t code;
		const char *word;
	} exits[] = {
		{entry_refused, VR_E_STATE, "entry failure 0x80000021"},
		{unknown_hardware, VR_E_UNSUPPORTED, "exit 0x77"},
		{gives_up, VR_E_INTERNAL, "while it delivered an event, data 0x1234 0x5678"},
		{unheard_of, VR_E_UNSUPPORTED, "exit 4711"},
	};
	struct vr_exit e = {.size = sizeof(e)};
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(port), MODE_LONG));
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		test_faults.exit = exits[i].exit;
		TRY(says(k.accel->vcpu_run(k.vcpu[0], &e), exits[i].code, exits[i].word));
		CHECK(e.reason == VR_EXIT_ERROR, "reason %u", e.reason);
	}
	test_faults.exit = NULL;
	TRY(test_expect(&k, 0x600d0005));
out:
	test_close(&k);
	return result;
}

static int state_refused(void)
{
	static struct vr_state_x86 s, bad;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(port), MODE_LONG));
	TRY(test_get(&k, 0, &s));
	TRY(says(k.accel->vcpu_get_state(k.vcpu[0], "vmrun.state.arm64/1", &bad, sizeof(bad)),
		 VR_E_UNSUPPORTED, "arm64"));
	TRY(says(k.accel->vcpu_get_state(k.vcpu[0], VR_STATE_X86_ID, &bad, 100), VR_E_INVAL, "bytes"));
#define WITH(change, code, word)                                                                       \
	do {                                                                                           \
		bad = s;                                                                               \
		change;                                                                                \
		TRY(says(k.accel->vcpu_set_state(k.vcpu[0], VR_STATE_X86_ID, &bad, sizeof(bad)), code, \
			 word));                                                                       \
	} while (0)
	WITH(bad.size = 4, VR_E_INVAL, "size");
	WITH(bad.msr_count = 100000, VR_E_INVAL, "msr_count");
	WITH(bad.mp_state = 77, VR_E_INVAL, "mp_state");
	WITH(bad.xsave_size = 100000, VR_E_INVAL, "XSAVE");
	WITH(bad.xsave_size = 0, VR_E_INVAL, "XSAVE");
	WITH(bad.xcr0 = 0xff00000000000001, VR_E_INVAL, "XCR0");
	WITH(memset(bad.xsave + 512, 0xff, 64), VR_E_INVAL, "XSAVE");
	WITH(bad.cr4 |= 1ull << 60, VR_E_INVAL, "control registers");
	WITH(bad.efer = 0x100, VR_E_INVAL, "control registers");
	WITH(bad.dr7 = UINT64_MAX, VR_E_INVAL, "debug");
	WITH(bad.events.flags = VR_X86_EV_EXCEPTION_INJECTED;
	     bad.events.exception_vector = 200, VR_E_INVAL, "events");
	WITH(bad.mp_state = VR_X86_MP_INIT, VR_E_UNSUPPORTED, "INIT");
	WITH(bad.msr[0].id = 0x12345; bad.msr[0].value = 1;
	     bad.msr_count = 1, VR_E_UNSUPPORTED, "MSR 0x12345");
	TRY(test_set(&k, 0, &s));
	TRY(test_expect(&k, 0x600d0005));
out:
	test_close(&k);
	return result;
}

static const struct test_case tests[] = {
	{"facts", facts},
	{"life", life},
	{"device missing", missing},
	{"no permission", no_permission},
	{"no driver", no_driver},
	{"too many files", too_many_files},
	{"not a device", no_device},
	{"a folder", a_folder},
	{"another device", another_device},
	{"bad option", bad_option},
	{"other API version", other_version},
	{"each capability", capabilities},
	{"virtualisation taken", virtualisation_taken},
	{"virtualisation off", virtualisation_off},
	{"virtual machine refused", vm_refused},
	{"vCPU refused", vcpu_refused},
	{"memory refused", memory_refused},
	{"running fails", run_fails},
	{"a reset fails", reset_fails},
	{"strange exits", strange_exits},
	{"state refused", state_refused},
};

int main(void)
{
	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
