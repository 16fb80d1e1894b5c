/* SPDX-License-Identifier: MIT */
/*
 * pl011.c: the serial port (Arm DDI 0183, PrimeCell UART PL011).
 *
 * Sending takes no time: the transmit FIFO is always empty. Received bytes are taken from the console
 * only while there is room, so nothing overruns. The line counts as silent as soon as the console has
 * nothing more to give, which is when the receive timeout interrupt (UARTRTINTR) is due. A BREAK of the console's is a
 * zero in the FIFO with the break bit (3.3.1 UARTDR).
 */
#include "pl011.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* 3.2: register offsets */
#define UARTDR 0x000u
#define UARTRSR 0x004u
#define UARTFR 0x018u
#define UARTILPR 0x020u
#define UARTIBRD 0x024u
#define UARTFBRD 0x028u
#define UARTLCR_H 0x02cu
#define UARTCR 0x030u
#define UARTIFLS 0x034u
#define UARTIMSC 0x038u
#define UARTRIS 0x03cu
#define UARTMIS 0x040u
#define UARTICR 0x044u
#define UARTDMACR 0x048u
#define UARTPERIPHID0 0xfe0u

#define FR_CTS (1u << 0)
#define FR_DSR (1u << 1)
#define FR_DCD (1u << 2)
#define FR_RI (1u << 8)
#define FR_RXFE (1u << 4)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)

/* 3.3.1: beside a received byte; in UARTRSR (3.3.2) the same bits are 8 lower */
#define DR_BREAK (1u << 10)
#define DR_ERRORS 0xf00u

#define LCR_H_BRK (1u << 0)
#define LCR_H_FEN (1u << 4)
#define CR_LBE (1u << 7)
#define CR_DTR (1u << 10)
#define CR_RTS (1u << 11)
#define CR_OUT1 (1u << 12)
#define CR_OUT2 (1u << 13)
#define CR_RESET 0x300u /* TXE and RXE */
#define IFLS_RESET 0x12u

/* nUARTRI, nUARTCTS, nUARTDCD, nUARTDSR have changed */
#define INT_RI (1u << 0)
#define INT_CTS (1u << 1)
#define INT_DCD (1u << 2)
#define INT_DSR (1u << 3)
#define INT_RX (1u << 4)
#define INT_TX (1u << 5)
#define INT_RT (1u << 6)
#define INT_BREAK (1u << 9)
#define INT_ALL 0x7ffu

#define FIFO_DEPTH 16u

struct pl011 {
	const struct vr_tables *t;
	uint32_t irq, port;
	pthread_mutex_t lock;      /* everything below */
	uint16_t fifo[FIFO_DEPTH]; /* as UARTDR has them */
	uint32_t head, count;
	uint32_t rsr;
	uint32_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
	uint32_t line;
};

static void update_line(struct pl011 *u)
{
	uint32_t level = !!(u->ris & u->imsc);

	if (level == u->line)
		return;
	u->line = level;
	u->t->irq->set(u->t->host, VR_IRQ_SHARED, u->irq, level);
}

static uint32_t depth(const struct pl011 *u)
{
	return u->lcr_h & LCR_H_FEN ? FIFO_DEPTH : 1;
}

/* 3.3.9 UARTIFLS: how full the receive FIFO has to be. */
static uint32_t receive_trigger(const struct pl011 *u)
{
	static const uint8_t eighths[8] = {1, 2, 4, 6, 7, 7, 7, 7};

	return u->lcr_h & LCR_H_FEN ? FIFO_DEPTH * eighths[u->ifls >> 3 & 7] / 8 : 1;
}

static void receive(struct pl011 *u, uint32_t entry)
{
	u->fifo[(u->head + u->count++) % FIFO_DEPTH] = (uint16_t)entry;
	if (entry & DR_BREAK)
		u->ris |= INT_BREAK;
	if (u->count >= receive_trigger(u))
		u->ris |= INT_RX;
}

/* Fill the FIFO from the console. */
static void pull(struct pl011 *u)
{
	uint8_t bytes[FIFO_DEPTH];
	uint32_t space = u->count < depth(u) ? depth(u) - u->count : 0, got = 0, n = 0, event;

	if (u->cr & CR_LBE)
		return;
	for (; space; space -= n, got += n) {
		n = u->t->console->receive(u->t->host, u->port, bytes, space, &event);
		for (uint32_t i = 0; i < n && i < space; i++)
			receive(u, bytes[i]);
		if (event == VR_CONSOLE_BREAK && n++ < space)
			receive(u, DR_BREAK);
		else if (n < space)
			break; /* no more comes */
	}
	if (space && got + n)
		u->ris |= INT_RT;
}

static void VR_CALL input_available(void *opaque)
{
	struct pl011 *u = opaque;

	pthread_mutex_lock(&u->lock);
	pull(u);
	update_line(u);
	pthread_mutex_unlock(&u->lock);
}

static uint32_t data_read(struct pl011 *u)
{
	uint32_t byte;

	if (!u->count)
		return 0;
	byte = u->fifo[u->head];
	u->head = (u->head + 1) % FIFO_DEPTH;
	u->count--;
	u->rsr = (byte & DR_ERRORS) >> 8;
	if (u->count < receive_trigger(u))
		u->ris &= ~INT_RX;
	if (!u->count)
		u->ris &= ~INT_RT;
	pull(u);
	if (u->count && u->count < receive_trigger(u))
		u->ris |= INT_RT;
	update_line(u);
	return byte;
}

static void data_write(struct pl011 *u, uint8_t byte)
{
	if (u->cr & CR_LBE) {
		if (u->count < depth(u))
			receive(u, byte);
		u->ris |= INT_RT;
	} else {
		u->t->console->write(u->t->host, u->port, &byte, 1);
	}
	/* The FIFO has drained through its trigger level (3.3.9) by the time this is seen. */
	u->ris |= INT_TX;
	update_line(u);
}

