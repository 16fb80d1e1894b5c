/* SPDX-License-Identifier: MIT */
/* test_guests.c: micro-guests: modes, ports, device memory, interrupts, several vCPUs, memory. */
#include "vm.h"

#include <time.h>
#include <unistd.h>
#include <vmrun/dirty.h>
#include <vmrun/irqchip.h>

static struct test_vm k;

/* ---- modes --------------------------------------------------------------------------------------- */
static int real_mode(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(real), MODE_REAL));
	TRY(test_expect(&k, 0x600d0001));
	CHECK((uint16_t)test_u32(&k, 0) == (uint16_t)(1000 * 1001 / 2), "sum %x", test_u32(&k, 0));
	CHECK(memcmp(k.ram + 0x9000, "vmrun!", 6) == 0, "the copy is wrong");
	CHECK((uint16_t)test_u32(&k, 4) == 0x1234, "no interrupt");
out:
	test_close(&k);
	return result;
}

static int mode_switches(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(modes), MODE_REAL));
	TRY(test_expect(&k, 0x600d0002));
	CHECK(test_u32(&k, 0) == 0x11 && test_u32(&k, 4) == 0x22, "a mode is missing");
	CHECK(test_u64(&k, 8) == 0x123456789abcdef0ull, "no 64-bit register");
out:
	test_close(&k);
	return result;
}

static int protected_mode(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(prot), MODE_PROTECTED));
	TRY(test_expect(&k, 0x600d0003));
	CHECK(test_u32(&k, 0) == 1, "carry");
	CHECK(test_u32(&k, 4) == 77 * 77, "call");
	CHECK(((uint64_t)test_u32(&k, 8) << 32 | test_u32(&k, 12)) == 0x12345678ull * 0x9abcdef0ull,
	      "product");
	CHECK(test_u32(&k, 16) == 2 && test_u32(&k, 20) == 1, "compare: %u left, flags %x", test_u32(&k, 16),
	      test_u32(&k, 20));
out:
	test_close(&k);
	return result;
}

static int long_mode_at(uint32_t mode, uint32_t cs)
{
	uint64_t sum = 0;
	int result;

	for (uint64_t i = 1000; i; i--)
		sum += i * 8 + (i >> 3 & 1);
	TRY(test_open(&k, 1, NULL, GUEST_OF(long), mode));
	TRY(test_expect(&k, 0x600d0004));
	CHECK(test_u64(&k, 0) == 0x18, "rotate %llx", (unsigned long long)test_u64(&k, 0));
	CHECK(test_u64(&k, 8) == 7000000049ull, "product");
	CHECK(test_u64(&k, 16) == 0x123456789abcdefull / 12345 &&
		      test_u64(&k, 24) == 0x123456789abcdefull % 12345,
	      "division");
	CHECK(test_u64(&k, 32) == sum && test_u64(&k, 48) == sum, "sum %llu",
	      (unsigned long long)test_u64(&k, 32));
	/* Without hardware virtualisation CPL 3 sees the host's selector. */
	CHECK(test_u32(&k, 40) == cs || (!test_native() && (test_u32(&k, 40) & 3) == (cs & 3)), "cs %x",
	      test_u32(&k, 40));
out:
	test_close(&k);
	return result;
}

static int long_mode_kernel(void)
{
	return long_mode_at(MODE_LONG, SEL_CODE64);
}

static int long_mode_user(void)
{
	return long_mode_at(MODE_USER, SEL_CODE3);
}

