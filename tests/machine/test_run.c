/* SPDX-License-Identifier: MIT */
/* Whole machines: vCPU threads, power, reset, pins, state and errors while building. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tmp.h"
#include "fake.h"
#include "common/error.h"

static struct machine_config config;
static struct machine *m;

static void setup(void)
{
	fake_standard();
	config = fake_config();
}

TestSuite(run, .init = setup, .timeout = 60);

static int32_t run(void)
{
	int32_t rc = machine_new(NULL, &config, &m), status;

	cr_assert_eq(rc, VR_OK, "%s", vr_error_text(rc));
	m->console.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	status = machine_run(m);
	machine_free(m);
	cr_assert_eq(atomic_load(&fake_alive), 0);
	return status;
}

static uint32_t power_off(uint32_t vcpu)
{
	(void)vcpu;
	machine_table.power(fake_host, VR_POWER_OFF, 3);
	return VR_EXIT_OFF;
}

Test(run, power_off)
{
	fake_program = power_off;
	cr_assert_eq(run(), 3);
	cr_assert_eq(atomic_load(&fake_pins[0]), 1u << 3 | 1u << 5, "remembered, and until the board goes");
	cr_assert_eq(atomic_load(&fake_loads), 1);
}

static uint32_t fall_over(uint32_t vcpu)
{
	(void)vcpu;
	return VR_EXIT_ERROR;
}

Test(run, error_is_status_1)
{
	fake_program = fall_over;
	cr_assert_eq(run(), 1);
}

/* The accelerator is gone: all vCPUs fail, and it is told once. */
static _Atomic uint32_t failing;

static uint32_t all_fall_over(uint32_t vcpu)
{
	if (!vcpu)
		for (uint32_t i = 1; i < 4; i++)
			machine_table.vcpu_power(fake_host, i, 1);
	atomic_fetch_add(&failing, 1);
	while (atomic_load(&failing) < 4)
		usleep(100);
	return VR_EXIT_ERROR;
}

Test(run, all_vcpus_fail_and_one_line_says_so)
{
	char path[PATH_MAX], text[4096] = "";
	int fd = mkstemp(tmp_template(path, "test-run")), old = dup(2);
	ssize_t n;

	unlink(path);
	config.vcpu_count = 4;
	fake_program = all_fall_over;
	fflush(stderr);
	dup2(fd, 2);
	cr_assert_eq(run(), 1);
	fflush(stderr);
	dup2(old, 2);
	n = pread(fd, text, sizeof(text) - 1, 0);
	cr_assert_gt(n, 0);
	cr_assert_not_null(strstr(text, "can't go on: fell over"), "%s", text);
	cr_assert_null(strstr(strstr(text, "can't go on") + 1, "can't go on"), "%s", text);
}

static uint32_t reset_twice(uint32_t vcpu)
{
	uint64_t number = 0;

	(void)vcpu;
	cr_assert_eq(machine_table.vcpu_get_state(fake_host, 0, "number", &number, 8), VR_E_STATE,
		     "not while it runs");
	vr_error_clear();
	if (atomic_load(&fake_board_resets) < 2) {
		machine_table.power(fake_host, VR_POWER_RESET, 0);
		return GO_ON; /* the core kicks */
	}
	machine_table.power(fake_host, VR_POWER_RESET, 0);
	machine_table.power(fake_host, VR_POWER_CRASH, 9); /* counts more */
	machine_table.power(fake_host, VR_POWER_OFF, 0);   /* too late */
	return VR_EXIT_OFF;
}

Test(run, reset)
{
	fake_program = reset_twice;
	cr_assert_eq(run(), 9);
	cr_assert_eq(atomic_load(&fake_vm_resets), 2);
	cr_assert_eq(atomic_load(&fake_loads), 3);
	cr_assert_eq(fake_boots, 3, "read anew, the kernel may be another one");
}

/* vCPU 1 asks again when the main thread has taken its request and waits for it to stand still. */
static uint32_t both_ask_for_one_reset(uint32_t vcpu)
{
	if (atomic_load(&fake_vm_resets)) {
		machine_table.power(fake_host, VR_POWER_OFF, 5);
		return VR_EXIT_OFF;
	}
	if (vcpu) {
		machine_table.power(fake_host, VR_POWER_RESET, 0);
		while (power_pending(machine_of(fake_host)))
			usleep(100);
		machine_table.power(fake_host, VR_POWER_RESET, 0);
	} else {
		machine_table.vcpu_power(fake_host, 1, 1);
	}
	return GO_ON;
}

Test(run, one_reset_for_all_that_ask_before_it)
{
	config.vcpu_count = 2;
	fake_program = both_ask_for_one_reset;
	cr_assert_eq(run(), 5);
	cr_assert_eq(atomic_load(&fake_vm_resets), 1);
	cr_assert_eq(atomic_load(&fake_loads), 2);
}

