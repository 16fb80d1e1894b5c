/* SPDX-License-Identifier: MIT */
/* riscv64 on its `virt` board: SBI, PLIC, 16550. Sections: the privileged manual, SBI 2.0. */
#include "arch.h"

#include "guest.h"

#define LSR_EMPTY 0x20
#define IER_THRE 2
#define TRIES 1000000
#define CONTEXT 1 /* S-mode of hart 0 */

uint64_t arch_counter_hz = 10000000;
const char arch_vectors_what[] = "thirty-two 64-bit registers";
extern uint64_t landing;
extern char arch_secondary[];
_Noreturn void arch_land(void);
void arch_start(unsigned cpu);
void arch_vector(void);

void arch_start(unsigned cpu)
{
	(void)cpu;
	csr_write(sie, 1u << 1 | 1u << 5 | 1u << 9);
}

static void trap(uint64_t cause)
{
	static const uint8_t kinds[16] = {
		[1] = TRAP_MEMORY,  [2] = TRAP_UNDEFINED, [3] = TRAP_BREAKPOINT,
		[5] = TRAP_MEMORY,  [7] = TRAP_MEMORY,    [8] = TRAP_CALL,
		[12] = TRAP_MEMORY, [13] = TRAP_MEMORY,   [15] = TRAP_MEMORY,
	};

	runtime_trap = (struct trap){
		.kind = cause < 16 ? kinds[cause] : TRAP_NONE,
		.pc = csr_read(sepc),
		.code = cause,
		.address = csr_read(stval),
		.write = cause == 7 || cause == 15,
	};
	if (!runtime_trap.kind || !landing) {
		put("not ok exception ");
		put_hex(cause);
		runtime_die("unexpected at", runtime_trap.pc);
	}
	arch_land();
}

void arch_vector(void)
{
	uint64_t cause = csr_read(scause);
	uint32_t source;

	if (!(cause >> 63))
		trap(cause);
	switch (cause & 0xff) {
	case 1:
		csr_clear(sip, 2);
		__atomic_fetch_add(&runtime_irqs[IRQ_IPI], 1, __ATOMIC_SEQ_CST);
		break;
	case 5:
		arch_timer(0);
		__atomic_fetch_add(&runtime_irqs[IRQ_TIMER], 1, __ATOMIC_SEQ_CST);
		break;
	case 9:
		source = (uint32_t)mmio_read(PLIC + 0x200004 + 0x1000 * CONTEXT, 4);
		if (source == SOURCE_UART) {
			(void)mmio_read(UART + 2, 1); /* THRE ends with this */
			__atomic_fetch_add(&runtime_irqs[IRQ_DEVICE], 1, __ATOMIC_SEQ_CST);
		} else if (source) {
			runtime_die("an unexpected interrupt:", source);
		}
		if (source)
			mmio_write(PLIC + 0x200004 + 0x1000 * CONTEXT, 4, source);
		break;
	default:
		runtime_die("an unexpected interrupt:", cause);
	}
}

void arch_irq_on(void)
{
	csr_set(sstatus, 2);
}

void arch_irq_off(void)
{
	csr_clear(sstatus, 2);
}

/* WFI ends with an interrupt that is masked as well: none is lost between. */
void arch_wait(void)
{
	__asm__ volatile("wfi" : : : "memory");
	arch_irq_on();
	arch_irq_off();
}

int64_t arch_sbi(uint64_t extension, uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t a0 __asm__("a0") = a;
	register uint64_t a1 __asm__("a1") = b;
	register uint64_t a2 __asm__("a2") = c;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (int64_t)a0;
}

void arch_timer(uint64_t ticks)
{
	arch_sbi(0x54494d45, 0, ticks ? arch_counter() + ticks : UINT64_MAX, 0, 0);
}

void arch_device(int on)
{
	mmio_write(PLIC + 4 * SOURCE_UART, 4, 1);
	mmio_write(PLIC + 0x200000 + 0x1000 * CONTEXT, 4, 0);
	mmio_write(PLIC + 0x2000 + 0x80 * CONTEXT, 4, on ? 1u << SOURCE_UART : 0);
	mmio_write(UART + 4, 1, on ? 8 : 0);
	mmio_write(UART + 1, 1, on ? IER_THRE : 0);
}

void arch_device_send(char c)
{
	mmio_write(UART, 1, (uint8_t)c);
}

void arch_ipi(unsigned cpu)
{
	arch_sbi(0x735049, 0, 1ull << cpu, 0, 0);
}

uint64_t arch_counter(void)
{
	return csr_read(time);
}

uint64_t arch_since(uint64_t from)
{
	return arch_counter() - from;
}

int arch_cpu_start(unsigned cpu)
{
	return (int)arch_sbi(0x48534d, 0, cpu, (uintptr_t)arch_secondary, 0);
}

void arch_pause(void)
{
	__asm__ volatile("" : : : "memory");
}

void arch_serial(char c)
{
	for (int i = 0; i < TRIES && !(mmio_read(UART + 5, 1) & LSR_EMPTY); i++)
		;
	mmio_write(UART, 1, (uint8_t)c);
}

const struct reg arch_regs[] = {
	{UART + 7, 1, 0, 1, 0xff, 0, "memory-8"},
	{PLIC + 4 * SOURCE_UART, 4, 0, 1, 7, 0, "memory-32"},
	{CLINT + 0x4000, 8, 0, 1, UINT64_MAX, 0, "memory-64"},
	{CLINT + 0x4000, 4, 0, 1, UINT32_MAX, 0, "memory-64-lower-half"},
	{0, 0, 0, 0, 0, 0, 0},
};

uint64_t arch_reg_read(const struct reg *r)
{
	return mmio_read(r->address, r->width);
}

void arch_reg_write(const struct reg *r, uint64_t value)
{
	mmio_write(r->address, r->width, value);
}

volatile uint64_t *const arch_kept = (volatile uint64_t *)0x81800000;
const unsigned arch_resets = 2;

void arch_reset(unsigned way)
{
	if (way)
		mmio_write(0x100000, 4, 0x7777); /* the board's "test" device */
	else
		arch_sbi(0x53525354, 0, 1, 0, 0); /* SRST: cold reboot */
	for (;;)
		__asm__ volatile("wfi");
}

void arch_power_off(void)
{
	arch_sbi(0x53525354, 0, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}
