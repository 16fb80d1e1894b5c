/* SPDX-License-Identifier: MIT */
/*
 * facts_x86.c: measures this KVM with a vCPU of its own, in a few milliseconds.
 *
 * The vCPU runs tiny loops, in real mode (as after reset) and in 64-bit mode with its own page table, that
 * end in an OUT. An instruction takes less than a nanosecond when the processor runs it and about a
 * microsecond when KVM emulates it, so no threshold between the two is delicate.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_x86.h"
#include "kvm.h"

#define LOOPS 2000u
#define PORT 0xf4
#define EMULATED_NS 100u /* an instruction that takes longer was not run by the processor */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* ---- modes ------------------------------------------------------------------------------------------- */
static bool real_mode(struct kvmp_bench *b)
{
	struct kvm_sregs s = b->power_on;

	s.cs.base = 0;
	s.cs.selector = 0;
	return kvmp_ioctl(b->vcpu, KVM_SET_SREGS, &s) == 0;
}

/* ---- a run ------------------------------------------------------------------------------------------- */
/* Runs code at CODE until its OUT: the time in ns, or 0. *reason: the exit that it got. */
static uint64_t timed(struct kvmp_bench *b, const uint8_t *code, size_t n, uint64_t count, uint32_t *reason)
{
	struct kvm_regs r = {.rip = KVMP_BENCH_CODE, .rflags = 2, .rcx = count, .rsp = 0x8000, .rbx = 0x9000};
	uint64_t start;
	int rc;

	memset(b->memory + KVMP_BENCH_CODE, 0xf4, 64);
	memcpy(b->memory + KVMP_BENCH_CODE, code, n);
	*reason = KVM_EXIT_UNKNOWN;
	if (kvmp_ioctl(b->vcpu, KVM_SET_REGS, &r) < 0)
		return 0;
	start = now();
	rc = kvmp_ioctl_number(b->vcpu, KVM_RUN, 0);
	start = now() - start;
	if (rc < 0)
		return 0;
	*reason = b->run->exit_reason;
	return *reason == KVM_EXIT_IO ? (start ? start : 1) : 0;
}

static const char *reason_text(uint32_t reason)
{
	switch (reason) {
	case KVM_EXIT_INTERNAL_ERROR:
		return "KVM's emulator fails";
	case KVM_EXIT_SHUTDOWN:
		return "triple fault";
	case KVM_EXIT_FAIL_ENTRY:
		return "the processor refuses the state";
	default:
		return "no result";
	}
}

/* dec cx / ecx; jnz; out: the same bytes in 16-bit and, with a different DEC, 64-bit code. */
static const uint8_t loop16[] = {0x49, 0x75, 0xfd, 0xe6, PORT};
static const uint8_t loop64[] = {0xff, 0xc9, 0x75, 0xfc, 0xe6, PORT};
static const uint8_t sse64[] = {0x66, 0x0f, 0xef, 0xc0, 0xe6, PORT}; /* pxor xmm0, xmm0 */
static const uint8_t cx16[] = {0x48, 0x0f, 0xc7, 0x0b, 0xe6, PORT};  /* cmpxchg16b [rbx] */
static const uint8_t outs[] = {0xe6, PORT, 0xeb, 0xfc};              /* again and again */

static void say_mode(vr_fact_fn fn, void *opaque, const char *name, uint64_t ns, uint32_t reason)
{
	char text[160];
	uint64_t each = ns / (2 * LOOPS);

	if (!ns)
		snprintf(text, sizeof(text), "does not run: %s", reason_text(reason));
	else if (each < EMULATED_NS)
		snprintf(text, sizeof(text), "native");
	else
		snprintf(text, sizeof(text), "emulated, %llu.%02llu us an instruction",
			 (unsigned long long)each / 1000, (unsigned long long)each % 1000 / 10);
	fn(opaque, name, text);
}

/* The best of three: the first run also pays for page faults. */
static uint64_t best(struct kvmp_bench *b, const uint8_t *code, size_t n, uint32_t *reason)
{
	uint64_t least = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t ns = timed(b, code, n, LOOPS, reason);

		if (!ns)
			return 0;
		if (!least || ns < least)
			least = ns;
	}
	return least;
}