static int user_and_kernel(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(user), MODE_LONG));
	TRY(test_expect(&k, 0x600d000a));
	CHECK((test_u64(&k, 0) & 3) == 3, "cs %x", test_u32(&k, 0));
	CHECK(test_u64(&k, 8) == 1, "%u division errors", test_u32(&k, 8));
	if (!test_native() && (test_u64(&k, 24) == 0 || test_u64(&k, 32) == 0)) {
		result = test_skip(
			"kernel mode is emulated here; exceptions at CPL 3 work; INT 0x80 %s; SYSCALL and "
			"SYSRET %s",
			test_u64(&k, 24) ? "works" : "raises an exception instead",
			test_u64(&k, 32) ? "work" : "raise an exception instead");
		goto out;
	}
	CHECK(test_u64(&k, 32) == 0x2345, "system call: %x", test_u32(&k, 32));
	CHECK(test_u64(&k, 16) == 1 && test_u64(&k, 24) == 1, "%u #UD, %u software interrupts",
	      test_u32(&k, 16), test_u32(&k, 24));
out:
	test_close(&k);
	return result;
}

static int exceptions(void)
{
	static const struct {
		uint64_t vector, code, cr2;
		uint32_t what;
	} want[] = {{0, UINT64_MAX, 0, 0},
		    {6, UINT64_MAX, 0, 0},
		    {3, UINT64_MAX, 0, 0},
		    {13, 0, 0, 0},
		    {14, 2, 0x123456000, 1}};
	uint64_t before = 0;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(except), MODE_LONG));
	TRY(test_expect(&k, 0x600d0009));
	for (uint32_t i = 0; i < 5; i++) {
		uint64_t rip = test_u64(&k, 32 * i + 16);

		CHECK(test_u64(&k, 32 * i) == want[i].vector && test_u64(&k, 32 * i + 8) == want[i].code,
		      "exception %u: vector %llu, code %llx", i, (unsigned long long)test_u64(&k, 32 * i),
		      (unsigned long long)test_u64(&k, 32 * i + 8));
		CHECK(rip > before && rip < 0x2000, "exception %u at %llx", i, (unsigned long long)rip);
		CHECK(!want[i].what || test_u64(&k, 32 * i + 24) == want[i].cr2, "cr2 %llx",
		      (unsigned long long)test_u64(&k, 32 * i + 24));
		before = rip;
	}
	/* #UD is a fault, at the instruction; #BP a trap, after it. */
	CHECK(k.ram[test_u64(&k, 32 + 16)] == 0x0f && k.ram[test_u64(&k, 64 + 16) - 1] == 0xcc,
	      "wrong addresses");
out:
	test_close(&k);
	return result;
}

/* ---- devices ---------------------------------------------------------------------------------------- */
static int ports(void)
{
	static const uint32_t echo[] = {0x44,       0x3344, 0x11223344, 0x11225566,
					0x11225577, 0xff,   0xffff,     0xffffffff};
	static const char text[] = "string I/O text";
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(port), MODE_LONG));
	TRY(test_expect(&k, 0x600d0005));
	for (uint32_t i = 0; i < 8; i++)
		CHECK(test_u32(&k, 4 * i) == echo[i], "read %u: %x, not %x", i, test_u32(&k, 4 * i), echo[i]);
	CHECK(k.port_log.count == 14, "%u writes", k.port_log.count);
	for (uint32_t i = 0; i < 14; i++) {
		uint32_t width = i < 7    ? 1
				 : i < 11 ? 2
					  : 4,
			 at = i < 7    ? i
			      : i < 11 ? (i - 7) * 2
				       : (i - 11) * 4;

		CHECK(k.port_log.width[i] == width && memcmp(&k.port_log.value[i], text + at, width) == 0,
		      "OUTS %u: %u bytes, %llx", i, k.port_log.width[i],
		      (unsigned long long)k.port_log.value[i]);
	}
	CHECK(memcmp(k.ram + OUT_AREA + 32, "\1\2\3\4\5", 5) == 0, "INSB");
	for (uint32_t i = 0; i < 6; i++)
		CHECK(test_u32(&k, 0x40 + 4 * i) == 0x01010101u * (6 + i), "INSD %u", i);
	for (uint32_t i = 0; i < 3; i++)
		CHECK((uint16_t)test_u32(&k, 0x60 + 2 * i) == 0x0101u * (12 + i), "INSW %u", i);
