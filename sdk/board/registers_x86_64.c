// SPDX-License-Identifier: MIT
/*
 * registers_x86_64.c: the registers of x86-64 for debuggers. Features: gdb's manual, "i386 Features".
 *
 * x87 and SSE registers lie in the XSAVE area (SDM vol. 1 13.4), whose legacy part has the layout of FXSAVE
 * (SDM vol. 1 table 10-2). A component whose XSTATE_BV bit is clear is in its initial state: it is read as
 * such, and what is written makes it one that is not.
 */
#include <string.h>

#include <vmrun/state_x86.h>

#include "registers.h"
#include "registers_rows.h"

/* A place is an offset in the state, and what else there is to do. */
#define AT(member) ((uint32_t)offsetof(struct vr_state_x86, member))
#define IN_X87 0x80000000u
#define IN_SSE 0x40000000u
#define TAGS 0x20000000u /* the abridged tag word, which gdb has in its full form */
#define KINDS (IN_X87 | IN_SSE | TAGS)

#define XSAVE(offset) (AT(xsave) + (offset))
#define SEGMENT(n) (AT(segment) + (uint32_t)sizeof(struct vr_x86_segment) * (n))
#define BASE(n) (SEGMENT(n) + (uint32_t)offsetof(struct vr_x86_segment, base))
#define SELECTOR(n) (SEGMENT(n) + (uint32_t)offsetof(struct vr_x86_segment, selector))

#define XSTATE_BV 512u /* in xsave[] */
#define X87_BIT 1u
#define SSE_BIT 2u

#define GPR(name, type, n)                                   \
	{                                                    \
		name, type, "general", 64, AT(gpr) + 8 * (n) \
	}
/* Two of the state's bytes, and two zeros. */
#define SEG(name, n)                                      \
	{                                                 \
		name, "int32", "general", 32, SELECTOR(n) \
	}
#define ST(ignored, n)                                                          \
	{                                                                       \
		"st" #n, "i387_ext", "float", 80, IN_X87 | XSAVE(32 + 16 * (n)) \
	}
#define X87(name, offset)                                        \
	{                                                        \
		name, "int", "float", 32, IN_X87 | XSAVE(offset) \
	}
static const struct vr_register core[] = {
	GPR("rax", "int64", 0),
	GPR("rbx", "int64", 3),
	GPR("rcx", "int64", 1),
	GPR("rdx", "int64", 2),
	GPR("rsi", "int64", 6),
	GPR("rdi", "int64", 7),
	GPR("rbp", "data_ptr", 5),
	GPR("rsp", "data_ptr", 4),
	GPR("r8", "int64", 8),
	GPR("r9", "int64", 9),
	GPR("r10", "int64", 10),
	GPR("r11", "int64", 11),
	GPR("r12", "int64", 12),
	GPR("r13", "int64", 13),
	GPR("r14", "int64", 14),
	GPR("r15", "int64", 15),
	{"rip", "code_ptr", "general", 64, AT(rip)},
	{"eflags", "i386_eflags", "general", 32, AT(rflags)},
	SEG("cs", VR_X86_CS),
	SEG("ss", VR_X86_SS),
	SEG("ds", VR_X86_DS),
	SEG("es", VR_X86_ES),
	SEG("fs", VR_X86_FS),
	SEG("gs", VR_X86_GS),
	VR_EACH_8(ST, 0),
	X87("fctrl", 0),
	X87("fstat", 2),
	{"ftag", "int", "float", 32, IN_X87 | TAGS | XSAVE(4)},
	X87("fiseg", 12),
	X87("fioff", 8),
	X87("foseg", 20),
	X87("fooff", 16),
	X87("fop", 6),
};
#define PC 16u

static const char core_types[] =
	"<flags id=\"i386_eflags\" size=\"4\"><field name=\"\" start=\"22\" end=\"31\"/>"
	"<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
	"<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
	"<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
	"<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
	"<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
	"<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"
	"<field name=\"VM\" start=\"17\" end=\"17\"/><field name=\"AC\" start=\"18\" end=\"18\"/>"
	"<field name=\"VIF\" start=\"19\" end=\"19\"/><field name=\"VIP\" start=\"20\" end=\"20\"/>"
	"<field name=\"ID\" start=\"21\" end=\"21\"/></flags>";

#define XMM(ignored, n)                                                           \
	{                                                                         \
		"xmm" #n, "vec128", "vector", 128, IN_SSE | XSAVE(160 + 16 * (n)) \
	}
static const struct vr_register sse[] = {
	VR_EACH_16(XMM, 0),
	{"mxcsr", "i386_mxcsr", "vector", 32, XSAVE(24)},
};

#define VECTOR(id, type, count) "<vector id=\"" id "\" type=\"" type "\" count=\"" count "\"/>"
#define FIELD(name, type) "<field name=\"" name "\" type=\"" type "\"/>"
#define BIT(name, n) "<field name=\"" name "\" start=\"" n "\" end=\"" n "\"/>"
static const char sse_types[] = VECTOR("v4f", "ieee_single", "4") VECTOR("v2d", "ieee_double", "2")
	VECTOR("v16i8", "int8", "16") VECTOR("v8i16", "int16", "8") VECTOR("v4i32", "int32", "4")
		VECTOR("v2i64", "int64", "2") "<union id=\"vec128\">" FIELD("v4_float", "v4f")
			FIELD("v2_double", "v2d") FIELD("v16_int8", "v16i8") FIELD("v8_int16", "v8i16") FIELD(
				"v4_int32", "v4i32") FIELD("v2_int64", "v2i64")
				FIELD("uint128",
				      "uint128") "</union><flags id=\"i386_mxcsr\" size=\"4\">" BIT("IE", "0")
					BIT("DE", "1") BIT("ZE", "2") BIT("OE", "3") BIT("UE", "4")
						BIT("PE", "5") BIT("DAZ", "6") BIT("IM", "7") BIT("DM", "8")
							BIT("ZM", "9") BIT("OM", "10") BIT("UM", "11")
								BIT("PM", "12") BIT("FZ", "15") "</flags>";

