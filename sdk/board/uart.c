/* SPDX-License-Identifier: MIT */
/*
 * uart.c: the serial port (PC16550D data sheet; section numbers are its).
 *
 * Sending takes no time, so the transmitter is always empty. Received bytes are taken from the console only
 * while there is room: nothing overruns. As soon as the console has nothing more to give the line counts as
 * silent, which is when a FIFO below its trigger level asks for attention ("character timeout"). A BREAK of the
 * console's is a zero in the FIFO; the line status shows it when that zero is the next to be read (8.4, LSR).
 */
#include "uart.h"

#include <pthread.h>
#include <stdlib.h>

#define REGISTERS 8u
#define FIFO_DEPTH 16u

#define IER_RX 0x01u
#define IER_TX 0x02u
#define IER_LINE 0x04u
#define IER_MODEM 0x08u

/* 8.4 table III */
#define IIR_NONE 0x01u
#define IIR_MODEM 0x00u
#define IIR_TX 0x02u
#define IIR_RX 0x04u
#define IIR_TIMEOUT 0x0cu
#define IIR_LINE 0x06u
#define IIR_FIFOS 0xc0u

#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u

#define LCR_BREAK 0x40u
#define LCR_DLAB 0x80u

#define MCR_DTR 0x01u
#define MCR_RTS 0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u

#define LSR_READY 0x01u
#define LSR_OVERRUN 0x02u
#define LSR_BREAK 0x10u
#define LSR_IN_FIFO 0x80u /* one of the FIFO's bytes has an error */

#define ENTRY_BREAK 0x100u /* in `fifo`, beside the byte */
#define LSR_TX_EMPTY 0x60u /* holding register and transmitter */

#define MSR_CTS 0x10u
#define MSR_DSR 0x20u
#define MSR_RI 0x40u
#define MSR_DCD 0x80u

struct vr_uart {
	const struct vr_tables *t;
	uint32_t irq, port, gated;
	pthread_mutex_t lock; /* everything below */
	uint16_t fifo[FIFO_DEPTH];
	uint32_t head, count;
	uint32_t silent;     /* bytes are waiting and no more come */
	uint32_t tx_pending; /* "transmitter empty" has not been told */
	uint32_t errors;     /* LSR bits that a read clears */
	uint8_t ier, fcr, lcr, mcr, scr, modem, modem_delta;
	uint8_t divisor[2];
	uint32_t line;
};

/* ---- interrupts (8.4, 8.5) ---------------------------------------------------------------------- */

static uint32_t depth(const struct vr_uart *u)
{
	return u->fcr & FCR_ENABLE ? FIFO_DEPTH : 1;
}

static uint32_t trigger(const struct vr_uart *u)
{
	static const uint8_t bytes[4] = {1, 4, 8, 14};

	return u->fcr & FCR_ENABLE ? bytes[u->fcr >> 6] : 1;
}

/* LSR's error bits: of the device, and of the byte that is read next. */
static uint32_t line_errors(const struct vr_uart *u)
{
	return u->errors | (u->count && (u->fifo[u->head] & ENTRY_BREAK) ? LSR_BREAK : 0);
}

