/* SPDX-License-Identifier: MIT */
/* x86-64 on the `pc` board: local APIC, I/O APIC, 16550, ACPI timer and power-off (Intel SDM vol. 3, 8 and
 * 11). */
#include "arch.h"

#include "guest.h"

#define LSR_EMPTY 0x20
#define IER_THRE 2
#define TRIES 1000000

struct frame {
	uint64_t r[15], vector, code, rip, cs, rflags, rsp, ss;
};

uint64_t arch_counter_hz = 3579545; /* ACPI 4.8.3.3 */
const char arch_vectors_what[] = "sixteen 128-bit registers and an x87 one";
void (*volatile vector_calls[VECTORS])(void);
static uint16_t idt[VECTORS][8] __attribute__((aligned(16)));
static uint32_t timer_rate; /* local APIC ticks in 4096 of the ACPI timer's */

extern char stubs[], trampoline[], trampoline_end[];
extern uint64_t gdt[];
extern uint8_t tss0[], tss1[];
extern uint64_t landing;
_Noreturn void arch_land(void);
void arch_start(unsigned cpu);
void arch_vector(struct frame *f);

/* ---- start ------------------------------------------------------------------------------------------- */
static void set_tss(unsigned index, const uint8_t *tss)
{
	uint64_t base = (uintptr_t)tss;

	gdt[index] = 103 | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[index + 1] = base >> 32;
}

void arch_start(unsigned cpu)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {sizeof(idt) - 1, (uintptr_t)idt};

	for (unsigned i = 0; i < VECTORS && !cpu; i++) {
		uint64_t to = (uintptr_t)stubs + 16 * i;

		idt[i][0] = (uint16_t)to;
		idt[i][1] = SEL_KERNEL;
		idt[i][2] = i == 3 || i == VECTOR_CALL ? 0xee00 : 0x8e00; /* user mode may */
		idt[i][3] = (uint16_t)(to >> 16);
	}
	set_tss((SEL_TSS + 16 * cpu) / 8, cpu ? tss1 : tss0);
	__asm__ volatile("lidt %0; ltr %w1" : : "m"(pointer), "r"(SEL_TSS + 16 * cpu));
	if (!cpu) {
		/* The 8259s' inputs are masked; their vectors have no handler. */
		outb(0x20, 0x11), outb(0x21, VECTOR_PIC), outb(0x21, 4), outb(0x21, 1);
		outb(0xa0, 0x11), outb(0xa1, VECTOR_PIC + 8), outb(0xa1, 2), outb(0xa1, 1);
		outb(0x21, 0xff), outb(0xa1, 0xff);
	}
	lapic_write(0xf0, 0x100 | VECTOR_SPURIOUS);
	lapic_write(0x80, 0);
}

/* ---- interrupts ---------------------------------------------------------------------------------------- */
static void trap(const struct frame *f)
{
	static const uint8_t kinds[32] = {
		[0] = TRAP_DIVIDE,  [3] = TRAP_BREAKPOINT, [6] = TRAP_UNDEFINED, [13] = TRAP_PROTECTION,
		[14] = TRAP_MEMORY, [7] = TRAP_FP,         [16] = TRAP_FP,
	};

	runtime_trap = (struct trap){
		.kind = f->vector == VECTOR_CALL ? TRAP_CALL : kinds[f->vector & 31],
		.pc = f->rip,
		.code = f->code,
	};
	if (f->vector == 14) {
		__asm__ volatile("mov %%cr2, %0" : "=r"(runtime_trap.address));
		runtime_trap.write = f->code >> 1 & 1;
	}
	if (!runtime_trap.kind || !landing) {
		put("not ok exception ");
		put_hex(f->vector);
		runtime_die("unexpected at", f->rip);
	}
	arch_land();
}

void arch_vector(struct frame *f)
{
	static const uint8_t kinds[3] = {IRQ_TIMER, IRQ_DEVICE, IRQ_IPI};
	uint64_t v = f->vector;

	if (v == 2) {
		__atomic_fetch_add(&runtime_irqs[IRQ_NMI], 1, __ATOMIC_SEQ_CST);
		return;
	}
	if (v < 32 || v == VECTOR_CALL)
		trap(f);
	if (v == VECTOR_SPURIOUS)
		return;
	if (v == VECTOR_DEVICE)
		(void)inb(SERIAL + 2); /* THRE ends with this */
	if (vector_calls[v])
		vector_calls[v]();
	if (v >= VECTOR_TIMER && v <= VECTOR_IPI)
		__atomic_fetch_add(&runtime_irqs[kinds[v - VECTOR_TIMER]], 1, __ATOMIC_SEQ_CST);
	if (v < VECTOR_PIC + 16) {
		if (v >= VECTOR_PIC + 8)
			outb(0xa0, 0x20);
		outb(0x20, 0x20);
	} else {
		lapic_write(0xb0, 0);
	}
}

void arch_irq_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

void arch_irq_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

void arch_wait(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

uint32_t ioapic_read(uint32_t index)
{
	*(volatile uint32_t *)(uintptr_t)IOAPIC = index;
	return *(volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10);
}

void ioapic_write(uint32_t index, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)IOAPIC = index;
	*(volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10) = value;
}

void ioapic_route(uint32_t pin, uint32_t vector, uint32_t flags)
{
	ioapic_write(0x11 + 2 * pin, 0);
	ioapic_write(0x10 + 2 * pin, vector | flags);
}

void ioapic_mask(uint32_t pin)
{
	ioapic_write(0x10 + 2 * pin, 0x10000);
}