out:
	test_close(&k);
	return result;
}

static int device_memory_at(uint32_t mode)
{
	static const uint64_t want[] = {0x1122334455667788, 0x55667788, 0x7788, 0x88,      0xccddeeffaabb9988,
					0xffffffffffffff99, 0xccddef00, 5,      UINT64_MAX};
	uint64_t value = 0;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(mmio), mode));
	TRY(test_expect(&k, 0x600d0006));
	for (uint32_t i = 0; i < 9; i++)
		CHECK(test_u64(&k, 8 * i) == want[i], "read %u: %llx, not %llx", i,
		      (unsigned long long)test_u64(&k, 8 * i), (unsigned long long)want[i]);
	CHECK(k.ram[OUT_AREA + 72] == 1, "a compare with memory that is not there");
	CHECK(k.mmio_log.count == 4, "%u writes by MOVS", k.mmio_log.count);
	for (uint32_t i = 0; i < 4; i++) {
		memcpy(&value, &"sixteen bytes!!!"[4 * i], 4);
		CHECK(k.mmio_log.width[i] == 4 && k.mmio_log.value[i] == value, "MOVS %u", i);
	}
out:
	test_close(&k);
	return result;
}

static int device_memory_kernel(void)
{
	return device_memory_at(MODE_LONG);
}

static int device_memory_user(void)
{
	return device_memory_at(MODE_USER);
}

static int msrs(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(msr), MODE_LONG));
	k.has_msr = true;
	k.msr = 0x1234567890abcdefull;
	TRY(test_expect(&k, 0x600d0014));
	CHECK(test_u64(&k, 0) == 0x1234567890abcdefull, "read %llx", (unsigned long long)test_u64(&k, 0));
	CHECK(k.msr == 0x2222222211111111ull, "written %llx", (unsigned long long)k.msr);
	CHECK(test_u32(&k, 8) == 3, "%u #GP for three MSRs that are not there", test_u32(&k, 8));
	CHECK(test_u32(&k, 16) == 0x1000, "KERNEL_GS_BASE %x", test_u32(&k, 16));
out:
	test_close(&k);
	return result;
}

/* ---- interrupts ---------------------------------------------------------------------------------------- */
/* Wakes a sleeping vCPU from its own thread: no time passes. Every second time by NMI. */
static void wake(struct test_vm *m, uint32_t vcpu)
{
	if (m->parks & 1) {
		test_request(m, 1);
	} else {
		m->accel->vcpu_set_pin(m->vcpu[vcpu], VR_X86_PIN_NMI, 1);
		m->accel->vcpu_set_pin(m->vcpu[vcpu], VR_X86_PIN_NMI, 0);
	}
}

static int halt(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(hlt), MODE_LONG));
	k.on_park = wake;
	TRY(test_expect(&k, 0x600d0007));
	CHECK(test_u32(&k, 0) == 3 && test_u32(&k, 8) == 2, "%u interrupts, %u NMIs", test_u32(&k, 0),
	      test_u32(&k, 8));
	CHECK(k.acknowledged == 3 && k.parks == 5, "%u acknowledged, slept %u times", k.acknowledged,
	      k.parks);
out:
	test_close(&k);
	return result;
}

static void *wake_later(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < 1000 * test_patience() && !k.done && !k.timed_out; i++) {
		usleep(1000);
		if (!k.requests)
			test_request(&k, 1);
	}
	return NULL;
}

static int halt_other_thread(void)
{
	pthread_t t;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(hlt), MODE_LONG));
	pthread_create(&t, NULL, wake_later, NULL);
	result = test_expect(&k, 0x600d0007);
	pthread_join(t, NULL);
	TRY(result);
	/* One more may come before the guest has counted the fifth. */
	CHECK(test_u32(&k, 0) >= 5 && test_u32(&k, 0) == k.acknowledged, "%u interrupts, %u acknowledged",
	      test_u32(&k, 0), k.acknowledged);
