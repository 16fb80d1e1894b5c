/* SPDX-License-Identifier: MIT */
/* test_notify.c: doorbells and interrupt lines by events, vmrun.notify/1. */
#include "vm.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vmrun/irqchip.h>
#include <vmrun/notify.h>

extern const struct vr_notify kvmp_notify_table;
static struct test_vm k;
static int event, other; /* eventfds */

static int signals(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? (int)n : 0;
}

static void events(void)
{
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	other = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0 || other < 0)
		abort();
}

static void finish(void)
{
	test_close(&k);
	close(event);
	close(other);
}

static uint64_t exits;
static void VR_CALL stat(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	(void)kind;
	if (strcmp(name, opaque) == 0)
		exits = value;
}

static uint64_t counter(const char *name)
{
	char text[32];

	snprintf(text, sizeof(text), "%s", name);
	exits = UINT64_MAX;
	k.accel->stats(k.vm, stat, text);
	return exits;
}

static struct vr_notify_doorbell bell(uint64_t address, uint32_t width, int fd)
{
	return (struct vr_notify_doorbell){
		.size = sizeof(struct vr_notify_doorbell),
		.space = VR_SPACE_MMIO,
		.address = address,
		.width = width,
		.event = fd,
	};
}

static int ring(uint32_t mode)
{
	struct vr_notify_doorbell d, matching, port;
	int result;

	events();
	TRY(test_open(&k, 1, NULL, GUEST_OF(bell), mode));
	d = bell(MMIO_BELL, 4, event);
	matching = bell(MMIO_BELL + 8, 4, other);
	matching.flags = VR_DOORBELL_MATCH;
	matching.value = 8;
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 1) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_notify_table.doorbell(k.vm, &matching, 1) == VR_OK, "%s", test_error(&k));
	TRY(test_expect(&k, 0x600d0016));
	CHECK(signals(event) == 5, "five writes of 4 bytes");
	CHECK(signals(other) == 2, "two writes of 8");
	/* The rest came the usual way, and nothing else did: 2 bytes, a 7, the port; and the end. */
	CHECK(k.bell_log.count == 3 && k.bell_log.width[0] == 2 && k.bell_log.value[0] == 1 &&
		      k.bell_log.value[1] == 7 && k.bell_log.value[2] == 3,
	      "%u writes came to the device", k.bell_log.count);
	CHECK(counter("mmio") == 3 && counter("port") == 1, "%llu exits for device memory",
	      (unsigned long long)counter("mmio"));
	/* Over a reset they stay; off, the device gets all again. The port by a doorbell now. */
	k.accel->vm_reset(k.vm);
	port = bell(PORT_BELL, 1, other);
	port.space = VR_SPACE_PORT;
	CHECK(kvmp_notify_table.doorbell(k.vm, &matching, 0) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_notify_table.doorbell(k.vm, &port, 1) == VR_OK, "%s", test_error(&k));
	k.done = 0;
	k.bell_log.count = 0;
	TRY(test_enter(&k, 0, mode));
	TRY(test_expect(&k, 0x600d0016));
	CHECK(signals(event) == 5 && signals(other) == 1, "after the reset");
	CHECK(k.bell_log.count == 4, "%u writes came to the device", k.bell_log.count);
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 0) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 0) == VR_E_NOENT, "twice");
	k.error_code = 0;
	k.done = 0;
	k.bell_log.count = 0;
	TRY(test_enter(&k, 0, mode));
	TRY(test_expect(&k, 0x600d0016));
	CHECK(signals(event) == 0 && k.bell_log.count == 9, "%u writes came to the device", k.bell_log.count);
out:
	finish();
	return result;
}

static int ring_kernel(void)
{
	return ring(MODE_LONG);
}

static int ring_user(void)
{
	return ring(MODE_USER);
}

/* Of any width: the 2 bytes ring too. */
static int any_width(void)
{
	struct vr_notify_doorbell d;
	int result;

	events();
	TRY(test_open(&k, 1, NULL, GUEST_OF(bell), MODE_LONG));
	d = bell(MMIO_BELL, 0, event);
	if (kvmp_notify_table.doorbell(k.vm, &d, 1) == VR_E_UNSUPPORTED) {
		result = test_skip("this KVM lacks KVM_CAP_IOEVENTFD_ANY_LENGTH");
		goto out;
	}
	TRY(test_expect(&k, 0x600d0016));
	CHECK(signals(event) == 6, "five of 4 bytes, one of 2");
out:
	finish();
	return result;
}

