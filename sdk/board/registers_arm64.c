// SPDX-License-Identifier: MIT
/* registers_arm64.c: the registers of arm64 for debuggers. Features: gdb's manual, "AArch64 Features"; the
 * types of the vector registers and of cpsr are the ones that it expects. System registers: Arm ARM, D13. */
#include <string.h>

#include <vmrun/state_arm64.h>

#include "registers.h"
#include "registers_rows.h"

/* A place is an offset in the state, or a system register's encoding with this bit. */
#define SYSTEM 0x80000000u
#define AT(member) ((uint32_t)offsetof(struct vr_state_arm64, member))

#define X(ignored, n)                                         \
	{                                                     \
		"x" #n, "int", "general", 64, AT(x) + 8 * (n) \
	}
static const struct vr_register core[] = {
	VR_EACH_31(X, 0),
	{"sp", "data_ptr", "general", 64, AT(sp)},
	{"pc", "code_ptr", "general", 64, AT(pc)},
	{"cpsr", "cpsr_flags", "general", 32, AT(pstate)},
};
#define PC 32u

static const char core_types[] =
	"<flags id=\"cpsr_flags\" size=\"4\"><field name=\"SP\" start=\"0\" end=\"0\"/>"
	"<field name=\"EL\" start=\"2\" end=\"3\"/><field name=\"nRW\" start=\"4\" end=\"4\"/>"
	"<field name=\"F\" start=\"6\" end=\"6\"/><field name=\"I\" start=\"7\" end=\"7\"/>"
	"<field name=\"A\" start=\"8\" end=\"8\"/><field name=\"D\" start=\"9\" end=\"9\"/>"
	"<field name=\"IL\" start=\"20\" end=\"20\"/><field name=\"SS\" start=\"21\" end=\"21\"/>"
	"<field name=\"PAN\" start=\"22\" end=\"22\"/><field name=\"V\" start=\"28\" end=\"28\"/>"
	"<field name=\"C\" start=\"29\" end=\"29\"/><field name=\"Z\" start=\"30\" end=\"30\"/>"
	"<field name=\"N\" start=\"31\" end=\"31\"/></flags>";

#define V(ignored, n)                                               \
	{                                                           \
		"v" #n, "aarch64v", "vector", 128, AT(v) + 16 * (n) \
	}
static const struct vr_register fpu[] = {
	VR_EACH_32(V, 0),
	{"fpsr", "int", "float", 32, AT(fpsr)},
	{"fpcr", "int", "float", 32, AT(fpcr)},
};

#define VECTOR(id, type, count) "<vector id=\"" id "\" type=\"" type "\" count=\"" count "\"/>"
#define FIELD(name, type) "<field name=\"" name "\" type=\"" type "\"/>"
#define UNION(id, fields) "<union id=\"" id "\">" fields "</union>"
static const char fpu_types[] = VECTOR("v2d", "ieee_double", "2") VECTOR("v2u", "uint64", "2")
	VECTOR("v2i", "int64", "2") VECTOR("v4f", "ieee_single", "4") VECTOR("v4u", "uint32", "4") VECTOR(
		"v4i", "int32", "4") VECTOR("v8f", "ieee_half", "8") VECTOR("v8u", "uint16", "8")
		VECTOR("v8i", "int16", "8") VECTOR("v16u", "uint8", "16") VECTOR("v16i", "int8", "16")
			VECTOR("v1u", "uint128", "1") VECTOR("v1i", "int128", "1")
				UNION("vnd", FIELD("f", "v2d") FIELD("u", "v2u") FIELD("s", "v2i")) UNION(
					"vns", FIELD("f", "v4f") FIELD("u", "v4u") FIELD("s", "v4i"))
					UNION("vnh", FIELD("f", "v8f") FIELD("u", "v8u") FIELD("s", "v8i"))
						UNION("vnb", FIELD("u", "v16u") FIELD("s", "v16i")) UNION(
							"vnq", FIELD("u", "v1u") FIELD("s", "v1i"))
							UNION("aarch64v",
							      FIELD("d", "vnd") FIELD("s", "vns")
								      FIELD("h", "vnh") FIELD("b", "vnb")
									      FIELD("q", "vnq"));