/* What the interrupt identification says, the most urgent first. */
static uint32_t identify(const struct vr_uart *u)
{
	if ((u->ier & IER_LINE) && line_errors(u))
		return IIR_LINE;
	if ((u->ier & IER_RX) && u->count >= trigger(u))
		return IIR_RX;
	if ((u->ier & IER_RX) && u->count && u->silent)
		return IIR_TIMEOUT;
	if ((u->ier & IER_TX) && u->tx_pending)
		return IIR_TX;
	if ((u->ier & IER_MODEM) && u->modem_delta)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_line(struct vr_uart *u)
{
	uint32_t level = identify(u) != IIR_NONE && (!u->gated || (u->mcr & MCR_OUT2));

	if (level == u->line)
		return;
	u->line = level;
	u->t->irq->set(u->t->host, VR_IRQ_SHARED, u->irq, level);
}

/* ---- receiving -------------------------------------------------------------------------------------- */

static void receive(struct vr_uart *u, uint32_t entry)
{
	u->fifo[(u->head + u->count++) % FIFO_DEPTH] = (uint16_t)entry;
}

static void pull(struct vr_uart *u)
{
	uint8_t bytes[FIFO_DEPTH];
	uint32_t space = u->count < depth(u) ? depth(u) - u->count : 0, n, event;

	if (!space || (u->mcr & MCR_LOOP))
		return;
	for (; space; space -= n) {
		n = u->t->console->receive(u->t->host, u->port, bytes, space, &event);
		for (uint32_t i = 0; i < n && i < space; i++)
			receive(u, bytes[i]);
		if (event == VR_CONSOLE_BREAK && n++ < space)
			receive(u, ENTRY_BREAK);
		else if (n < space)
			break; /* no more comes */
	}
	u->silent = space != 0;
}

static void VR_CALL input_available(void *opaque)
{
	struct vr_uart *u = opaque;

	pthread_mutex_lock(&u->lock);
	pull(u);
	update_line(u);
	pthread_mutex_unlock(&u->lock);
}

/* ---- registers (8.0 table II) ------------------------------------------------------------------------ */

static uint32_t data_read(struct vr_uart *u)
{
	uint32_t byte = 0;

	if (u->lcr & LCR_DLAB)
		return u->divisor[0];
	if (u->count) {
		byte = u->fifo[u->head] & 0xffu;
		u->head = (u->head + 1) % FIFO_DEPTH;
		u->count--;
	}
	pull(u);
	return byte;
}

static void data_write(struct vr_uart *u, uint8_t value)
{
	if (u->lcr & LCR_DLAB) {
		u->divisor[0] = value;
		return;
	}
	if (!(u->mcr & MCR_LOOP)) {
		u->t->console->write(u->t->host, u->port, &value, 1);
	} else if (u->count < depth(u)) {
		receive(u, value);
		u->silent = 1;
	} else {
		u->errors |= LSR_OVERRUN;
	}
	u->tx_pending = 1;
}

static uint32_t ier_read(struct vr_uart *u)
{
	return u->lcr & LCR_DLAB ? u->divisor[1] : u->ier;
}

static void ier_write(struct vr_uart *u, uint8_t value)
{
	if (u->lcr & LCR_DLAB) {
		u->divisor[1] = value;
		return;
	}
	/* Switched on, it tells at once that the transmitter is empty. */
	if ((value & IER_TX) && !(u->ier & IER_TX))
		u->tx_pending = 1;
	u->ier = value & 0x0f;
}

static uint32_t iir_read(struct vr_uart *u)
{
	uint32_t id = identify(u);

	if (id == IIR_TX) /* 8.4: reading it here is the acknowledgement */
		u->tx_pending = 0;
	return id | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static void fcr_write(struct vr_uart *u, uint8_t value)
{
	/* 8.3: switching the FIFOs on or off empties them; the other bits need FCR_ENABLE. */
	if (((u->fcr ^ value) & FCR_ENABLE) ||
	    (value & (FCR_ENABLE | FCR_CLEAR_RX)) == (FCR_ENABLE | FCR_CLEAR_RX))
		u->head = u->count = u->silent = 0;
	u->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
	pull(u);
}

static uint32_t lcr_read(struct vr_uart *u)
{
	return u->lcr;
}

static void lcr_write(struct vr_uart *u, uint8_t value)
{
	/* In loopback a break comes back: a zero with the break bit. */
	if ((u->mcr & MCR_LOOP) && (value & ~u->lcr & LCR_BREAK)) {
		if (u->count < depth(u))
			receive(u, ENTRY_BREAK);
	}
	u->lcr = value;
}

static uint32_t mcr_read(struct vr_uart *u)
{
	return u->mcr;
}

/* 8.6: in loopback the outputs feed the modem inputs; otherwise a terminal is connected and ready. */
static uint8_t modem_lines(const struct vr_uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (uint8_t)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
			 (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static void mcr_write(struct vr_uart *u, uint8_t value)
{
	uint8_t was = u->modem, changed;

	u->mcr = value & 0x1f;
	u->modem = modem_lines(u);
	changed = was ^ u->modem;
	/* 8.8: of the ring indicator only the end counts. */
	if (!(was & MSR_RI))
		changed &= (uint8_t)~MSR_RI;
	u->modem_delta |= (uint8_t)(changed >> 4);
	pull(u);
}

static uint32_t lsr_read(struct vr_uart *u)
{
	uint32_t value = LSR_TX_EMPTY | (u->count ? LSR_READY : 0) | line_errors(u);

	for (uint32_t i = 0; i < u->count && (u->fcr & FCR_ENABLE); i++)
		if (u->fifo[(u->head + i) % FIFO_DEPTH] & ENTRY_BREAK)
			value |= LSR_IN_FIFO;
	/* The error is told once, and the byte stays. */
	u->errors = 0;
	u->fifo[u->head] &= 0xff;
	return value;
}

static uint32_t msr_read(struct vr_uart *u)
{
	uint32_t value = (uint32_t)u->modem | u->modem_delta;

	u->modem_delta = 0;
	return value;
}

static uint32_t scr_read(struct vr_uart *u)
{
	return u->scr;
}

static void scr_write(struct vr_uart *u, uint8_t value)
{
	u->scr = value;
}

static void no_write(struct vr_uart *u, uint8_t value)
{
	(void)u;
	(void)value;
}

static const struct {
	uint32_t (*read)(struct vr_uart *u);
	void (*write)(struct vr_uart *u, uint8_t value);
} registers[REGISTERS] = {
	{data_read, data_write}, {ier_read, ier_write}, {iir_read, fcr_write}, {lcr_read, lcr_write},
	{mcr_read, mcr_write},   {lsr_read, no_write},  {msr_read, no_write},  {scr_read, scr_write},
};

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct vr_uart *u = opaque;
	uint64_t value = 0;

	(void)vcpu;
	pthread_mutex_lock(&u->lock);
	for (uint32_t i = 0; i < width && offset + i < REGISTERS; i++)
		value |= (uint64_t)registers[offset + i].read(u) << 8 * i;
	update_line(u);
	pthread_mutex_unlock(&u->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct vr_uart *u = opaque;

	(void)vcpu;
	pthread_mutex_lock(&u->lock);
	for (uint32_t i = 0; i < width && offset + i < REGISTERS; i++) {
		/* The line falls between two "empty"s even when the guest has not read why it was high. */
		if (offset + i == 0 && !(u->lcr & LCR_DLAB) && u->tx_pending) {
			u->tx_pending = 0;
			update_line(u);
		}
		registers[offset + i].write(u, (uint8_t)(value >> 8 * i));
	}
	update_line(u);
	pthread_mutex_unlock(&u->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* 8.0 table I */
static void power_on(struct vr_uart *u)
{
	u->head = u->count = u->silent = u->tx_pending = u->errors = 0;
	u->ier = u->fcr = u->lcr = u->mcr = u->scr = u->modem_delta = 0;
	u->divisor[0] = 12; /* 9600 baud, as a firmware leaves it */
	u->divisor[1] = 0;
	u->modem = modem_lines(u);
}

int32_t vr_uart_new(const struct vr_tables *t, const struct vr_uart_config *c, struct vr_uart **out)
{
	struct vr_uart *u = calloc(1, sizeof(*u));
	int32_t rc;

	if (!u)
		return vr_tables_fail(t, VR_E_NOMEM, "serial port: out of memory");
	u->t = t;
	u->irq = c->irq;
	u->port = c->port;
	u->gated = c->gated;
	pthread_mutex_init(&u->lock, NULL);
	power_on(u);
	rc = t->mmio->attach(t->host, c->space, c->base, c->length, &ops, u, "16550");
	if (rc >= 0)
		rc = t->console->on_input(t->host, c->port, input_available, u);
	if (rc < 0) {
		vr_uart_free(u);
		return rc;
	}
	*out = u;
	return VR_OK;
}

void vr_uart_reset(struct vr_uart *u)
{
	pthread_mutex_lock(&u->lock);
	power_on(u);
	update_line(u);
	pthread_mutex_unlock(&u->lock);
}

void vr_uart_free(struct vr_uart *u)
{
	if (!u)
		return;
	pthread_mutex_destroy(&u->lock);
	free(u);
}
