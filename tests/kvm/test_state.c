/* SPDX-License-Identifier: MIT */
/* test_state.c: the canonical state out of a vCPU and into another one. */
#include "vm.h"

#include <cpuid.h>

static struct test_vm a, b;
static struct vr_state_x86 before, after;

static uint64_t seed = 0x9e3779b97f4a7c15ull;
static uint64_t random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

/* ---- a guest that changes vCPUs halfway -------------------------------------------------------------- */
static int move(const uint8_t *guest, size_t size, uint32_t mode, uint32_t length)
{
	uint8_t whole[96];
	int result;

	memset(&b, 0, sizeof(b));
	TRY(test_open(&a, 1, NULL, guest, size, mode));
	TRY(test_run(&a));
	TRY(test_expect(&a, 0x600d000e));
	memcpy(whole, a.ram + OUT_AREA, sizeof(whole));
	test_close(&a);
	TRY(test_open(&a, 1, NULL, guest, size, mode));
	TRY(test_run(&a));
	CHECK(a.stopped && !a.done, "it did not stop halfway");
	TRY(test_get(&a, 0, &before));
	TRY(test_start(&b, 1, NULL));
	TRY(test_vcpu(&b, 0));
	memcpy(b.ram, a.ram, RAM_SIZE);
	TRY(test_set(&b, 0, &before));
	TRY(test_expect(&b, 0x600d000e));
	CHECK(memcmp(whole, b.ram + OUT_AREA, length) == 0, "another result");
	/* The first one was not disturbed by being looked at. */
	TRY(test_expect(&a, 0x600d000e));
	CHECK(memcmp(whole, a.ram + OUT_AREA, length) == 0, "another result on the first");
out:
	test_close(&a);
	if (b.host.size)
		test_close(&b);
	return result;
}

static int move_kernel(void)
{
	return move(GUEST_OF(regs), MODE_LONG, 32);
}

static int move_user(void)
{
	return move(GUEST_OF(state), MODE_USER, 88);
}

static int move_kernel_sse(void)
{
	if (!test_no_kvm() && strcmp(test_fact("kernel mode SSE"), "runs") != 0)
		return test_skip("SSE in kernel mode: %s", test_fact("kernel mode SSE"));
	return move(GUEST_OF(state), MODE_LONG, 88);
}

/* ---- vector registers ------------------------------------------------------------------------ */
/* Offset of a component in the standard format (SDM vol. 1 13.4.3). */
static uint32_t component(uint32_t i)
{
	uint32_t eax, ebx, ecx, edx;

	if (i == 2)
		return 576;
	__cpuid_count(0xd, i, eax, ebx, ecx, edx);
	return ebx;
}

static bool supports(struct vr_state_x86 *s, uint64_t components)
{
	uint64_t old = s->xcr0;
	bool ok;

	s->xcr0 |= components;
	ok = a.accel->vcpu_set_state(a.vcpu[0], VR_STATE_X86_ID, s, sizeof(*s)) == VR_OK;
	a.error_code = 0;
	s->xcr0 = old;
	return ok;
}

static void fill(uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint8_t)random64();
}

static uint32_t lane(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, 4);
	return value;
}

/* Each of `lanes` at `out` is one more than at `in`; the halves of a register may lie apart. */
static bool one_more(const uint8_t *in, const uint8_t *out, uint32_t lanes)
{
	for (uint32_t i = 0; i < lanes; i++)
		if (lane(out + 4 * i) != lane(in + 4 * i) + 1)
			return false;
	return true;
}

static void set_bv(uint64_t bv)
{
	uint32_t mxcsr = 0x1f80;

	memset(before.xsave, 0, sizeof(before.xsave));
	memcpy(before.xsave + 512, &bv, 8);
	memcpy(before.xsave + 24, &mxcsr, 4);
	before.xsave[0] = 0x7f;
	before.xsave[1] = 3;
}

