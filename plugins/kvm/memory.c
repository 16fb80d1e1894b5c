/* SPDX-License-Identifier: MIT */
/* memory.c: guest memory as KVM's slots (KVM API 4.35), and their dirty log (4.8). */
#include <errno.h>
#include <string.h>

#include "debug.h"
#include "kvm.h"

#define PAGE 4096ull

static int set_region(const struct kvmp_vm *vm, uint32_t slot, const struct kvmp_slot *s, uint64_t length)
{
	struct kvm_userspace_memory_region r = {
		.slot = slot,
		.flags = length ? s->flags : 0,
		.guest_phys_addr = s->gpa,
		.memory_size = length,
		.userspace_addr = (uint64_t)(uintptr_t)s->host,
	};

	return kvmp_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r);
}

int32_t VR_CALL kvmp_memory_map(struct vr_vm *vm_, uint32_t slot, uint64_t gpa, uint64_t length, void *host,
				uint32_t flags)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvmp_slot s = {.gpa = gpa, .length = length, .host = host, .used = true};

	if (slot >= KVMP_MAX_SLOTS)
		return kvmp_error(vm->host, VR_E_RANGE, "memory slot %u: there are %u", slot, KVMP_MAX_SLOTS);
	if (vm->slots[slot].used)
		return kvmp_error(vm->host, VR_E_EXISTS, "memory slot %u is in use", slot);
	if (!length || ((gpa | length | (uintptr_t)host) & (PAGE - 1)) || gpa + (length - 1) < gpa)
		return kvmp_error(
			vm->host, VR_E_INVAL,
			"memory slot %u: 0x%llx bytes at 0x%llx: addresses and length must be whole pages",
			slot, (unsigned long long)length, (unsigned long long)gpa);
	if (flags & VR_MEM_READONLY) {
		if (!kvmp_extension(vm->fd, KVM_CAP_READONLY_MEM))
			return kvmp_error(
				vm->host, VR_E_UNSUPPORTED,
				"memory slot %u: this KVM has no read-only memory (KVM_CAP_READONLY_MEM)",
				slot);
		s.flags |= KVM_MEM_READONLY;
	}
	if (set_region(vm, slot, &s, length) < 0) {
		int e = errno;

		return kvmp_error(
			vm->host, kvmp_code_of(e), "KVM refuses memory slot %u, 0x%llx bytes at 0x%llx: %s%s",
			slot, (unsigned long long)length, (unsigned long long)gpa, strerror(e),
			e == EEXIST   ? " (it overlaps another one)"
			: e == EINVAL ? " (beyond what this processor can address?); give the guest less (-m)"
				      : kvmp_remedy(e));
	}
	vm->slots[slot] = s;
	return VR_OK;
}

int32_t VR_CALL kvmp_memory_unmap(struct vr_vm *vm_, uint32_t slot)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);

	if (slot >= KVMP_MAX_SLOTS || !vm->slots[slot].used)
		return kvmp_error(vm->host, VR_E_NOENT, "memory slot %u is not in use", slot);
	if (set_region(vm, slot, &vm->slots[slot], 0) < 0)
		return kvmp_error(vm->host, kvmp_code_of(errno), "KVM does not give memory slot %u back: %s",
				  slot, strerror(errno));
	vm->slots[slot].used = false;
	return VR_OK;
}

/* Only the debugger's points are derived from guest memory here: KVM watches the host's mapping. */
void VR_CALL kvmp_memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	kvmp_debug_written(kvmp_vm_of(vm), gpa, length);
}

static int32_t VR_CALL watch(struct vr_vm *vm_, uint32_t slot, uint32_t on)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvmp_slot *s = slot < KVMP_MAX_SLOTS ? &vm->slots[slot] : NULL;
	uint32_t old;

	if (!s || !s->used)
		return kvmp_error(vm->host, VR_E_NOENT, "dirty log: memory slot %u is not in use", slot);
	old = s->flags;
	s->flags = on ? old | (uint32_t)KVM_MEM_LOG_DIRTY_PAGES : old & ~(uint32_t)KVM_MEM_LOG_DIRTY_PAGES;
	if (s->flags == old || set_region(vm, slot, s, s->length) == 0)
		return VR_OK;
	s->flags = old;
	return kvmp_error(vm->host, kvmp_code_of(errno), "dirty log: KVM does not watch memory slot %u: %s",
			  slot, strerror(errno));
}

static int32_t VR_CALL take(struct vr_vm *vm_, uint32_t slot, uint64_t *bitmap, uint64_t bytes)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	const struct kvmp_slot *s = slot < KVMP_MAX_SLOTS ? &vm->slots[slot] : NULL;
	struct kvm_dirty_log log = {.slot = slot, .dirty_bitmap = bitmap};

	if (!s || !s->used || !(s->flags & KVM_MEM_LOG_DIRTY_PAGES))
		return kvmp_error(vm->host, VR_E_STATE, "dirty log: memory slot %u is not watched", slot);
	/* The kernel writes whole 64-bit words. */
	if (!bitmap || bytes < (s->length / PAGE + 63) / 64 * 8)
		return kvmp_error(vm->host, VR_E_RANGE, "dirty log: no room for the bits of memory slot %u",
				  slot);
	if (kvmp_ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log) < 0)
		return kvmp_error(vm->host, kvmp_code_of(errno), "dirty log of memory slot %u: %s", slot,
				  strerror(errno));
	return VR_OK;
}

const struct vr_dirty kvmp_dirty_table = {
	.size = sizeof(kvmp_dirty_table),
	.watch = watch,
	.take = take,
};
