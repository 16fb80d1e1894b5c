/* SPDX-License-Identifier: MIT */
/*
 * state.c: the canonical states of what the board is made of. The states of controllers that the accelerator
 * has are passed on to it. The core asks the board for all of them alike, so that a machine can move from one
 * accelerator to another.
 */
#include <board/state_pc.h>
#include <string.h>
#include <vmrun/state_x86.h>

#include "board.h"
#include "entry.h"

static void get_pic(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	intr_get_pic(&b->intr, s);
}

static int32_t set_pic(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	intr_set_pic(&b->intr, s);
	return VR_OK;
}

static int32_t saw_pic(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	intr_saw_pic(&b->intr, s);
	return VR_OK;
}

static void get_ioapic(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	intr_get_ioapic(&b->intr, s);
}

static int32_t set_ioapic(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	intr_set_ioapic(&b->intr, s);
	return VR_OK;
}

static int32_t saw_ioapic(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	intr_saw_ioapic(&b->intr, s);
	return VR_OK;
}

static void get_lapic(struct pc_board *b, uint32_t i, void *s)
{
	intr_get_lapic(&b->intr, i, s);
}

static int32_t set_lapic(struct pc_board *b, uint32_t i, const void *s)
{
	return intr_set_lapic(&b->intr, i, s);
}

/* With the accelerator's local APICs all vCPUs are on, and those that wait do so there. */
static int32_t saw_lapic(struct pc_board *b, uint32_t i, const void *state)
{
	const struct vr_state_x86_lapic *s = state;
	int32_t rc = VR_OK;

	if (s->startup != VR_X86_STARTUP_RUNS)
		rc = entry_wait(&b->t, i, s->startup == VR_X86_STARTUP_SIPI, (uint8_t)s->sipi_vector);
	return rc < 0 ? rc : b->t.machine->vcpu_power(b->t.host, i, 1);
}

static void get_pit(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	pit_get(b->pit, s);
}

static int32_t set_pit(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	pit_set(b->pit, s);
	return VR_OK;
}

static void get_cmos(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	cmos_get(b->cmos, s);
}

static int32_t set_cmos(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	cmos_set(b->cmos, s);
	return VR_OK;
}

static void get_acpi_pm(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	acpi_pm_get(&b->pm, s);
}

static int32_t set_acpi_pm(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	acpi_pm_set(&b->pm, s);
	return VR_OK;
}

static void get_i8042(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	reset_get(&b->reset, s);
}

static int32_t set_i8042(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	reset_set(&b->reset, s);
	return VR_OK;
}

static void get_pci(struct pc_board *b, uint32_t i, void *s)
{
	(void)i;
	pci_get(&b->pci, s);
}

static int32_t set_pci(struct pc_board *b, uint32_t i, const void *s)
{
	(void)i;
	pci_set(&b->pci, s);
	return VR_OK;
}

#define HAVE(kind) (1u << (kind))
#define NEVER 0
#define LAPICS (HAVE(VR_IRQCHIP_SPLIT) | HAVE(VR_IRQCHIP_FULL))
#define FULL HAVE(VR_IRQCHIP_FULL)

