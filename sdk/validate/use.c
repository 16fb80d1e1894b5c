/* SPDX-License-Identifier: MIT */
/* use.c: the plugin's objects, made and unmade as the core does it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "common/text.h"

/* ---- boards ---------------------------------------------------------------------------------------- */

static int32_t board_begin(struct vr_check *c)
{
	const struct vr_board_maker *b = c->use.table;
	const struct vr_board_config config = {
		.size = sizeof(config),
		.vcpu_count = c->d->vcpu_count,
		.ram_size = c->d->ram_size,
		.arch = c->d->arch,
	};
	int32_t rc;

	check_phase(c, "board create");
	rc = b->create(c->plugin->self, &config, &c->use.board);
	if (rc >= 0)
		c->use.count = 1;
	return rc;
}

static void board_end(struct vr_check *c)
{
	const struct vr_board_maker *b = c->use.table;

	check_phase(c, "board destroy");
	if (c->use.count)
		b->destroy(c->use.board);
}

/* ---- devices --------------------------------------------------------------------------------------- */

static void device_end(struct vr_check *c)
{
	const struct vr_device_maker *m = c->use.table;

	check_phase(c, "device destroy");
	while (c->use.virtio_count)
		vr_virtio_mmio_free(c->use.virtio[--c->use.virtio_count]);
	while (c->use.count)
		m->destroy(c->use.device[--c->use.count]);
}

/* The n-th of a list of types; false past the last. */
static bool nth_type(const char *list, uint32_t n, char *type, size_t capacity)
{
	for (; list && *list; n--) {
		size_t length;

		list += strspn(list, ", ");
		length = strcspn(list, ", ");
		snprintf(type, capacity, "%.*s", (int)length, list);
		if (!n)
			return length > 0;
		list += length;
	}
	return false;
}

void check_place_device(struct vr_check *c, const struct vr_device_maker *m, const char *type, uint32_t i,
			struct check_place *out)
{
	const struct vr_device_of d = {.maker = m, .self = c->plugin->self, .type = type};
	char text[VR_DEVICE_WRONG];
	struct vr_device_wants wants;

	check_phase(c, "window and irq of \"%s\"", type);
	if (vr_device_ask(&d, &wants, text) < 0 || !wants.window_count)
		wants = (struct vr_device_wants){.window_count = 1, .irq_count = 1};
	for (uint32_t k = 0; k < VR_DEVICE_WINDOWS_MAX; k++)
		out->base[k] = CHECK_DEVICE_WINDOW(i, k);
	for (uint32_t k = 0; k < VR_DEVICE_IRQS_MAX; k++)
		out->irq[k] = 48 + i * VR_DEVICE_IRQS_MAX + k;
	out->config = (struct vr_device_config){
		.size = sizeof(out->config),
		.type = type,
		.bases = out->base,
		.irqs = out->irq,
		.window_count = wants.window_count,
		.irq_count = wants.irq_count,
		.clock_hz = CHECK_DEVICE_CLOCK_HZ,
	};
}

static int32_t make_devices(struct vr_check *c)
{
	const struct vr_device_maker *m = c->use.table;
	static char types[4][80]; /* as long as the devices live */

	while (m && c->use.count < 4 &&
	       nth_type(m->types, c->use.count, types[c->use.count], sizeof(types[0]))) {
		const char *type = types[c->use.count];
		struct check_place *place = &c->use.place[c->use.count];
		int32_t rc;

		check_place_device(c, m, type, c->use.count, place);
		check_phase(c, "device create of \"%s\"", type);
		rc = m->create(c->plugin->self, &place->config, &c->use.device[c->use.count]);
		if (rc < 0)
			return rc;
		c->use.count++;
	}
	return VR_OK;
}

static int32_t make_virtio(struct vr_check *c)
{
	static struct vr_virtio_shared_room room;
	static char type[4][80]; /* as long as the devices live */
	const struct vr_virtio_maker *m = vr_text_list_has(c->target->provides, VR_VIRTIO_ID)
						  ? c->plugin->query(c->plugin->self, VR_VIRTIO_ID)
						  : NULL;

	if (!m || vr_virtio_lacks(m)) /* another rule's */
		return VR_OK;
	room = (struct vr_virtio_shared_room){.base = 0x100000000, .size = 0x10000000};
	while (c->use.virtio_count < 4 &&
	       nth_type(m->types, c->use.virtio_count, type[c->use.virtio_count], sizeof(type[0]))) {
		uint32_t k = c->use.virtio_count, i = c->use.count + k;
		const struct vr_virtio_plug plug = {
			.maker = m,
			.self = c->plugin->self,
			.plugin = c->target->id,
			.type = type[k],
			.shared = &room,
		};
		int32_t rc;

		check_phase(c, "device create of \"%s\"", type[k]);
		rc = vr_virtio_mmio_new(c->d->host, plug, CHECK_DEVICE_BASE(i), 48 + i * VR_DEVICE_IRQS_MAX,
					&c->use.virtio[k]);
		if (rc < 0)
			return rc;
		c->use.virtio_count++;
	}
	return VR_OK;
}