/* The accelerator can't: nothing is loaded, and the machine ends. */
static void cannot_reset(void)
{
	machine_table.power(fake_host, VR_POWER_CRASH, 1);
}

static uint32_t ask_for_reset(uint32_t vcpu)
{
	(void)vcpu;
	machine_table.power(fake_host, VR_POWER_RESET, 0);
	return GO_ON;
}

Test(run, a_reset_that_fails)
{
	fake_program = ask_for_reset;
	fake_on_vm_reset = cannot_reset;
	cr_assert_eq(run(), 1);
	cr_assert_eq(atomic_load(&fake_vm_resets), 1);
	cr_assert_eq(atomic_load(&fake_board_resets), 0);
	cr_assert_eq(atomic_load(&fake_loads), 1);
}

Test(run, no_reboot)
{
	fake_program = reset_twice;
	config.no_reboot = true;
	cr_assert_eq(run(), 0);
	cr_assert_eq(atomic_load(&fake_loads), 1);
}

/* vCPU 0 starts the others, each runs a while and goes off; twice. */
static _Atomic uint32_t turns[4];

static uint32_t smp(uint32_t vcpu)
{
	if (vcpu) {
		atomic_fetch_add(&turns[vcpu], 1);
		machine_table.vcpu_power(fake_host, vcpu, 0);
		return machine_table.vcpu_is_on(fake_host, vcpu) ? GO_ON : VR_EXIT_OFF;
	}
	for (uint32_t round = 1; round <= 2; round++) {
		for (uint32_t i = 1; i < 4; i++) {
			uint64_t number = i * round, back = 0;

			while (machine_table.vcpu_is_on(fake_host, i))
				usleep(100);
			cr_assert_eq(machine_table.vcpu_set_state(fake_host, i, "number", &number, 8), VR_OK);
			cr_assert_eq(machine_table.vcpu_get_state(fake_host, i, "number", &back, 8), VR_OK);
			cr_assert_eq(back, number);
			cr_assert_eq(machine_table.vcpu_set_state(fake_host, i, "nothing", &number, 8),
				     VR_E_NOENT);
			cr_assert_str_eq(vr_error_text(VR_E_NOENT), "no state 'nothing'");
			cr_assert_eq(machine_table.vcpu_power(fake_host, i, 1), VR_OK);
		}
	}
	for (uint32_t i = 1; i < 4; i++)
		while (atomic_load(&turns[i]) < 2)
			usleep(100);
	cr_assert_eq(machine_table.vcpu_power(fake_host, 4, 1), VR_E_NOENT);
	machine_table.power(fake_host, VR_POWER_OFF, 0);
	return VR_EXIT_OFF;
}

Test(run, smp)
{
	fake_program = smp;
	config.vcpu_count = 4;
	cr_assert_eq(run(), 0);
}

/* All idle; a timer ends it. */
static void VR_CALL on_timer(void *opaque)
{
	(void)opaque;
	machine_table.power(fake_host, VR_POWER_OFF, 5);
}

static uint32_t idle(uint32_t vcpu)
{
	static struct vr_timer *t;

	if (!t && timer_table.create(fake_host, on_timer, NULL, &t) == VR_OK)
		timer_table.arm(fake_host, t, timer_table.now(fake_host) + 20000000);
	thread_table.park(fake_host, vcpu, UINT64_MAX);
	return GO_ON;
}

Test(run, idle_vcpus_are_woken)
{
	fake_program = idle;
	cr_assert_eq(run(), 5);
}

static uint32_t raise_once(uint32_t vcpu)
{
	static bool done;

	(void)vcpu;
	if (!done)
		kill(getpid(), SIGINT);
	done = true;
	usleep(1000);
	return GO_ON;
}

Test(run, interrupt)
{
	fake_program = raise_once;
	config.stats = 2;
	cr_assert_eq(run(), 128 + SIGINT);
}

static uint32_t clean_off(uint32_t vcpu)
{
	(void)vcpu;
	machine_table.power(fake_host, VR_POWER_OFF, 0);
	return VR_EXIT_OFF;
}

/* A sanitizer's report reads files, so in such a build only writing is refused. */
#ifdef __SANITIZE_ADDRESS__
#define REFUSED O_WRONLY
#else
#define REFUSED O_RDONLY
#endif

static uint32_t sandboxed(uint32_t vcpu)
{
	(void)vcpu;
	machine_table.power(fake_host, VR_POWER_OFF,
			    !m->sandbox.wanted || m->sandbox.ruleset < 0 ||
					    open("/etc/passwd", REFUSED | O_CLOEXEC) < 0
				    ? 7
				    : 8);
	return VR_EXIT_OFF;
}

