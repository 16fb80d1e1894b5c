/* SPDX-License-Identifier: MIT */
/*
 * rules_sandbox.c: R-LIFE-12: one life of a plugin, from the guest's first instruction on under vmrun's sandbox.
 *
 * As in vmrun's machine process all is made before: the plugin is started, its devices, board or virtual machine are
 * there, disks and links are open, a board has loaded its image. Under the sandbox come what a guest does to
 * them, a reset (a board loads its image again), and the end: the objects are destroyed, the plugin is stopped and
 * destroyed. What is seen here is which system calls are made; what comes of the use is for other rules.
 */
#include <string.h>
#include <unistd.h>
#include <vmrun/net.h>

#include "driver.h"
#include "machine.h"
#include "sandboxed.h"

#define WAIT_US 3000u /* for threads */

/* ---- devices --------------------------------------------------------------------------------------------- */

/* A back end that a device plugin may be, too: open, used, closed. */
struct back_end {
	const struct vr_block_maker *disks;
	const struct vr_net_maker *links;
	struct vr_disk disk;
	struct vr_link link;
	uint32_t done;
	struct vr_block_request request;
	struct vr_iovec v;
	uint8_t bytes[512];
};

static struct back_end back;

static void open_back_ends(struct vr_check *c)
{
	const struct vr_plugin *p = c->plugin;

	back.disk.size = sizeof(back.disk);
	back.link.size = sizeof(back.link);
	check_phase(c, "open of its disk");
	back.disks = p->query(p->self, VR_BLOCK_ID);
	if (!VR_HAS(back.disks, close) || back.disks->open(p->self, &back.disk) < 0 ||
	    !VR_HAS(back.disk.ops, stop))
		back.disks = NULL;
	check_phase(c, "open of its link");
	back.links = p->query(p->self, VR_NET_ID);
	if (!VR_HAS(back.links, close) || back.links->open(p->self, &back.link) < 0 ||
	    !VR_HAS(back.link.ops, stop))
		back.links = NULL;
}

static void VR_CALL completed(struct vr_block_request *r, int32_t result)
{
	(void)r, (void)result;
	__atomic_store_n(&back.done, 1, __ATOMIC_SEQ_CST);
}

static void disk_request(struct vr_check *c, uint32_t op)
{
	back.done = 0;
	back.v = (struct vr_iovec){.base = back.bytes, .length = sizeof(back.bytes)};
	back.request = (struct vr_block_request){
		.size = sizeof(back.request),
		.op = op,
		.length = op == VR_BLOCK_FLUSH ? 0 : sizeof(back.bytes),
		.v = &back.v,
		.count = op == VR_BLOCK_FLUSH ? 0 : 1,
		.stride = sizeof(back.v),
		.complete = completed,
	};
	check_phase(c, "request %u to its disk", op);
	back.disk.ops->submit(back.disk.block, &back.request);
	while (!__atomic_load_n(&back.done, __ATOMIC_SEQ_CST))
		usleep(100);
}

static void VR_CALL queue_event(void *opaque, uint32_t queue)
{
	(void)opaque, (void)queue;
}

static void use_link(struct vr_check *c)
{
	static const struct vr_net_events events = {
		.size = sizeof(events), .arrived = queue_event, .room = queue_event, .link = queue_event};
	const struct vr_net_ops *o = back.link.ops;
	struct vr_net *n = back.link.net;
	const struct vr_iovec frame = {.base = back.bytes, .length = 60};

	check_phase(c, "attach to its link");
	if (o->attach(n, &events, NULL) >= 0) {
		memset(back.bytes, 0xff, 6); /* to all */
		check_phase(c, "a packet over its link");
		o->send(n, 0, &frame, 1, sizeof(frame));
		usleep(WAIT_US);
		o->receive(n, 0, &frame, 1, sizeof(frame));
		check_phase(c, "detach from its link");
		o->detach(n);
	}
	check_phase(c, "stop of its link");
	o->stop(n);
}

static void use_back_ends(struct vr_check *c)
{
	static const uint32_t ops[] = {VR_BLOCK_WRITE, VR_BLOCK_READ, VR_BLOCK_FLUSH};

	for (size_t i = 0; back.disks && i < sizeof(ops) / sizeof(ops[0]); i++)
		disk_request(c, ops[i]);
	if (back.disks) {
		check_phase(c, "stop of its disk");
		back.disk.ops->stop(back.disk.block);
		back.disk.ops->cancel(back.disk.block);
		check_phase(c, "close of its disk");
		back.disks->close(back.disk.block);
	}
	if (back.links) {
		use_link(c);
		check_phase(c, "close of its link");
		back.links->close(back.link.net);
	}
}

/* What a driver does first, one buffer for each queue, a reset by the driver. */
static void use_virtio(struct vr_check *c, uint64_t base, uint32_t device)
{
	uint32_t queues = 0;

	check_phase(c, "the handshake of virtio device %u", device);
	while (queues < DRIVER_QUEUES) {
		driver_write(c, base, DRIVER_QUEUE_SEL, queues);
		if (!driver_read(c, base, DRIVER_QUEUE_MAX))
			break;
		queues++;
	}
	if (!driver_start(c, base, queues))
		return;
	for (uint32_t q = 0; q < queues; q++) {
		check_phase(c, "a buffer for queue %u of virtio device %u", q, device);
		driver_offer(c, q);
		driver_notify(c, base, q);
	}
	vr_fake_host_type(c->d, 0, "hello");
	usleep(WAIT_US);
	check_phase(c, "the reset of virtio device %u by its driver", device);
	driver_write(c, base, DRIVER_STATUS, 0);
}