out:
	test_close(&k);
	return result;
}

static void request_on_log(struct test_vm *m, uint32_t vcpu)
{
	(void)vcpu;
	test_request(m, 1);
}

static int interrupt_window(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(window), MODE_LONG));
	k.on_log = request_on_log;
	TRY(test_expect(&k, 0x600d0008));
	CHECK(test_u32(&k, 8) == 0, "an interrupt with IF clear");
	CHECK(test_u32(&k, 16) == 1 && k.acknowledged == 1, "%u interrupts after STI", test_u32(&k, 16));
out:
	test_close(&k);
	return result;
}

struct kicker {
	_Atomic uint32_t stop, kicks;
};
static void *kick_often(void *arg)
{
	struct kicker *c = arg;

	while (!atomic_load(&c->stop)) {
		usleep(500);
		k.accel->vcpu_kick(k.vcpu[0]);
		atomic_fetch_add(&c->kicks, 1);
	}
	return NULL;
}

/* A vCPU that runs and one that sleeps both return soon after each kick. */
static int kick(void)
{
	struct kicker c = {0};
	struct vr_exit e = {.size = sizeof(e)};
	uint64_t before, counted = 0;
	pthread_t t;
	bool started = false;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(spin), MODE_LONG));
	pthread_create(&t, NULL, kick_often, &c);
	started = true;
	for (int i = 0; i < 200; i++) {
		before = test_u64(&k, 0);
		CHECK(k.accel->vcpu_run(k.vcpu[0], &e) == VR_OK && e.reason == VR_EXIT_KICK, "%s",
		      test_error(&k));
		counted += test_u64(&k, 0) != before;
	}
	CHECK(counted > 100, "it ran only %llu times of 200", (unsigned long long)counted);
	/* HLT with interrupts off: only a kick ends that. */
	k.ram[ORG] = 0xf4;
	TRY(test_enter(&k, 0, MODE_LONG));
	for (int i = 0; i < 50; i++)
		CHECK(k.accel->vcpu_run(k.vcpu[0], &e) == VR_OK && e.reason == VR_EXIT_KICK, "%s",
		      test_error(&k));
out:
	if (started) {
		atomic_store(&c.stop, 1);
		pthread_join(t, NULL);
	}
	test_close(&k);
	return result;
}

static int task_priority(void)
{
	static struct vr_state_x86 s;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(window), MODE_LONG));
	/* mov $9, %eax; mov %rax, %cr8; mov %cr8, %rdx; hlt */
	memcpy(k.ram + ORG, "\xb8\x09\0\0\0\x44\x0f\x22\xc0\x44\x0f\x20\xc2\xe6\xf6\xf4", 16);
	k.has_cr8 = true;
	k.cr8 = 3;
	TRY(test_run(&k));
	TRY(test_get(&k, 0, &s));
	CHECK(s.gpr[VR_X86_RDX] == 9 && k.cr8 == 9, "CR8 %llu, the controller's %llu",
	      (unsigned long long)s.gpr[VR_X86_RDX], (unsigned long long)k.cr8);
out:
	test_close(&k);
	return result;
}

/* ---- interrupt controllers in the kernel ----------------------------------------------------- */
extern const struct vr_irqchip kvmp_irqchip_table;

static void send_message(struct test_vm *m, uint32_t vcpu)
{
	(void)vcpu;
	kvmp_irqchip_table.msi(m->self, 0xfee00000, VECTOR);
}

static int kernel_irqchip(const char *kind, uint32_t number)
{
	int result;

	TRY(test_open(&k, 1, kind, GUEST_OF(msi), MODE_LONG));
	CHECK(kvmp_irqchip_table.kind(k.self) == number, "another kind");
	k.on_log = send_message;
	TRY(test_expect(&k, 0x600d0013));
	/* Once more, after a reset. */
	k.accel->vm_reset(k.vm);
	memset(k.ram + OUT_AREA, 0, 8);
	k.done = 0;
	TRY(test_enter(&k, 0, MODE_LONG));
	TRY(test_expect(&k, 0x600d0013));
out:
	test_close(&k);
	return result;
}