static int sse(void)
{
	int result;

	TRY(test_open(&a, 1, NULL, GUEST_OF(sse), MODE_USER));
	TRY(test_get(&a, 0, &before));
	set_bv(3);
	fill(before.xsave + 160, 256);
	TRY(test_set(&a, 0, &before));
	TRY(test_get(&a, 0, &after));
	CHECK(memcmp(before.xsave + 160, after.xsave + 160, 256) == 0, "XMM registers change on the way");
	TRY(test_expect(&a, 0x600d0011));
	for (uint32_t i = 0; i < 3; i++)
		CHECK(one_more(before.xsave + 160 +
				       16 * (i == 0   ? 0
					     : i == 1 ? 7
						      : 15),
			       a.ram + OUT_AREA + 16 * i, 4),
		      "register of place %u", i);
	CHECK(test_u64(&a, 48) == 0x401090fdaa22168cull && test_u32(&a, 56) == 0x1f80, "x87: %llx",
	      (unsigned long long)test_u64(&a, 48));
out:
	test_close(&a);
	return result;
}

static int avx(void)
{
	uint32_t high = component(2);
	int result;

	TRY(test_open(&a, 1, NULL, GUEST_OF(avx), MODE_USER));
	TRY(test_get(&a, 0, &before));
	if (!supports(&before, 6)) {
		result = test_skip("this KVM offers guests no AVX state");
		goto out;
	}
	before.xcr0 |= 6;
	set_bv(7);
	fill(before.xsave + 160, 256);
	fill(before.xsave + high, 256);
	TRY(test_set(&a, 0, &before));
	TRY(test_get(&a, 0, &after));
	CHECK(memcmp(before.xsave + high, after.xsave + high, 256) == 0 && after.xcr0 == before.xcr0,
	      "changed on the way");
	before.cr4 |= 1u << 18;
	if (a.accel->vcpu_set_state(a.vcpu[0], VR_STATE_X86_ID, &before, sizeof(before)) < 0) {
		result = test_skip("the registers survive the round trip; CR4.OSXSAVE can't be set, so the "
				   "guest can't use them");
		goto out;
	}
	TRY(test_expect(&a, 0x600d000f));
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t r = i == 0 ? 0 : i == 1 ? 7 : 15;

		CHECK(one_more(before.xsave + 160 + 16 * r, a.ram + OUT_AREA + 32 * i, 4) &&
			      one_more(before.xsave + high + 16 * r, a.ram + OUT_AREA + 32 * i + 16, 4),
		      "ymm%u", r);
	}
out:
	test_close(&a);
	return result;
}

static int avx512(void)
{
	uint32_t mask = component(5), top = component(6), more = component(7);
	int result;

	TRY(test_open(&a, 1, NULL, GUEST_OF(avx512), MODE_USER));
	TRY(test_get(&a, 0, &before));
	if (!top || !more || !supports(&before, 0xe6)) {
		result = test_skip("this KVM offers guests no AVX-512 state");
		goto out;
	}
	before.xcr0 |= 0xe6;
	set_bv(0xe7);
	fill(before.xsave + 160, 256);
	fill(before.xsave + component(2), 256);
	fill(before.xsave + mask, 64);
	fill(before.xsave + top, 512);
	fill(before.xsave + more, 1024);
	TRY(test_set(&a, 0, &before));
	TRY(test_get(&a, 0, &after));
	CHECK(memcmp(before.xsave + mask, after.xsave + mask, 64) == 0 &&
		      memcmp(before.xsave + top, after.xsave + top, 512) == 0 &&
		      memcmp(before.xsave + more, after.xsave + more, 1024) == 0,
	      "changed on the way");
	before.cr4 |= 1u << 18;
	if (a.accel->vcpu_set_state(a.vcpu[0], VR_STATE_X86_ID, &before, sizeof(before)) < 0) {
		result = test_skip("the registers survive the round trip; CR4.OSXSAVE can't be set, so the "
				   "guest can't use them");
		goto out;
	}
	TRY(test_expect(&a, 0x600d0010));
	CHECK(one_more(before.xsave + 160, a.ram + OUT_AREA, 4) &&
		      one_more(before.xsave + top, a.ram + OUT_AREA + 32, 8),
	      "zmm0");
	CHECK(one_more(before.xsave + more + 64 * 15, a.ram + OUT_AREA + 64, 16), "zmm31");
	CHECK((uint16_t)test_u32(&a, 128) == (uint16_t)lane(before.xsave + mask + 24), "k3");
out:
	test_close(&a);
	return result;
}

