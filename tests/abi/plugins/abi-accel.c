/* SPDX-License-Identifier: MIT */
/*
 * abi-accel.c: an accelerator for the tests of the ABI: interprets the teaching machine (sdk/examples/teach).
 * Uses nothing that ABI 1.0 has not, so that it can be built against the headers of any release.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/accel.h>
#include <vmrun/plugin.h>

#include "teach.h"

#define SLOTS 8

struct plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	const struct vr_host_machine *machine;
	const struct vr_host_thread *thread;
};

struct vm {
	const struct plugin *p;
	struct {
		uint64_t gpa, length;
		uint8_t *host;
	} slot[SLOTS];
	uint64_t written, insns;
};

static inline struct vm *vm_of(struct vr_vm *vm)
{
	return (struct vm *)vm;
}

struct vcpu {
	struct vm *vm;
	uint32_t index;
	atomic_uint kicked, halted;
	struct teach_state s;
};

static inline struct vcpu *vcpu_of(struct vr_vcpu *vcpu)
{
	return (struct vcpu *)vcpu;
}

static uint8_t *ram(const struct vm *vm, uint64_t gpa, uint64_t n)
{
	for (int i = 0; i < SLOTS; i++)
		if (vm->slot[i].length && gpa >= vm->slot[i].gpa &&
		    gpa - vm->slot[i].gpa < vm->slot[i].length &&
		    n <= vm->slot[i].length - (gpa - vm->slot[i].gpa))
			return vm->slot[i].host + (gpa - vm->slot[i].gpa);
	return NULL;
}

static int32_t load(struct vcpu *v, uint64_t at, uint32_t n, uint64_t *value)
{
	const uint8_t *p = ram(v->vm, at, n);

	*value = 0;
	if (!p)
		return v->vm->p->mmio->access(v->vm->p->host, VR_SPACE_MMIO, v->index, at, n, 0, value);
	memcpy(value, p, n);
	return VR_OK;
}

static int32_t store(struct vcpu *v, uint64_t at, uint32_t n, uint64_t value)
{
	uint8_t *p = ram(v->vm, at, n);

	if (!p)
		return v->vm->p->mmio->access(v->vm->p->host, VR_SPACE_MMIO, v->index, at, n, 1, &value);
	memcpy(p, &value, n);
	return VR_OK;
}

static int32_t step(struct vcpu *v)
{
	const struct plugin *p = v->vm->p;
	const uint8_t *code = ram(v->vm, v->s.pc, TEACH_INSN);
	uint64_t *r = v->s.r, next = v->s.pc + TEACH_INSN, to, imm, a, b;
	int32_t imm32, rc = VR_OK;
	uint32_t rd;

	if (!code)
		return VR_E_RANGE;
	memcpy(&imm32, code + 4, 4);
	imm = (uint64_t)(int64_t)imm32;
	to = v->s.pc + imm;
	rd = code[1] % TEACH_REGS;
	a = r[code[2] % TEACH_REGS];
	b = r[code[3] % TEACH_REGS];
	v->vm->insns++;
	switch (code[0]) {
	case TEACH_HALT:
		p->machine->power(p->host, VR_POWER_OFF, (int32_t)(a & 0xff));
		atomic_store(&v->halted, 1);
		return VR_OK;
	case TEACH_LI:
		r[rd] = imm;
		break;
	case TEACH_ADD:
		r[rd] = a + b;
		break;
	case TEACH_ADDI:
		r[rd] = a + imm;
		break;
	case TEACH_SUB:
		r[rd] = a - b;
		break;
	case TEACH_MUL:
		r[rd] = a * b;
		break;
	case TEACH_DIV:
		r[rd] = b ? a / b : 0;
		break;
	case TEACH_REM:
		r[rd] = b ? a % b : a;
		break;
	case TEACH_LD:
		rc = load(v, a + imm, 8, &r[rd]);
		break;
	case TEACH_LDB:
		rc = load(v, a + imm, 1, &r[rd]);
		break;
	case TEACH_ST:
		rc = store(v, a + imm, 8, r[rd]);
		break;
	case TEACH_STB:
		rc = store(v, a + imm, 1, r[rd]);
		break;
	case TEACH_BEQ:
		next = a == b ? to : next;
		break;
	case TEACH_BLT:
		next = a < b ? to : next;
		break;
	case TEACH_CALL:
		r[TEACH_LINK] = next;
		next = to;
		break;
	case TEACH_RET:
		next = r[TEACH_LINK];
		break;
	default:
		rc = VR_E_UNSUPPORTED;
		break;
	}
	v->s.pc = next;
	return rc;
}

/* ---- vmrun.accel/1 ---- */

static int32_t VR_CALL vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c,
				 struct vr_vm **out)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return VR_E_NOMEM;
	vm->p = (const struct plugin *)self;
	if (c->vcpu_count != 1 || strcmp(c->arch, "teach") != 0) {
		free(vm);
		return VR_E_CONFIG;
	}
	*out = (struct vr_vm *)vm;
	return VR_OK;
}