static int irqchip_split(void)
{
	return kernel_irqchip("split", VR_IRQCHIP_SPLIT);
}

static int irqchip_full(void)
{
	return kernel_irqchip("full", VR_IRQCHIP_FULL);
}

static int irqchip_asked_for(void)
{
	int result;

	TRY(test_start(&k, 1, "auto"));
	CHECK(kvmp_irqchip_table.enable(k.self, VR_IRQCHIP_SPLIT) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_irqchip_table.enable(k.self, VR_IRQCHIP_FULL) == VR_E_STATE, "twice");
	CHECK(kvmp_irqchip_table.line(k.self, 4, 1) == VR_E_STATE, "a line without an I/O APIC");
	TRY(test_vcpu(&k, 0));
	test_close(&k);
	TRY(test_start(&k, 1, "none"));
	CHECK(kvmp_irqchip_table.enable(k.self, VR_IRQCHIP_SPLIT) == VR_E_UNSUPPORTED, "against the option");
out:
	test_close(&k);
	return result;
}

struct second {
	const uint8_t *guest;
	pthread_barrier_t ready;
	int result;
	uint64_t rcx, rsi;
};

static void *second_vcpu(void *arg)
{
	struct second *o = arg;
	static struct vr_state_x86 s;
	struct vr_exit e = {.size = sizeof(e)};
	int result = test_vcpu(&k, 1);

	if (result == PASS && o->rcx)
		result = test_get(&k, 1, &s);
	if (result == PASS && o->rcx) {
		test_entry(&s, MODE_LONG);
		s.gpr[VR_X86_RCX] = o->rcx;
		s.gpr[VR_X86_RSI] = o->rsi;
		result = test_set(&k, 1, &s);
	}
	o->result = result;
	pthread_barrier_wait(&o->ready);
	while (o->result == PASS && !k.done && !k.powered && !k.timed_out)
		if (k.accel->vcpu_run(k.vcpu[1], &e) < 0 || e.reason != VR_EXIT_KICK)
			o->result = test_fail("vCPU 1: %s", test_error(&k));
	/* vCPU 0 may not get here any more by itself. */
	if (o->result != PASS) {
		atomic_store(&k.timed_out, 1);
		k.accel->vcpu_kick(k.vcpu[0]);
	}
	return NULL;
}

static int init_and_sipi(void)
{
	struct second o = {0};
	pthread_t t;
	int result;

	TRY(test_open(&k, 2, "full", GUEST_OF(sipi), MODE_LONG));
	memcpy(k.ram + AP_CODE, guest_ap, (size_t)(guest_ap_end - guest_ap));
	pthread_barrier_init(&o.ready, NULL, 2);
	pthread_create(&t, NULL, second_vcpu, &o);
	pthread_barrier_wait(&o.ready);
	result = test_expect(&k, 0x600d0012);
	atomic_store(&k.done, 1);
	k.accel->vcpu_kick(k.vcpu[1]);
	pthread_join(t, NULL);
	if (result == PASS)
		result = o.result;
out:
	test_close(&k);
	return result;
}

