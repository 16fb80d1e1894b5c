/* SPDX-License-Identifier: MIT */
/* arm64 on the `virt` board: GICv3, the virtual timer, PL011, PSCI. */
#include "arch.h"

#include "guest.h"

#define FR_FULL 0x20
#define IMSC_TX 0x20
#define TRIES 1000000

uint64_t arch_counter_hz;
volatile uint64_t arch_irq_pc;
const char arch_vectors_what[] = "thirty-two 128-bit registers";
extern uint64_t landing;
extern char arch_secondary[];
_Noreturn void arch_land(void);
void arch_start(unsigned cpu);
void arch_vector(unsigned what, struct frame *f);

/* GIC architecture (Arm IHI 0069), 12.9 to 12.11. */
void arch_start(unsigned cpu)
{
	uint64_t r = GICR + 0x20000ull * cpu, sgi = r + 0x10000;

	arch_counter_hz = sysreg_read(cntfrq_el0);
	mmio_write(GICD, 4, 0x12); /* ARE, group 1 */
	mmio_write(r + 0x14, 4, 0);
	for (int i = 0; i < TRIES && (mmio_read(r + 0x14, 4) & 4); i++)
		;
	mmio_write(sgi + 0x80, 4, UINT32_MAX); /* group 1 */
	for (unsigned i = 0; i < 32; i += 4)
		mmio_write(sgi + 0x400 + i, 4, 0x80808080);
	mmio_write(sgi + 0x100, 4, 1u << INTID_IPI | 1u << INTID_TIMER);
	sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
	sysreg_write(s3_0_c4_c6_0, 0xf0);
	sysreg_write(s3_0_c12_c12_7, 1); /* ICC_IGRPEN1_EL1 */
}

__attribute__((weak)) int guest_exception(struct frame *f, uint64_t esr)
{
	(void)f, (void)esr;
	return 0;
}

/* Arm ARM D17.2.37. */
static void trap(struct frame *f)
{
	uint64_t esr = sysreg_read(esr_el1);
	uint32_t class = esr >> 26 & 63, kind = TRAP_NONE;

	if (guest_exception(f, esr))
		return;
	switch (class) {
	case 0x00:
		kind = TRAP_UNDEFINED;
		break;
	case 0x15:
		kind = TRAP_CALL;
		break;
	case 0x20:
	case 0x21:
	case 0x22: /* PC alignment */
	case 0x24:
	case 0x25:
		kind = TRAP_MEMORY;
		break;
	case 0x3c:
		kind = TRAP_BREAKPOINT;
		break;
	default:
		break;
	}
	runtime_trap = (struct trap){.kind = kind,
				     .pc = f->elr,
				     .code = esr,
				     .address = sysreg_read(far_el1),
				     .write = esr >> 6 & 1};
	if (!kind || !landing) {
		put("not ok exception ");
		put_hex(esr);
		runtime_die("unexpected at", f->elr);
	}
	arch_land();
}

void arch_vector(unsigned what, struct frame *f)
{
	uint64_t id;

	if ((what & 3) != 1) {
		trap(f);
		return;
	}
	arch_irq_pc = f->elr;
	id = sysreg_read(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
	if (id == INTID_TIMER) {
		sysreg_write(cntv_ctl_el0, 0);
		__atomic_fetch_add(&runtime_irqs[IRQ_TIMER], 1, __ATOMIC_SEQ_CST);
	} else if (id == INTID_UART) {
		mmio_write(UART + 0x44, 4, IMSC_TX);
		__atomic_fetch_add(&runtime_irqs[IRQ_DEVICE], 1, __ATOMIC_SEQ_CST);
	} else if (id == INTID_IPI) {
		__atomic_fetch_add(&runtime_irqs[IRQ_IPI], 1, __ATOMIC_SEQ_CST);
	} else if (id == 1023) {
		return;
	} else {
		runtime_die("an unexpected interrupt:", id);
	}
	sysreg_write(s3_0_c12_c12_1, id);
}

void arch_irq_on(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

void arch_irq_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

/* WFI ends with an interrupt that is masked as well: none is lost between. */
void arch_wait(void)
{
	__asm__ volatile("wfi; msr daifclr, #2; isb; msr daifset, #2" : : : "memory");
}

void arch_timer(uint64_t ticks)
{
	if (ticks)
		sysreg_write(cntv_cval_el0, sysreg_read(cntvct_el0) + ticks);
	sysreg_write(cntv_ctl_el0, ticks != 0);
}

void arch_device(int on)
{
	const uint64_t bit = 1u << (INTID_UART & 31);

	mmio_write(UART + 0x44, 4, 0x7ff);
	mmio_write(UART + 0x38, 4, on ? IMSC_TX : 0);
	mmio_write(GICD + 0x84, 4, mmio_read(GICD + 0x84, 4) | bit);
	mmio_write(GICD + 0x400 + INTID_UART, 1, 0x80);
	mmio_write(GICD + 0x6000 + 8 * INTID_UART, 8, 0);
	mmio_write(GICD + (on ? 0x104 : 0x184), 4, bit);
}

void arch_device_send(char c)
{
	mmio_write(UART, 4, (uint8_t)c);
}

void arch_ipi(unsigned cpu)
{
	sysreg_write(s3_0_c12_c11_5, (uint64_t)INTID_IPI << 24 | 1ull << cpu); /* ICC_SGI1R_EL1 */
}

uint64_t arch_counter(void)
{
	__asm__ volatile("isb" : : : "memory");
	return sysreg_read(cntvct_el0);
}

uint64_t arch_since(uint64_t from)
{
	return arch_counter() - from;
}

/* Arm DEN 0022. */
int64_t arch_psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	return (int64_t)x0;
}

int arch_cpu_start(unsigned cpu)
{
	return (int)arch_psci(0xc4000003, cpu, (uintptr_t)arch_secondary, cpu);
}

void arch_pause(void)
{
	__asm__ volatile("yield" : : : "memory");
}

void arch_serial(char c)
{
	for (int i = 0; i < TRIES && (mmio_read(UART + 0x18, 4) & FR_FULL); i++)
		;
	mmio_write(UART, 4, (uint8_t)c);
}

const struct reg arch_regs[] = {
	{GICD + 0x400 + INTID_UART, 1, 0, 1, 0xf8, 0, "memory-8"},
	{UART + 0x24, 2, 0, 1, 0xffff, 0, "memory-16"},
	{UART + 0x24, 4, 0, 1, 0xffff, 0, "memory-32"},
	{GICD + 0x6000 + 8 * INTID_UART, 8, 0, 1, 0x01, 0, "memory-64"},
	{UART + 0xfe0, 4, 0, 0, 0xff, 0x11, "memory-32-read-only"},
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

volatile uint64_t *const arch_kept = (volatile uint64_t *)0x41800000;
const unsigned arch_resets = 2;

void arch_reset(unsigned way)
{
	if (way)
		arch_psci(0xc4000012, 0, 0, 0); /* SYSTEM_RESET2, architectural warm reset */
	else
		arch_psci(0x84000009, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

void arch_power_off(void)
{
	arch_psci(0x84000008, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}