static void VR_CALL vm_destroy(struct vr_vm *vm)
{
	free(vm);
}

static int32_t VR_CALL memory_map(struct vr_vm *handle, uint32_t slot, uint64_t gpa, uint64_t length,
				  void *host, uint32_t flags)
{
	struct vm *vm = vm_of(handle);

	(void)flags;
	if (slot >= SLOTS)
		return VR_E_RANGE;
	vm->slot[slot].gpa = gpa;
	vm->slot[slot].length = length;
	vm->slot[slot].host = host;
	return VR_OK;
}

static int32_t VR_CALL memory_unmap(struct vr_vm *handle, uint32_t slot)
{
	struct vm *vm = vm_of(handle);

	vm->slot[slot].length = 0;
	return VR_OK;
}

static void VR_CALL memory_written(struct vr_vm *handle, uint64_t gpa, uint64_t length)
{
	struct vm *vm = vm_of(handle);

	(void)gpa;
	__atomic_fetch_add(&vm->written, length, __ATOMIC_RELAXED);
}

static int32_t VR_CALL vcpu_create(struct vr_vm *handle, uint32_t index, struct vr_vcpu **out)
{
	struct vcpu *v = calloc(1, sizeof(*v));

	if (!v)
		return VR_E_NOMEM;
	v->vm = vm_of(handle);
	v->index = index;
	*out = (struct vr_vcpu *)v;
	return VR_OK;
}

static void VR_CALL vcpu_destroy(struct vr_vcpu *vcpu)
{
	free(vcpu);
}

static int32_t VR_CALL vcpu_run(struct vr_vcpu *handle, struct vr_exit *e)
{
	struct vcpu *v = vcpu_of(handle);
	const struct plugin *p = v->vm->p;

	while (!atomic_exchange(&v->kicked, 0)) {
		int32_t rc = VR_OK;

		if (atomic_load(&v->halted))
			p->thread->park(p->host, v->index, UINT64_MAX);
		else
			rc = step(v);
		if (rc < 0) {
			p->host->error(p->host, rc, "abi-accel: the program went wrong");
			e->reason = VR_EXIT_ERROR;
			return rc;
		}
	}
	e->reason = VR_EXIT_KICK;
	return VR_OK;
}

static void VR_CALL vcpu_kick(struct vr_vcpu *handle)
{
	struct vcpu *v = vcpu_of(handle);

	atomic_store(&v->kicked, 1);
	v->vm->p->thread->unpark(v->vm->p->host, v->index);
}

static void VR_CALL vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	(void)vcpu;
	(void)pin;
	(void)level;
}

static int32_t VR_CALL vcpu_get_state(struct vr_vcpu *handle, const char *id, void *state, uint32_t length)
{
	struct vcpu *v = vcpu_of(handle);

	if (strcmp(id, TEACH_STATE_ID) != 0 || length < sizeof(v->s))
		return VR_E_UNSUPPORTED;
	memcpy(state, &v->s, sizeof(v->s));
	return VR_OK;
}

static int32_t VR_CALL vcpu_set_state(struct vr_vcpu *handle, const char *id, const void *state,
				      uint32_t length)
{
	struct vcpu *v = vcpu_of(handle);

	if (strcmp(id, TEACH_STATE_ID) != 0 || length < sizeof(v->s))
		return VR_E_UNSUPPORTED;
	memcpy(&v->s, state, sizeof(v->s));
	atomic_store(&v->halted, 0);
	return VR_OK;
}

static void VR_CALL vm_reset(struct vr_vm *vm)
{
	(void)vm;
}

static void VR_CALL stats(struct vr_vm *handle, vr_stat_fn fn, void *opaque)
{
	const struct vm *vm = vm_of(handle);

	fn(opaque, "instructions", VR_STAT_COUNT, vm->insns);
	fn(opaque, "written", VR_STAT_BYTES, vm->written);
}

static const struct vr_accel accel = {
	.size = sizeof(accel),
	.native_arch = "teach",
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

/* ---- life ---- */

static int32_t VR_CALL nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	free(self);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	(void)self;
	return strcmp(id, VR_ACCEL_ID) == 0 ? &accel : NULL;
}

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct plugin *p;

	if (!id || strcmp(id, "abi-accel") != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return VR_E_NOMEM;
	p->host = host;
	p->mmio = host->query(host, VR_MMIO_ID);
	p->machine = host->query(host, VR_MACHINE_ID);
	p->thread = host->query(host, VR_THREAD_ID);
	p->plugin.size = sizeof(p->plugin);
	p->plugin.self = (struct vr_plugin_self *)p;
	p->plugin.probe = nothing;
	p->plugin.start = nothing;
	p->plugin.stop = nothing;
	p->plugin.destroy = destroy;
	p->plugin.query = query;
	*out = &p->plugin;
	return VR_OK;
}
