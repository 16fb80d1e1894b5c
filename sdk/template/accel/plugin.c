/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: an accelerator: it runs the vCPUs of the tiny machine by interpreting them.
 *
 * What each function must do, and on which thread it is called, is in <vmrun/accel.h>. In short: the core
 * makes one thread a vCPU and calls vcpu_run on it again and again; vcpu_kick and vcpu_set_pin come from any
 * thread, so what they touch is atomic. Put your own engine in place of step(); the rest is what every
 * accelerator has.
 */
#include <host_error.h>
#include <plugin_entry.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiny/tiny.h>
#include <vmrun/accel.h>
#include <vmrun/plugin.h>

#define SLOTS_MAX 16
#define VCPUS_MAX 8

struct self {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_mmio *mmio;
	const struct vr_host_thread *thread;
};

static inline struct self *self_of(struct vr_plugin_self *self)
{
	return (struct self *)self;
}

struct slot {
	uint64_t gpa, length;
	uint8_t *host;
	uint32_t flags;
};

struct vcpu;
struct vm {
	struct self *self;
	uint32_t vcpu_count;
	struct slot slot[SLOTS_MAX]; /* length 0: free */
	struct vcpu *vcpu[VCPUS_MAX];
};

static inline struct vm *vm_of(struct vr_vm *vm)
{
	return (struct vm *)vm;
}

struct vcpu {
	struct vm *vm;
	uint32_t index;
	struct tiny_state s;
	uint64_t instructions;
	uint32_t kicked; /* atomic */
	uint32_t pins;   /* atomic; bit n: pin n is high */
};

static inline struct vcpu *vcpu_of(struct vr_vcpu *vcpu)
{
	return (struct vcpu *)vcpu;
}

/* ---- the engine ---- */

/* The host address of guest memory, or NULL: not RAM (or, for writes, read-only). */
static uint8_t *ram(struct vm *vm, uint64_t address, uint64_t bytes, int writes)
{
	for (int i = 0; i < SLOTS_MAX; i++) {
		const struct slot *s = &vm->slot[i];
		uint64_t offset = address - s->gpa;

		if (address >= s->gpa && offset < s->length && bytes <= s->length - offset)
			return writes && (s->flags & VR_MEM_READONLY) ? NULL : s->host + offset;
	}
	return NULL;
}

/* One access; 0, or an error. */
static int32_t access_memory(struct vcpu *v, uint64_t address, uint32_t bytes, uint32_t is_write,
			     uint64_t *value)
{
	const struct self *p = v->vm->self;
	uint8_t *at = ram(v->vm, address, bytes, is_write != 0);

	if (at && is_write)
		memcpy(at, value, bytes); /* both are little-endian here */
	else if (at)
		memcpy(value, at, bytes);
	else if (p->mmio->access(p->instance.host, VR_SPACE_MMIO, v->index, address, bytes, is_write, value) <
		 0)
		return vr_host_error(p->instance.host, VR_E_FAULT,
				     PLUGIN_ID ": nothing at 0x%" PRIx64
					       ", which the guest accesses at 0x%" PRIx64,
				     address, v->s.pc);
	return VR_OK;
}

/* One instruction. 1: it waits for an interrupt; 0; or an error. */
static int32_t step(struct vcpu *v)
{
	const struct self *p = v->vm->self;
	uint64_t *r = v->s.r, value = 0, next = v->s.pc + 4, far;
	const uint8_t *code = ram(v->vm, v->s.pc, 4, 0);
	uint32_t word, opcode, x, y;
	int32_t rc = VR_OK;

	if (!code)
		return vr_host_error(p->instance.host, VR_E_FAULT,
				     PLUGIN_ID ": no memory to execute at 0x%" PRIx64, v->s.pc);
	memcpy(&word, code, 4);
	opcode = word >> 24;
	x = word >> 20 & 15;
	y = word >> 16 & 15;
	far = (uint64_t)(int64_t)(int16_t)word;
	switch (opcode) {
	case TINY_OP_MOVI:
		r[x] = (uint64_t)(word & 0xffff) << (y & 3) * 16;
		break;
	case TINY_OP_ADD:
		r[x] = r[y] + r[word & 15];
		break;
	case TINY_OP_ADDI:
		r[x] = r[y] + far;
		break;
	case TINY_OP_LOAD:
		rc = access_memory(v, r[y] + far, 4, 0, &value);
		if (rc == VR_OK)
			r[x] = (uint32_t)value;
		break;
	case TINY_OP_STORE:
	case TINY_OP_STOREB:
		value = opcode == TINY_OP_STORE ? (uint32_t)r[x] : (uint8_t)r[x];
		rc = access_memory(v, r[y] + far, opcode == TINY_OP_STORE ? 4 : 1, 1, &value);
		break;
	case TINY_OP_BNE:
		if (r[x] != r[y])
			next = v->s.pc + 4 * far;
		break;
	case TINY_OP_WAIT:
		rc = 1;
		break;
	default:
		return vr_host_error(p->instance.host, VR_E_FAULT,
				     PLUGIN_ID ": 0x%08x at 0x%" PRIx64 " is no instruction", word, v->s.pc);
	}
	if (rc < 0)
		return rc;
	v->s.pc = next;
	v->instructions++;
	return rc;
}

