/* SPDX-License-Identifier: MIT */
#include "reset.h"

#define I8042_DATA 0x60u
#define I8042_COMMAND 0x64u
#define PORT_92 0x92u

#define STATUS_FULL 0x01u
#define STATUS_SYSTEM 0x04u /* it has passed its self-test */
#define STATUS_UNLOCKED 0x10u

#define OUTPUT_RESET 0x01u /* active low */
#define OUTPUT_A20 0x02u

static void reset_machine(struct reset_control *r)
{
	r->t->machine->power(r->t->host, VR_POWER_RESET, 0);
}

/* ---- i8042 ---------------------------------------------------------------------------------------- */

static void answer(struct reset_control *r, uint8_t value)
{
	r->s.output = value;
	r->s.full = 1;
}

static void command_write(void *device, uint32_t port, uint32_t value)
{
	struct reset_control *r = device;

	(void)port;
	r->s.command = 0;
	switch (value) {
	case 0x20: /* read the command byte */
		answer(r, r->s.config);
		break;
	case 0xaa: /* self-test: passed */
		answer(r, 0x55);
		break;
	case 0xab: /* test of the keyboard's lines: fine */
	case 0xa9:
		answer(r, 0);
		break;
	case 0xd0: /* read the output port */
		answer(r, OUTPUT_RESET | (r->s.port92 & OUTPUT_A20));
		break;
	case 0x60: /* a data byte follows: command byte, output port, for the mouse */
	case 0xd1:
	case 0xd4:
		r->s.command = (uint8_t)value;
		break;
	default:
		/* 0xf0..0xff: pulse the output port's bits that are low. */
		if (value >= 0xf0 && !(value & OUTPUT_RESET))
			reset_machine(r);
		break;
	}
}

static void data_write(void *device, uint32_t port, uint32_t value)
{
	struct reset_control *r = device;

	(void)port;
	if (r->s.command == 0x60)
		r->s.config = (uint8_t)value;
	else if (r->s.command == 0xd1 && !(value & OUTPUT_RESET))
		reset_machine(r);
	else if (r->s.command == 0xd1)
		r->s.port92 = (uint8_t)((r->s.port92 & ~OUTPUT_A20) | (value & OUTPUT_A20));
	/* Anything else is for a keyboard or a mouse, which this machine does not have. */
	r->s.command = 0;
}

static uint32_t data_read(void *device, uint32_t port)
{
	struct reset_control *r = device;

	(void)port;
	r->s.full = 0;
	return r->s.output;
}

static uint32_t status_read(void *device, uint32_t port)
{
	const struct reset_control *r = device;

	(void)port;
	return STATUS_SYSTEM | STATUS_UNLOCKED | (r->s.full ? STATUS_FULL : 0);
}

/* ---- port 0x92: bit 0 resets when it rises, bit 1 is A20 (which is always open here) ---------------- */

static uint32_t port92_read(void *device, uint32_t port)
{
	const struct reset_control *r = device;

	(void)port;
	return r->s.port92;
}

static void port92_write(void *device, uint32_t port, uint32_t value)
{
	struct reset_control *r = device;

	(void)port;
	if ((value & 1) && !(r->s.port92 & 1))
		reset_machine(r);
	r->s.port92 = (uint8_t)value;
}

/* ---- reset control: bit 2 resets when it rises, bit 1 says how hard ------------------------------------ */

uint8_t reset_control_read(struct reset_control *r)
{
	uint8_t value;

	pthread_mutex_lock(&r->lock);
	value = r->s.control;
	pthread_mutex_unlock(&r->lock);
	return value;
}

void reset_control_write(struct reset_control *r, uint8_t value)
{
	pthread_mutex_lock(&r->lock);
	if ((value & 4) && !(r->s.control & 4))
		reset_machine(r);
	r->s.control = value & 0x0e;
	pthread_mutex_unlock(&r->lock);
}

static const struct vr_port_range ports[RESET_PORTS] = {
	{I8042_DATA, 1, data_read, data_write, "i8042-data"},
	{I8042_COMMAND, 1, status_read, command_write, "i8042"},
	{PORT_92, 1, port92_read, port92_write, "port-92"},
};

/* ---- life ---------------------------------------------------------------------------- */

void reset_reset(struct reset_control *r)
{
	pthread_mutex_lock(&r->lock);
	r->s = (struct vr_state_x86_i8042){
		.size = sizeof(r->s), .config = STATUS_SYSTEM, .port92 = OUTPUT_A20};
	pthread_mutex_unlock(&r->lock);
}

int32_t reset_init(struct reset_control *r, const struct vr_tables *t)
{
	r->t = t;
	pthread_mutex_init(&r->lock, NULL);
	reset_reset(r);
	return vr_ports_attach(t, ports, RESET_PORTS, r, &r->lock, r->ports);
}

void reset_fini(struct reset_control *r)
{
	pthread_mutex_destroy(&r->lock);
}

void reset_get(struct reset_control *r, struct vr_state_x86_i8042 *s)
{
	pthread_mutex_lock(&r->lock);
	*s = r->s;
	pthread_mutex_unlock(&r->lock);
}

void reset_set(struct reset_control *r, const struct vr_state_x86_i8042 *s)
{
	pthread_mutex_lock(&r->lock);
	r->s = *s;
	r->s.size = sizeof(r->s);
	pthread_mutex_unlock(&r->lock);
}