static int two_vcpus(void)
{
	struct second o = {.rcx = 3000, .rsi = 2};
	static struct vr_state_x86 s;
	struct vr_exit e = {.size = sizeof(e)};
	pthread_t t;
	int result;

	TRY(test_open(&k, 2, NULL, GUEST_OF(count), MODE_LONG));
	TRY(test_get(&k, 0, &s));
	s.gpr[VR_X86_RCX] = o.rcx;
	s.gpr[VR_X86_RSI] = o.rsi;
	TRY(test_set(&k, 0, &s));
	pthread_barrier_init(&o.ready, NULL, 2);
	pthread_create(&t, NULL, second_vcpu, &o);
	pthread_barrier_wait(&o.ready);
	result = test_run(&k);
	/* The first of the two stops; the other one goes on to the end. */
	for (uint32_t i = 0; result == PASS && i < 1000 * test_patience() && !k.done && test_u64(&k, 16) < 2;
	     i++) {
		usleep(1000);
		k.accel->vcpu_kick(k.vcpu[0]);
		if (k.accel->vcpu_run(k.vcpu[0], &e) < 0)
			result = test_fail("%s", test_error(&k));
	}
	if (!k.done)
		atomic_store(&k.timed_out, 1);
	k.accel->vcpu_kick(k.vcpu[1]);
	pthread_join(t, NULL);
	TRY(result);
	TRY(o.result);
	CHECK(test_u64(&k, 0) == 6000 && test_u64(&k, 8) == 6000, "%llu and %llu, not 6000",
	      (unsigned long long)test_u64(&k, 0), (unsigned long long)test_u64(&k, 8));
out:
	test_close(&k);
	return result;
}

/* ---- memory ---------------------------------------------------------------------------------- */
extern const struct vr_dirty kvmp_dirty_table;

/* first: pages that were only read may be there as well (dirty.h). */
static int check_dirty(uint32_t step, bool first)
{
	uint64_t map[(RAM_SIZE - SLOT1) / 4096 / 64] = {0};
	int result = PASS;

	CHECK(kvmp_dirty_table.take(k.vm, 1, map, sizeof(map)) == VR_OK, "%s", test_error(&k));
	for (uint32_t i = 0; i < (RAM_SIZE - SLOT1) / 4096; i++)
		CHECK((map[i / 64] >> i % 64 & 1) == (i % step == 0) || (first && i % step),
		      "page %u of the slot, every %u th was written", i, step);
out:
	return result;
}

static int dirty_log(void)
{
	uint64_t map[8] = {0};
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(dirty), MODE_LONG));
	CHECK(kvmp_dirty_table.take(k.vm, 1, map, sizeof(map)) == VR_E_STATE, "not watched yet");
	k.error_code = 0;
	CHECK(kvmp_dirty_table.watch(k.vm, 1, 1) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_dirty_table.take(k.vm, 1, map, 8) == VR_E_RANGE, "no room");
	k.error_code = 0;
	TRY(test_run(&k));
	TRY(check_dirty(3, true));
	TRY(test_run(&k));
	TRY(check_dirty(5, false));
	TRY(test_run(&k));
	TRY(check_dirty(3, false));
	TRY(test_expect(&k, 0x600d000c));
	CHECK(kvmp_dirty_table.watch(k.vm, 1, 0) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_dirty_table.watch(k.vm, 9, 1) == VR_E_NOENT, "no such slot");
out:
	test_close(&k);
	return result;
}

static int read_only(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(rom), MODE_LONG));
	memcpy(k.rom, "read-only memory, 24 byte", 25);
	CHECK(k.accel->memory_map(k.vm, 2, ROM, 0x10000, k.rom, VR_MEM_READONLY) == VR_OK, "%s",
	      test_error(&k));
	TRY(test_expect(&k, 0x600d000d));
	CHECK(memcmp(k.ram + OUT_AREA, "read-onl", 8) == 0 && memcmp(k.ram + OUT_AREA + 8, ", 24", 4) == 0,
	      "wrong contents");
	CHECK(memcmp(k.rom, "read-only memory, 24 byte", 25) == 0, "it was written");
	CHECK(k.rom_log.count == 2 && k.rom_log.value[0] == (0x12345678ull | 16ull << 32) &&
		      k.rom_log.width[0] == 4 && k.rom_log.value[1] == (0x9aull | 0x1001ull << 32) &&
		      k.rom_log.width[1] == 1,
	      "the device got %u writes", k.rom_log.count);
	CHECK(k.accel->memory_unmap(k.vm, 2) == VR_OK, "%s", test_error(&k));
	CHECK(k.accel->memory_unmap(k.vm, 2) == VR_E_NOENT, "twice");
