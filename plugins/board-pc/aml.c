/* SPDX-License-Identifier: MIT */
#include "aml.h"

#include <string.h>

/* 20.3 AML byte stream byte values */
#define OP_ZERO 0x00u
#define OP_ONE 0x01u
#define OP_NAME 0x08u
#define OP_BYTE 0x0au
#define OP_WORD 0x0bu
#define OP_DWORD 0x0cu
#define OP_STRING 0x0du
#define OP_QWORD 0x0eu
#define OP_SCOPE 0x10u
#define OP_DUAL_NAME 0x2eu
#define OP_BUFFER 0x11u
#define OP_PACKAGE 0x12u
#define OP_EXT 0x5bu
#define OP_EXT_DEVICE 0x82u

/* 6.4 resource data types */
#define RES_IRQ 0x22u /* small, two bytes: no flags */
#define RES_IO 0x47u
#define RES_END 0x79u
#define RES_MEMORY32 0x86u
#define RES_DWORD_WINDOW 0x87u
#define RES_WORD_WINDOW 0x88u
#define RES_INTERRUPT 0x89u

void aml_init(struct aml *a, void *bytes, uint32_t capacity)
{
	*a = (struct aml){.bytes = bytes, .capacity = capacity};
}

uint32_t aml_finish(const struct aml *a)
{
	return a->overflow || a->depth ? 0 : a->length;
}

static void put(struct aml *a, uint64_t value, uint32_t bytes)
{
	if (bytes > a->capacity - a->length) {
		a->overflow = 1;
		return;
	}
	for (; bytes; bytes--, value >>= 8)
		a->bytes[a->length++] = (uint8_t)value;
}

static void put_bytes(struct aml *a, const void *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		put(a, ((const uint8_t *)bytes)[i], 1);
}

/* 20.2.2: short names are filled up with underscores. */
static void put_name(struct aml *a, const char *name)
{
	for (; *name == '\\'; name++)
		put(a, '\\', 1);
	for (uint32_t i = 0; i < 4; i++)
		put(a, (uint8_t)(*name ? *name++ : '_'), 1);
}

static void begin(struct aml *a)
{
	if (a->depth == AML_DEPTH) {
		a->overflow = 1;
		return;
	}
	a->open[a->depth++] = a->length;
}

/* 20.2.4: the length counts its own bytes; one byte holds up to 63, each further one eight bits more. */
void aml_end(struct aml *a)
{
	uint32_t at, length, bytes = 1, total;

	if (!a->depth) {
		a->overflow = 1;
		return;
	}
	at = a->open[--a->depth];
	length = a->length - at;
	while (length + bytes >= (bytes == 1 ? 1u << 6 : 1u << (4 + 8 * (bytes - 1))))
		bytes++;
	if (bytes > 4 || bytes > a->capacity - a->length) {
		a->overflow = 1;
		return;
	}
	total = length + bytes;
	memmove(a->bytes + at + bytes, a->bytes + at, length);
	a->length += bytes;
	if (bytes == 1) {
		a->bytes[at] = (uint8_t)total;
		return;
	}
	a->bytes[at] = (uint8_t)((bytes - 1) << 6 | (total & 15));
	for (uint32_t i = 1; i < bytes; i++)
		a->bytes[at + i] = (uint8_t)(total >> (4 + 8 * (i - 1)));
}

void aml_scope(struct aml *a, const char *name)
{
	put(a, OP_SCOPE, 1);
	begin(a);
	put_name(a, name);
}

void aml_device(struct aml *a, const char *name)
{
	put(a, OP_EXT, 1);
	put(a, OP_EXT_DEVICE, 1);
	begin(a);
	put_name(a, name);
}

void aml_package(struct aml *a, uint8_t count)
{
	put(a, OP_PACKAGE, 1);
	begin(a);
	put(a, count, 1);
}

void aml_name(struct aml *a, const char *name)
{
	put(a, OP_NAME, 1);
	put_name(a, name);
}

void aml_integer(struct aml *a, uint64_t value)
{
	static const struct {
		uint8_t op, bytes;
	} form[4] = {{OP_BYTE, 1}, {OP_WORD, 2}, {OP_DWORD, 4}, {OP_QWORD, 8}};
	uint32_t i = value < 1u << 8 ? 0 : value < 1u << 16 ? 1 : value < 1ull << 32 ? 2 : 3;

	if (value <= 1) {
		put(a, value ? OP_ONE : OP_ZERO, 1);
		return;
	}
	put(a, form[i].op, 1);
	put(a, value, form[i].bytes);
}

