/* SPDX-License-Identifier: MIT */
/* accel.cc: an accelerator in C++: interprets the tiny machine (tiny/tiny.h). */
#include <array>
#include <atomic>
#include <memory>

#include <tiny/tiny.h>
#include <vmrun/accel.h>

#include "plugin.hh"

namespace
{

struct Accel {
	explicit Accel(const vr_host &h) : host(h)
	{
	}
	int32_t probe()
	{
		mmio = table_of<vr_host_mmio>(host, VR_MMIO_ID);
		thread = table_of<vr_host_thread>(host, VR_THREAD_ID);
		if (!VR_HAS(mmio, access) || !VR_HAS(thread, park) || !VR_HAS(thread, unpark))
			return fail(host, VR_E_ABI,
				    PLUGIN_ID " needs " VR_MMIO_ID " and " VR_THREAD_ID
					      "; use a newer vmrun");
		return VR_OK;
	}
	const vr_host &host;
	const vr_host_mmio *mmio = nullptr;
	const vr_host_thread *thread = nullptr;
};

struct Slot {
	uint64_t gpa = 0, length = 0;
	uint8_t *host = nullptr;
	uint32_t flags = 0;
};

struct Vcpu;

struct Vm {
	const Accel &accel;
	uint32_t vcpu_count;
	std::array<Slot, 16> slot{};
	std::array<Vcpu *, 8> vcpu{};

	uint8_t *ram(uint64_t address, uint64_t bytes, bool writes)
	{
		for (const auto &s : slot) {
			uint64_t offset = address - s.gpa;

			if (address >= s.gpa && offset < s.length && bytes <= s.length - offset)
				return writes && (s.flags & VR_MEM_READONLY) ? nullptr : s.host + offset;
		}
		return nullptr;
	}
};

struct Vcpu {
	Vm &vm;
	uint32_t index;
	tiny_state s{};
	uint64_t instructions = 0;
	std::atomic<uint32_t> kicked{0}, pins{0};

	Vcpu(Vm &m, uint32_t i) : vm(m), index(i)
	{
		vm.vcpu[index] = this;
	}
	~Vcpu()
	{
		vm.vcpu[index] = nullptr;
	}
	void wake()
	{
		vm.accel.thread->unpark(&vm.accel.host, index);
	}
	int32_t access(uint64_t address, uint32_t bytes, bool write, uint64_t *value)
	{
		uint8_t *at = vm.ram(address, bytes, write);

		if (at && write)
			std::memcpy(at, value, bytes);
		else if (at)
			std::memcpy(value, at, bytes);
		else if (vm.accel.mmio->access(&vm.accel.host, VR_SPACE_MMIO, index, address, bytes, write,
					       value) < 0)
			return fail(vm.accel.host, VR_E_FAULT,
				    PLUGIN_ID ": nothing at address " + std::to_string(address));
		return VR_OK;
	}
	/* One instruction. 1: it waits. */
	int32_t step()
	{
		const uint8_t *code = vm.ram(s.pc, 4, false);
		uint64_t value = 0, next = s.pc + 4;
		uint32_t word;
		int32_t rc = VR_OK;

		if (!code)
			return fail(vm.accel.host, VR_E_FAULT,
				    PLUGIN_ID ": no memory to execute at " + std::to_string(s.pc));
		std::memcpy(&word, code, 4);
		uint64_t &x = s.r[word >> 20 & 15], y = s.r[word >> 16 & 15];
		auto far = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int16_t>(word)));
		switch (word >> 24) {
		case TINY_OP_MOVI:
			x = static_cast<uint64_t>(word & 0xffff) << (word >> 16 & 3) * 16;
			break;
		case TINY_OP_ADD:
			x = y + s.r[word & 15];
			break;
		case TINY_OP_ADDI:
			x = y + far;
			break;
		case TINY_OP_LOAD:
			rc = access(y + far, 4, false, &value);
			if (rc == VR_OK)
				x = static_cast<uint32_t>(value);
			break;
		case TINY_OP_STORE:
			value = static_cast<uint32_t>(x);
			rc = access(y + far, 4, true, &value);
			break;
		case TINY_OP_STOREB:
			value = static_cast<uint8_t>(x);
			rc = access(y + far, 1, true, &value);
			break;
		case TINY_OP_BNE:
			if (x != y)
				next = s.pc + 4 * far;
			break;
		case TINY_OP_WAIT:
			rc = 1;
			break;
		default:
			return fail(vm.accel.host, VR_E_FAULT,
				    PLUGIN_ID ": no such instruction at " + std::to_string(s.pc));
		}
		if (rc < 0)
			return rc;
		s.pc = next;
		instructions++;
		return rc;
	}
	void wait()
	{
		while (!pins) {
			if (kicked) {
				s.pc -= 4;
				return;
			}
			vm.accel.thread->park(&vm.accel.host, index, UINT64_MAX);
		}
	}
};

Vm *vm_of(vr_vm *vm)
{
	return reinterpret_cast<Vm *>(vm);
}
Vcpu *vcpu_of(vr_vcpu *vcpu)
{
	return reinterpret_cast<Vcpu *>(vcpu);
}

int32_t right_state(const Vcpu *v, const char *id, uint32_t length)
{
	if (id && std::strcmp(id, TINY_STATE_ID) == 0 && length == sizeof(tiny_state))
		return VR_OK;
	return fail(v->vm.accel.host, VR_E_UNSUPPORTED, PLUGIN_ID ": a vCPU's state is " TINY_STATE_ID);
}