static const struct vr_register segments[] = {
	{"fs_base", "int", "general", 64, BASE(VR_X86_FS)},
	{"gs_base", "int", "general", 64, BASE(VR_X86_GS)},
};

#define CONTROL(name)                                \
	{                                            \
#name, "int", "system", 64, AT(name) \
	}
static const struct vr_register system_registers[] = {
	CONTROL(cr0), CONTROL(cr2),  CONTROL(cr3),       CONTROL(cr4),
	CONTROL(cr8), CONTROL(efer), CONTROL(apic_base),
};

static const struct vr_register_feature features[] = {
	{"org.gnu.gdb.i386.core", core_types, core, VR_ROWS_COUNT(core), VR_REGISTERS_GENERAL},
	{"org.gnu.gdb.i386.sse", sse_types, sse, VR_ROWS_COUNT(sse), VR_REGISTERS_GENERAL},
	{"org.gnu.gdb.i386.segments", "", segments, VR_ROWS_COUNT(segments), VR_REGISTERS_GENERAL},
	{"org.vmrun.i386.system", "", system_registers, VR_ROWS_COUNT(system_registers), 0},
};

/* ---- x87 and SSE ---- */

static uint64_t bits_of(uint32_t place)
{
	return (place & IN_X87 ? X87_BIT : 0) | (place & IN_SSE ? SSE_BIT : 0);
}

/* SDM vol. 1 13.6: FCW is 0x37f, everything else of both is zero. MXCSR counts by itself. */
static void put_initial(uint8_t *xsave, uint64_t bits)
{
	if (bits & X87_BIT) {
		memset(xsave, 0, 24);
		memset(xsave + 32, 0, 128);
		xsave[0] = 0x7f;
		xsave[1] = 0x03;
	}
	if (bits & SSE_BIT)
		memset(xsave + 160, 0, 256);
}

/* The components' bytes say what they are from here on. */
static void settle(struct vr_state_x86 *s, uint64_t bits)
{
	uint64_t present;

	memcpy(&present, s->xsave + XSTATE_BV, sizeof(present));
	put_initial(s->xsave, bits & ~present);
	present |= bits;
	memcpy(s->xsave + XSTATE_BV, &present, sizeof(present));
}

/* SDM vol. 1 8.1.7: two bits a register, of which the abridged form keeps whether it is empty (3). */
static uint32_t full_tags(uint8_t abridged)
{
	uint32_t full = 0;

	for (uint32_t i = 0; i < 8; i++)
		full |= (abridged >> i & 1 ? 0u : 3u) << (2 * i);
	return full;
}

static uint8_t abridged_tags(uint32_t full)
{
	uint32_t abridged = 0;

	for (uint32_t i = 0; i < 8; i++)
		abridged |= ((full >> (2 * i) & 3) != 3 ? 1u : 0u) << i;
	return (uint8_t)abridged;
}

/* Bytes of the state that a register of `bytes` bytes has. */
static uint32_t bytes_there(uint32_t place, uint32_t bytes)
{
	uint32_t at = place & ~KINDS;

	if (at >= AT(segment) && at < AT(gdt))
		return bytes == 4 ? 2 : bytes; /* a selector; bases have 8 */
	if ((place & IN_X87) && at < XSAVE(24) && at != XSAVE(8) && at != XSAVE(16))
		return 2;
	return bytes;
}

static int32_t VR_CALL get(const void *state, uint32_t place, uint32_t bytes, void *value)
{
	const struct vr_state_x86 *s = state;
	uint32_t at = place & ~KINDS;
	uint64_t present;
	uint8_t initial[416];
	const uint8_t *from = (const uint8_t *)state + at;

	memcpy(&present, s->xsave + XSTATE_BV, sizeof(present));
	if (bits_of(place) & ~present) {
		put_initial(initial, bits_of(place));
		from = initial + (at - AT(xsave));
	}
	memset(value, 0, bytes);
	if (place & TAGS) {
		uint32_t tags = full_tags(*from);

		memcpy(value, &tags, bytes);
	} else {
		memcpy(value, from, bytes_there(place, bytes));
	}
	return VR_OK;
}

static int32_t VR_CALL set(void *state, uint32_t place, uint32_t bytes, const void *value)
{
	struct vr_state_x86 *s = state;
	uint8_t *to = (uint8_t *)state + (place & ~KINDS);
	uint32_t there = bytes_there(place, bytes);

	if (bits_of(place))
		settle(s, bits_of(place));
	/* Base, limit and attributes come from a descriptor, which a debugger does not load. */
	if (bytes == 4 && there == 2 && !bits_of(place))
		return memcmp(to, value, 2) ? VR_E_UNSUPPORTED : VR_OK;
	if (place & TAGS) {
		uint32_t tags;

		memcpy(&tags, value, sizeof(tags));
		*to = abridged_tags(tags);
	} else {
		memcpy(to, value, there);
	}
	return VR_OK;
}

const struct vr_registers vr_registers_x86_64 = {
	.size = sizeof(vr_registers_x86_64),
	.feature_count = VR_ROWS_COUNT(features),
	.arch = "x86_64",
	.architecture = "i386:x86-64",
	.state_id = VR_STATE_X86_ID,
	.state_size = sizeof(struct vr_state_x86),
	.feature_stride = sizeof(features[0]),
	.register_stride = sizeof(core[0]),
	.pc = PC,
	.features = features,
	.get = get,
	.set = set,
};