Test(run, sandbox)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		config.sandbox = true;
		config.stats = 1;
		fake_program = sandboxed;
		_exit(run());
	}
	waitpid(pid, &status, 0);
	cr_assert_eq(WEXITSTATUS(status), 7);
}

/* ---- building ---------------------------------------------------------------------------------- */
static void refused(const char *text)
{
	int32_t rc;
	const char *got;

	vr_error_clear();
	rc = machine_new(NULL, &config, &m);
	got = vr_error_text(rc);
	cr_assert_lt(rc, 0);
	cr_assert_null(m);
	cr_assert_not_null(strstr(got, text), "%s", got);
	cr_assert_eq(atomic_load(&fake_alive), 0);
}

Test(run, bad_configurations)
{
	config.image = NULL;
	refused("nothing to boot");
	config = fake_config();
	config.vcpu_count = 100000;
	refused("vCPUs");
	config = fake_config();
	config.ram_size = 12345;
	refused("64 KiB");
	config.ram_size = UINT64_MAX - 0xffff;
	refused("64 TiB");
	config = fake_config();
	static char *many[BOOT_INITRDS + 2];

	for (uint32_t i = 0; i <= BOOT_INITRDS; i++)
		many[i] = (char *)(uintptr_t) "i";
	config.initrds = many;
	refused("17 initrds");
	config = fake_config();
	config.vcpu_count = 5; /* the fake accelerator has 4 sets of pins, but nothing drives more */
	fake_boot_result = VR_E_IMAGE;
	refused("no boot for you");
}

Test(run, devices_that_were_asked_for)
{
	struct loaded_plugin *device = fake_add("gadget", VR_CLASS_DEVICE, NULL, NULL);
	struct loaded_plugin *gpu = fake_add("gpu", VR_CLASS_PASSTHROUGH, NULL, NULL);
	int32_t rc;

	fake_program = power_off;
	/* Installed only: the machine goes without, and no GPU is started unasked. */
	fake_break(device, "no such gadget");
	cr_assert_eq(run(), 3);
	cr_expect(!device->started);
	cr_expect(!gpu->started);
	gpu->requested = true;
	cr_assert_eq(run(), 3);
	cr_expect(gpu->started);
	device->requested = true;
	rc = machine_new(NULL, &config, &m);
	cr_assert_lt(rc, 0);
	cr_expect_str_eq(vr_error_text(rc), "-p gadget: no such gadget");
}

Test(run, a_bad_image_is_not_opened_for_writing)
{
	char path[PATH_MAX];
	int fd = mkstemp(tmp_template(path, "test-run"));
	struct stat before, after;

	cr_assert_eq(ftruncate(fd, 4096), 0);
	fstat(fd, &before);
	config.image = path;
	fake_image_is_disk = true;
	fake_boot_result = VR_E_IMAGE;
	refused("no boot");
	fake_boot_result = VR_OK;
	fake_kernel = "????";
	refused("--arch");
	fstat(fd, &after);
	cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	fake_kernel = "OTHR";
	fake_program = clean_off;
	cr_assert_eq(run(), 0);
	unlink(path);
	refused("no such file");
}

/* ---- tables of another length ---- */
static void lacks(const char *text)
{
	int32_t rc;

	vr_error_clear();
	rc = machine_new(NULL, &config, &m);
	cr_assert_eq(rc, VR_E_ABI, "%s", vr_error_text(rc));
	cr_expect(strstr(vr_error_text(rc), text), "%s", vr_error_text(rc));
}

Test(run, shorter_and_longer_tables)
{
	fake_program = power_off;
	config.stats = 1;
	fake_accel_size = offsetof(struct vr_accel, stats);
	cr_expect_eq(run(), 3, "stats can be done without");
	fake_accel_size = sizeof(struct vr_accel) + 40;
	fake_board_size = sizeof(struct vr_board_maker) + 40;
	cr_expect_eq(run(), 3, "what we don't know does not matter");
	fake_board_size = offsetof(struct vr_board_maker, destroy) + sizeof(void *);
	cr_expect_eq(run(), 3, "as ABI 1.0 had it");
	fake_board_size = offsetof(struct vr_board_maker, destroy);
	lacks("plugin 'virt': its vmrun.board/1 (40 bytes) has no 'destroy'");
	fake_board_size = 4;
	lacks("has no 'create'");
	fake_board_size = 0;
	fake_accel_size = offsetof(struct vr_accel, vm_reset);
	lacks("plugin 'soft': its vmrun.accel/1 (112 bytes) has no 'vm_reset'");
	fake_accel_size = offsetof(struct vr_accel, vcpu_run) + 4;
	lacks("has no 'vcpu_run'");
}

