/* SPDX-License-Identifier: MIT */
/*
 * guest.c: writes the image of a guest program that drives the device: a virtio driver in miniature (Virtio 1.2, 3.1.1
 * and 4.2), with one buffer at a time.
 */
#include <tiny/asm.h>

#define DEVICE_ID 63u

/* 4.2.2 MMIO Device Register Layout */
#define R_DEVICE_ID 0x08
#define R_FEATURES 0x10
#define R_DRIVER_FEATURES 0x20
#define R_DRIVER_FEATURES_SEL 0x24
#define R_QUEUE_SEL 0x30
#define R_QUEUE_NUM 0x38
#define R_QUEUE_READY 0x44
#define R_NOTIFY 0x50
#define R_INTERRUPT 0x60
#define R_INTERRUPT_ACK 0x64
#define R_STATUS 0x70
#define R_DESC 0x80
#define R_DRIVER 0x90
#define R_DEVICE 0xa0
#define R_CONFIG 0x100

/* In RAM, after the program. */
#define DESC (TINY_RAM + 0x8000)
#define AVAIL (TINY_RAM + 0x8100)
#define USED (TINY_RAM + 0x8200)
#define TEXT (TINY_RAM + 0x8300)
#define ANSWER (TINY_RAM + 0x8400)

static struct tiny_program p;

/* r1 must be `value`, or the guest says what is wrong and powers off with status 1. Uses r2 and r3. */
static void expect(uint32_t value, const char *what)
{
	uint32_t wrong, right;

	tiny_set(&p, 2, value);
	wrong = tiny_leap(&p, 1, 2);
	tiny_op(&p, TINY_OP_MOVI, 2, 0, 0);
	tiny_op(&p, TINY_OP_MOVI, 3, 0, 1);
	right = tiny_leap(&p, 2, 3);
	tiny_land(&p, wrong);
	tiny_print(&p, what);
	tiny_end(&p, 1);
	tiny_land(&p, right);
}

/* The device's registers: r10 has its address. */
static void set(uint32_t reg, uint32_t value)
{
	tiny_set(&p, 1, value);
	tiny_op(&p, TINY_OP_STORE, 1, 10, reg);
}

static void get(uint32_t reg)
{
	tiny_op(&p, TINY_OP_LOAD, 1, 10, reg);
}

/* Memory; uses r4. */
static void store(uint32_t address, uint32_t value)
{
	tiny_set(&p, 4, address);
	tiny_set(&p, 1, value);
	tiny_op(&p, TINY_OP_STORE, 1, 4, 0);
}

static void load(uint32_t address)
{
	tiny_set(&p, 4, address);
	tiny_op(&p, TINY_OP_LOAD, 1, 4, 0);
}

/* The slots that are in use come first, and the device is in one of them. Uses r5 and r6. */
static void find(void)
{
	uint32_t again;

	tiny_set(&p, 10, TINY_VIRTIO - TINY_VIRTIO_STRIDE);
	tiny_set(&p, 5, DEVICE_ID);
	again = p.count;
	tiny_op(&p, TINY_OP_ADDI, 10, 10, TINY_VIRTIO_STRIDE);
	get(R_DEVICE_ID);
	tiny_loop(&p, 1, 5, again);
}

static void start(uint32_t features)
{
	set(R_STATUS, 0);
	set(R_STATUS, 1 | 2); /* ACKNOWLEDGE, DRIVER */
	set(R_DRIVER_FEATURES_SEL, 0);
	set(R_DRIVER_FEATURES, features);
	set(R_DRIVER_FEATURES_SEL, 1);
	set(R_DRIVER_FEATURES, 1); /* VERSION_1 */
	set(R_STATUS, 1 | 2 | 8);  /* FEATURES_OK */
	get(R_STATUS);
	expect(11, "the device does not take the features\n");
	set(R_QUEUE_SEL, 0);
	set(R_QUEUE_NUM, 4);
	set(R_DESC, DESC);
	set(R_DRIVER, AVAIL);
	set(R_DEVICE, USED);
	store(AVAIL, 0);
	store(USED, 0);
	set(R_QUEUE_READY, 1);
	set(R_STATUS, 1 | 2 | 8 | 4); /* DRIVER_OK */
}

/* "hello, " in, 8 bytes of room; sleeps until the device has answered. */
static void ask(void)
{
	store(TEXT, 0x6c6c6568);   /* "hell" */
	store(TEXT + 4, 0x202c6f); /* "o, " */
	store(ANSWER, 0);
	store(ANSWER + 4, 0);
	store(DESC, TEXT);
	store(DESC + 8, 7);
	store(DESC + 12, 1 | 1 << 16); /* there is a next one: 1 */
	store(DESC + 16, ANSWER);
	store(DESC + 24, 8);
	store(DESC + 28, 2); /* for the device to write */
	store(AVAIL + 4, 0); /* the chain that begins with descriptor 0 */
	store(AVAIL, 1 << 16);
	set(R_NOTIFY, 0);
	tiny_op(&p, TINY_OP_WAIT, 0, 0, 0);
}

int main(void)
{
	find();
	start(0);
	ask();
	load(USED);
	expect(1 << 16, "the buffer has not come back\n");
	load(USED + 8);
	expect(7, "the answer has not 7 bytes\n");
	load(ANSWER);
	expect(0x4c4c4548, "the answer is not HELLO\n");
	load(ANSWER + 4);
	expect(0x202c4f, "the answer is not HELLO\n");
	get(R_CONFIG);
	expect(1, "the configuration space does not say that one text was answered\n");
	tiny_print(&p, "answer: ok\n");

	tiny_set(&p, 11, TINY_LINES); /* r11: the board's interrupt lines */
	get(R_INTERRUPT);
	expect(1, "there is no interrupt of a used buffer\n");
	set(R_INTERRUPT_ACK, 1);
	tiny_op(&p, TINY_OP_LOAD, 1, 11, 0);
	expect(0, "the interrupt line stays high\n");
	tiny_print(&p, "interrupt: ok\n");

	start(1);
	ask();
	load(ANSWER);
	expect(0x4c4f2c20, "the answer is not backwards\n"); /* " ,OL" */
	tiny_print(&p, "backwards: ok\n");
	tiny_end(&p, 0);
	return tiny_save(&p, stdout);
}