/* One of each type, as a board would place them. */
static int32_t device_begin(struct vr_check *c)
{
	int32_t rc;

	if (!c->d->region_count)
		vr_fake_host_ram(c->d, 0x40000000, 0x100000, 0);
	if (!c->d->disk_count)
		vr_fake_host_disk(c->d, 0x10000, 0);
	rc = make_devices(c);
	if (rc >= 0)
		rc = make_virtio(c);
	if (rc < 0)
		device_end(c);
	return rc;
}

/* ---- accelerators ------------------------------------------------------------------------------------- */

/*
 * A virtual machine with RAM and one vCPU, which is made, kept and unmade by a thread of its own. It does not
 * run: what runs is in rules_accel.c.
 */
struct life {
	struct vr_check *c;
	const struct vr_accel *a;
	int32_t rc;
};

static void *vcpu_life(void *arg)
{
	struct life *l = arg;
	struct vr_vcpu *vcpu;

	vr_fake_host_vcpu_thread(l->c->d, 0);
	check_phase(l->c, "vcpu_create");
	l->rc = l->a->vcpu_create(l->c->use.vm, 0, &vcpu);
	if (l->rc >= 0) {
		check_phase(l->c, "vcpu_destroy");
		l->a->vcpu_destroy(vcpu);
	}
	return NULL;
}

static void accel_end(struct vr_check *c)
{
	const struct vr_accel *a = c->use.table;

	check_phase(c, "vm_destroy");
	if (c->use.count)
		a->vm_destroy(c->use.vm);
}

#define RAM 0x200000ull

static int32_t accel_begin(struct vr_check *c)
{
	struct life l = {.c = c, .a = c->use.table};
	struct vr_vm_config config = {.size = sizeof(config), .vcpu_count = 1, .arch = c->d->arch};
	uint8_t *ram = vr_fake_host_ram(c->d, 0x40000000, RAM, 0);
	pthread_t thread;
	int32_t rc;

	if (!l.a->native_arch || !*l.a->native_arch) {
		check_helper(c, CHECK_TRANSLATOR, NULL);
		config.arch = c->d->arch = check_arch(c);
		check_translator_config(c->helper.plugin, c->helper.target, &config);
	}
	check_phase(c, "vm_create");
	rc = l.a->vm_create(c->plugin->self, &config, &c->use.vm);
	if (rc < 0)
		return rc;
	c->use.count = 1;
	check_phase(c, "memory_map");
	rc = l.a->memory_map(c->use.vm, 0, 0x40000000, RAM, ram, 0);
	if (rc >= 0) {
		if (pthread_create(&thread, NULL, vcpu_life, &l))
			check_skip(c, "no thread for a vCPU");
		pthread_join(thread, NULL);
		rc = l.rc;
	}
	if (rc < 0) {
		accel_end(c);
		c->use.count = 0;
	}
	return rc;
}

/* ---- by class ---------------------------------------------------------------------------------------- */

static const struct class
{
	uint32_t bit;
	const char *interface;
	int32_t (*begin)(struct vr_check *c); /* NULL: it makes no objects */
	void (*end)(struct vr_check *c);
} classes[] = {
	{CHECK_ACCEL, VR_ACCEL_ID, accel_begin, accel_end},
	{CHECK_TRANSLATOR, VR_ISA_ID, NULL, NULL},
	{CHECK_BOARD, VR_BOARD_ID, board_begin, board_end},
	{CHECK_DEVICE, VR_DEVICE_ID, device_begin, device_end},
};

/* NULL: a class without an interface of its own. */
static const struct class *class_of(const struct vr_check *c)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].bit == c->target->class_bit)
			return &classes[i];
	return NULL;
}

const char *check_interface(const struct vr_check *c)
{
	const struct class *class = class_of(c);

	return class ? class->interface : NULL;
}

int32_t check_use_begin(struct vr_check *c)
{
	const struct class *class = class_of(c);

	memset(&c->use, 0, sizeof(c->use));
	if (!class)
		return VR_OK;
	check_phase(c, "query(\"%s\")", class->interface);
	c->use.table = c->plugin->query(c->plugin->self, class->interface);
	/* A device plugin may have virtio devices instead. */
	if (!class->begin || (!c->use.table && class->bit != CHECK_DEVICE))
		return VR_OK;
	return class->begin(c);
}

void check_use_end(struct vr_check *c)
{
	const struct class *class = class_of(c);

	if (class && class->end && (c->use.table || class->bit == CHECK_DEVICE))
		class->end(c);
	memset(&c->use, 0, sizeof(c->use));
}