/* WAIT. A permit that comes before park() is kept, so no wake-up is lost between the look and the sleep. */
static void wait_for_interrupt(struct vcpu *v)
{
	const struct self *p = v->vm->self;

	while (!__atomic_load_n(&v->pins, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&v->kicked, __ATOMIC_ACQUIRE)) {
			v->s.pc -= 4; /* not woken by what it waits for: it will wait again */
			return;
		}
		p->thread->park(p->instance.host, v->index, UINT64_MAX);
	}
}

/* ---- vmrun.accel/1: vCPUs ---- */

static int32_t VR_CALL vcpu_create(struct vr_vm *vm_, uint32_t index, struct vr_vcpu **out)
{
	struct vm *vm = vm_of(vm_);
	struct vcpu *v = index < vm->vcpu_count ? calloc(1, sizeof(*v)) : NULL;

	if (!v)
		return vr_host_error(vm->self->instance.host, VR_E_NOMEM, PLUGIN_ID ": vCPU %u can't be made",
				     index);
	v->vm = vm;
	v->index = index;
	vm->vcpu[index] = v;
	*out = (struct vr_vcpu *)v;
	return VR_OK;
}

static void VR_CALL vcpu_destroy(struct vr_vcpu *vcpu)
{
	struct vcpu *v = vcpu_of(vcpu);

	v->vm->vcpu[v->index] = NULL;
	free(v);
}

static int32_t VR_CALL vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit)
{
	struct vcpu *v = vcpu_of(vcpu);

	while (!__atomic_exchange_n(&v->kicked, 0, __ATOMIC_ACQUIRE)) {
		int32_t rc = step(v);

		if (rc < 0) {
			exit->reason = VR_EXIT_ERROR;
			return rc;
		}
		if (rc == 1)
			wait_for_interrupt(v);
	}
	exit->reason = VR_EXIT_KICK;
	return VR_OK;
}

static void VR_CALL vcpu_kick(struct vr_vcpu *vcpu)
{
	struct vcpu *v = vcpu_of(vcpu);

	__atomic_store_n(&v->kicked, 1, __ATOMIC_RELEASE);
	v->vm->self->thread->unpark(v->vm->self->instance.host, v->index);
}

static void VR_CALL vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	struct vcpu *v = vcpu_of(vcpu);

	if (pin > 31)
		return;
	if (level)
		__atomic_fetch_or(&v->pins, 1u << pin, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(&v->pins, ~(1u << pin), __ATOMIC_RELEASE);
	v->vm->self->thread->unpark(v->vm->self->instance.host, v->index);
}

static int32_t check_state(const struct vcpu *v, const char *id, uint32_t length)
{
	if (id && strcmp(id, TINY_STATE_ID) == 0 && length == sizeof(struct tiny_state))
		return VR_OK;
	return vr_host_error(v->vm->self->instance.host, VR_E_UNSUPPORTED,
			     PLUGIN_ID ": a vCPU's state is " TINY_STATE_ID ", not %s", id ? id : "(none)");
}

static int32_t VR_CALL vcpu_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length)
{
	struct vcpu *v = vcpu_of(vcpu);
	int32_t rc = check_state(v, id, length);

	if (rc == VR_OK) {
		v->s.size = sizeof(v->s);
		memcpy(state, &v->s, sizeof(v->s));
	}
	return rc;
}

static int32_t VR_CALL vcpu_set_state(struct vr_vcpu *vcpu, const char *id, const void *state,
				      uint32_t length)
{
	struct vcpu *v = vcpu_of(vcpu);
	int32_t rc = check_state(v, id, length);

	if (rc == VR_OK)
		memcpy(&v->s, state, sizeof(v->s));
	return rc;
}