/* ---- random states --------------------------------------------------------------------------- */
static bool on_amd(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_is("amd");
}

static uint64_t sysenter_mask(void)
{
	return on_amd() ? UINT32_MAX : UINT64_MAX;
}

/* SVM has one interrupt shadow, not two (APM vol. 2 15.21.5). */
static uint32_t shadow(void)
{
	if (on_amd())
		return VR_X86_EV_SHADOW_STI | VR_X86_EV_SHADOW_MOV_SS;
	return random64() & 1 ? VR_X86_EV_SHADOW_STI : VR_X86_EV_SHADOW_MOV_SS;
}

static uint64_t address(void)
{
	return (uint64_t)((int64_t)(random64() << 16) >> 16); /* canonical */
}

static uint64_t *msr(struct vr_state_x86 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->msr_count; i++)
		if (s->msr[i].id == id)
			return &s->msr[i].value;
	return NULL;
}

static void set_msr(struct vr_state_x86 *s, uint32_t id, uint64_t value)
{
	uint64_t *p = msr(s, id);

	if (p)
		*p = value;
}

/* Of the XSAVE area: bit of XCR0, bytes (SDM vol. 1 13.4). */
static const struct {
	uint32_t bit, bytes;
} vectors[] = {{2, 256}, {5, 64}, {6, 512}, {7, 1024}};
#define AVX 0x4ull
#define AVX512 0xe0ull
static uint64_t offered; /* AVX, AVX512 */

static void randomise(struct vr_state_x86 *s, uint32_t round)
{
	uint64_t components = 3;
	uint32_t mxcsr = (uint32_t)random64() & 0xffbf;

	test_entry(s, round % 4);
	for (uint32_t i = 0; i < 16; i++)
		s->gpr[i] = random64();
	s->rip = round % 4 >= MODE_LONG ? address() : random64() & 0xffffffff;
	s->rflags = (random64() & 0x244cd5) | 2; /* status, TF, IF, DF, AC, ID */
	s->cr2 = random64();
	s->cr8 = random64() & 0xf;
	for (uint32_t i = 0; i < 4; i++)
		s->dr[i] = round % 4 >= MODE_LONG ? address() : random64() & 0xffffffff;
	s->dr6 = 0xffff0ff0 | (random64() & 0xe00f);
	s->dr7 = 0x400 | (random64() & 0xffff03ff);
	s->gdt = (struct vr_x86_table){.base = address(), .limit = (uint16_t)random64()};
	s->idt = (struct vr_x86_table){.base = address(), .limit = (uint16_t)random64()};
	if (round % 4 >= MODE_LONG) {
		s->segment[VR_X86_FS].base = address();
		s->segment[VR_X86_GS].base = address();
		set_msr(s, 0xc0000102, address());
		set_msr(s, 0xc0000082, address());
		set_msr(s, 0xc0000081, random64());
		set_msr(s, 0xc0000084, random64() & 0xffffffff);
	}
	/* Granularity as the limit needs it: SVM keeps no other (APM vol. 2 15.5.1: G is the limit's). */
	s->segment[VR_X86_DS].limit = (uint32_t)random64() | 0xfff;
	s->segment[VR_X86_DS].attributes = (s->segment[VR_X86_DS].attributes & ~VR_X86_SEG_G) |
					   (s->segment[VR_X86_DS].limit > 0xfffff ? VR_X86_SEG_G : 0);
	s->segment[VR_X86_ES].selector =
		(uint16_t)(random64() & 0xfff8) | (s->segment[VR_X86_SS].selector & 3);
	set_msr(s, 0x174, random64() & 0xffff);
	/* SYSENTER_ESP, _EIP: AMD's processors keep the low half. */
	set_msr(s, 0x175, address() & sysenter_mask());
	set_msr(s, 0x176, address() & sysenter_mask());
	if (random64() & 1)
		components |= offered & AVX;
	if ((components & AVX) && (random64() & 1))
		components |= offered & AVX512;
	set_bv(components);
	fill(s->xsave + 160, 256);
	for (uint32_t i = 0; i < 8; i++)
		fill(s->xsave + 32 + 16 * i, 10);
	memcpy(s->xsave + 24, &mxcsr, 4);
	for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		if (components >> vectors[i].bit & 1)
			fill(s->xsave + component(vectors[i].bit), vectors[i].bytes);
	s->xcr0 = 3 | offered;
	memset(&s->events, 0, sizeof(s->events));
	switch (random64() % 6) {
	case 0:
		s->events.flags = VR_X86_EV_INTERRUPT;
		s->events.interrupt_vector = (uint8_t)(32 + random64() % 224);
		break;
	case 1:
		s->events.flags = VR_X86_EV_EXCEPTION_INJECTED | VR_X86_EV_ERROR_CODE;
		s->events.exception_vector = 14;
		s->events.exception_error = (uint32_t)random64() & 0x1f;
		break;
	case 2:
		s->events.flags = VR_X86_EV_NMI_MASKED;
		break;
	case 3:
		s->events.flags = shadow();
		break;
	case 4:
		s->mp_state = VR_X86_MP_HALTED;
		break;
	default:
		break;
	}
	s->pins = random64() & 1;
}

