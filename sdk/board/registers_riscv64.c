// SPDX-License-Identifier: MIT
/* registers_riscv64.c: the registers of riscv64 for debuggers. Features: gdb's manual, "RISC-V Features".
 * CSRs: The RISC-V Instruction Set Manual, volume II, 2.2; those that a canonical state holds. */
#include <string.h>

#include <vmrun/state_riscv64.h>

#include "registers.h"
#include "registers_rows.h"

/* A place is an offset in the state, a CSR's number, or a part of fcsr. */
#define CSR 0x80000000u
#define PART 0x40000000u
#define AT(member) ((uint32_t)offsetof(struct vr_state_riscv64, member))

enum part { FFLAGS, FRM };
static const struct {
	uint32_t shift, mask;
} parts[] = {[FFLAGS] = {0, 31}, [FRM] = {5, 7}};

#define R(name, type, n)                                   \
	{                                                  \
		name, type, "general", 64, AT(x) + 8 * (n) \
	}
static const struct vr_register cpu[] = {
	R("zero", "int", 0),    R("ra", "code_ptr", 1), R("sp", "data_ptr", 2),
	R("gp", "data_ptr", 3), R("tp", "data_ptr", 4), R("t0", "int", 5),
	R("t1", "int", 6),      R("t2", "int", 7),      R("fp", "data_ptr", 8),
	R("s1", "int", 9),      R("a0", "int", 10),     R("a1", "int", 11),
	R("a2", "int", 12),     R("a3", "int", 13),     R("a4", "int", 14),
	R("a5", "int", 15),     R("a6", "int", 16),     R("a7", "int", 17),
	R("s2", "int", 18),     R("s3", "int", 19),     R("s4", "int", 20),
	R("s5", "int", 21),     R("s6", "int", 22),     R("s7", "int", 23),
	R("s8", "int", 24),     R("s9", "int", 25),     R("s10", "int", 26),
	R("s11", "int", 27),    R("t3", "int", 28),     R("t4", "int", 29),
	R("t5", "int", 30),     R("t6", "int", 31),     {"pc", "code_ptr", "general", 64, AT(pc)},
};
#define PC 32u

#define F(name, n)                                                 \
	{                                                          \
		name, "riscv_double", "float", 64, AT(f) + 8 * (n) \
	}
static const struct vr_register fpu[] = {
	F("ft0", 0),
	F("ft1", 1),
	F("ft2", 2),
	F("ft3", 3),
	F("ft4", 4),
	F("ft5", 5),
	F("ft6", 6),
	F("ft7", 7),
	F("fs0", 8),
	F("fs1", 9),
	F("fa0", 10),
	F("fa1", 11),
	F("fa2", 12),
	F("fa3", 13),
	F("fa4", 14),
	F("fa5", 15),
	F("fa6", 16),
	F("fa7", 17),
	F("fs2", 18),
	F("fs3", 19),
	F("fs4", 20),
	F("fs5", 21),
	F("fs6", 22),
	F("fs7", 23),
	F("fs8", 24),
	F("fs9", 25),
	F("fs10", 26),
	F("fs11", 27),
	F("ft8", 28),
	F("ft9", 29),
	F("ft10", 30),
	F("ft11", 31),
	{"fflags", "int", "float", 32, PART | FFLAGS},
	{"frm", "int", "float", 32, PART | FRM},
	{"fcsr", "int", "float", 32, AT(fcsr)},
};
static const char fpu_types[] = "<union id=\"riscv_double\"><field name=\"float\" type=\"ieee_single\"/>"
				"<field name=\"double\" type=\"ieee_double\"/></union>";

static const struct vr_register virtual_registers[] = {
	{"priv", "int", "general", 32, AT(privilege)},
};

#define C(name, number)                                   \
	{                                                 \
		name, "int", "system", 64, CSR | (number) \
	}
static const struct vr_register csrs[] = {
	C("mstatus", 0x300), C("medeleg", 0x302),    C("mideleg", 0x303), C("mie", 0x304),
	C("mtvec", 0x305),   C("mcounteren", 0x306), C("menvcfg", 0x30a), C("mscratch", 0x340),
	C("mepc", 0x341),    C("mcause", 0x342),     C("mtval", 0x343),   C("mip", 0x344),
	C("stvec", 0x105),   C("scounteren", 0x106), C("senvcfg", 0x10a), C("sscratch", 0x140),
	C("sepc", 0x141),    C("scause", 0x142),     C("stval", 0x143),   C("stimecmp", 0x14d),
	C("satp", 0x180),
};

static const struct vr_register_feature features[] = {
	{"org.gnu.gdb.riscv.cpu", "", cpu, VR_ROWS_COUNT(cpu), VR_REGISTERS_GENERAL},
	{"org.gnu.gdb.riscv.fpu", fpu_types, fpu, VR_ROWS_COUNT(fpu), VR_REGISTERS_GENERAL},
	{"org.gnu.gdb.riscv.virtual", "", virtual_registers, VR_ROWS_COUNT(virtual_registers), 0},
	{"org.gnu.gdb.riscv.csr", "", csrs, VR_ROWS_COUNT(csrs), 0},
};

static const uint8_t *find(const void *state, uint32_t place)
{
	const struct vr_state_riscv64 *s = state;

	if (!(place & CSR))
		return (const uint8_t *)state + place;
	for (uint32_t i = 0; i < s->csr_count; i++)
		if (s->csr[i].id == (place & ~CSR))
			return (const uint8_t *)&s->csr[i].value;
	return NULL;
}

static int32_t VR_CALL get(const void *state, uint32_t place, uint32_t bytes, void *value)
{
	const uint8_t *at;

	if (place & PART && !(place & CSR)) {
		uint32_t i = place & ~PART, v = ((const struct vr_state_riscv64 *)state)->fcsr;

		v = v >> parts[i].shift & parts[i].mask;
		memcpy(value, &v, sizeof(v));
		return VR_OK;
	}
	at = find(state, place);
	if (!at)
		return VR_E_NOENT;
	memcpy(value, at, bytes);
	return VR_OK;
}

static int32_t VR_CALL set(void *state, uint32_t place, uint32_t bytes, const void *value)
{
	struct vr_state_riscv64 *s = state;
	const uint8_t *at;

	if (place & PART && !(place & CSR)) {
		uint32_t i = place & ~PART, v;

		memcpy(&v, value, sizeof(v));
		s->fcsr &= ~(parts[i].mask << parts[i].shift);
		s->fcsr |= (v & parts[i].mask) << parts[i].shift;
		return VR_OK;
	}
	at = find(state, place);
	if (!at)
		return VR_E_NOENT;
	if (at != (const uint8_t *)s->x) /* x0 is 0 */
		memcpy((uint8_t *)state + (at - (const uint8_t *)state), value, bytes);
	return VR_OK;
}

const struct vr_registers vr_registers_riscv64 = {
	.size = sizeof(vr_registers_riscv64),
	.feature_count = VR_ROWS_COUNT(features),
	.arch = "riscv64",
	.architecture = "riscv:rv64",
	.state_id = VR_STATE_RISCV64_ID,
	.state_size = sizeof(struct vr_state_riscv64),
	.feature_stride = sizeof(features[0]),
	.register_stride = sizeof(cpu[0]),
	.pc = PC,
	.features = features,
	.get = get,
	.set = set,
};