out:
	test_close(&k);
	return result;
}

/* ---- the end --------------------------------------------------------------------------------- */
static int triple_fault(void)
{
	static struct vr_state_x86 s;
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(fault), MODE_LONG));
	TRY(test_run(&k));
	CHECK(k.powered == VR_POWER_RESET + 1, "power %u", k.powered);
	/* SVM leaves no state behind (APM vol. 2 15.14.3), and KVM puts the one after INIT there. */
	CHECK(strstr(k.logged, "triple fault") &&
		      (strstr(k.logged, "64-bit mode") || strstr(k.logged, "rip 000000000000fff0")),
	      "log: %s", k.logged);
	/* And after the reset it is as new. */
	k.accel->vm_reset(k.vm);
	k.powered = 0;
	TRY(test_get(&k, 0, &s));
	CHECK(s.cr0 == 0x60000010 && s.rip == 0xfff0 && s.segment[VR_X86_CS].base == 0xffff0000 && !s.efer,
	      "not in the state after power-on");
	test_load(&k, GUEST_OF(real));
	TRY(test_enter(&k, 0, MODE_REAL));
	TRY(test_expect(&k, 0x600d0001));
out:
	test_close(&k);
	return result;
}

static uint32_t assists, assist_claims = 1;
static int32_t VR_CALL assist(struct vr_plugin_self *self, struct vr_assist_request *rq)
{
	struct vr_state_x86 *s = rq->state;

	(void)self;
	rq->executed = 0;
	if (rq->limit != 1 || rq->insn_length < 5 || memcmp(rq->insn, "\x66\x0f\x38\x00\x0b", 5) != 0)
		return VR_E_UNSUPPORTED;
	assists++;
	s->rip += 5;
	s->gpr[9] = 0x99;
	rq->executed = assist_claims;
	return VR_OK;
}

/* Not known to the emulator on any machine: an SSSE3 instruction on device memory. */
static int emulation_failure(void)
{
	struct vr_exit e = {.size = sizeof(e)};
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(strange), MODE_LONG));
	CHECK(k.accel->vcpu_run(k.vcpu[0], &e) == VR_E_UNSUPPORTED && e.reason == VR_EXIT_ERROR, "reason %u",
	      e.reason);
	CHECK(strstr(test_error(&k), "pshufb xmm1, ") && strstr(test_error(&k), "66 0f 38 00 0b") &&
		      strstr(test_error(&k), "64-bit mode, CPL 0"),
	      "%s", test_error(&k));
	CHECK(strstr(k.logged, "cr3"), "no state in the log");
	printf("  %s\n", test_error(&k));
out:
	test_close(&k);
	return result;
}

/* KVM hands the bytes on by itself (KVM_CAP_EXIT_ON_EMULATION_FAILURE): the plugin does not read guest
 * memory. */
static int instruction_bytes(void)
{
	struct vr_exit e = {.size = sizeof(e)};
	int result;

	test_options.no_ram = true;
	TRY(test_open(&k, 1, NULL, GUEST_OF(strange), MODE_LONG));
	CHECK(k.accel->vcpu_run(k.vcpu[0], &e) == VR_E_UNSUPPORTED, "reason %u", e.reason);
	CHECK(strstr(test_error(&k), "bytes 66 0f 38 00 0b"), "%s", test_error(&k));
out:
	test_close(&k);
	return result;
}