/* The TSC, its deadline, and the reference counter of Hyper-V's interface (TLFS, HV_X64_MSR_TIME_REF_COUNT)
 * go on. */
static bool is_clock(uint32_t msr)
{
	return msr == 0x10 || msr == 0x6e0 || msr == 0x40000020;
}

/* The first difference, or NULL. */
static const char *differ(const struct vr_state_x86 *x, const struct vr_state_x86 *y)
{
	uint64_t bv;

#define SAME(field)                                         \
	if (memcmp(&x->field, &y->field, sizeof(x->field))) \
		return #field;
	SAME(gpr)
	SAME(rip)
	SAME(rflags)
	SAME(cr0)
	SAME(cr2)
	SAME(cr3)
	SAME(cr4)
	SAME(cr8)
	SAME(efer)
	SAME(apic_base)
	SAME(dr)
	SAME(dr6)
	SAME(dr7)
	SAME(gdt)
	SAME(idt)
	SAME(xcr0)
	SAME(events)
	SAME(mp_state)
	SAME(pins)
	SAME(segment)
	if (memcmp(x->xsave + 160, y->xsave + 160, 256))
		return "XMM registers";
	for (uint32_t i = 0; i < 8; i++)
		if (memcmp(x->xsave + 32 + 16 * i, y->xsave + 32 + 16 * i, 10))
			return "x87 registers";
	if (memcmp(x->xsave + 24, y->xsave + 24, 4))
		return "MXCSR";
	memcpy(&bv, x->xsave + 512, sizeof(bv));
	for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		if ((bv >> vectors[i].bit & 1) &&
		    memcmp(x->xsave + component(vectors[i].bit), y->xsave + component(vectors[i].bit),
			   vectors[i].bytes))
			return "AVX registers";
	for (uint32_t i = 0; i < x->msr_count; i++)
		if (x->msr[i].id != y->msr[i].id ||
		    (x->msr[i].value != y->msr[i].value && !is_clock(x->msr[i].id))) {
			static char text[80];

			snprintf(text, sizeof(text), "MSR %x: %llx, was %llx", x->msr[i].id,
				 (unsigned long long)y->msr[i].value, (unsigned long long)x->msr[i].value);
			return text;
		}
	return NULL;
}

