/* SPDX-License-Identifier: MIT */
/* double_bus.c: vmrun.mmio/1 and vmrun.irq/1. */
#include <stdio.h>

#include "double.h"

static int32_t VR_CALL attach(const struct vr_host *host, uint32_t space, uint64_t base, uint64_t length,
			      const struct vr_bus_ops *ops, void *opaque, const char *name)
{
	struct vr_double *d = vr_double_of(host);
	struct vr_double_bus *b;
	int32_t rc;

	vr_double_on_main(d, "mmio.attach");
	if (space > VR_SPACE_SYSREG || !length || base + (length - 1) < base || !VR_HAS(ops, read) ||
	    !VR_HAS(ops, write)) {
		vr_double_note(d, "mmio.attach: a bad range or struct vr_bus_ops (space %u, 0x%llx)", space,
			       (unsigned long long)base);
		return vr_double_no(d, VR_E_INVAL, "a bad range or struct vr_bus_ops");
	}
	rc = vr_double_request(d, "mmio.attach");
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < d->bus_count; i++)
		if (d->bus[i].space == space && base <= d->bus[i].base + (d->bus[i].length - 1) &&
		    d->bus[i].base <= base + (length - 1))
			return vr_double_no(d, VR_E_EXISTS, "something is attached there");
	if (d->bus_count == VR_DOUBLE_BUSES)
		return vr_double_no(d, VR_E_NOMEM, "the double has no more room for devices");
	b = &d->bus[d->bus_count++];
	*b = (struct vr_double_bus){
		.space = space, .base = base, .length = length, .ops = ops, .opaque = opaque};
	snprintf(b->name, sizeof(b->name), "%s", name ? name : "");
	return VR_OK;
}

/* *name: who answered. */
static int32_t answer(struct vr_double *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		      uint32_t is_write, uint64_t *value, const char **name)
{
	*name = NULL;
	if (is_write && vr_double_ring(d, space, address, width))
		return VR_OK;
	if (d->on_access) {
		int32_t rc = d->on_access(d, space, vcpu, address, width, is_write, value);

		*name = "double";
		if (rc != VR_E_NOENT)
			return rc;
	}
	for (uint32_t i = 0; i < d->bus_count; i++) {
		const struct vr_double_bus *b = &d->bus[i];

		if (b->space != space || address < b->base || address - b->base >= b->length)
			continue;
		*name = b->name;
		if (is_write)
			b->ops->write(b->opaque, vcpu, address - b->base, width, *value);
		else
			*value = b->ops->read(b->opaque, vcpu, address - b->base, width);
		return VR_OK;
	}
	*name = NULL;
	return VR_E_NOENT;
}

int32_t vr_double_access(struct vr_double *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
			 uint32_t is_write, uint64_t *value)
{
	const char *name;
	int32_t rc = answer(d, space, vcpu, address, width, is_write, value, &name);

	vr_double_show_access(d, space, vcpu, address, width, is_write, rc < 0 && !is_write ? 0 : *value, rc,
			      name);
	return rc;
}

static int32_t VR_CALL access_(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
			       uint32_t width, uint32_t is_write, uint64_t *value)
{
	struct vr_double *d = vr_double_of(host);

	vr_double_on_vcpu(d, vcpu, "mmio.access");
	if (width != 1 && width != 2 && width != 4 && width != 8) {
		vr_double_note(d, "mmio.access: a width of %u bytes", width);
		return VR_E_INVAL;
	}
	return vr_double_access(d, space, vcpu, address, width, is_write, value);
}

extern const struct vr_host_mmio vr_double_mmio;
const struct vr_host_mmio vr_double_mmio = {
	.size = sizeof(vr_double_mmio), .attach = attach, .access = access_};

/* ---- vmrun.irq/1 ------------------------------------------------------------------------------------- */

static int32_t VR_CALL set_controller(const struct vr_host *host, const struct vr_irq_controller *c,
				      void *opaque)
{
	struct vr_double *d = vr_double_of(host);
	int32_t rc;

	vr_double_on_main(d, "irq.set_controller");
	if (!VR_HAS(c, set)) {
		vr_double_note(d, "irq.set_controller was given a controller without set()");
		return VR_E_INVAL;
	}
	rc = vr_double_request(d, "irq.set_controller");
	if (rc < 0)
		return rc;
	d->controller = c;
	d->controller_opaque = opaque;
	return VR_OK;
}

static void VR_CALL set(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct vr_double *d = vr_double_of(host);

	if (vcpu != VR_IRQ_SHARED && vcpu >= d->vcpu_count)
		vr_double_note(d, "irq.set was called for vCPU %u of %u", vcpu, d->vcpu_count);
	if (vcpu == VR_IRQ_SHARED && line < VR_DOUBLE_LINES)
		__atomic_store_n(&d->line[line], level, __ATOMIC_SEQ_CST);
	vr_double_show_line(d, vcpu, line, level);
	if (d->controller)
		d->controller->set(d->controller_opaque, vcpu, line, level);
	else if (d->on_line)
		d->on_line(d, vcpu, line, level);
}

static void VR_CALL set_pin(const struct vr_host *host, uint32_t vcpu, uint32_t pin, uint32_t level)
{
	struct vr_double *d = vr_double_of(host);

	if (vcpu >= d->vcpu_count || pin >= VR_DOUBLE_PINS) {
		vr_double_note(d, "irq.set_pin: pin %u of vCPU %u of %u", pin, vcpu, d->vcpu_count);
		return;
	}
	__atomic_store_n(&d->vcpu[vcpu].pin[pin], level != 0, __ATOMIC_SEQ_CST);
	if (d->on_pin)
		d->on_pin(d, vcpu, pin, level);
}

extern const struct vr_host_irq vr_double_irq;
const struct vr_host_irq vr_double_irq = {
	.size = sizeof(vr_double_irq),
	.set_controller = set_controller,
	.set = set,
	.set_pin = set_pin,
};
