/* SPDX-License-Identifier: MIT */
/*
 * cmos.c: the clock of the day. It counts the host's seconds plus what the guest set; while the guest holds
 * it (SET) it stands still. Interrupts are only scheduled while the guest wants one that it has not been told
 * yet.
 */
#include "cmos.h"

#include <board/ports.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ull
#define BYTES 128u
#define PORT_CMOS 0x70u

#define R_SECONDS 0x00u
#define R_SECONDS_ALARM 0x01u
#define R_MINUTES 0x02u
#define R_MINUTES_ALARM 0x03u
#define R_HOURS 0x04u
#define R_HOURS_ALARM 0x05u
#define R_WEEKDAY 0x06u
#define R_DAY 0x07u
#define R_MONTH 0x08u
#define R_YEAR 0x09u
#define R_A 0x0au
#define R_B 0x0bu
#define R_C 0x0cu
#define R_D 0x0du
#define R_CENTURY 0x32u

#define A_UIP 0x80u
#define B_SET 0x80u
#define B_BINARY 0x04u
#define B_24 0x02u
#define C_PERIODIC 0x40u /* the same bits as the enables in B */
#define C_ALARM 0x20u
#define C_UPDATE 0x10u
#define C_IRQ 0x80u
#define D_VALID 0x80u

#define ALARM_ANY 0xc0u /* these two bits set: every second, minute, hour */
#define UIP_NS 244000u  /* an update is announced that long before */
#define PERIOD_MIN 100000u

struct cmos {
	const struct vr_tables *t;
	uint32_t irq;
	struct vr_timer *timer;
	struct vr_ports ports;
	pthread_mutex_t lock; /* everything below */
	uint8_t index;
	uint8_t ram[BYTES]; /* registers too; the time only while SET holds it */
	int64_t offset;     /* seconds that the guest added to the host's clock */
	uint8_t flags;      /* C */
	uint32_t line;
	int64_t alarm_seen; /* the second up to which alarms have been looked for */
	int64_t update_seen;
	uint64_t periodic_from; /* ns of guest time */
};

struct date {
	int64_t year;
	uint32_t month, day, hour, minute, second, weekday;
};

static int64_t wall(const struct cmos *c)
{
	return (int64_t)(c->t->timer->wall(c->t->host) / SECOND) + c->offset;
}

/* ---- calendar: days since 1970 in years that begin in March, so that the leap day is the last --------- */