static int doorbell_refused(void)
{
	struct vr_notify_doorbell d, w;
	int result;

	events();
	TRY(test_start(&k, 1, NULL));
	d = bell(MMIO_BELL, 4, event);
	w = d;
	w.width = 3;
	CHECK(kvmp_notify_table.doorbell(k.vm, &w, 1) == VR_E_INVAL, "3 bytes");
	w = d;
	w.event = VR_NOTIFY_NO_EVENT;
	CHECK(kvmp_notify_table.doorbell(k.vm, &w, 1) == VR_E_INVAL, "no event");
	k.error_code = 0;
	w = d;
	w.space = VR_SPACE_SYSREG;
	CHECK(kvmp_notify_table.doorbell(k.vm, &w, 1) == VR_E_UNSUPPORTED && !k.error_code, "a register");
	w = d;
	w.flags = 8;
	CHECK(kvmp_notify_table.doorbell(k.vm, &w, 1) == VR_E_UNSUPPORTED && !k.error_code,
	      "an unknown flag");
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 1) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 1) == VR_E_EXISTS, "twice");
	CHECK(strstr(test_error(&k), "0xd0003000"), "%s", test_error(&k));
	k.error_code = 0;
	w.flags = 0;
	w.event = 999;
	CHECK(kvmp_notify_table.doorbell(k.vm, &w, 1) < 0, "no such descriptor");
	k.error_code = 0;
	test_faults.missing = KVM_CAP_IOEVENTFD;
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 0) == VR_E_UNSUPPORTED && !k.error_code,
	      "a kernel without");
	test_faults.missing = 0;
out:
	finish();
	return result;
}

/* ---- lines ----------------------------------------------------------------------------------- */
static uint32_t acknowledged;

static void signal_line(struct test_vm *m, uint32_t vcpu)
{
	uint64_t one = 1;

	(void)vcpu;
	acknowledged += (uint32_t)signals(other);
	if (m->port_log.count <= 3 && write(event, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
}

static int by_event(uint32_t level)
{
	int result;

	events();
	acknowledged = 0;
	TRY(test_open(&k, 1, "full", GUEST_OF(line), MODE_LONG));
	memcpy(k.ram + OUT_AREA + 16, &level, sizeof(level));
	k.on_log = signal_line;
	CHECK(kvmp_notify_table.line(k.vm, 5, event, level ? other : VR_NOTIFY_NO_EVENT, 1) == VR_OK, "%s",
	      test_error(&k));
	TRY(test_expect(&k, 0x600d0017));
	CHECK(test_u32(&k, 0) == 3, "%u interrupts", test_u32(&k, 0));
	CHECK(acknowledged == (level ? 3 : 0), "%u times resampled", acknowledged);
	CHECK(kvmp_notify_table.line(k.vm, 5, event, VR_NOTIFY_NO_EVENT, 0) == VR_OK, "%s", test_error(&k));
out:
	finish();
	return result;
}

static int edge_line(void)
{
	return by_event(0);
}

static int level_line(void)
{
	return by_event(0x8000);
}

static int line_refused(void)
{
	int result;

	events();
	TRY(test_start(&k, 1, "split"));
	CHECK(kvmp_notify_table.line(k.vm, 5, event, VR_NOTIFY_NO_EVENT, 1) == VR_E_STATE && !k.error_code,
	      "no I/O APIC");
	test_close(&k);
	TRY(test_start(&k, 1, "full"));
	CHECK(kvmp_notify_table.line(k.vm, 24, event, other, 1) == VR_E_RANGE, "input 24");
	CHECK(kvmp_notify_table.line(k.vm, 5, -1, other, 1) == VR_E_INVAL, "no event");
	k.error_code = 0;
	CHECK(kvmp_notify_table.line(k.vm, 5, event, other, 1) == VR_OK, "%s", test_error(&k));
	CHECK(kvmp_notify_table.line(k.vm, 6, event, other, 1) == VR_E_BUSY, "one event for two");
	CHECK(strstr(test_error(&k), "input 6"), "%s", test_error(&k));
	k.error_code = 0;
	test_faults.missing = KVM_CAP_IRQFD_RESAMPLE;
	CHECK(kvmp_notify_table.line(k.vm, 6, other, event, 1) == VR_E_UNSUPPORTED && !k.error_code,
	      "a kernel without");
	test_faults.missing = 0;
out:
	finish();
	return result;
}

static int switched_off(void)
{
	struct vr_notify_doorbell d;
	int result;

	events();
	test_options.no_notify = true;
	TRY(test_start(&k, 1, NULL));
	d = bell(MMIO_BELL, 4, event);
	CHECK(kvmp_notify_table.doorbell(k.vm, &d, 1) == VR_E_UNSUPPORTED && !k.error_code, "notify=false");
out:
	finish();
	return result;
}

static const struct test_case tests[] = {
	{"doorbells, CPL 0", ring_kernel},        {"doorbells, CPL 3", ring_user},
	{"a doorbell of any width", any_width},   {"doorbells refused", doorbell_refused},
	{"doorbells switched off", switched_off}, {"a line by events, edge", edge_line},
	{"a line by events, level", level_line},  {"lines refused", line_refused},
};

int main(void)
{
	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
