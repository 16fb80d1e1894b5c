// SPDX-License-Identifier: MIT
/*
 * board.c: puts the `virt` machine together: RAM, interrupt controller, serial port, clock, firmware
 * and, in the virtio-mmio slots, what a device plugin offers: disks first, so that the guest's first
 * disk is disk 0, then the random number generator and a second console.
 */
#include "board.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <vmrun/device.h>

#include "cpu.h"
#include "fdt.h"
#include "gic.h"
#include "load.h"
#include "map.h"
#include "pl011.h"
#include "pl031.h"
#include "psci.h"
#include "tables.h"

#define RAM_GRAIN 0x10000u

struct virt {
	struct vr_tables t;
	uint32_t vcpu_count;
	uint64_t ram_size;
	struct vr_gic *gic;
	struct vr_pl011 *uart;
	struct vr_pl031 *rtc;
	struct vr_psci psci;
	uint32_t psci_ready;
	uint32_t slots; /* virtio-mmio slots in use */
	struct {
		const struct vr_device_maker *maker;
		void *device;
	} slot[VIRT_VIRTIO_SLOTS];
};

/* ---- pluggable devices -------------------------------------------------------------------------- */

/* Is `type` one of the comma-separated `types`? */
static int offers(const char *types, const char *type)
{
	size_t length = strlen(type);

	while (types && *types) {
		size_t n;

		types += strspn(types, ", ");
		n = strcspn(types, ", ");
		if (n == length && memcmp(types, type, n) == 0)
			return 1;
		types += n;
	}
	return 0;
}

static int find_maker(const struct virt *v, const char *type, struct vr_found *out)
{
	for (uint32_t i = 0; v->t.registry; i++) {
		*out = (struct vr_found){.size = sizeof(*out)};
		if (v->t.registry->find(v->t.host, VR_DEVICE_ID, NULL, i, out) < 0)
			break;
		if (offers(((const struct vr_device_maker *)out->interface)->types, type))
			return 1;
	}
	return 0;
}

/* The `index`-th device of a type into the next slot. A missing maker is a warning: the machine is then
 * without that device. */
static int32_t plug(struct virt *v, const char *type, uint32_t index)
{
	struct vr_device_config c = {.size = sizeof(c), .index = index, .type = type};
	const struct vr_device_maker *maker;
	struct vr_found found;
	void *device = NULL;
	int32_t rc;

	if (v->slots == VIRT_VIRTIO_SLOTS)
		return vr_tables_fail(&v->t, VR_E_CONFIG,
				      "%s %u: all %u virtio-mmio slots are taken; use fewer disks", type,
				      index, VIRT_VIRTIO_SLOTS);
	if (!find_maker(v, type, &found)) {
		vr_tables_warn(&v->t, "no plugin offers \"%s\": the machine goes without it", type);
		return VR_OK;
	}
	maker = found.interface;
	c.base = VIRT_VIRTIO_BASE + v->slots * VIRT_VIRTIO_STRIDE;
	c.irq = VIRT_SPI_BASE + VIRT_SPI_VIRTIO + v->slots;
	rc = maker->create(found.self, &c, &device);
	if (rc < 0)
		return rc;
	v->slot[v->slots].maker = maker;
	v->slot[v->slots++].device = device;
	return VR_OK;
}

static int32_t plug_all(struct virt *v)
{
	uint32_t disks = v->t.block ? v->t.block->count(v->t.host) : 0;
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < disks && rc >= 0; i++)
		rc = plug(v, "virtio-mmio-blk", i);
	if (rc >= 0)
		rc = plug(v, "virtio-mmio-rng", 0);
	if (rc >= 0)
		rc = plug(v, "virtio-mmio-console", 1);
	return rc;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void VR_CALL virt_destroy(void *board)
{
	struct virt *v = board;

	for (uint32_t i = v->slots; i-- > 0;)
		v->slot[i].maker->destroy(v->slot[i].device);
	vr_pl031_free(v->rtc);
	vr_pl011_free(v->uart);
	if (v->psci_ready)
		vr_psci_fini(&v->psci);
	vr_gic_free(v->gic);
	free(v);
}

static int32_t check(const struct vr_tables *t, const struct vr_board_config *c)
{
	if (c->arch && strcmp(c->arch, "arm64") != 0)
		return vr_tables_fail(t, VR_E_CONFIG, "board-virt is an arm64 machine, not \"%s\"", c->arch);
	if (c->vcpu_count < 1 || c->vcpu_count > VIRT_MAX_VCPUS)
		return vr_tables_fail(t, VR_E_CONFIG, "%u vCPUs: this machine has 1 to %u; change --smp",
				      c->vcpu_count, VIRT_MAX_VCPUS);
	if (!c->ram_size || c->ram_size % RAM_GRAIN || c->ram_size > VIRT_RAM_MAX)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "RAM of %" PRIu64
				      " bytes: this machine takes a multiple of 64 KiB, at most 255 GiB; "
				      "change -m",
				      c->ram_size);
	return VR_OK;
}