#define SYSREG(name, op0, op1, crn, crm, op2)                                              \
	{                                                                                  \
		name, "int", "system", 64, SYSTEM | VR_A64_SYSREG(op0, op1, crn, crm, op2) \
	}
static const struct vr_register system_registers[] = {
	SYSREG("sp_el0", 3, 0, 4, 1, 0),       SYSREG("spsr_el1", 3, 0, 4, 0, 0),
	SYSREG("elr_el1", 3, 0, 4, 0, 1),      SYSREG("esr_el1", 3, 0, 5, 2, 0),
	SYSREG("far_el1", 3, 0, 6, 0, 0),      SYSREG("par_el1", 3, 0, 7, 4, 0),
	SYSREG("sctlr_el1", 3, 0, 1, 0, 0),    SYSREG("cpacr_el1", 3, 0, 1, 0, 2),
	SYSREG("ttbr0_el1", 3, 0, 2, 0, 0),    SYSREG("ttbr1_el1", 3, 0, 2, 0, 1),
	SYSREG("tcr_el1", 3, 0, 2, 0, 2),      SYSREG("mair_el1", 3, 0, 10, 2, 0),
	SYSREG("vbar_el1", 3, 0, 12, 0, 0),    SYSREG("contextidr_el1", 3, 0, 13, 0, 1),
	SYSREG("tpidr_el1", 3, 0, 13, 0, 4),   SYSREG("tpidr_el0", 3, 3, 13, 0, 2),
	SYSREG("tpidrro_el0", 3, 3, 13, 0, 3), SYSREG("mdscr_el1", 2, 0, 0, 2, 2),
};

static const struct vr_register_feature features[] = {
	{"org.gnu.gdb.aarch64.core", core_types, core, VR_ROWS_COUNT(core), VR_REGISTERS_GENERAL},
	{"org.gnu.gdb.aarch64.fpu", fpu_types, fpu, VR_ROWS_COUNT(fpu), VR_REGISTERS_GENERAL},
	{"org.vmrun.aarch64.system", "", system_registers, VR_ROWS_COUNT(system_registers), 0},
};

/* Where the register is in the state, or NULL. */
static const uint8_t *find(const void *state, uint32_t place)
{
	const struct vr_state_arm64 *s = state;

	if (!(place & SYSTEM))
		return (const uint8_t *)state + place;
	for (uint32_t i = 0; i < s->sysreg_count; i++)
		if (s->sysreg[i].id == (place & ~SYSTEM))
			return (const uint8_t *)&s->sysreg[i].value;
	return NULL;
}

static int32_t VR_CALL get(const void *state, uint32_t place, uint32_t bytes, void *value)
{
	const uint8_t *at = find(state, place);

	if (!at)
		return VR_E_NOENT;
	memcpy(value, at, bytes);
	return VR_OK;
}

static int32_t VR_CALL set(void *state, uint32_t place, uint32_t bytes, const void *value)
{
	const uint8_t *at = find(state, place);

	if (!at)
		return VR_E_NOENT;
	memcpy((uint8_t *)state + (at - (const uint8_t *)state), value, bytes);
	return VR_OK;
}

const struct vr_registers vr_registers_arm64 = {
	.size = sizeof(vr_registers_arm64),
	.feature_count = VR_ROWS_COUNT(features),
	.arch = "arm64",
	.architecture = "aarch64",
	.state_id = VR_STATE_ARM64_ID,
	.state_size = sizeof(struct vr_state_arm64),
	.feature_stride = sizeof(features[0]),
	.register_stride = sizeof(core[0]),
	.pc = PC,
	.features = features,
	.get = get,
	.set = set,
};
