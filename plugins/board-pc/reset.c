// SPDX-License-Identifier: MIT
#include "reset.h"

#include "map.h"

#define I8042_DATA 0x60u
#define I8042_COMMAND 0x64u
#define PORT_92 0x92u

#define STATUS_FULL 0x01u
#define STATUS_SYSTEM 0x04u /* it has passed its self-test */
#define STATUS_UNLOCKED 0x10u

#define OUTPUT_RESET 0x01u /* active low */
#define OUTPUT_A20 0x02u

static void reset_machine(struct vr_reset *r)
{
	r->t->machine->power(r->t->host, VR_POWER_RESET, 0);
}

/* ---- i8042 ---------------------------------------------------------------------------------------- */

static void answer(struct vr_reset *r, uint8_t value)
{
	r->output = value;
	r->full = 1;
}

static void command(struct vr_reset *r, uint8_t value)
{
	r->command = 0;
	switch (value) {
	case 0x20: /* read the command byte */
		answer(r, r->config);
		break;
	case 0xaa: /* self-test: passed */
		answer(r, 0x55);
		break;
	case 0xab: /* test of the keyboard's lines: fine */
	case 0xa9:
		answer(r, 0);
		break;
	case 0xd0: /* read the output port */
		answer(r, OUTPUT_RESET | (r->port92 & OUTPUT_A20));
		break;
	case 0x60: /* a data byte follows: command byte, output port, for the mouse */
	case 0xd1:
	case 0xd4:
		r->command = value;
		break;
	default:
		/* 0xf0..0xff: pulse the output port's bits that are low. */
		if (value >= 0xf0 && !(value & OUTPUT_RESET))
			reset_machine(r);
		break;
	}
}

static void data(struct vr_reset *r, uint8_t value)
{
	if (r->command == 0x60)
		r->config = value;
	else if (r->command == 0xd1 && !(value & OUTPUT_RESET))
		reset_machine(r);
	else if (r->command == 0xd1)
		r->port92 = (uint8_t)((r->port92 & ~OUTPUT_A20) | (value & OUTPUT_A20));
	/* Anything else is for a keyboard or a mouse, and nobody answers. */
	r->command = 0;
}

static uint64_t VR_CALL data_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct vr_reset *r = opaque;
	uint64_t value;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	r->full = 0;
	value = r->output;
	pthread_mutex_unlock(&r->lock);
	return value;
}

static void VR_CALL data_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct vr_reset *r = opaque;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	data(r, (uint8_t)value);
	pthread_mutex_unlock(&r->lock);
}

static uint64_t VR_CALL status_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct vr_reset *r = opaque;
	uint64_t value;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	value = STATUS_SYSTEM | STATUS_UNLOCKED | (r->full ? STATUS_FULL : 0);
	pthread_mutex_unlock(&r->lock);
	return value;
}

static void VR_CALL command_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width,
				  uint64_t value)
{
	struct vr_reset *r = opaque;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	command(r, (uint8_t)value);
	pthread_mutex_unlock(&r->lock);
}

/* ---- port 0x92: bit 0 resets when it rises, bit 1 is A20 (which is always open here) ---------------- */

static uint64_t VR_CALL port92_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct vr_reset *r = opaque;
	uint64_t value;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	value = r->port92;
	pthread_mutex_unlock(&r->lock);
	return value;
}

static void VR_CALL port92_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct vr_reset *r = opaque;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	if ((value & 1) && !(r->port92 & 1))
		reset_machine(r);
	r->port92 = value & 0xff;
	pthread_mutex_unlock(&r->lock);
}

/* ---- reset control: bit 2 resets when it rises, bit 1 says how hard ------------------------------------ */

static uint64_t VR_CALL control_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct vr_reset *r = opaque;
	uint64_t value;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	value = r->control;
	pthread_mutex_unlock(&r->lock);
	return value;
}

static void VR_CALL control_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width,
				  uint64_t value)
{
	struct vr_reset *r = opaque;

	(void)vcpu;
	(void)offset;
	(void)width;
	pthread_mutex_lock(&r->lock);
	if ((value & 4) && !(r->control & 4))
		reset_machine(r);
	r->control = value & 0x0e;
	pthread_mutex_unlock(&r->lock);
}

static const struct vr_bus_ops data_ops = {.size = sizeof(data_ops), .read = data_read, .write = data_write};
static const struct vr_bus_ops command_ops = {
	.size = sizeof(command_ops),
	.read = status_read,
	.write = command_write,
};
static const struct vr_bus_ops port92_ops = {
	.size = sizeof(port92_ops),
	.read = port92_read,
	.write = port92_write,
};
static const struct vr_bus_ops control_ops = {
	.size = sizeof(control_ops),
	.read = control_read,
	.write = control_write,
};

static const struct {
	uint32_t port;
	const struct vr_bus_ops *ops;
	const char *name;
} ports[] = {
	{I8042_DATA, &data_ops, "i8042-data"},
	{I8042_COMMAND, &command_ops, "i8042"},
	{PORT_92, &port92_ops, "port-92"},
	{PC_PORT_RESET, &control_ops, "reset-control"},
};

void vr_reset_reset(struct vr_reset *r)
{
	pthread_mutex_lock(&r->lock);
	r->command = r->output = r->full = r->control = 0;
	r->config = STATUS_SYSTEM;
	r->port92 = OUTPUT_A20;
	pthread_mutex_unlock(&r->lock);
}

int32_t vr_reset_init(struct vr_reset *r, const struct vr_tables *t)
{
	int32_t rc = VR_OK;

	r->t = t;
	pthread_mutex_init(&r->lock, NULL);
	vr_reset_reset(r);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]) && rc >= 0; i++)
		rc = t->mmio->attach(t->host, VR_SPACE_PORT, ports[i].port, 1, ports[i].ops, r,
				     ports[i].name);
	return rc;
}

void vr_reset_fini(struct vr_reset *r)
{
	pthread_mutex_destroy(&r->lock);
}