static const struct part {
	const char *id;
	uint32_t theirs; /* with which of VR_IRQCHIP_* it is the accelerator's */
	uint32_t each_vcpu;
	void (*get)(struct pc_board *b, uint32_t i, void *s);
	int32_t (*set)(struct pc_board *b, uint32_t i, const void *s);
	/* The accelerator was given it: what the board learns from that. May be NULL. */
	int32_t (*saw)(struct pc_board *b, uint32_t i, const void *s);
} parts[] = {
	{VR_STATE_X86_LAPIC_ID, LAPICS, 1, get_lapic, set_lapic, saw_lapic},
	{VR_STATE_X86_IOAPIC_ID, FULL, 0, get_ioapic, set_ioapic, saw_ioapic},
	{VR_STATE_X86_PIC_ID, FULL, 0, get_pic, set_pic, saw_pic},
	{VR_STATE_X86_PIT_ID, FULL, 0, get_pit, set_pit, NULL},
	{VR_STATE_X86_CMOS_ID, NEVER, 0, get_cmos, set_cmos, NULL},
	{VR_STATE_X86_ACPI_PM_ID, NEVER, 0, get_acpi_pm, set_acpi_pm, NULL},
	{VR_STATE_X86_I8042_ID, NEVER, 0, get_i8042, set_i8042, NULL},
	{VR_STATE_X86_PCI_ID, NEVER, 0, get_pci, set_pci, NULL},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static uint32_t count_of(const struct pc_board *b, const struct part *p)
{
	return p->each_vcpu ? b->vcpu_count : 1;
}

int32_t VR_CALL pc_state_at(struct vr_board *board, uint32_t i, struct vr_board_state *out)
{
	const struct pc_board *b = pc_board_of(board);

	for (size_t n = 0; n < PARTS; n++) {
		uint32_t count = count_of(b, &parts[n]);

		if (i < count) {
			out->index = i;
			out->id = parts[n].id;
			out->length = vr_state_pc_size(parts[n].id);
			return VR_OK;
		}
		i -= count;
	}
	return vr_slots_state_at(&b->slots, i, out);
}

/* The part, or NULL and the error. */
static const struct part *find(const struct pc_board *b, const char *id, uint32_t index, int32_t *rc)
{
	const struct part *p = NULL;

	for (size_t n = 0; n < PARTS && !p; n++)
		if (strcmp(parts[n].id, id) == 0)
			p = &parts[n];
	if (!p)
		*rc = vr_tables_fail(&b->t, VR_E_NOENT, "board-pc: nothing here has a state \"%.64s\"", id);
	else if (index >= count_of(b, p))
		*rc = vr_tables_fail(&b->t, VR_E_RANGE, "board-pc: %s %u: this machine has %u", id, index,
				     count_of(b, p));
	else
		return p;
	return NULL;
}

static int theirs(const struct pc_board *b, const struct part *p)
{
	return p->theirs >> b->intr.kind & 1;
}

static int32_t no_way(const struct pc_board *b, const char *id)
{
	return vr_tables_fail(&b->t, VR_E_UNSUPPORTED,
			      "board-pc: the accelerator, which has it, neither gives nor takes \"%s\"", id);
}

int32_t VR_CALL pc_get_state(struct vr_board *board, const char *id, uint32_t index, void *state,
			     uint32_t length)
{
	struct pc_board *b = pc_board_of(board);
	int32_t rc = vr_slots_get_state(&b->slots, id, index, state, length);
	const struct part *p = rc == VR_E_NOENT ? find(b, id, index, &rc) : NULL;
	uint32_t size = vr_state_pc_size(id);

	if (!p)
		return rc;
	rc = vr_state_pc_fits(b->t.host, "board-pc", id, length);
	if (rc < 0)
		return rc;
	if (theirs(b, p)) {
		if (!VR_HAS(b->intr.chip, get_state))
			return no_way(b, id);
		return b->intr.chip->get_state(b->intr.chip_self, id, index, state, length);
	}
	memset(state, 0, size);
	p->get(b, index, state);
	memcpy(state, &size, sizeof(size));
	return VR_OK;
}

int32_t VR_CALL pc_set_state(struct vr_board *board, const char *id, uint32_t index, const void *state,
			     uint32_t length)
{
	struct pc_board *b = pc_board_of(board);
	int32_t rc = vr_slots_set_state(&b->slots, id, index, state, length);
	const struct part *p = rc == VR_E_NOENT ? find(b, id, index, &rc) : NULL;

	if (!p)
		return rc;
	rc = vr_state_pc_check(b->t.host, "board-pc", id, state, length, b->t.timer->now(b->t.host));
	if (rc < 0)
		return rc;
	if (!theirs(b, p))
		return p->set(b, index, state);
	if (!VR_HAS(b->intr.chip, set_state))
		return no_way(b, id);
	rc = b->intr.chip->set_state(b->intr.chip_self, id, index, state, length);
	return rc >= 0 && p->saw ? p->saw(b, index, state) : rc;
}
