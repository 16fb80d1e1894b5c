/* SPDX-License-Identifier: MIT */
/*
 * guest.h: what a micro-guest sees. One guest is one file of guests/ with a guest_main(); the runtime starts it
 * in kernel mode with an address translation that maps memory and devices one to one, prints what it finds
 * out on the serial port, and powers the machine off.
 *
 * runtime/<architecture>/ is the small layer below: arch_*() here, and what only guests of that architecture use
 * in its arch.h. Nothing here may use vector or floating-point registers: kernel mode leaves them to user
 * mode.
 */
#ifndef VR_MICRO_GUEST_H
#define VR_MICRO_GUEST_H

#include <stdint.h>

/* 0: every check held. */
int guest_main(void);

/* ---- guest.c ---- */
void put(const char *text);
void put_hex(uint64_t value);
/* A line "ok NAME" or "not ok NAME WHERE", which the runner counts. */
void runtime_check(int held, const char *name, const char *where, uint64_t a, uint64_t b);
#define CHECK(condition, name) runtime_check(!!(condition), name, #condition, 0, 0)
/* The same for two numbers, which are printed when they differ. */
#define SAME(name, a, b)                                             \
	do {                                                         \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);     \
		runtime_check(a_ == b_, name, #a " is " #b, a_, b_); \
	} while (0)
/* "skip NAME WHY": the guest found that this processor has no such thing. */
void runtime_skip(const char *name, const char *why);
/* Says what went wrong and ends the machine. */
_Noreturn void runtime_die(const char *what, uint64_t value);
/* Ends the machine. The status comes out of `vmrun --run`. */
_Noreturn void runtime_end(int status);
void runtime_start(void); /* from start.S: CPU 0 */

/* ---- interrupts: on only while arch_wait() waits, or between arch_irq_on() and arch_irq_off() ---- */
enum { IRQ_TIMER, IRQ_DEVICE, IRQ_IPI, IRQ_NMI, IRQ_KINDS };
extern volatile unsigned runtime_irqs[IRQ_KINDS]; /* how many came, on all CPUs */
/* Waits until `kind` has come `count` times in all; asleep, or awake with `spin`. */
void runtime_await(int kind, unsigned count, int spin);

void arch_irq_on(void);
void arch_irq_off(void);
void arch_wait(void);            /* HLT, WFI; returns after an interrupt was taken */
void arch_timer(uint64_t ticks); /* one interrupt IRQ_TIMER in so many ticks of arch_counter(); 0: none */
void arch_device(int on);        /* the serial port interrupts (IRQ_DEVICE) when it can send */
void arch_device_send(char c);   /* a byte that makes it interrupt once more */
void arch_ipi(unsigned cpu);     /* IRQ_IPI there */

/* ---- time ---- */
uint64_t arch_counter(void);
extern uint64_t arch_counter_hz;
/* Ticks since `from`; for counters that wrap as well. */
uint64_t arch_since(uint64_t from);

/* ---- processors ---- */
int arch_cpu_start(unsigned cpu); /* 0: it will call guest_cpu() */
void guest_cpu(unsigned cpu);     /* guests with several CPUs have their own; returns: it stops for good */
void arch_pause(void);

/* ---- traps ---- */
enum {
	TRAP_NONE,
	TRAP_UNDEFINED,
	TRAP_BREAKPOINT,
	TRAP_MEMORY,
	TRAP_CALL,
	TRAP_DIVIDE,
	TRAP_PROTECTION,
	TRAP_FP
};
struct trap {
	uint32_t kind, write; /* TRAP_*; TRAP_MEMORY: it was a write */
	uint64_t address;     /* TRAP_MEMORY */
	uint64_t pc, code;    /* of the instruction; what the processor said (error code, ESR, scause) */
};
extern struct trap runtime_trap;
/* Calls `fn` until it returns or traps: runtime_trap. arch_user(): in user mode, where it has to end in a trap,
 * and where data of the guest are only what it finds relative to itself. */
uint32_t arch_try(void (*fn)(void));
uint32_t arch_user(void (*fn)(void));
/* Guest code for the above. */
void arch_do_undefined(void), arch_do_breakpoint(void), arch_do_call(void);
#define NOWHERE UINT64_C(0x2000000000) /* no memory, no device, and not mapped */

/* Fills every vector register, waits until runtime_irqs[IRQ_TIMER] is no longer arch_vectors_from, compares:
 * arch_vectors_bad (a bit for each register that changed), then traps. Runs in user mode. */
void arch_vectors(void);
extern volatile unsigned arch_vectors_from;
extern volatile uint64_t arch_vectors_bad;
extern const char arch_vectors_what[];

/* ---- devices ---- */
void arch_serial(char c);
/* Device registers of every width this machine has: offset 0 ends the table. `keep`: writing ~v & mask and v
 * & mask reads back so; otherwise only reading it gives `value` & mask. */
struct reg {
	uint64_t address;
	uint32_t width, port, keep;
	uint64_t mask, value;
	const char *name;
};
extern const struct reg arch_regs[];
uint64_t arch_reg_read(const struct reg *r);
void arch_reg_write(const struct reg *r, uint64_t value);

/* ---- the end ---- */
extern const unsigned arch_resets; /* ways to reset the machine */
void arch_reset(unsigned way);
_Noreturn void arch_power_off(void);
/* Memory that survives a reset: nothing is loaded there. */
extern volatile uint64_t *const arch_kept;

static inline uint64_t mmio_read(uint64_t address, uint32_t width)
{
	switch (width) {
	case 1:
		return *(volatile uint8_t *)(uintptr_t)address;
	case 2:
		return *(volatile uint16_t *)(uintptr_t)address;
	case 4:
		return *(volatile uint32_t *)(uintptr_t)address;
	default:
		return *(volatile uint64_t *)(uintptr_t)address;
	}
}

static inline void mmio_write(uint64_t address, uint32_t width, uint64_t value)
{
	switch (width) {
	case 1:
		*(volatile uint8_t *)(uintptr_t)address = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)(uintptr_t)address = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)(uintptr_t)address = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)(uintptr_t)address = value;
		break;
	}
}

#endif
