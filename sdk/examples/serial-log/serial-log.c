/* SPDX-License-Identifier: MIT */
/*
 * serial-log.c: a 16550 that writes to a file.
 *
 * A guest gets one more serial port (Linux: /dev/ttyS0 on arm64, the next ttyS on riscv64; no driver needs to
 * be installed), and what it sends there is appended to a file of the host. With `console=ttyS0` on the
 * kernel's command line, that is the kernel's log.
 *
 * How it gets its place: the user names the plugin (-p serial-log,file=FILE); the board sees a type that it
 * does not know, asks window() and irq() what it needs, gives it an address and an interrupt line in create(), and
 * puts node_name(), compatible() and describe() into the device tree.
 *
 * Registers as in National's PC16550D data sheet, section 8. Sending takes no time: the transmitter is
 * always empty; nothing is ever received.
 */
#include <host_error.h>
#include <plugin_entry.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define TYPE "serial-log"
#define WINDOW \
	0x100u /* of a DW_apb_uart; what comes after the 16550's eight registers reads as zero: there is no more */
#define CLOCK_HZ 1843200u

#define IER_THRE 0x02u
#define IIR_NONE 0x01u
#define IIR_THRE 0x02u
#define LCR_DLAB 0x80u
#define MCR_LOOP 0x10u
#define LSR_EMPTY 0x60u
#define MSR_LINES 0xb0u /* CTS, DSR, DCD: the other end is connected */

struct plugin {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
	const struct vr_host_timer *timer;
	const struct vr_host_config *config;
	const struct vr_host_file *files;
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

struct serial {
	const struct plugin *p;
	FILE *file;
	uint32_t irq, stamps;
	pthread_mutex_t lock; /* all that follows: any vCPU may come */
	uint32_t level, line_begun;
	uint32_t thre; /* the transmitter became empty, and no interrupt has told the guest */
	uint8_t ier, lcr, mcr, scr, dll, dlm, fifo;
};

static inline struct serial *serial_of(struct vr_device *device)
{
	return (struct serial *)device;
}

/* ---- the registers ---------------------------------------------------------------------------------------
 */

/* With the lock held; the line is driven only when it changes. */
static void update(struct serial *s)
{
	uint32_t level = s->thre && s->ier & IER_THRE;

	if (level == s->level)
		return;
	s->level = level;
	s->p->irq->set(s->p->instance.host, VR_IRQ_SHARED, s->irq, level);
}

static void send(struct serial *s, uint8_t byte)
{
	if (s->stamps && !s->line_begun) {
		uint64_t now = s->p->timer->now(s->p->instance.host);

		fprintf(s->file, "[%5llu.%06llu] ", (unsigned long long)(now / 1000000000),
			(unsigned long long)(now / 1000 % 1000000));
	}
	s->line_begun = byte != '\n';
	fputc(byte, s->file);
	if (byte == '\n')
		fflush(s->file);
	s->thre = 1;
}

/* 8.6.10: in loopback the modem's outputs are its inputs: DTR, RTS, OUT1, OUT2 as DSR, CTS, RI, DCD. */
static uint8_t modem_status(const struct serial *s)
{
	if (!(s->mcr & MCR_LOOP))
		return MSR_LINES;
	return (uint8_t)((s->mcr & 1) << 5 | (s->mcr & 2) << 3 | (s->mcr & 4) << 4 | (s->mcr & 8) << 4);
}

static uint8_t interrupt_identification(struct serial *s)
{
	uint8_t fifo = s->fifo ? 0xc0 : 0;

	if (!s->level)
		return fifo | IIR_NONE;
	s->thre = 0; /* being told is what ends it */
	update(s);
	return fifo | IIR_THRE;
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct serial *s = opaque;
	uint8_t value = 0;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&s->lock);
	switch (offset) {
	case 0:
		value = s->lcr & LCR_DLAB ? s->dll : 0;
		break;
	case 1:
		value = s->lcr & LCR_DLAB ? s->dlm : s->ier;
		break;
	case 2:
		value = interrupt_identification(s);
		break;
	case 3:
		value = s->lcr;
		break;
	case 4:
		value = s->mcr;
		break;
	case 5:
		value = LSR_EMPTY;
		break;
	case 6:
		value = modem_status(s);
		break;
	case 7:
		value = s->scr;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&s->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t data)
{
	struct serial *s = opaque;
	uint8_t value = (uint8_t)data;

	(void)vcpu;
	(void)width;
	pthread_mutex_lock(&s->lock);
	switch (offset) {
	case 0:
		if (s->lcr & LCR_DLAB)
			s->dll = value;
		else if (!(s->mcr & MCR_LOOP))
			send(s, value);
		break;
	case 1:
		if (s->lcr & LCR_DLAB) {
			s->dlm = value;
			break;
		}
		/* The transmitter is empty: enabling the interrupt reports that. */
		if (value & IER_THRE & ~s->ier)
			s->thre = 1;
		s->ier = value & 0xf;
		break;
	case 2:
		s->fifo = value & 1;
		break;
	case 3:
		s->lcr = value;
		break;
	case 4:
		s->mcr = value & 0x1f;
		break;
	case 7:
		s->scr = value;
		break;
	default:
		break;
	}
	update(s);
	pthread_mutex_unlock(&s->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* ---- vmrun.device/1 --------------------------------------------------------------------------------------
 */

static void VR_CALL serial_reset(struct vr_device *device)
{
	struct serial *s = serial_of(device);

	pthread_mutex_lock(&s->lock);
	s->ier = s->lcr = s->mcr = s->scr = s->dll = s->dlm = s->fifo = 0;
	s->thre = 0;
	update(s);
	fflush(s->file);
	pthread_mutex_unlock(&s->lock);
}

static void VR_CALL serial_destroy(struct vr_device *device)
{
	struct serial *s = serial_of(device);

	fclose(s->file);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Opens the file now: later on the process may open none. */
static int32_t VR_CALL serial_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				     struct vr_device **device)
{
	const struct plugin *p = plugin_of(self);
	const char *path = p->config->string(p->instance.host, "file");
	uint64_t stamps = 0;
	struct serial *s;
	int64_t handle;
	int32_t rc;

	if (strcmp(c->type, TYPE) != 0)
		return vr_host_error(p->instance.host, VR_E_NOENT, "serial-log: it makes no other device");
	if (!path || !*path)
		return vr_host_error(p->instance.host, VR_E_CONFIG,
				     "serial-log: where to? Say -p serial-log,file=FILE");
	s = calloc(1, sizeof(*s));
	if (!s)
		return vr_host_error(p->instance.host, VR_E_NOMEM, "serial-log: out of memory");
	rc = p->files->open(p->instance.host, "serial-log's file", path, VR_FILE_APPEND, &handle);
	if (rc < 0) {
		free(s);
		return rc; /* the host has said why */
	}
	s->file = fdopen((int)handle, "a");
	if (!s->file) {
		close((int)handle);
		free(s);
		return vr_host_error(p->instance.host, VR_E_NOMEM, "serial-log: out of memory");
	}
	p->config->number(p->instance.host, "time", &stamps);
	s->p = p;
	s->irq = c->irqs[0];
	s->stamps = stamps != 0;
	pthread_mutex_init(&s->lock, NULL);
	rc = p->mmio->attach(p->instance.host, VR_SPACE_MMIO, c->bases[0], WINDOW, &ops, s, TYPE);
	if (rc < 0) {
		serial_destroy((struct vr_device *)s);
		return rc;
	}
	*device = (struct vr_device *)s;
	return VR_OK;
}

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return strcmp(type, TYPE) == 0 && i == 0 ? WINDOW : 0;
}

static uint32_t VR_CALL irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	/* Linux looks for the first where there is no device tree: its 8250_of, which knows the second, is built for
	 * device trees only. */
	static const char *const strings[] = {"snps,dw-apb-uart", "ns16550a"};

	(void)self;
	(void)type;
	return i < 2 ? strings[i] : NULL;
}

static int32_t VR_CALL describe(struct vr_plugin_self *self, const char *type, uint32_t i,
				struct vr_device_property *out)
{
	static const uint32_t hz = CLOCK_HZ;

