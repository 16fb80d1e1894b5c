/* SPDX-License-Identifier: MIT */
/* The local APIC: periodic and deadline timer, priorities, NMI, what it says about itself. */
#include "guest.h"

#include "arch.h"

#define MSR_TSC_DEADLINE 0x6e0
#define VECTOR_LOW VECTOR_FREE
#define VECTOR_HIGH (VECTOR_FREE + 1)
static volatile unsigned low, high;

static void low_call(void)
{
	low++;
}

static void high_call(void)
{
	high++;
}

/* A KVM that emulates kernel mode takes its time to let an interrupt in: longer than the next instruction. */
static void let_in(void)
{
	arch_irq_on();
	for (int i = 0; i < 2000; i++)
		arch_pause();
	arch_irq_off();
}

static void periodic(void)
{
	uint64_t ms = arch_counter_hz / 1000, from;
	unsigned n = runtime_irqs[IRQ_TIMER];
	uint32_t count = lapic_ticks(2 * ms);

	lapic_write(0x320, 0x20000 | VECTOR_TIMER);
	from = arch_counter();
	lapic_write(0x380, count);
	runtime_await(IRQ_TIMER, n + 6, 0);
	CHECK(arch_since(from) >= 6 * 2 * ms * 63 / 64, "lapic-periodic");
	CHECK(lapic_read(0x390) <= count, "lapic-current-count");
	lapic_write(0x320, 0x10000);
	lapic_write(0x380, 0);
	SAME("lapic-stopped", lapic_read(0x390), 0);
	let_in(); /* one that came after the sixth */
}

static uint64_t rdtsc(void)
{
	uint32_t a, d;

	__asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
	return a | (uint64_t)d << 32;
}

static void deadline(void)
{
	uint64_t when;
	unsigned n = runtime_irqs[IRQ_TIMER];

	if (!(cpuid(1, 0).c >> 24 & 1)) {
		runtime_skip("lapic-deadline",
			     "CPUID offers no TSC deadline (the board's local APIC has none)");
		return;
	}
	lapic_write(0x320, 0x40000 | VECTOR_TIMER);
	when = rdtsc() + 4000000;
	wrmsr(MSR_TSC_DEADLINE, when);
	SAME("lapic-deadline-reads-back", rdmsr(MSR_TSC_DEADLINE), when);
	runtime_await(IRQ_TIMER, n + 1, 0);
	/* KVM fires a little early and waits for the rest, where it can (lapic_timer_advance). */
	CHECK(rdtsc() + 100000 >= when, "lapic-deadline");
	SAME("lapic-deadline-is-over", rdmsr(MSR_TSC_DEADLINE), 0);
	lapic_write(0x320, 0x10000);
}

static void to_oneself(uint32_t command)
{
	lapic_write(0x310, 0);
	lapic_write(0x300, command);
	while (lapic_read(0x300) & 0x1000)
		arch_pause();
}

static void priorities(void)
{
	vector_calls[VECTOR_LOW] = low_call;
	vector_calls[VECTOR_HIGH] = high_call;
	to_oneself(0x4000 | VECTOR_LOW);
	to_oneself(0x4000 | VECTOR_LOW);
	to_oneself(0x4000 | VECTOR_HIGH);
	SAME("lapic-requests", lapic_read(0x220) >> (VECTOR_LOW & 31) & 3, 3);
	lapic_write(0x80, 0x40);
	let_in();
	SAME("lapic-task-priority", low + high, 0);
	lapic_write(0x80, 0);
	let_in();
	SAME("lapic-one-request-a-vector", low, 1);
	SAME("lapic-both", high, 1);
	SAME("lapic-in-service", lapic_read(0x120), 0);
}

int guest_main(void)
{
	SAME("lapic-id", lapic_read(0x20) >> 24, 0);
	CHECK((lapic_read(0x30) & 0xf0) == 0x10, "lapic-version");
	periodic();
	deadline();
	priorities();
	to_oneself(0x4400); /* NMI, which nothing masks */
	for (unsigned i = 0; i < 1000 && !runtime_irqs[IRQ_NMI]; i++)
		arch_pause();
	SAME("lapic-nmi", runtime_irqs[IRQ_NMI], 1);
	return 0;
}