static int assistance(void)
{
	static const struct vr_assist table = {.size = sizeof(table), .execute = assist};
	struct vr_vm_config c = {.size = sizeof(c), .vcpu_count = 1, .arch = "x86_64"};
	int result;

	TRY(test_start(&k, 1, NULL));
	k.accel->vm_destroy(k.vm);
	k.vm = NULL;
	k.assist = &table;
	CHECK(k.accel->vm_create(k.self, &c, &k.vm) == VR_OK, "%s", test_error(&k));
	CHECK(k.accel->memory_map(k.vm, 0, 0, RAM_SIZE, k.ram, 0) == VR_OK, "%s", test_error(&k));
	TRY(test_vcpu(&k, 0));
	test_load(&k, GUEST_OF(strange));
	TRY(test_enter(&k, 0, MODE_LONG));
	TRY(test_expect(&k, 0x600d0015));
	CHECK(assists == 1 && test_u64(&k, 0) == 0x99, "%u assists, result %x", assists, test_u32(&k, 0));
out:
	test_close(&k);
	return result;
}

/* A plugin that does not say how many it executed, or more than it was asked for. */
static int assistance_that_claims_too_much(void)
{
	static const struct vr_assist table = {.size = sizeof(table), .execute = assist};
	int result = 0;

	for (assist_claims = 0; assist_claims < 3 && !result; assist_claims += 2) {
		struct vr_vm_config c = {.size = sizeof(c), .vcpu_count = 1, .arch = "x86_64"};
		struct vr_exit e = {.size = sizeof(e)};

		TRY(test_start(&k, 1, NULL));
		k.accel->vm_destroy(k.vm);
		k.vm = NULL;
		k.assist = &table;
		CHECK(k.accel->vm_create(k.self, &c, &k.vm) == VR_OK, "%s", test_error(&k));
		CHECK(k.accel->memory_map(k.vm, 0, 0, RAM_SIZE, k.ram, 0) == VR_OK, "%s", test_error(&k));
		TRY(test_vcpu(&k, 0));
		test_load(&k, GUEST_OF(strange));
		TRY(test_enter(&k, 0, MODE_LONG));
		CHECK(k.accel->vcpu_run(k.vcpu[0], &e) == VR_E_INVAL, "reason %u", e.reason);
		CHECK(strstr(test_error(&k), "instructions where at most 1"), "%s", test_error(&k));
	out:
		test_close(&k);
	}
	assist_claims = 1;
	return result;
}

static uint64_t runs;
static void VR_CALL stat(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	(void)opaque;
	(void)kind;
	if (strcmp(name, "runs") == 0)
		runs = value;
}

static int statistics(void)
{
	int result;

	TRY(test_open(&k, 1, NULL, GUEST_OF(port), MODE_LONG));
	TRY(test_expect(&k, 0x600d0005));
	k.accel->stats(k.vm, stat, NULL);
	CHECK(runs >= 10, "%llu runs", (unsigned long long)runs);
out:
	test_close(&k);
	return result;
}

static const struct test_case tests[] = {
	{"real mode", real_mode},
	{"from real to 64-bit mode", mode_switches},
	{"protected mode", protected_mode},
	{"64-bit mode, CPL 0", long_mode_kernel},
	{"64-bit mode, CPL 3", long_mode_user},
	{"CPL 3 and back", user_and_kernel},
	{"exceptions", exceptions},
	{"ports", ports},
	{"device memory, CPL 0", device_memory_kernel},
	{"device memory, CPL 3", device_memory_user},
	{"MSRs", msrs},
	{"HLT", halt},
	{"HLT, woken by another thread", halt_other_thread},
	{"interrupts wait for IF", interrupt_window},
	{"kick", kick},
	{"task priority", task_priority},
	{"irqchip split", irqchip_split},
	{"irqchip full", irqchip_full},
	{"irqchip as the board asks", irqchip_asked_for},
	{"INIT and SIPI", init_and_sipi},
	{"two vCPUs count", two_vcpus},
	{"dirty log", dirty_log},
	{"read-only memory", read_only},
	{"triple fault and reset", triple_fault},
	{"emulation failure", emulation_failure},
	{"instruction bytes by the exit", instruction_bytes},
	{"assistance", assistance},
	{"assistance_that_claims_too_much", assistance_that_claims_too_much},
	{"statistics", statistics},
};

int main(void)
{
	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