/* The modem's inputs: a terminal is connected and ready. In loop-back they are the outputs (3.3.8,
 * UARTCR.LBE). */
static uint32_t modem(const struct pl011 *u)
{
	if (!(u->cr & CR_LBE))
		return FR_CTS | FR_DSR | FR_DCD;
	return (u->cr & CR_RTS ? FR_CTS : 0) | (u->cr & CR_DTR ? FR_DSR : 0) |
	       (u->cr & CR_OUT1 ? FR_DCD : 0) | (u->cr & CR_OUT2 ? FR_RI : 0);
}

static void control_write(struct pl011 *u, uint32_t value)
{
	uint32_t was = modem(u), changed;

	u->cr = value & 0xff87;
	changed = was ^ modem(u);
	u->ris |= (changed & FR_RI ? INT_RI : 0) | (changed & FR_CTS ? INT_CTS : 0) |
		  (changed & FR_DCD ? INT_DCD : 0) | (changed & FR_DSR ? INT_DSR : 0);
}

static uint32_t flags(const struct pl011 *u)
{
	return modem(u) | FR_TXFE | (u->count ? 0 : FR_RXFE) | (u->count >= depth(u) ? FR_RXFF : 0);
}

static uint32_t register_read(struct pl011 *u, uint32_t offset)
{
	/* 3.3.15 and 3.3.16: PL011, revision r1p4 (r1p5 has FIFOs of 32), and the PrimeCell identification.
	 */
	static const uint8_t id[8] = {0x11, 0x10, 0x24, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	if (offset >= UARTPERIPHID0)
		return offset & 3 ? 0 : id[(offset - UARTPERIPHID0) / 4];
	switch (offset) {
	case UARTDR:
		return data_read(u);
	case UARTRSR:
		return u->rsr;
	case UARTFR:
		return flags(u);
	case UARTILPR:
		return u->ilpr;
	case UARTIBRD:
		return u->ibrd;
	case UARTFBRD:
		return u->fbrd;
	case UARTLCR_H:
		return u->lcr_h;
	case UARTCR:
		return u->cr;
	case UARTIFLS:
		return u->ifls;
	case UARTIMSC:
		return u->imsc;
	case UARTRIS:
		return u->ris;
	case UARTMIS:
		return u->ris & u->imsc;
	case UARTDMACR:
		return u->dmacr;
	default:
		return 0;
	}
}

static void register_write(struct pl011 *u, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case UARTDR:
		data_write(u, (uint8_t)value);
		return;
	case UARTRSR: /* 3.3.2: UARTECR; any value */
		u->rsr = 0;
		return;
	case UARTILPR:
		u->ilpr = value & 0xff;
		return;
	case UARTIBRD:
		u->ibrd = value & 0xffff;
		return;
	case UARTFBRD:
		u->fbrd = value & 0x3f;
		return;
	case UARTLCR_H:
		/* 3.3.7: switching the FIFOs on or off empties them. */
		if ((u->lcr_h ^ value) & LCR_H_FEN) {
			u->count = u->head = 0;
			u->ris &= ~(INT_RX | INT_RT);
		}
		u->lcr_h = value & 0xff;
		pull(u);
		break;
	case UARTCR:
		control_write(u, value);
		break;
	case UARTIFLS:
		u->ifls = value & 0x3f;
		break;
	case UARTIMSC:
		u->imsc = value & INT_ALL;
		break;
	case UARTICR:
		u->ris &= ~value;
		break;
	case UARTDMACR:
		u->dmacr = value & 7;
		return;
	default: /* read-only */
		return;
	}
	update_line(u);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct pl011 *u = opaque;
	uint64_t value;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&u->lock);
	value = register_read(u, (uint32_t)offset);
	pthread_mutex_unlock(&u->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct pl011 *u = opaque;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&u->lock);
	register_write(u, (uint32_t)offset, (uint32_t)value);
	pthread_mutex_unlock(&u->lock);
}

static const struct vr_bus_ops ops = {
	.size = sizeof(ops),
	.read = read_op,
	.write = write_op,
};

static void power_on(struct pl011 *u)
{
	u->head = u->count = 0;
	u->rsr = u->ilpr = u->ibrd = u->fbrd = u->lcr_h = u->imsc = u->ris = u->dmacr = 0;
	u->cr = CR_RESET;
	u->ifls = IFLS_RESET;
}

int32_t pl011_new(const struct vr_tables *t, uint64_t base, uint32_t irq, uint32_t port, struct pl011 **out)
{
	struct pl011 *u = calloc(1, sizeof(*u));
	int32_t rc;

	if (!u)
		return vr_tables_fail(t, VR_E_NOMEM, "serial port: out of memory");
	u->t = t;
	u->irq = irq;
	u->port = port;
	pthread_mutex_init(&u->lock, NULL);
	power_on(u);
	rc = t->mmio->attach(t->host, VR_SPACE_MMIO, base, A64_UART_SIZE, &ops, u, "pl011");
	if (rc >= 0)
		rc = t->console->on_input(t->host, port, input_available, u);
	if (rc < 0) {
		pl011_free(u);
		return rc;
	}
	*out = u;
	return VR_OK;
}

void pl011_reset(struct pl011 *u)
{
	pthread_mutex_lock(&u->lock);
	power_on(u);
	update_line(u);
	pthread_mutex_unlock(&u->lock);
}

void pl011_free(struct pl011 *u)
{
	if (!u)
		return;
	pthread_mutex_destroy(&u->lock);
	free(u);
}