void arch_device(int on)
{
	if (on) {
		ioapic_route(4, VECTOR_DEVICE, 0);
		outb(SERIAL + 4, 8); /* OUT2 lets the line through */
		outb(SERIAL + 1, IER_THRE);
	} else {
		outb(SERIAL + 1, 0);
		ioapic_mask(4);
	}
}

void arch_device_send(char c)
{
	outb(SERIAL, (uint8_t)c);
}

void arch_ipi(unsigned cpu)
{
	lapic_write(0x310, cpu << 24);
	lapic_write(0x300, 0x4000 | VECTOR_IPI);
}

/* ---- time ---------------------------------------------------------------------------------------------- */
uint64_t arch_counter(void)
{
	return inl(PM_TIMER);
}

uint64_t arch_since(uint64_t from)
{
	return (uint32_t)(inl(PM_TIMER) - (uint32_t)from);
}

/* Where anything comes in between, the rate is taken for too high and the timer comes late, never early. */
uint32_t lapic_ticks(uint64_t ticks)
{
	if (!timer_rate) {
		uint64_t from, passed;

		lapic_write(0x3e0, 0xb);
		lapic_write(0x320, 0x10000);
		lapic_write(0x380, 0xffffffff);
		from = arch_counter();
		while ((passed = arch_since(from)) < 4096)
			;
		timer_rate = (uint32_t)((uint64_t)(0xffffffffu - lapic_read(0x390)) * 4096 / passed);
		lapic_write(0x380, 0);
	}
	return (uint32_t)(ticks * timer_rate / 4096);
}

void arch_timer(uint64_t ticks)
{
	uint32_t count = ticks ? lapic_ticks(ticks) : 0;

	lapic_write(0x3e0, 0xb);
	lapic_write(0x320, ticks ? VECTOR_TIMER : 0x10000);
	lapic_write(0x380, count);
}

/* ---- processors ------------------------------------------------------------------------------ */
/* SDM vol. 3, 9.4.4.1. */
int arch_cpu_start(unsigned cpu)
{
	for (long i = 0; i < trampoline_end - trampoline; i++)
		((volatile char *)0x8000)[i] = trampoline[i];
	lapic_write(0x310, cpu << 24);
	lapic_write(0x300, 0x4500);
	lapic_write(0x310, cpu << 24);
	lapic_write(0x300, 0x4608);
	return 0;
}

void arch_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* ---- devices --------------------------------------------------------------------------------- */
void arch_serial(char c)
{
	for (int i = 0; i < TRIES && !(inb(SERIAL + 5) & LSR_EMPTY); i++)
		;
	outb(SERIAL, (uint8_t)c);
}

const struct reg arch_regs[] = {
	{SERIAL + 7, 1, 1, 1, 0xff, 0, "port-8"},
	{PM_CONTROL, 2, 1, 1, 0x0002, 0, "port-16"},
	{PM_CONTROL, 2, 1, 0, 0x0001, 1, "port-16-read-only"},
	{NOBODYS_PORT, 1, 1, 0, 0xff, 0xff, "port-8-nobodys"},
	{NOBODYS_PORT, 2, 1, 0, 0xffff, 0xffff, "port-16-nobodys"},
	{NOBODYS_PORT, 4, 1, 0, 0xffffffff, 0xffffffff, "port-32-nobodys"},
	{LAPIC + 0x80, 4, 0, 1, 0xf0, 0, "memory-32"},
	{LAPIC + 0x30, 4, 0, 0, 0xf0, 0x10, "memory-32-read-only"},
	{NOBODYS_PAGE, 1, 0, 0, 0xff, 0xff, "memory-8-nobodys"},
	{NOBODYS_PAGE, 2, 0, 0, 0xffff, 0xffff, "memory-16-nobodys"},
	{NOBODYS_PAGE, 4, 0, 0, 0xffffffff, 0xffffffff, "memory-32-nobodys"},
	{NOBODYS_PAGE, 8, 0, 0, UINT64_MAX, UINT64_MAX, "memory-64-nobodys"},
	{0, 0, 0, 0, 0, 0, 0},
};

uint64_t arch_reg_read(const struct reg *r)
{
	if (!r->port)
		return mmio_read(r->address, r->width);
	return r->width == 1   ? inb((uint16_t)r->address)
	       : r->width == 2 ? inw((uint16_t)r->address)
			       : inl((uint16_t)r->address);
}

void arch_reg_write(const struct reg *r, uint64_t value)
{
	if (!r->port)
		mmio_write(r->address, r->width, value);
	else if (r->width == 1)
		outb((uint16_t)r->address, (uint8_t)value);
	else if (r->width == 2)
		outw((uint16_t)r->address, (uint16_t)value);
	else
		outl((uint16_t)r->address, (uint32_t)value);
}

/* ---- the end --------------------------------------------------------------------------------- */
volatile uint64_t *const arch_kept = (volatile uint64_t *)0x1800000;
const unsigned arch_resets = 4;

void arch_reset(unsigned way)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0, 0};

	switch (way) {
	case 0:
		outb(0xcf9, 0x06);
		break;
	case 1:
		outb(0x64, 0xfe);
		break;
	case 2:
		outb(0x92, 0x01);
		break;
	default: /* a triple fault */
		__asm__ volatile("lidt %0; ud2" : : "m"(none));
	}
	for (;;)
		__asm__ volatile("hlt");
}

void arch_power_off(void)
{
	outw(PM_CONTROL, 5 << 10 | 0x2000);
	for (;;)
		__asm__ volatile("cli; hlt");
}
