/* SPDX-License-Identifier: MIT */
#include "acpi_pm.h"

#include "map.h"

#define R_STATUS 0u
#define R_ENABLE 2u
#define R_CONTROL 4u
#define R_TIMER 8u
#define SIZE 12u

/* 4.8.3.1: the events that the FADT announces: the PM timer's highest bit has changed (4.8.2.1), and firmware
 * lets go of the global lock, which there is none to do. */
#define EVENT_TIMER 0x0001u
#define ENABLE_MASK 0x0021u
/* 4.8.3.2.1 */
#define CONTROL_SCI_EN 0x0001u
#define CONTROL_MASK 0x1c06u
#define CONTROL_SLP_TYP(v) ((v) >> 10 & 7)
#define CONTROL_SLP_EN 0x2000u

#define SECOND 1000000000u

/* The timer, of which the register shows the low 32 bits: bit 31 changes with each half. */
static uint64_t timer(const struct acpi_pm *p)
{
	return (uint64_t)((unsigned __int128)p->t->timer->now(p->t->host) * ACPI_PM_TIMER_HZ / SECOND);
}

/* Note the change of bit 31 if there was one, drive the SCI, and wake for the next change if it would
 * interrupt. */
static void update(struct acpi_pm *p)
{
	uint64_t half = timer(p) >> 31, next;
	uint32_t level;

	if (half != p->half)
		p->status |= EVENT_TIMER;
	p->half = half;
	if (p->enable & ~p->status & EVENT_TIMER) {
		next = (uint64_t)((((unsigned __int128)half + 1) << 31) * SECOND / ACPI_PM_TIMER_HZ) + 1;
		p->t->timer->arm(p->t->host, p->alarm, next);
	}
	level = (p->status & p->enable) != 0;
	if (level == p->line)
		return;
	p->line = level;
	p->t->irq->set(p->t->host, VR_IRQ_SHARED, PC_IRQ_SCI, level);
}

static void VR_CALL fired(void *opaque)
{
	struct acpi_pm *p = opaque;

	pthread_mutex_lock(&p->lock);
	update(p);
	pthread_mutex_unlock(&p->lock);
}

/* The registers as bytes; those that are wider may be read in parts. */
static uint8_t byte(const struct acpi_pm *p, uint64_t offset, uint32_t ticks)
{
	switch (offset & ~3ull) {
	case R_STATUS:
		return (uint8_t)((p->status | (uint32_t)p->enable << 16) >> 8 * (offset & 3));
	case R_CONTROL: /* there is no mode but ACPI's */
		return (uint8_t)((p->control | CONTROL_SCI_EN) >> 8 * (offset & 3));
	case R_TIMER:
		return (uint8_t)(ticks >> 8 * (offset & 3));
	default:
		return 0;
	}
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct acpi_pm *p = opaque;
	uint64_t value = 0;
	uint32_t ticks;

	(void)vcpu;
	pthread_mutex_lock(&p->lock);
	update(p);
	ticks = (uint32_t)timer(p);
	for (uint32_t i = 0; i < width && offset + i < SIZE; i++)
		value |= (uint64_t)byte(p, offset + i, ticks) << 8 * i;
	pthread_mutex_unlock(&p->lock);
	return value;
}

static void control_write(struct acpi_pm *p, uint32_t value)
{
	p->control = (uint16_t)(value & CONTROL_MASK);
	/* Only soft-off is announced in the DSDT, and only that is carried out. */
	if ((value & CONTROL_SLP_EN) && CONTROL_SLP_TYP(value) == ACPI_S5)
		p->t->machine->power(p->t->host, VR_POWER_OFF, 0);
}

static void write_byte(struct acpi_pm *p, uint64_t offset, uint8_t value)
{
	uint32_t shift = 8 * (offset & 1);

	switch (offset & ~1ull) {
	case R_STATUS: /* a one clears */
		p->status = (uint16_t)(p->status & ~((uint32_t)value << shift));
		break;
	case R_ENABLE:
		p->enable = (uint16_t)(((p->enable & ~(0xffu << shift)) | (uint32_t)value << shift) &
				       ENABLE_MASK);
		break;
	default:
		break;
	}
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct acpi_pm *p = opaque;

	(void)vcpu;
	pthread_mutex_lock(&p->lock);
	update(p);
	if (offset == R_CONTROL) {
		control_write(p, width == 1 ? (p->control & 0xff00u) | (value & 0xff) : (uint32_t)value);
	} else if (offset == R_CONTROL + 1) {
		control_write(p, (p->control & 0xffu) | (uint32_t)(value & 0xff) << 8);
	} else {
		for (uint32_t i = 0; i < width && offset + i < R_CONTROL; i++)
			write_byte(p, offset + i, (uint8_t)(value >> 8 * i));
		update(p);
	}
	pthread_mutex_unlock(&p->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

void acpi_pm_reset(struct acpi_pm *p)
{
	pthread_mutex_lock(&p->lock);
	p->status = p->enable = p->control = 0;
	p->half = timer(p) >> 31;
	update(p);
	pthread_mutex_unlock(&p->lock);
}

int32_t acpi_pm_init(struct acpi_pm *p, const struct vr_tables *t)
{
	int32_t rc = t->timer->create(t->host, fired, p, &p->alarm);

	p->t = t;
	pthread_mutex_init(&p->lock, NULL);
	if (rc < 0)
		return rc;
	acpi_pm_reset(p);
	return t->mmio->attach(t->host, VR_SPACE_PORT, PC_PORT_PM_EVENT, SIZE, &ops, p, "acpi-pm");
}

void acpi_pm_fini(struct acpi_pm *p)
{
	if (p->alarm)
		p->t->timer->destroy(p->t->host, p->alarm);
	pthread_mutex_destroy(&p->lock);
}

void acpi_pm_get(struct acpi_pm *p, struct vr_state_x86_acpi_pm *s)
{
	pthread_mutex_lock(&p->lock);
	update(p);
	s->status = p->status;
	s->enable = p->enable;
	s->control = p->control;
	pthread_mutex_unlock(&p->lock);
}

void acpi_pm_set(struct acpi_pm *p, const struct vr_state_x86_acpi_pm *s)
{
	pthread_mutex_lock(&p->lock);
	p->status = s->status;
	p->enable = s->enable;
	p->control = s->control;
	p->half = timer(p) >> 31;
	p->line = (p->status & p->enable) != 0; /* as the interrupt controllers' states have it */
	update(p);
	pthread_mutex_unlock(&p->lock);
}
