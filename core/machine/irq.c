/* SPDX-License-Identifier: MIT */
/* irq.c: interrupt lines, vmrun.irq/1: from devices to the board's controller, from it to vCPU pins. */
#include "common/error.h"
#include "machine/parts.h"

static int32_t VR_CALL irq_set_controller(const struct vr_host *host, const struct vr_irq_controller *c,
					  void *opaque)
{
	struct machine *m = machine_of(host);

	if (!m)
		return vr_error_set(VR_E_STATE, "interrupt controller: there is no machine yet");
	if (!VR_HAS(c, set))
		return vr_error_set(VR_E_INVAL, "interrupt controller: 'set' is missing");
	if (m->irq)
		return vr_error_set(VR_E_EXISTS, "this machine has a root interrupt controller already");
	m->irq_opaque = opaque;
	m->irq = c;
	return VR_OK;
}

static void VR_CALL irq_set(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct machine *m = machine_of(host);

	if (m && m->device_trace)
		device_trace_line(m, vcpu, line, level);
	if (m && m->irq)
		m->irq->set(m->irq_opaque, vcpu, line, level);
}

static void VR_CALL irq_set_pin(const struct vr_host *host, uint32_t vcpu, uint32_t pin, uint32_t level)
{
	struct machine *m = machine_of(host);
	struct vcpu *v;
	struct vr_vcpu *handle;

	if (!m || vcpu >= m->vcpu_count || pin >= 64)
		return;
	v = &m->vcpu[vcpu];
	handle = atomic_load_explicit(&v->handle, memory_order_acquire);
	if (!handle) {
		/* Not there yet: remembered, and applied when it is. */
		pthread_mutex_lock(&m->lock);
		handle = atomic_load_explicit(&v->handle, memory_order_relaxed);
		if (!handle && level)
			v->early_pins |= 1ull << pin;
		else if (!handle)
			v->early_pins &= ~(1ull << pin);
		pthread_mutex_unlock(&m->lock);
	}
	if (handle)
		m->accel->vcpu_set_pin(handle, pin, level);
}

const struct vr_host_irq irq_table = {
	.size = sizeof(struct vr_host_irq),
	.set_controller = irq_set_controller,
	.set = irq_set,
	.set_pin = irq_set_pin,
};