/* ---- vmrun.device-trace/1 ---- */
static struct vr_device_trace_access seen_access[4];
static struct vr_device_trace_hypercall seen_call;
static uint32_t seen_accesses, seen_line;

static void VR_CALL on_access(void *opaque, const struct vr_device_trace_access *a)
{
	cr_assert_eq(opaque, &seen_line);
	seen_access[seen_accesses++ % 4] = *a;
}

static void VR_CALL on_hypercall(void *opaque, const struct vr_device_trace_hypercall *h)
{
	(void)opaque;
	seen_call = *h;
}

static void VR_CALL on_line(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	(void)opaque;
	seen_line = line;
	cr_assert(vcpu == VR_IRQ_SHARED && level == 1);
}

static uint64_t VR_CALL seven(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width;
	return 7;
}

static void VR_CALL nowhere(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width, (void)value;
}

static int32_t VR_CALL firmware(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	(void)opaque, (void)vcpu, (void)kind;
	regs[0]++;
	return VR_OK;
}

static uint32_t touch(uint32_t vcpu)
{
	uint64_t v = 3, regs[18] = {41, 42};

	mmio_table.access(fake_host, VR_SPACE_MMIO, vcpu, 0x9008, 4, 0, &v);
	v = 3;
	mmio_table.access(fake_host, VR_SPACE_PORT, vcpu, 0x70, 1, 1, &v);
	machine_table.hypercall(fake_host, vcpu, 1, regs);
	irq_table.set(fake_host, VR_IRQ_SHARED, 33, 1);
	return power_off(vcpu);
}

Test(run, device_trace)
{
	static const struct vr_device_trace trace = {
		.size = sizeof(trace), .access = on_access, .hypercall = on_hypercall, .line = on_line};
	static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = seven, .write = nowhere};
	int32_t rc = machine_new(NULL, &config, &m);

	cr_assert_eq(rc, VR_OK, "%s", vr_error_text(rc));
	m->console.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fake_program = touch;
	cr_assert_eq(bus_attach(&m->bus, VR_SPACE_MMIO, 0x9000, 0x1000, &ops, NULL, "seven", NULL), VR_OK);
	m->hypercall = firmware;
	cr_assert_eq(device_trace_table.set(fake_host, &trace, &seen_line), VR_OK);
	cr_assert_eq(device_trace_table.set(fake_host, &trace, NULL), VR_E_EXISTS);
	machine_run(m);
	cr_assert_eq(seen_accesses, 2);
	cr_expect_eq(seen_access[0].address, 0x9008);
	cr_expect_eq(seen_access[0].value, 7);
	cr_expect_eq(seen_access[0].is_write, 0);
	cr_expect_str_eq(seen_access[0].name, "seven");
	cr_expect_eq(seen_access[1].space, VR_SPACE_PORT);
	cr_expect_eq(seen_access[1].result, VR_E_NOENT);
	cr_expect_eq(seen_access[1].value, 3);
	cr_expect_null(seen_access[1].name);
	cr_expect_eq(seen_call.kind, 1);
	cr_expect_eq(seen_call.before[0], 41);
	cr_expect_eq(seen_call.after[0], 42);
	cr_expect_eq(seen_line, 33);
	cr_assert_eq(device_trace_table.set(fake_host, NULL, NULL), VR_OK);
	touch(0);
	cr_expect_eq(seen_accesses, 2, "no device trace is set any more");
	machine_free(m);
	vr_error_clear();
	cr_expect_eq(device_trace_table.set(fake_host, &trace, NULL), VR_E_STATE);
}

Test(run, tables_without_a_machine)
{
	struct plugin_host without_machine = {.machine = NULL};
	const struct vr_host *h = &without_machine.host;
	struct vr_mapping mapping = {.size = sizeof(mapping)};
	uint64_t v = 0;

	cr_assert_eq(memory_table.add(h, 0, 0x10000, 0, NULL), VR_E_STATE);
	cr_assert_eq(memory_table.count(h), 0);
	cr_assert_eq(memory_table.map(h, 0, 1, VR_MAP_READ, &mapping), VR_E_STATE);
	cr_assert_eq(mmio_table.access(h, 0, 0, 0, 4, 0, &v), VR_E_STATE);
	cr_assert_eq(disks_table.count(h), 0);
	cr_assert_eq(machine_table.vcpu_count(h), 0);
	cr_assert_eq(machine_table.hypercall(h, 0, 0, &v), VR_E_NOENT);
	irq_table.set(h, 0, 0, 1);
	irq_table.set_pin(h, 0, 0, 1);
	thread_table.park(h, 0, 0);
	machine_table.power(h, 0, 0);
	console_table.write(h, 0, "x", 1);
	cr_assert_eq(streams_table.count(h), 0);
}
