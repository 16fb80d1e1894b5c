/* SPDX-License-Identifier: MIT */
/* translator.cc: a guest architecture in C++: the tiny machine, as IR. An installed emitter compiles it. */
#include <atomic>

#include <tiny/tiny.h>
#include <vmrun/isa.h>
#include <xlate/ir/build.h>

#include "plugin.hh"

namespace
{

struct Self {
	explicit Self(const vr_host &)
	{
	}
	int32_t probe()
	{
		return VR_OK;
	}
};

struct Cpu {
	const vr_host_machine *machine;
	const vr_host_log *log;
	std::atomic<uint32_t> pins;
	uint32_t stopped;
};

Cpu &cpu_of(vr_exec *x)
{
	return *reinterpret_cast<Cpu *>(reinterpret_cast<uint8_t *>(x) + VR_EXEC_STATE);
}

/* No exceptions: the machine ends, and this vCPU sleeps until then. */
void end(vr_exec *x, const char *what, uint64_t value)
{
	Cpu &c = cpu_of(x);

	if (!c.stopped && c.log)
		c.log->write(x->env->host, VR_LOG_ERROR,
			     (std::string(PLUGIN_ID ": ") + what + " " + std::to_string(value)).c_str());
	c.stopped = 1;
	c.machine->power(x->env->host, VR_POWER_CRASH, 1);
	x->env->wait(x);
}

enum Helper : uint32_t { H_UNDEFINED, H_WAIT, HELPERS };

struct Tables {
	vr_guest_reg reg[16]{};
	vr_helper helper[HELPERS]{};
	vr_isa isa{};
	constexpr Tables();
};

constexpr const char *names[16] = {"r0", "r1", "r2",  "r3",  "r4",  "r5",  "r6",  "r7",
			       "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};

class Lifter
{
      public:
	Lifter(vr_ir *ir, uint64_t at) : ir_(ir), at_(at)
	{
	}
	bool done = false;

	void one(uint32_t word)
	{
		uint32_t x = word >> 20 & 15, y = word >> 16 & 15;
		auto disp = static_cast<int16_t>(word);
		auto far = static_cast<uint64_t>(static_cast<int64_t>(disp));

		add(VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, at_);
		switch (word >> 24) {
		case TINY_OP_MOVI:
			/* y 0 to 3 alone is an instruction in the template's table; here others are undefined too. */
			if (y > 3)
				return undefined(word);
			put(x, constant(static_cast<uint64_t>(word & 0xffff) << y * 16));
			break;
		case TINY_OP_ADD: {
			uint32_t a = get(y);

			put(x, add(VR_IR_ADD, VR_T_I64, 0, a, get(word & 15), 0));
			break;
		}
		case TINY_OP_ADDI: {
			uint32_t a = get(y);

			put(x, add(VR_IR_ADD, VR_T_I64, 0, a, constant(far), 0));
			break;
		}
		case TINY_OP_LOAD:
			put(x, add(VR_IR_LOAD, VR_T_I64, 2, get(y), 0, VR_MEM_IMM(disp, 0)));
			break;
		case TINY_OP_STORE:
		case TINY_OP_STOREB: {
			uint32_t a = get(y);

			add(VR_IR_STORE, VR_T_I64, word >> 24 == TINY_OP_STORE ? 2 : 0, a, get(x),
			    VR_MEM_IMM(disp, 0));
			break;
		}
		case TINY_OP_BNE: {
			uint32_t a = get(x);

			add(VR_IR_BRCMP, VR_T_I64, VR_CC_NE, a, get(y), at_ + 4 * far);
			done = true;
			break;
		}
		case TINY_OP_WAIT:
			add(VR_IR_CALL, VR_T_I64, 0, 0, 0, H_WAIT);
			add(VR_IR_EXIT_TO, VR_T_NONE, 0, 0, 0, at_ + 4);
			done = true;
			break;
		default:
			return undefined(word);
		}
	}
	void next()
	{
		at_ += 4;
	}
	uint64_t at() const
	{
		return at_;
	}

      private:
	uint32_t add(uint32_t op, uint32_t type, uint32_t aux, uint32_t a, uint32_t b, uint64_t imm)
	{
		return vr_ir_add(ir_, op, type, aux, a, b, 0, imm);
	}
	uint32_t get(uint32_t r)
	{
		return vr_ir_get(ir_, VR_T_I64, r);
	}
	void put(uint32_t r, uint32_t value)
	{
		vr_ir_put(ir_, VR_T_I64, r, value);
	}
	uint32_t constant(uint64_t value)
	{
		return vr_ir_const(ir_, VR_T_I64, value);
	}
	void undefined(uint32_t word)
	{
		add(VR_IR_CALL, VR_T_I64, 0, constant(word), 0, H_UNDEFINED);
		add(VR_IR_EXIT_TO, VR_T_NONE, 0, 0, 0, at_);
		done = true;
	}
	vr_ir *ir_;
	uint64_t at_;
};

int32_t lift(const vr_isa_vm *, const vr_lift *rq, vr_ir *ir)
{
	Lifter l(ir, rq->offset);
	vr_ir_block b;

	if (rq->length < 4)
		return VR_E_AGAIN;
	int32_t rc = vr_ir_block_begin(ir, rq->offset, &b);
	if (rc < 0)
		return rc;
	while (!l.done && b.insns < rq->max_insns && 4 * (b.insns + 1) <= rq->length) {
		uint32_t word;

		std::memcpy(&word, rq->code + 4 * b.insns, 4);
		l.one(word);
		if (!vr_ir_block_keep(ir, &b)) {
			l.done = false;
			break;
		}
		l.next();
	}
	return vr_ir_block_end(ir, &b, l.at(), l.done);
}

constexpr Tables::Tables()
{
	for (uint32_t i = 0; i < 16; i++) {
		reg[i].offset = 8 * i;
		reg[i].kind = VR_REG_INT;
		reg[i].name = names[i];
	}
	for (auto &h : helper)
		h.flags = VR_HF_PC | VR_HF_READS | VR_HF_MAY_LEAVE;
	helper[H_UNDEFINED].name = "undefined";
	helper[H_UNDEFINED].u.fn = [](vr_exec *x, uint64_t word, uint64_t, uint64_t) -> uint64_t {
		end(x, "there is no instruction", word);
		return 0;
	};
	helper[H_WAIT].name = "wait";
	helper[H_WAIT].u.fn = [](vr_exec *x, uint64_t, uint64_t, uint64_t) -> uint64_t {
		x->env->wait(x);
		return 0;
	};
	isa.size = sizeof(isa);
	isa.state_size = sizeof(Cpu);
	isa.arch = TINY_ARCH;
	isa.state_id = TINY_STATE_ID;
	isa.guest_regs = reg;
	isa.helpers = helper;
	isa.guest_reg_stride = sizeof(vr_guest_reg);
	isa.helper_stride = sizeof(vr_helper);
	isa.code_align_log2 = 2;
	isa.guest_reg_count = 16;
	isa.helper_count = HELPERS;
	isa.init = [](vr_isa_vm *, vr_exec *x, const vr_isa_env *env) -> int32_t {
		Cpu &c = cpu_of(x);

		c.machine = table_of<vr_host_machine>(*env->host, VR_MACHINE_ID);
		c.log = table_of<vr_host_log>(*env->host, VR_LOG_ID);
		return VR_HAS(c.machine, power) ? VR_OK : VR_E_ABI;
	};
	isa.fini = [](vr_exec *) {};
	isa.reset = [](vr_exec *x) {
		std::memset(x->hot, 0, sizeof(x->hot));
		x->pc = x->asid = x->mode_flags = 0;
		cpu_of(x).stopped = 0;
		cpu_of(x).pins = 0;
	};
	isa.get_state = [](vr_exec *x, const char *id, void *state, uint32_t length) -> int32_t {
		auto *s = static_cast<tiny_state *>(state);

		if (!id || std::strcmp(id, TINY_STATE_ID) != 0 || length != sizeof(*s))
			return VR_E_UNSUPPORTED;
		s->size = sizeof(*s);
		s->pc = x->pc;
		std::memcpy(s->r, x->hot, sizeof(s->r));
		return VR_OK;
	};
	isa.set_state = [](vr_exec *x, const char *id, const void *state, uint32_t length) -> int32_t {
		const auto *s = static_cast<const tiny_state *>(state);

		if (!id || std::strcmp(id, TINY_STATE_ID) != 0 || length != sizeof(*s))
			return VR_E_UNSUPPORTED;
		x->pc = s->pc;
		std::memcpy(x->hot, s->r, sizeof(s->r));
		return VR_OK;
	};
	isa.lift = lift;
	isa.translate = [](vr_exec *, uint64_t va, uint32_t, uint32_t, vr_translation *out) -> int32_t {
		out->rights = out->user_rights = 7;
		out->global = 1;
		out->physical = va;
		out->page_size = 4096;
		return 0;
	};
	isa.fault = [](vr_exec *x, uint64_t va, uint32_t access, int32_t) {
		end(x, access == VR_ACCESS_EXECUTE ? "no memory to execute at" : "nothing at address", va);
	};
	isa.interrupt = [](vr_exec *) -> int32_t { return 0; };
	isa.has_work = [](vr_exec *x) -> uint32_t { return !cpu_of(x).stopped && cpu_of(x).pins != 0; };
	isa.set_pin = [](vr_exec *x, uint32_t pin, uint32_t level) {
		if (pin > 31)
			return;
		if (!level) {
			cpu_of(x).pins &= ~(1u << pin);
			return;
		}
		cpu_of(x).pins |= 1u << pin;
		x->env->kick(x);
	};
	isa.fp_slow = [](vr_exec *, uint32_t, uint64_t, vr_v128 *d, const vr_v128 *, const vr_v128 *,
			 const vr_v128 *) -> int32_t {
		std::memset(d, 0, sizeof(*d));
		return 0;
	};
}
constexpr Tables tables;

} // namespace

VR_CXX_PLUGIN(Self, VR_ISA_ID, tables.isa)
