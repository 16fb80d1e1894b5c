/* SPDX-License-Identifier: MIT */
/* faulty_accel.c: soft, whose table passes through here. */
#define vmrun_plugin_create soft_create
#define vmrun_plugin_magic soft_magic
#include "../../plugins/soft/plugin.c"
#undef vmrun_plugin_create
#undef vmrun_plugin_magic

#include <fcntl.h>
#include <unistd.h>

#include "faulty.h"

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void);
VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out);

static const struct vr_host_mmio *real_mmio;
static struct soft_vm *the_vm;

/* The data of the validator's guests, at 128 KiB of their RAM; NULL: no such guest. */
static uint8_t *guest_data(void)
{
	const uint64_t at = 0x20000;

	return the_vm && the_vm->memslots[0].used && the_vm->memslots[0].length > at + 0x1000
		       ? (uint8_t *)the_vm->memslots[0].host + at
		       : NULL;
}

/* Of its 64-bit values the i-th, if it is `from`, becomes `to`. */
static void spoil(uint32_t i, uint64_t from, uint64_t to)
{
	uint8_t *data = guest_data();

	if (data && !memcmp(data + 8 * i, &from, sizeof(from)))
		memcpy(data + 8 * i, &to, sizeof(to));
}

static int32_t VR_CALL access_(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
			       uint32_t width, uint32_t is_write, uint64_t *value)
{
	int32_t rc;

	if (FAULT(device_width) && width == 8)
		width = 4;
	if (FAULT(patch_unseen) && is_write && width == 4 && (uint32_t)*value == 0x54)
		spoil(1, 2, 1); /* what the function gave after it was changed, at the end of that guest */
	if (FAULT(vcpu_mixed) && vcpu)
		vcpu--;
	rc = real_mmio->access(host, space, vcpu, address, width, is_write, value);
	if (FAULT(unmapped_zero) && rc == VR_E_NOENT) {
		*value = 0;
		return VR_OK;
	}
	return rc;
}
static const struct vr_host_mmio mmio = {.size = sizeof(mmio), .access = access_};

static int32_t VR_CALL faulty_vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c,
					struct vr_vm **out)
{
	int32_t rc;

	if (FAULT(refuses_silently) && !c->isa)
		return VR_E_CONFIG;
	rc = soft_accel.vm_create(self, c, out);
	if (rc < 0)
		return rc;
	the_vm = (struct soft_vm *)*out;
	real_mmio = ((struct soft_vm *)*out)->mmio;
	((struct soft_vm *)*out)->mmio = &mmio;
	return rc;
}

static int32_t VR_CALL faulty_memory_map(struct vr_vm *vm, uint32_t slot, uint64_t gpa, uint64_t length,
					 void *host, uint32_t flags)
{
	if (FAULT(slots_mixed) && slot < SOFT_MAX_MEMSLOTS && ((struct soft_vm *)vm)->memslots[slot].used)
		return VR_OK;
	return soft_accel.memory_map(vm, slot, gpa, length, host,
				     FAULT(rom_writable) ? flags & ~VR_MEM_READONLY : flags);
}

static void VR_CALL faulty_memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	if (!FAULT(written_ignored))
		soft_accel.memory_written(vm, gpa, length);
}

static int32_t VR_CALL faulty_vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);
	int32_t rc;

	if (FAULT(kick_lost))
		__atomic_and_fetch(&v->x->exit_request, ~SOFT_REQ_KICK, __ATOMIC_SEQ_CST);
	if (FAULT(opens_running)) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
	}
	rc = soft_accel.vcpu_run(vcpu, exit);
	if (FAULT(store_lost))
		spoil(64, 0xef, 0);
	if (FAULT(call_lost))
		spoil(0, 0x7777, 0);
	if (FAULT(kick_twice) && v->n.kicks % 2)
		soft_accel.vcpu_kick(vcpu);
	return rc;
}

static void VR_CALL faulty_vcpu_kick(struct vr_vcpu *vcpu)
{
	static _Atomic uint32_t kicks;

	if (FAULT(kick_rare) && ++kicks % 700 == 0)
		return;
	if (FAULT(kick_asleep))
		soft_request(((struct soft_vcpu *)vcpu)->x, SOFT_REQ_KICK);
	else
		soft_accel.vcpu_kick(vcpu);
}

static void VR_CALL faulty_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	if (!FAULT(pin_lost))
		soft_accel.vcpu_set_pin(vcpu, pin, level);
}

static int32_t VR_CALL faulty_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length)
{
	if (FAULT(state_any_id))
		id = ((struct soft_vcpu *)vcpu)->vm->isa->state_id;
	return soft_accel.vcpu_get_state(vcpu, id, state, length);
}

static int32_t VR_CALL faulty_set_state(struct vr_vcpu *vcpu, const char *id, const void *state,
					uint32_t length)
{
	uint64_t copy[4096];

	if (!FAULT(state_forgets) || length > sizeof(copy))
		return soft_accel.vcpu_set_state(vcpu, id, state, length);
	memcpy(copy, state, length);
	copy[8] = 0; /* the eighth register, on arm64 and riscv64 */
	return soft_accel.vcpu_set_state(vcpu, id, copy, length);
}

static void VR_CALL faulty_reset(struct vr_vm *vm)
{
	if (!FAULT(reset_stale))
		soft_accel.vm_reset(vm);
}

static void VR_CALL faulty_stats(struct vr_vm *vm, vr_stat_fn fn, void *opaque)
{
	soft_accel.stats(vm, fn, opaque);
	if (FAULT(stat_nameless))
		fn(opaque, "", VR_STAT_COUNT, 0);
}

static struct vr_accel table;
static struct vr_plugin own;

static int32_t VR_CALL faulty_set_points(struct vr_vm *vm, const struct vr_stop_point *points, uint32_t count,
					 uint32_t stride)
{
	return FAULT(points_ignored) ? VR_OK : soft_debugger.set_points(vm, points, count, stride);
}
static struct vr_debugger debugger;

static const void *VR_CALL faulty_query(struct vr_plugin_self *self, const char *id)
{
	if (FAULT(no_accel_table) && !strcmp(id, VR_ACCEL_ID))
		return NULL;
	if (!strcmp(id, VR_DEBUGGER_ID)) {
		debugger = soft_debugger;
		debugger.set_points = faulty_set_points;
		return &debugger;
	}
	return vr_plugin_instance_query(self, id) ? &table : NULL;
}

const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	return soft_magic();
}

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	const struct vr_plugin *p;
	int32_t rc;

	if (!id || strcmp(id, "faulty") != 0)
		return VR_E_NOENT;
	rc = soft_create(host, "soft", &p);
	if (rc < 0)
		return rc;
	table = soft_accel;
	table.vm_create = faulty_vm_create;
	table.memory_map = faulty_memory_map;
	table.memory_written = faulty_memory_written;
	table.vcpu_run = faulty_vcpu_run;
	table.vcpu_kick = faulty_vcpu_kick;
	table.vcpu_set_pin = faulty_set_pin;
	table.vcpu_get_state = faulty_get_state;
	table.vcpu_set_state = faulty_set_state;
	table.vm_reset = faulty_reset;
	table.stats = faulty_stats;
	own = *p;
	own.query = faulty_query;
	*out = &own;
	return VR_OK;
}