static void life_of_device(struct vr_check *c)
{
	const struct vr_device_maker *m;

	check_used(c);
	m = c->use.table;
	open_back_ends(c);
	sandboxed_enter(c);
	for (uint32_t i = 0; i < c->use.count + c->use.virtio_count; i++)
		if (driver_finds(c, CHECK_DEVICE_BASE(i)))
			use_virtio(c, CHECK_DEVICE_BASE(i), i);
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < c->d->bus_count; i++)
			check_sweep(c, c->d->bus[i].space, c->d->bus[i].base, c->d->bus[i].length, pass > 0);
	check_phase(c, "10 ms of the guest's time");
	vr_fake_host_advance(c->d, 10000000);
	for (uint32_t i = 0; i < c->use.count && VR_HAS(m, reset); i++) {
		check_phase(c, "reset of device %u", i);
		m->reset(c->use.device[i]);
	}
	for (uint32_t i = 0; i < c->use.virtio_count; i++) {
		check_phase(c, "reset of virtio device %u", i);
		vr_virtio_mmio_reset(c->use.virtio[i]);
	}
	use_back_ends(c);
	check_unused(c);
}

/* ---- boards ------------------------------------------------------------------------------------------------ */

static void life_of_board(struct vr_check *c)
{
	const struct vr_board_maker *b;

	check_used(c);
	b = c->use.table;
	if (!c->use.board || !VR_HAS(b, load) || !VR_HAS(b, reset))
		check_skip(c, "its table is not filled in");
	check_board_load(c);
	sandboxed_enter(c);
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < c->d->bus_count; i++) {
			const struct vr_fake_host_bus *bus = &c->d->bus[i];
			uint64_t most = bus->space == VR_SPACE_MMIO ? 0x1000 : 64;

			check_sweep(c, bus->space, bus->base, bus->length < most ? bus->length : most,
				    pass > 0);
		}
	check_phase(c, "10 ms of the guest's time");
	vr_fake_host_advance(c->d, 10000000);
	vr_fake_host_type(c->d, 0, "hello");
	check_phase(c, "board reset");
	b->reset(c->use.board);
	check_board_load(c);
	check_unused(c);
}

/* ---- accelerators -------------------------------------------------------------------------------------------- */

static void VR_CALL counted(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	(void)opaque, (void)name, (void)kind, (void)value;
}

/* A machine is there; the first architecture is enough. */
static void run_guests(struct machine *m)
{
	static const struct {
		const char *name;
		uint32_t guest, result;
	} guests[] = {
		{"store", GUEST_STORE, 0x51}, {"device", GUEST_DEVICE, 0x52}, {"patch", GUEST_PATCH, 0x54}};
	struct vr_check *c = m->c;

	sandboxed_enter(c);
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		check_phase(c, "guest '%s'", guests[i].name);
		machine_expect(m, guests[i].guest, guests[i].result);
	}
	check_phase(c, "vm_reset");
	m->a->vm_reset(m->vm);
	check_phase(c, "guest 'store' after vm_reset");
	machine_expect(m, GUEST_STORE, 0x51);
	check_phase(c, "stats");
	m->a->stats(m->vm, counted, NULL);
	machine_close(m);
	check_unused(c);
	sandboxed_end();
}

/* A wrapper before an accelerator that runs nothing: its calls are what there is to see. */
static void life_of_wrapper(struct vr_check *c)
{
	static struct machine m;
	const struct vr_vm_config config = {.size = sizeof(config)};
	const struct check_isa *isa = check_isa_of(check_arch_host());
	const struct vr_accel *a;

	check_started(c);
	a = check_query(c, VR_ACCEL_ID);
	if (!isa || !VR_HAS(a, stats))
		check_skip(c,
			   "its table is not filled in, or the validator has no micro-guests of this host");
	machine_open(&m, c, isa, a, c->plugin->self, c->d, &config, 1);
	sandboxed_enter(c);
	check_phase(c, "vcpu_run");
	machine_run(&m, 0);
	machine_wait(&m, 0);
	check_phase(c, "vm_reset");
	a->vm_reset(m.vm);
	check_phase(c, "stats");
	a->stats(m.vm, counted, NULL);
	machine_close(&m);
	check_unused(c);
}

static void life_of_accel(struct vr_check *c)
{
	if (c->target->wraps)
		life_of_wrapper(c);
	else
		machine_each(c, 1, run_guests);
}

/* ---- the others ------------------------------------------------------------------------------------------------ */

static void life_of_passthrough(struct vr_check *c)
{
	check_started(c);
	sandboxed_enter(c);
	check_unused(c);
}

void check_life_sandboxed(struct vr_check *c)
{
	static const struct {
		uint32_t class_bit;
		void (*life)(struct vr_check *c);
	} lives[] = {
		{CHECK_ACCEL, life_of_accel},
		{CHECK_TRANSLATOR, check_xlate_sandboxed},
		{CHECK_BOARD, life_of_board},
		{CHECK_DEVICE, life_of_device},
		{CHECK_PASSTHROUGH, life_of_passthrough},
	};

	if (c->target->error[0])
		check_skip(c, "the manifest is wrong");
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++)
		if (lives[i].class_bit == c->target->class_bit)
			sandboxed(c, lives[i].life);
}