/* Fewer where the whole machine is emulated (tests/guest/nested.sh). */
static uint32_t rounds(void)
{
	const char *text = getenv("VMRUN_STATE_ROUNDS");

	return text ? (uint32_t)strtoul(text, NULL, 10) : 10000u;
}

static int random_states(void)
{
	static struct vr_state_x86 power_on;
	const char *what;
	int result;

	TRY(test_open(&a, 1, NULL, GUEST_OF(spin), MODE_LONG));
	a.accel->vm_reset(a.vm);
	TRY(test_get(&a, 0, &power_on));
	offered = supports(&power_on, 2 | AVX | AVX512) ? AVX | AVX512
		  : supports(&power_on, 2 | AVX)        ? AVX
							: 0;
	for (uint32_t i = 0; i < rounds(); i++) {
		before = power_on;
		randomise(&before, i);
		CHECK(a.accel->vcpu_set_state(a.vcpu[0], VR_STATE_X86_ID, &before, sizeof(before)) == VR_OK,
		      "round %u: %s", i, test_error(&a));
		TRY(test_get(&a, 0, &after));
		what = differ(&before, &after);
		for (uint32_t j = 0; what && !strcmp(what, "segment") && j < 8; j++)
			if (memcmp(&before.segment[j], &after.segment[j], sizeof(after.segment[j])))
				printf("  segment %u: %04x %llx %x %x, was %04x %llx %x %x\n", j,
				       after.segment[j].selector, (unsigned long long)after.segment[j].base,
				       after.segment[j].limit, after.segment[j].attributes,
				       before.segment[j].selector, (unsigned long long)before.segment[j].base,
				       before.segment[j].limit, before.segment[j].attributes);
		CHECK(!what, "round %u, mode %u: %s", i, i % 4, what);
	}
	printf("  %u random states%s\n", rounds(),
	       offered & AVX512 ? ", with AVX and AVX-512"
	       : offered        ? ", with AVX"
				: "");
out:
	test_close(&a);
	return result;
}

/* The paravirtual clock goes where the state goes, and a reset leaves it alone. */
static int clock_moves(void)
{
	const uint64_t years = 1000000000ull * 3600 * 24 * 365 * 20;
	int result;

	TRY(test_open(&a, 2, NULL, GUEST_OF(spin), MODE_LONG));
	TRY(test_get(&a, 0, &before));
	CHECK(before.pv_clock > 0 && before.pv_clock < years, "%llu", (unsigned long long)before.pv_clock);
	before.pv_clock = years;
	TRY(test_set(&a, 0, &before));
	TRY(test_get(&a, 0, &after));
	CHECK(after.pv_clock >= years && after.pv_clock < 2 * years, "%llu",
	      (unsigned long long)after.pv_clock);
	/* Of another vCPU it does not count, nor without its flag. */
	TRY(test_vcpu(&a, 1));
	TRY(test_get(&a, 1, &before));
	CHECK(before.pv_clock >= years, "it is the machine's");
	before.pv_clock = 5;
	TRY(test_set(&a, 1, &before));
	before.flags &= ~VR_X86_HAS_PV_CLOCK;
	TRY(test_set(&a, 0, &before));
	a.accel->vm_reset(a.vm);
	TRY(test_get(&a, 0, &after));
	CHECK(after.pv_clock >= years, "%llu", (unsigned long long)after.pv_clock);
out:
	test_close(&a);
	return result;
}

static const struct test_case tests[] = {
	{"moved halfway, CPL 0", move_kernel},
	{"moved halfway, CPL 0, with SSE and x87", move_kernel_sse},
	{"moved halfway, CPL 3, with SSE and x87", move_user},
	{"SSE and x87 registers", sse},
	{"AVX registers", avx},
	{"AVX-512 registers", avx512},
	{"random states", random_states},
	{"paravirtual clock", clock_moves},
};

int main(void)
{
	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
