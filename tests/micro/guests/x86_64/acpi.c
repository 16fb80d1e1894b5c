/* SPDX-License-Identifier: MIT */
/* The ACPI tables as an operating system finds them, and the fixed hardware that the FADT describes
 * (ACPI 6.4, chapters 4 and 5). */
#include "guest.h"

#include "arch.h"

static uint64_t get(uint64_t at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t) * (volatile uint8_t *)(uintptr_t)(at + i) << 8 * i;
	return value;
}

static uint8_t sum(uint64_t at, uint64_t n)
{
	uint8_t s = 0;

	for (uint64_t i = 0; i < n; i++)
		s = (uint8_t)(s + get(at + i, 1));
	return s;
}

#define SIGNATURE(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
static uint64_t xsdt;

static uint64_t find(const char *name, uint32_t signature)
{
	for (uint64_t at = xsdt + 36; at < xsdt + get(xsdt + 4, 4); at += 8)
		if (get(get(at, 8), 4) == signature) {
			SAME(name, sum(get(at, 8), get(get(at, 8) + 4, 4)), 0);
			return get(at, 8);
		}
	runtime_die(name, signature);
}

static uint16_t event, control;

static void fixed(uint64_t fadt)
{
	uint64_t flags = get(fadt + 112, 4);
	uint32_t from = inl((uint16_t)get(fadt + 76, 4)), now;
	uint64_t counter = arch_counter();

	event = (uint16_t)get(fadt + 56, 4);
	control = (uint16_t)get(fadt + 64, 4);
	SAME("acpi-is-on", inw(control) & 1, 1);
	/* TMR_VAL_EXT: 32 bits, that go on. */
	SAME("acpi-timer-is-wide", flags >> 8 & 1, 1);
	while (arch_since(counter) < arch_counter_hz / 100)
		arch_pause();
	now = inl((uint16_t)get(fadt + 76, 4));
	CHECK(now - from >= 3579545 / 100 - 3579545 / 1000, "acpi-timer");
	/* Events: the timer's and the global lock's can be enabled; no button and no clock has one, as the
	 * flags say. */
	SAME("acpi-no-fixed-buttons", flags & 0x70, 0x70);
	outw(event + 2, 0xffff);
	SAME("acpi-events", inw(event + 2), 0x21);
	outw(event, 0xffff);
	SAME("acpi-status-clears", inw(event) & ~1, 0);
	outw(event + 2, 0);
	/* WBINVD. */
	SAME("acpi-wbinvd-offered", flags & 1, 1);
	__asm__ volatile("wbinvd" : : : "memory");
	CHECK(1, "acpi-wbinvd");
	/* The reset register: what the guest reset uses. */
	SAME("acpi-reset-register", flags >> 10 & 1, 1);
	SAME("acpi-reset-register", get(fadt + 116, 1) << 32 | get(fadt + 120, 8), UINT64_C(0x100000cf9));
	SAME("acpi-reset-value", get(fadt + 128, 1), 6);
	SAME("acpi-no-8042-no-vga", get(fadt + 109, 2), 5);
}

static void interrupts(uint64_t madt)
{
	unsigned processors = 0, nmi = 0, sci = 0, timer = 0;

	SAME("acpi-local-apic", get(madt + 36, 4), LAPIC);
	for (uint64_t at = madt + 44; at < madt + get(madt + 4, 4); at += get(at + 1, 1)) {
		switch (get(at, 1)) {
		case 0:
			SAME("acpi-processor", get(at + 3, 1), processors);
			processors += (unsigned)get(at + 4, 4);
			break;
		case 1:
			SAME("acpi-io-apic", get(at + 4, 4), IOAPIC);
			break;
		case 2:
			timer += get(at + 3, 1) == 0 && get(at + 4, 4) == 2;
			sci += get(at + 3, 1) == 9 && get(at + 4, 4) == 9 && get(at + 8, 2) == 0xd;
			break;
		case 4:
			nmi += get(at + 2, 1) == 0xff && get(at + 5, 1) == 1;
			break;
		default:
			runtime_die("acpi-madt-entry", get(at, 1));
		}
	}
	SAME("acpi-processors", processors, 1);
	SAME("acpi-nmi", nmi, 1);
	SAME("acpi-sci", sci, 1);
	CHECK(timer <= 1, "acpi-timer-override");
}

int guest_main(void)
{
	uint64_t rsdp = 0xe0000, mcfg;

	while (rsdp < 0x100000 && get(rsdp, 8) != UINT64_C(0x2052545020445352)) /* "RSD PTR " */
		rsdp += 16;
	SAME("acpi-rsdp", sum(rsdp, 20) | sum(rsdp, 36), 0);
	xsdt = get(rsdp + 24, 8);
	SAME("acpi-xsdt", sum(xsdt, get(xsdt + 4, 4)), 0);
	fixed(find("acpi-fadt", SIGNATURE('F', 'A', 'C', 'P')));
	interrupts(find("acpi-madt", SIGNATURE('A', 'P', 'I', 'C')));
	mcfg = find("acpi-mcfg", SIGNATURE('M', 'C', 'F', 'G'));
	/* The host bridge, seen by both mechanisms. */
	outl(0xcf8, 0x80000000);
	SAME("acpi-ecam", *(volatile uint32_t *)(uintptr_t)get(mcfg + 44, 8), inl(0xcfc));
	SAME("acpi-ecam", inl(0xcfc) & 0xffff, 0x1b36);
	return 0;
}