static int64_t days_of(int64_t year, uint32_t month, uint32_t day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct date date_of(int64_t seconds)
{
	int64_t days = seconds / 86400, rest = seconds % 86400, z, era, doe, yoe, doy, mp;
	struct date d;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	d.day = (uint32_t)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (uint32_t)(mp < 10 ? mp + 3 : mp - 9);
	d.year = yoe + era * 400 + (d.month <= 2);
	d.hour = (uint32_t)(rest / 3600);
	d.minute = (uint32_t)(rest / 60 % 60);
	d.second = (uint32_t)(rest % 60);
	d.weekday = (uint32_t)(((days + 4) % 7 + 7) % 7) + 1; /* Sunday is 1; 1970 began on a Thursday */
	return d;
}

/* ---- the guest's way of writing numbers ------------------------------------------------------------ */

static uint8_t encode(const struct cmos *c, uint32_t value)
{
	return (uint8_t)(c->ram[R_B] & B_BINARY ? value : value / 10 % 10 << 4 | value % 10);
}

static uint32_t decode(const struct cmos *c, uint8_t value)
{
	return c->ram[R_B] & B_BINARY ? value : (uint32_t)(value >> 4) * 10 + (value & 15);
}

static uint8_t encode_hour(const struct cmos *c, uint32_t hour)
{
	if (c->ram[R_B] & B_24)
		return encode(c, hour);
	return (uint8_t)(encode(c, (hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0));
}

static uint32_t decode_hour(const struct cmos *c, uint8_t value)
{
	if (c->ram[R_B] & B_24)
		return decode(c, value);
	return decode(c, value & 0x7f) % 12 + (value & 0x80 ? 12 : 0);
}

static void time_to_ram(struct cmos *c)
{
	struct date d = date_of(wall(c));
	uint32_t year = (uint32_t)(d.year < 0 ? 0 : d.year % 10000);

	c->ram[R_SECONDS] = encode(c, d.second);
	c->ram[R_MINUTES] = encode(c, d.minute);
	c->ram[R_HOURS] = encode_hour(c, d.hour);
	c->ram[R_WEEKDAY] = encode(c, d.weekday);
	c->ram[R_DAY] = encode(c, d.day);
	c->ram[R_MONTH] = encode(c, d.month);
	c->ram[R_YEAR] = encode(c, year % 100);
	c->ram[R_CENTURY] = encode(c, year / 100);
}

static void time_from_ram(struct cmos *c)
{
	uint32_t month = decode(c, c->ram[R_MONTH]), day = decode(c, c->ram[R_DAY]);
	int64_t year = decode(c, c->ram[R_CENTURY]) * 100 + decode(c, c->ram[R_YEAR]), seconds;

	/* A date that is none (the guest writes what it likes) is moved to one. */
	month = month < 1 ? 1 : month > 12 ? 12 : month;
	seconds = days_of(year, month, day) * 86400 + decode_hour(c, c->ram[R_HOURS]) * 3600ll +
		  decode(c, c->ram[R_MINUTES]) * 60ll + decode(c, c->ram[R_SECONDS]);
	c->offset += seconds - wall(c);
	c->alarm_seen = c->update_seen = wall(c);
}

static int held(const struct cmos *c)
{
	return !!(c->ram[R_B] & B_SET);
}

/* ---- interrupts --------------------------------------------------------------------------------------- */

static uint32_t level_of(const struct cmos *c)
{
	return !!(c->flags & c->ram[R_B] & (C_PERIODIC | C_ALARM | C_UPDATE));
}

static void update_line(struct cmos *c)
{
	uint32_t level = level_of(c);

	if (level)
		c->flags |= C_IRQ;
	if (level == c->line)
		return;
	c->line = level;
	c->t->irq->set(c->t->host, VR_IRQ_SHARED, c->irq, level);
}

/* The period that A selects with the usual 32.768 kHz, or 0. */
static uint64_t period(const struct cmos *c)
{
	uint32_t rate = c->ram[R_A] & 15;

	if (!rate || (c->ram[R_A] >> 4 & 7) > 2)
		return 0;
	if (rate <= 2) /* 256 and 128 Hz */
		rate += 7;
	return SECOND * (1u << (rate - 1)) / 32768;
}

static int alarm_matches(const struct cmos *c, int64_t second)
{
	struct date d = date_of(second);
	const uint8_t *r = c->ram;

	return (r[R_SECONDS_ALARM] >= ALARM_ANY || decode(c, r[R_SECONDS_ALARM]) == d.second) &&
	       (r[R_MINUTES_ALARM] >= ALARM_ANY || decode(c, r[R_MINUTES_ALARM]) == d.minute) &&
	       ((r[R_HOURS_ALARM] & ALARM_ANY) == ALARM_ANY || decode_hour(c, r[R_HOURS_ALARM]) == d.hour);
}

/* Notes what has happened since the last look. */
static void notice(struct cmos *c)
{
	int64_t second = wall(c);
	uint64_t p = period(c), t = c->t->timer->now(c->t->host);

	if (!held(c)) {
		if (second != c->update_seen)
			c->flags |= C_UPDATE;
		c->update_seen = second;
		/* A clock that jumped has skipped its alarms, one that was late for less than a minute has
		 * not. */
		if (second < c->alarm_seen || second - c->alarm_seen > 60)
			c->alarm_seen = second - 1;
		for (; c->alarm_seen < second; c->alarm_seen++)
			if (alarm_matches(c, c->alarm_seen + 1))
				c->flags |= C_ALARM;
	}
	if (p && t >= c->periodic_from + p) {
		c->flags |= C_PERIODIC;
		c->periodic_from += (t - c->periodic_from) / p * p;
	}
	update_line(c);
}

/* Wake for the next thing that the guest wants to hear of and has not yet heard of. */
static void arm(struct cmos *c)
{
	const struct vr_host_timer *timer = c->t->timer;
	uint64_t t = timer->now(c->t->host), when = UINT64_MAX;
	uint32_t wanted = c->ram[R_B] & ~(uint32_t)c->flags, p = (uint32_t)period(c);

	if ((wanted & C_PERIODIC) && p)
		when = c->periodic_from + (p < PERIOD_MIN ? PERIOD_MIN : p);
	if ((wanted & (C_UPDATE | C_ALARM)) && !held(c)) {
		uint64_t second = t + SECOND - timer->wall(c->t->host) % SECOND;

		when = second < when ? second : when;
	}
	if (when == UINT64_MAX)
		timer->cancel(c->t->host, c->timer);
	else
		timer->arm(c->t->host, c->timer, when);
}

static void VR_CALL fired(void *opaque)
{
	struct cmos *c = opaque;

	pthread_mutex_lock(&c->lock);
	notice(c);
	arm(c);
	pthread_mutex_unlock(&c->lock);
}

/* ---- registers ------------------------------------------------------------------------------- */

static int is_time(uint32_t r)
{
	return r == R_SECONDS || r == R_MINUTES || (r <= R_YEAR && (r == R_HOURS || r >= R_WEEKDAY)) ||
	       r == R_CENTURY;
}

static uint8_t data_read(struct cmos *c)
{
	uint8_t value;

	if (is_time(c->index) && !held(c))
		time_to_ram(c);
	switch (c->index) {
	case R_A:
		return (uint8_t)(c->ram[R_A] |
				 (!held(c) && c->t->timer->wall(c->t->host) % SECOND >= SECOND - UIP_NS
					  ? A_UIP
					  : 0));
	case R_C: /* reading acknowledges */
		notice(c);
		value = c->flags;
		c->flags = 0;
		update_line(c);
		arm(c);
		return value;
	case R_D:
		return D_VALID;
	default:
		return c->ram[c->index];
	}
}

static void b_write(struct cmos *c, uint8_t value)
{
	if ((value & B_SET) && !held(c))
		time_to_ram(c);
	if (!(value & B_SET) && held(c)) {
		/* What was written under SET was written in the format that B has now. */
		c->ram[R_B] = value;
		time_from_ram(c);
	}
	if ((value & C_PERIODIC) && !(c->ram[R_B] & C_PERIODIC))
		c->periodic_from = c->t->timer->now(c->t->host);
	c->ram[R_B] = value & B_SET ? value & (uint8_t)~C_UPDATE : value; /* SET clears UIE */
	update_line(c);
	arm(c);
}

static void data_write(struct cmos *c, uint8_t value)
{
	switch (c->index) {
	case R_A:
		c->ram[R_A] = value & 0x7f;
		c->periodic_from = c->t->timer->now(c->t->host);
		arm(c);
		return;
	case R_B:
		notice(c);
		b_write(c, value);
		return;
	case R_C:
	case R_D:
		return;
	default:
		break;
	}
	if (is_time(c->index) && !held(c)) {
		time_to_ram(c);
		c->ram[c->index] = value;
		time_from_ram(c);
	}
	c->ram[c->index] = value;
	if (c->index == R_SECONDS_ALARM || c->index == R_MINUTES_ALARM || c->index == R_HOURS_ALARM)
		arm(c);
}

static uint32_t port_read(void *device, uint32_t port)
{
	return port == PORT_CMOS ? 0xff : data_read(device); /* the index can't be read back */
}

static void port_write(void *device, uint32_t port, uint32_t value)
{
	struct cmos *c = device;

	if (port == PORT_CMOS)
		c->index = value & (BYTES - 1); /* bit 7 masks NMI; no device here raises one */
	else
		data_write(c, (uint8_t)value);
}

static const struct vr_port_range range = {PORT_CMOS, 2, port_read, port_write, "cmos"};

/* What a firmware would have put there: sizes in KiB, above 16 MiB in units of 64 KiB. */
static void describe_ram(struct cmos *c, uint64_t ram_size)
{
	uint64_t kib = ram_size >> 10, extended = kib > 1024 ? kib - 1024 : 0;
	uint64_t high = ram_size > 16u << 20 ? (ram_size - (16u << 20)) >> 16 : 0;

	if (extended > 0xffff)
		extended = 0xffff;
	if (high > 0xffff)
		high = 0xffff;
	c->ram[0x15] = 640 & 0xff;
	c->ram[0x16] = 640 >> 8;
	c->ram[0x17] = c->ram[0x30] = (uint8_t)extended;
	c->ram[0x18] = c->ram[0x31] = (uint8_t)(extended >> 8);
	c->ram[0x34] = (uint8_t)high;
	c->ram[0x35] = (uint8_t)(high >> 8);
}

int32_t cmos_new(const struct vr_tables *t, uint32_t irq, uint64_t ram_size, struct cmos **out)
{
	struct cmos *c = calloc(1, sizeof(*c));
	int32_t rc;

	if (!c)
		return vr_tables_fail(t, VR_E_NOMEM, "clock: out of memory");
	c->t = t;
	c->irq = irq;
	c->ram[R_A] = 0x26; /* 32.768 kHz, 1024 Hz */
	c->ram[R_B] = B_24;
	c->alarm_seen = c->update_seen = wall(c);
	describe_ram(c, ram_size);
	pthread_mutex_init(&c->lock, NULL);
	rc = t->timer->create(t->host, fired, c, &c->timer);
	if (rc >= 0)
		rc = vr_ports_attach(t, &range, 1, c, &c->lock, &c->ports);
	if (rc < 0) {
		cmos_free(c);
		return rc;
	}
	*out = c;
	return VR_OK;
}

void cmos_reset(struct cmos *c)
{
	pthread_mutex_lock(&c->lock);
	c->t->timer->cancel(c->t->host, c->timer);
	c->index = 0;
	c->flags = 0;
	/* "RESET": the interrupt enables go; a clock that was held stays where it is no longer. */
	c->ram[R_B] &= B_BINARY | B_24;
	update_line(c);
	pthread_mutex_unlock(&c->lock);
}

void cmos_free(struct cmos *c)
{
	if (!c)
		return;
	if (c->timer)
		c->t->timer->destroy(c->t->host, c->timer);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

_Static_assert(BYTES == sizeof(((struct vr_state_x86_cmos *)0)->ram), "all of it is state");

void cmos_get(struct cmos *c, struct vr_state_x86_cmos *s)
{
	pthread_mutex_lock(&c->lock);
	s->index = c->index;
	s->flags = c->flags;
	s->offset = c->offset;
	s->alarm_seen = c->alarm_seen;
	s->update_seen = c->update_seen;
	s->periodic_from = c->periodic_from;
	memcpy(s->ram, c->ram, sizeof(s->ram));
	pthread_mutex_unlock(&c->lock);
}

void cmos_set(struct cmos *c, const struct vr_state_x86_cmos *s)
{
	pthread_mutex_lock(&c->lock);
	c->index = s->index;
	c->flags = s->flags;
	c->offset = s->offset;
	c->alarm_seen = s->alarm_seen;
	c->update_seen = s->update_seen;
	c->periodic_from = s->periodic_from;
	memcpy(c->ram, s->ram, sizeof(c->ram));
	c->line = level_of(c);
	arm(c);
	pthread_mutex_unlock(&c->lock);
}
