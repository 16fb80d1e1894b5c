/* SPDX-License-Identifier: MIT */
#include "pci.h"

#include "map.h"
#include "reset.h"

/* An address of the enhanced mechanism is bus 27:20, device 19:15, function 14:12, register 11:0. */
#define REGISTERS 0x1000u

/* The header (PCI Local Bus Specification 3.0, 6.1 and 6.2) of a host bridge, base class 6, subclass 0. Its
 * ids are those that exist for a virtual machine's: Red Hat's vendor id, and the device id it set aside for
 * host bridges. */
static const uint8_t bridge[64] = {
	[0x00] = 0x36, [0x01] = 0x1b, /* vendor */
	[0x02] = 0x08, [0x03] = 0x00, /* device */
	[0x0b] = 0x06,                /* class */
};

static uint8_t byte(uint64_t offset)
{
	if (offset >= REGISTERS)
		return 0xff;
	return offset < sizeof(bridge) ? bridge[offset] : 0;
}

static uint64_t bytes(uint64_t offset, uint32_t width)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < width; i++)
		value |= (uint64_t)byte(offset + i) << 8 * i;
	return value;
}

static uint64_t VR_CALL ecam_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque;
	(void)vcpu;
	return bytes(offset, width);
}

/* Nothing can be written: the bridge has no register that asks for it. */
static void VR_CALL ecam_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	(void)opaque;
	(void)vcpu;
	(void)offset;
	(void)width;
	(void)value;
}

/* ---- ports ----------------------------------------------------------------------------------- */

#define ADDRESS 0u /* 0xcf8, in 32 bits only */
#define CONTROL (PC_PORT_RESET - PC_PORT_PCI)
#define DATA 4u

/* Mechanism #1: bus 23:16, device 15:11, function 10:8, register 7:2; bit 31: for configuration space. */
static uint64_t data_read(const struct pci *p, uint32_t at, uint32_t width)
{
	uint32_t a = p->s.address;

	if (!(a & 0x80000000u) || (a & 0xff0000))
		return UINT64_MAX;
	return bytes((uint64_t)(a & 0xff00) << 4 | (a & 0xfc) | at, width);
}

static uint64_t VR_CALL port_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct pci *p = opaque;
	uint64_t value = UINT64_MAX;

	(void)vcpu;
	if (offset == CONTROL && width == 1)
		return reset_control_read(p->reset);
	pthread_mutex_lock(&p->lock);
	if (offset == ADDRESS && width == 4)
		value = p->s.address;
	else if (offset >= DATA)
		value = data_read(p, (uint32_t)offset - DATA, width);
	pthread_mutex_unlock(&p->lock);
	return width < 8 ? value & ((1ull << 8 * width) - 1) : value;
}

static void VR_CALL port_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct pci *p = opaque;

	(void)vcpu;
	if (offset == CONTROL && width == 1) {
		reset_control_write(p->reset, (uint8_t)value);
	} else if (offset == ADDRESS && width == 4) {
		pthread_mutex_lock(&p->lock);
		p->s.address = value & 0x80fffffc;
		pthread_mutex_unlock(&p->lock);
	}
}

static const struct vr_bus_ops ecam_ops = {.size = sizeof(ecam_ops), .read = ecam_read, .write = ecam_write};
static const struct vr_bus_ops port_ops = {.size = sizeof(port_ops), .read = port_read, .write = port_write};

/* ---- life ------------------------------------------------------------------------------------ */

int32_t pci_init(struct pci *p, const struct vr_tables *t, struct reset_control *reset)
{
	int32_t rc;

	p->reset = reset;
	pthread_mutex_init(&p->lock, NULL);
	pci_reset(p);
	rc = t->mmio->attach(t->host, VR_SPACE_MMIO, PC_ECAM_BASE, PC_ECAM_SIZE, &ecam_ops, p, "pci-ecam");
	return rc < 0 ? rc : t->mmio->attach(t->host, VR_SPACE_PORT, PC_PORT_PCI, 8, &port_ops, p, "pci");
}

void pci_reset(struct pci *p)
{
	pthread_mutex_lock(&p->lock);
	p->s = (struct vr_state_x86_pci){.size = sizeof(p->s)};
	pthread_mutex_unlock(&p->lock);
}

void pci_fini(struct pci *p)
{
	pthread_mutex_destroy(&p->lock);
}

void pci_get(struct pci *p, struct vr_state_x86_pci *s)
{
	pthread_mutex_lock(&p->lock);
	*s = p->s;
	pthread_mutex_unlock(&p->lock);
}

void pci_set(struct pci *p, const struct vr_state_x86_pci *s)
{
	pthread_mutex_lock(&p->lock);
	p->s.address = s->address;
	pthread_mutex_unlock(&p->lock);
}