/* ---- vmrun.accel/1: the machine ---- */

static int32_t VR_CALL vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c,
				 struct vr_vm **out)
{
	struct self *p = self_of(self);
	struct vm *vm;

	if (!c->arch || strcmp(c->arch, TINY_ARCH) != 0)
		return vr_host_error(p->instance.host, VR_E_UNSUPPORTED,
				     PLUGIN_ID " runs " TINY_ARCH " guests, not %s",
				     c->arch ? c->arch : "(none)");
	if (c->vcpu_count > VCPUS_MAX)
		return vr_host_error(p->instance.host, VR_E_RANGE,
				     PLUGIN_ID ": %u vCPUs: at most %d; use a smaller --smp", c->vcpu_count,
				     VCPUS_MAX);
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return vr_host_error(p->instance.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
	vm->self = p;
	vm->vcpu_count = c->vcpu_count;
	*out = (struct vr_vm *)vm;
	return VR_OK;
}

static void VR_CALL vm_destroy(struct vr_vm *vm)
{
	free(vm);
}

static int32_t VR_CALL memory_map(struct vr_vm *vm_, uint32_t slot, uint64_t gpa, uint64_t length, void *host,
				  uint32_t flags)
{
	struct vm *vm = vm_of(vm_);

	if (slot >= SLOTS_MAX || vm->slot[slot].length)
		return vr_host_error(vm->self->instance.host, VR_E_RANGE,
				     PLUGIN_ID ": memory slot %u can't be had", slot);
	vm->slot[slot] = (struct slot){.gpa = gpa, .length = length, .host = host, .flags = flags};
	return VR_OK;
}

static int32_t VR_CALL memory_unmap(struct vr_vm *vm_, uint32_t slot)
{
	struct vm *vm = vm_of(vm_);

	if (slot >= SLOTS_MAX || !vm->slot[slot].length)
		return VR_E_NOENT;
	vm->slot[slot] = (struct slot){0};
	return VR_OK;
}

/* An engine that keeps translated code drops here what it made from these bytes. */
static void VR_CALL memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	(void)vm, (void)gpa, (void)length;
}

static void VR_CALL vm_reset(struct vr_vm *vm_)
{
	struct vm *vm = vm_of(vm_);

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		if (!vm->vcpu[i])
			continue;
		vm->vcpu[i]->s = (struct tiny_state){.size = sizeof(struct tiny_state)};
		__atomic_store_n(&vm->vcpu[i]->pins, 0, __ATOMIC_RELEASE);
	}
}

static void VR_CALL stats(struct vr_vm *vm_, vr_stat_fn fn, void *opaque)
{
	struct vm *vm = vm_of(vm_);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		sum += vm->vcpu[i] ? vm->vcpu[i]->instructions : 0;
	fn(opaque, "instructions", VR_STAT_COUNT, sum);
}

static const struct vr_accel accel = {
	.size = sizeof(accel),
	.native_arch = TINY_ARCH,
	.vm_create = vm_create,
	.vm_destroy = vm_destroy,
	.memory_map = memory_map,
	.memory_unmap = memory_unmap,
	.memory_written = memory_written,
	.vcpu_create = vcpu_create,
	.vcpu_destroy = vcpu_destroy,
	.vcpu_run = vcpu_run,
	.vcpu_kick = vcpu_kick,
	.vcpu_set_pin = vcpu_set_pin,
	.vcpu_get_state = vcpu_get_state,
	.vcpu_set_state = vcpu_set_state,
	.vm_reset = vm_reset,
	.stats = stats,
};

/* ---- the plugin's life ---- */

/* Usable on this machine? A hypervisor's plugin opens its device here, or says why it can't and what to do.
 */
static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct self *p = self_of(self);
	const struct vr_host *host = p->instance.host;

	p->mmio = host->query(host, VR_MMIO_ID);
	p->thread = host->query(host, VR_THREAD_ID);
	if (!VR_HAS(p->mmio, access) || !VR_HAS(p->thread, park) || !VR_HAS(p->thread, unpark))
		return vr_host_error(host, VR_E_ABI,
				     PLUGIN_ID " needs " VR_MMIO_ID " and " VR_THREAD_ID
					       "; use a newer vmrun");
	return VR_OK;
}

VR_PLUGIN(PLUGIN_ID, struct self, VR_ACCEL_ID, &accel, probe)