constexpr vr_accel make_table()
{
	vr_accel t{};

	t.size = sizeof(t);
	t.native_arch = TINY_ARCH;
	t.vm_create = [](vr_plugin_self *self, const vr_vm_config *c, vr_vm **out) -> int32_t {
		const Accel &a = *reinterpret_cast<Accel *>(self);
		std::unique_ptr<Vm> vm(new (std::nothrow) Vm{a, c->vcpu_count, {}, {}});

		if (!c->arch || std::strcmp(c->arch, TINY_ARCH) != 0)
			return fail(a.host, VR_E_UNSUPPORTED, PLUGIN_ID " runs " TINY_ARCH " guests only");
		if (!vm)
			return fail(a.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
		if (c->vcpu_count > vm->vcpu.size())
			return fail(a.host, VR_E_RANGE, PLUGIN_ID ": at most 8 vCPUs; use a smaller --smp");
		*out = reinterpret_cast<vr_vm *>(vm.release());
		return VR_OK;
	};
	t.vm_destroy = [](vr_vm *vm) { delete vm_of(vm); };
	t.memory_map = [](vr_vm *vm, uint32_t slot, uint64_t gpa, uint64_t length, void *host,
			  uint32_t flags) -> int32_t {
		auto &slots = vm_of(vm)->slot;

		if (slot >= slots.size() || slots[slot].length)
			return fail(vm_of(vm)->accel.host, VR_E_RANGE,
				    PLUGIN_ID ": that memory slot can't be had");
		slots[slot].gpa = gpa;
		slots[slot].length = length;
		slots[slot].host = static_cast<uint8_t *>(host);
		slots[slot].flags = flags;
		return VR_OK;
	};
	t.memory_unmap = [](vr_vm *vm, uint32_t slot) -> int32_t {
		auto &slots = vm_of(vm)->slot;

		if (slot >= slots.size() || !slots[slot].length)
			return VR_E_NOENT;
		slots[slot] = Slot();
		return VR_OK;
	};
	t.memory_written = [](vr_vm *, uint64_t, uint64_t) {};
	t.vcpu_create = [](vr_vm *vm, uint32_t index, vr_vcpu **out) -> int32_t {
		auto *v =
			index < vm_of(vm)->vcpu_count ? new (std::nothrow) Vcpu(*vm_of(vm), index) : nullptr;

		if (!v)
			return fail(vm_of(vm)->accel.host, VR_E_NOMEM, PLUGIN_ID ": a vCPU can't be made");
		*out = reinterpret_cast<vr_vcpu *>(v);
		return VR_OK;
	};
	t.vcpu_destroy = [](vr_vcpu *vcpu) { delete vcpu_of(vcpu); };
	t.vcpu_run = [](vr_vcpu *vcpu, vr_exit *exit) -> int32_t {
		Vcpu *v = vcpu_of(vcpu);

		while (!v->kicked.exchange(0)) {
			int32_t rc = v->step();

			if (rc < 0) {
				exit->reason = VR_EXIT_ERROR;
				return rc;
			}
			if (rc == 1)
				v->wait();
		}
		exit->reason = VR_EXIT_KICK;
		return VR_OK;
	};
	t.vcpu_kick = [](vr_vcpu *vcpu) {
		vcpu_of(vcpu)->kicked = 1;
		vcpu_of(vcpu)->wake();
	};
	t.vcpu_set_pin = [](vr_vcpu *vcpu, uint32_t pin, uint32_t level) {
		if (pin > 31)
			return;
		if (level)
			vcpu_of(vcpu)->pins |= 1u << pin;
		else
			vcpu_of(vcpu)->pins &= ~(1u << pin);
		vcpu_of(vcpu)->wake();
	};
	t.vcpu_get_state = [](vr_vcpu *vcpu, const char *id, void *state, uint32_t length) -> int32_t {
		Vcpu *v = vcpu_of(vcpu);
		int32_t rc = right_state(v, id, length);

		v->s.size = sizeof(v->s);
		if (rc == VR_OK)
			std::memcpy(state, &v->s, sizeof(v->s));
		return rc;
	};
	t.vcpu_set_state = [](vr_vcpu *vcpu, const char *id, const void *state, uint32_t length) -> int32_t {
		Vcpu *v = vcpu_of(vcpu);
		int32_t rc = right_state(v, id, length);

		if (rc == VR_OK)
			std::memcpy(&v->s, state, sizeof(v->s));
		return rc;
	};
	t.vm_reset = [](vr_vm *vm) {
		for (Vcpu *v : vm_of(vm)->vcpu)
			if (v) {
				v->s = tiny_state();
				v->s.size = sizeof(v->s);
				v->pins = 0;
			}
	};
	t.stats = [](vr_vm *vm, vr_stat_fn fn, void *opaque) {
		uint64_t sum = 0;

		for (const Vcpu *v : vm_of(vm)->vcpu)
			sum += v ? v->instructions : 0;
		fn(opaque, "instructions", VR_STAT_COUNT, sum);
	};
	return t;
}
constexpr vr_accel table = make_table();

} // namespace

VR_CXX_PLUGIN(Accel, VR_ACCEL_ID, table)