static void exit_cost(struct kvmp_bench *b, vr_fact_fn fn, void *opaque)
{
	char text[96];
	uint32_t reason;
	uint64_t start, least = UINT64_MAX;

	if (!timed(b, outs, sizeof(outs), 0, &reason))
		return;
	for (int round = 0; round < 5; round++) {
		start = now();
		for (int i = 0; i < 200; i++)
			if (kvmp_ioctl_number(b->vcpu, KVM_RUN, 0) < 0 || b->run->exit_reason != KVM_EXIT_IO)
				return;
		start = (now() - start) / 200;
		if (start < least)
			least = start;
	}
	snprintf(text, sizeof(text), "%llu.%02llu us for an OUT, there and back",
		 (unsigned long long)least / 1000, (unsigned long long)least % 1000 / 10);
	fn(opaque, "exit cost", text);
}

/* Intel's modules say it; AMD's processors can always do it. */
static void unrestricted(vr_fact_fn fn, void *opaque, bool real_native)
{
	FILE *f = fopen("/sys/module/kvm_intel/parameters/unrestricted_guest", "re");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	if (c == 'Y' || c == '1')
		fn(opaque, "unrestricted guest", "yes");
	else if (c != EOF)
		fn(opaque, "unrestricted guest", "no: real mode is emulated");
	else
		fn(opaque, "unrestricted guest", real_native ? "yes, as measured" : "no, as measured");
}

static void irqchips(const struct kvmp_plugin *p, vr_fact_fn fn, void *opaque)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};
	int full = kvmp_ioctl_number(p->fd, KVM_CREATE_VM, 0),
	    split = kvmp_ioctl_number(p->fd, KVM_CREATE_VM, 0);
	bool has_full = full >= 0 && kvmp_ioctl_number(full, KVM_CREATE_IRQCHIP, 0) == 0;
	bool has_split = split >= 0 && kvmp_ioctl(split, KVM_ENABLE_CAP, &cap) == 0;

	fn(opaque, "irqchip",
	   has_full && has_split ? "full and split"
	   : has_full            ? "full"
	   : has_split           ? "split"
				 : "none");
	if (full >= 0)
		close(full);
	if (split >= 0)
		close(split);
}

static void modes(struct kvmp_bench *b, vr_fact_fn fn, void *opaque)
{
	uint32_t reason = 0;
	uint64_t ns;
	bool real_native;

	ns = real_mode(b) ? best(b, loop16, sizeof(loop16), &reason) : 0;
	real_native = ns && ns / (2 * LOOPS) < EMULATED_NS;
	say_mode(fn, opaque, "real mode", ns, reason);
	unrestricted(fn, opaque, real_native);
	if (!kvmp_bench_long_mode(b, false)) {
		fn(opaque, "kernel mode", "64-bit mode is refused");
		return;
	}
	ns = best(b, loop64, sizeof(loop64), &reason);
	say_mode(fn, opaque, "kernel mode", ns, reason);
	exit_cost(b, fn, opaque);
	if (kvmp_bench_long_mode(b, false) && !timed(b, sse64, sizeof(sse64), 0, &reason))
		fn(opaque, "kernel mode SSE", reason_text(reason));
	else
		fn(opaque, "kernel mode SSE", "runs");
	if (kvmp_bench_long_mode(b, false) && !timed(b, cx16, sizeof(cx16), 0, &reason))
		fn(opaque, "kernel mode CMPXCHG16B", reason_text(reason));
	else
		fn(opaque, "kernel mode CMPXCHG16B", "runs");
}

int32_t kvmp_arch_facts(struct kvmp_plugin *p, vr_fact_fn fn, void *opaque)
{
	struct kvmp_bench b;
	int32_t rc = VR_OK;

	irqchips(p, fn, opaque);
	if (kvmp_bench_open(p, &b))
		modes(&b, fn, opaque);
	else
		rc = kvmp_error(p->instance.host, VR_E_IO, "a vCPU to measure with can't be had: %s",
				strerror(errno));
	kvmp_bench_close(&b);
	return rc;
}
