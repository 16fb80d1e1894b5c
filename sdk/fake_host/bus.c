/* SPDX-License-Identifier: MIT */
/* bus.c: vmrun.mmio/1 and vmrun.irq/1. */
#include <stdio.h>

#include "internal.h"

static int32_t VR_CALL attach(const struct vr_host *host, uint32_t space, uint64_t base, uint64_t length,
			      const struct vr_bus_ops *ops, void *opaque, const char *name)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_bus *b;
	int32_t rc;

	vr_fake_host_on_main(f, "mmio.attach");
	if (space > VR_SPACE_SYSREG || !length || base + (length - 1) < base || !VR_HAS(ops, read) ||
	    !VR_HAS(ops, write)) {
		vr_fake_host_note(f, "mmio.attach: a bad range or struct vr_bus_ops (space %u, 0x%llx)",
				  space, (unsigned long long)base);
		return vr_fake_host_no(f, VR_E_INVAL, "a bad range or struct vr_bus_ops");
	}
	rc = vr_fake_host_request(f, "mmio.attach");
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < f->bus_count; i++)
		if (f->bus[i].space == space && base <= f->bus[i].base + (f->bus[i].length - 1) &&
		    f->bus[i].base <= base + (length - 1))
			return vr_fake_host_no(f, VR_E_EXISTS, "something is attached there");
	if (f->bus_count == VR_FAKE_HOST_BUSES)
		return vr_fake_host_no(f, VR_E_NOMEM, "the fake host has no more room for devices");
	b = &f->bus[f->bus_count++];
	*b = (struct vr_fake_host_bus){
		.space = space, .base = base, .length = length, .ops = ops, .opaque = opaque};
	snprintf(b->name, sizeof(b->name), "%s", name ? name : "");
	return VR_OK;
}

static int covers(const struct vr_fake_host_bus *b, uint32_t space, uint64_t address)
{
	return b->space == space && address >= b->base && address - b->base < b->length;
}

int vr_fake_host_attached(const struct vr_fake_host *f, uint32_t space, uint64_t address)
{
	for (uint32_t i = 0; i < f->bus_count; i++)
		if (covers(&f->bus[i], space, address))
			return 1;
	return 0;
}

/* *name: of the device that answered. */
static int32_t answer(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		      uint32_t is_write, uint64_t *value, const char **name)
{
	*name = NULL;
	if (is_write && vr_fake_host_ring(f, space, address, width))
		return VR_OK;
	if (f->on_access) {
		int32_t rc = f->on_access(f, space, vcpu, address, width, is_write, value);

		*name = "test";
		if (rc != VR_E_NOENT)
			return rc;
	}
	for (uint32_t i = 0; i < f->bus_count; i++) {
		const struct vr_fake_host_bus *b = &f->bus[i];

		if (!covers(b, space, address))
			continue;
		/* As the core does: an access is whole in its device. */
		if (space != VR_SPACE_SYSREG && width > b->length - (address - b->base))
			break;
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

int32_t vr_fake_host_access(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address,
			    uint32_t width, uint32_t is_write, uint64_t *value)
{
	const char *name;
	int32_t rc = answer(f, space, vcpu, address, width, is_write, value, &name);

	vr_fake_host_show_access(f, space, vcpu, address, width, is_write, rc < 0 && !is_write ? 0 : *value,
				 rc, name);
	return rc;
}

static int32_t VR_CALL access_(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
			       uint32_t width, uint32_t is_write, uint64_t *value)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	vr_fake_host_on_vcpu(f, vcpu, "mmio.access");
	if (width != 1 && width != 2 && width != 4 && width != 8) {
		vr_fake_host_note(f, "mmio.access: a width of %u bytes", width);
		return VR_E_INVAL;
	}
	return vr_fake_host_access(f, space, vcpu, address, width, is_write, value);
}

extern const struct vr_host_mmio vr_fake_host_mmio;
const struct vr_host_mmio vr_fake_host_mmio = {
	.size = sizeof(vr_fake_host_mmio), .attach = attach, .access = access_};

/* ---- vmrun.irq/1 ------------------------------------------------------------------------------------- */

static int32_t VR_CALL set_controller(const struct vr_host *host, const struct vr_irq_controller *c,
				      void *opaque)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc;

	vr_fake_host_on_main(f, "irq.set_controller");
	if (!VR_HAS(c, set)) {
		vr_fake_host_note(f, "irq.set_controller was given a controller without set()");
		return VR_E_INVAL;
	}
	rc = vr_fake_host_request(f, "irq.set_controller");
	if (rc < 0)
		return rc;
	f->controller = c;
	f->controller_opaque = opaque;
	return VR_OK;
}

static void VR_CALL set(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (vcpu != VR_IRQ_SHARED && vcpu >= f->vcpu_count)
		vr_fake_host_note(f, "irq.set was called for vCPU %u of %u", vcpu, f->vcpu_count);
	if (vcpu == VR_IRQ_SHARED && line < VR_FAKE_HOST_LINES) {
		uint32_t was = __atomic_exchange_n(&f->line[line], level, __ATOMIC_SEQ_CST);

		__atomic_fetch_add(&f->line_rises[line], level && !was, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&f->line_changes[line], 1, __ATOMIC_SEQ_CST);
	}
	vr_fake_host_show_line(f, vcpu, line, level);
	if (f->controller)
		f->controller->set(f->controller_opaque, vcpu, line, level);
	else if (f->on_line)
		f->on_line(f, vcpu, line, level);
}

void vr_fake_host_set_line(struct vr_fake_host *f, uint32_t line, uint32_t level)
{
	set(f->host, VR_IRQ_SHARED, line, level);
}

static void VR_CALL set_pin(const struct vr_host *host, uint32_t vcpu, uint32_t pin, uint32_t level)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (vcpu >= f->vcpu_count || pin >= VR_FAKE_HOST_PINS) {
		vr_fake_host_note(f, "irq.set_pin: pin %u of vCPU %u of %u", pin, vcpu, f->vcpu_count);
		return;
	}
	if (!__atomic_exchange_n(&f->vcpu[vcpu].pin[pin], level != 0, __ATOMIC_SEQ_CST) && level)
		__atomic_fetch_add(&f->vcpu[vcpu].pin_rises[pin], 1, __ATOMIC_SEQ_CST);
	if (f->on_pin)
		f->on_pin(f, vcpu, pin, level);
}

extern const struct vr_host_irq vr_fake_host_irq;
const struct vr_host_irq vr_fake_host_irq = {
	.size = sizeof(vr_fake_host_irq),
	.set_controller = set_controller,
	.set = set,
	.set_pin = set_pin,
};
