/* SPDX-License-Identifier: MIT */
/* use.c: the plugin's objects, made and unmade as the core does it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- boards ---------------------------------------------------------------------------------------- */

static int32_t board_begin(struct vr_check *c)
{
	const struct vr_board *b = c->use.table;
	const struct vr_board_config config = {
		.size = sizeof(config),
		.vcpu_count = c->d->vcpu_count,
		.ram_size = c->d->ram_size,
		.arch = c->d->arch,
	};
	int32_t rc;

	check_phase(c, "board create");
	rc = b->create(c->plugin->self, &config, &c->use.object[0]);
	if (rc >= 0)
		c->use.count = 1;
	return rc;
}

static void board_end(struct vr_check *c)
{
	const struct vr_board *b = c->use.table;

	check_phase(c, "board destroy");
	if (c->use.count)
		b->destroy(c->use.object[0]);
}

/* ---- devices --------------------------------------------------------------------------------------- */

static void device_end(struct vr_check *c)
{
	const struct vr_device_maker *m = c->use.table;

	check_phase(c, "device destroy");
	while (c->use.count)
		m->destroy(c->use.object[--c->use.count]);
}

/* One of each type, as a board would place them. */
static int32_t device_begin(struct vr_check *c)
{
	const struct vr_device_maker *m = c->use.table;
	const char *p = m->types;

	if (!c->d->region_count)
		vr_fake_host_ram(c->d, 0x40000000, 0x100000, 0);
	if (!c->d->disk_count)
		vr_fake_host_disk(c->d, 0x10000, 0);
	while (p && *p && c->use.count < 4) {
		struct vr_device_config config = {
			.size = sizeof(config),
			.base = 0x0a000000 + 0x10000ull * c->use.count,
			.irq = 48 + c->use.count,
		};
		char type[80];
		size_t n = strcspn(p, ",");
		int32_t rc;

		snprintf(type, sizeof(type), "%.*s", (int)n, p);
		config.type = type;
		check_phase(c, "device create of \"%s\"", type);
		rc = m->create(c->plugin->self, &config, &c->use.object[c->use.count]);
		if (rc < 0) {
			device_end(c);
			c->use.count = 0;
			return rc;
		}
		c->use.count++;
		p += n + (p[n] == ',');
	}
	return VR_OK;
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
	void *vcpu;

	vr_fake_host_vcpu_thread(l->c->d, 0);
	check_phase(l->c, "vcpu_create");
	l->rc = l->a->vcpu_create(l->c->use.object[0], 0, &vcpu);
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
		a->vm_destroy(c->use.object[0]);
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
	rc = l.a->vm_create(c->plugin->self, &config, &c->use.object[0]);
	if (rc < 0)
		return rc;
	c->use.count = 1;
	check_phase(c, "memory_map");
	rc = l.a->memory_map(c->use.object[0], 0, 0x40000000, RAM, ram, 0);
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
	return c->use.table && class->begin ? class->begin(c) : VR_OK;
}

void check_use_end(struct vr_check *c)
{
	const struct class *class = class_of(c);

	if (!c->use.table)
		return;
	if (class && class->end)
		class->end(c);
	memset(&c->use, 0, sizeof(c->use));
}