void aml_string(struct aml *a, const char *text)
{
	put(a, OP_STRING, 1);
	put_bytes(a, text, (uint32_t)strlen(text) + 1);
}

void aml_buffer(struct aml *a, const void *bytes, uint32_t n)
{
	put(a, OP_BUFFER, 1);
	begin(a);
	aml_integer(a, n);
	put_bytes(a, bytes, n);
	aml_end(a);
}

void aml_reference(struct aml *a, const char *scope, const char *name)
{
	put(a, '\\', 1);
	put(a, OP_DUAL_NAME, 1);
	put_name(a, scope);
	put_name(a, name);
}

static uint32_t hex(char c)
{
	return (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10) & 15;
}

/* Three letters of five bits and four hexadecimal digits, the most significant byte first. */
void aml_eisa_id(struct aml *a, const char *id)
{
	uint32_t value = (uint32_t)(id[0] & 31) << 26 | (uint32_t)(id[1] & 31) << 21 |
			 (uint32_t)(id[2] & 31) << 16 | hex(id[3]) << 12 | hex(id[4]) << 8 | hex(id[5]) << 4 |
			 hex(id[6]);

	put(a, OP_DWORD, 1);
	put(a, __builtin_bswap32(value), 4);
}

void aml_resources(struct aml *a)
{
	/* The size of a buffer is a term in front of its bytes: a block of its own remembers where. */
	put(a, OP_BUFFER, 1);
	begin(a);
	begin(a);
}

void aml_resources_end(struct aml *a)
{
	uint32_t at, length;

	put(a, RES_END, 1);
	put(a, 0, 1); /* a checksum of zero counts as good */
	if (a->depth < 2) {
		a->overflow = 1;
		return;
	}
	at = a->open[--a->depth];
	length = a->length - at;
	if (a->capacity - a->length < 3 || length > 0xffff) {
		a->overflow = 1;
		return;
	}
	memmove(a->bytes + at + 3, a->bytes + at, length);
	a->bytes[at] = OP_WORD;
	a->bytes[at + 1] = (uint8_t)length;
	a->bytes[at + 2] = (uint8_t)(length >> 8);
	a->length += 3;
	aml_end(a);
}

void aml_memory32(struct aml *a, uint32_t base, uint32_t length)
{
	put(a, RES_MEMORY32, 1);
	put(a, 9, 2);
	put(a, 1, 1); /* read-write */
	put(a, base, 4);
	put(a, length, 4);
}

void aml_io(struct aml *a, uint16_t base, uint8_t length)
{
	put(a, RES_IO, 1);
	put(a, 1, 1); /* decodes 16 bits */
	put(a, base, 2);
	put(a, base, 2);
	put(a, 1, 1);
	put(a, length, 1);
}

void aml_irq(struct aml *a, uint32_t irq)
{
	put(a, RES_IRQ, 1);
	put(a, 1ull << irq, 2);
}

void aml_window(struct aml *a, uint8_t type, uint32_t first, uint32_t last)
{
	/* The flags of each kind: memory is read-write; ports are decoded whole. */
	static const uint8_t special[] = {[AML_MEMORY] = 0x01, [AML_PORTS] = 0x03, [AML_BUSES] = 0x00};
	uint32_t width = type == AML_MEMORY ? 4 : 2;
	const uint64_t value[] = {0 /* granularity */, first, last, 0 /* translation */,
				  (uint64_t)last - first + 1};

	put(a, type == AML_MEMORY ? RES_DWORD_WINDOW : RES_WORD_WINDOW, 1);
	put(a, 3 + 5 * width, 2);
	put(a, type, 1);
	put(a, 0x0c, 1); /* producer, positive decoding, both ends fixed */
	put(a, special[type], 1);
	for (uint32_t i = 0; i < 5; i++)
		put(a, value[i], width);
}

void aml_interrupt(struct aml *a, uint32_t gsi)
{
	put(a, RES_INTERRUPT, 1);
	put(a, 6, 2);
	put(a, 0x09, 1); /* consumer, level, high, shared */
	put(a, 1, 1);
	put(a, gsi, 4);
}