	(void)self;
	(void)type;
	switch (i) {
	case 0:
		out->kind = VR_PROPERTY_CELLS;
		out->name = "clock-frequency";
		out->cells = &hz;
		out->count = 1;
		return VR_OK;
	case 1: /* of a DW_apb_uart that was configured without its BUSY state */
		out->kind = VR_PROPERTY_FLAG;
		out->name = "snps,uart-16550-compatible";
		return VR_OK;
	default:
		return VR_E_NOENT;
	}
}

static const char *VR_CALL node_name(struct vr_plugin_self *self, const char *type)
{
	(void)self;
	(void)type;
	return "serial";
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = TYPE,
	.create = serial_create,
	.reset = serial_reset,
	.destroy = serial_destroy,
	.window = window,
	.irq = irq,
	.compatible = compatible,
	.node_name = node_name,
	.describe = describe,
};

/* ---- life ------------------------------------------------------------------------------------------------
 */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);
	const struct vr_host *host = p->instance.host;

	p->mmio = host->query(host, VR_MMIO_ID);
	p->irq = host->query(host, VR_IRQ_ID);
	p->timer = host->query(host, VR_TIMER_ID);
	p->config = host->query(host, VR_CONFIG_ID);
	p->files = host->query(host, VR_FILE_ID);
	if (!VR_HAS(p->mmio, attach) || !VR_HAS(p->irq, set) || !VR_HAS(p->timer, now) ||
	    !VR_HAS(p->config, number) || !VR_HAS(p->files, open))
		return vr_host_error(
			host, VR_E_ABI,
			"serial-log needs vmrun.mmio/1, irq/1, timer/1, config/1 and file/1; update vmrun");
	return VR_OK;
}

VR_PLUGIN("serial-log", struct plugin, VR_DEVICE_ID, &maker, probe)