static int32_t VR_CALL virt_create(void *self, const struct vr_board_config *c, void **board)
{
	struct virt *v = calloc(1, sizeof(*v));
	const struct vr_host *host = ((struct vr_board_plugin *)self)->host;
	int32_t rc;

	if (!v) {
		host->error(host, VR_E_NOMEM, "board-virt: out of memory");
		return VR_E_NOMEM;
	}
	rc = vr_tables_bind(&v->t, host);
	if (rc >= 0)
		rc = check(&v->t, c);
	if (rc < 0) {
		free(v);
		return rc;
	}
	v->vcpu_count = c->vcpu_count;
	v->ram_size = c->ram_size;
	rc = v->t.memory->add(host, VIRT_RAM_BASE, v->ram_size, 0, "ram");
	if (rc >= 0)
		rc = vr_gic_new(&v->t, v->vcpu_count, &v->gic);
	if (rc >= 0)
		rc = vr_pl011_new(&v->t, VIRT_UART_BASE, VIRT_SPI_BASE + VIRT_SPI_UART, 0, &v->uart);
	if (rc >= 0)
		rc = vr_pl031_new(&v->t, VIRT_RTC_BASE, VIRT_SPI_BASE + VIRT_SPI_RTC, &v->rtc);
	if (rc >= 0) {
		rc = vr_psci_init(&v->psci, &v->t, v->gic, v->vcpu_count);
		v->psci_ready = 1;
	}
	if (rc >= 0)
		rc = plug_all(v);
	if (rc < 0) {
		virt_destroy(v);
		return rc;
	}
	*board = v;
	return VR_OK;
}

/* Devices first: they let go of their lines; then the controller. */
static void VR_CALL virt_reset(void *board)
{
	struct virt *v = board;

	for (uint32_t i = 0; i < v->slots; i++)
		v->slot[i].maker->reset(v->slot[i].device);
	vr_pl011_reset(v->uart);
	vr_pl031_reset(v->rtc);
	vr_gic_reset(v->gic);
}

/* ---- boot ------------------------------------------------------------------------------------------- */

/* Without entropy the guest only boots with a less random start. */
static void seed(void *bytes, size_t length)
{
	ssize_t n;

	do
		n = getrandom(bytes, length, 0);
	while (n < 0 && errno == EINTR);
}

static int32_t load_fdt(struct virt *v, const struct vr_boot_payload *p, const struct vr_layout *l)
{
	struct vr_fdt_input in = {
		.vcpu_count = v->vcpu_count,
		.virtio_slots = v->slots,
		.ram_size = v->ram_size,
		.cmdline = p->cmdline,
		.initrd_start = l->initrd,
		.initrd_end = l->initrd_end,
	};
	void *dtb = v->t.memory->pointer(v->t.host, l->dtb, VR_FDT_SIZE);
	int error;

	if (!dtb)
		return vr_tables_fail(&v->t, VR_E_INTERNAL, "no RAM at 0x%" PRIx64 " for the device tree",
				      l->dtb);
	seed(in.rng_seed, sizeof(in.rng_seed));
	seed(in.kaslr_seed, sizeof(in.kaslr_seed));
	error = vr_fdt_build(&in, dtb, VR_FDT_SIZE);
	if (error)
		return vr_tables_fail(&v->t, VR_E_CONFIG,
				      "the device tree can't be built: %s (is the command line, %zu "
				      "bytes, too long?)",
				      vr_fdt_strerror(error), strlen(p->cmdline));
	v->t.memory->written(v->t.host, l->dtb, VR_FDT_SIZE);
	return VR_OK;
}

static int32_t VR_CALL virt_load(void *board, const struct vr_boot_payload *p)
{
	struct virt *v = board;
	struct vr_layout l;
	int32_t rc = vr_load_layout(&v->t, p, v->ram_size, &l);

	if (rc >= 0)
		rc = vr_load_copy(&v->t, l.kernel, p->kernel, p->kernel_size);
	if (rc >= 0)
		rc = vr_load_copy(&v->t, l.initrd, p->initrd, l.initrd_end - l.initrd);
	if (rc >= 0)
		rc = load_fdt(v, p, &l);
	if (rc >= 0)
		rc = vr_cpu_enter(&v->t, 0, v->vcpu_count, l.kernel, l.dtb, 1);
	for (uint32_t i = 1; i < v->vcpu_count && rc >= 0; i++)
		rc = vr_cpu_enter(&v->t, i, v->vcpu_count, 0, 0, 0);
	return rc < 0 ? rc : VR_OK;
}

const struct vr_board vr_board_virt = {
	.size = sizeof(vr_board_virt),
	.arch = "arm64",
	.create = virt_create,
	.load = virt_load,
	.reset = virt_reset,
	.destroy = virt_destroy,
};
