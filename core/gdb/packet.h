/* SPDX-License-Identifier: MIT */
/*
 * packet.h: the framing of GDB's remote serial protocol (gdb's manual, E.1): "$text#checksum", escaped bytes,
 * acknowledgements; and the pieces that texts are made of.
 */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDB_PACKET 16384u /* bytes of a packet's text, in either direction */

/* ---- what comes in ---- */
enum gdb_event {
	GDB_NOTHING,
	GDB_PACKET_COME,   /* `text` holds it */
	GDB_PACKET_BROKEN, /* the checksum is wrong */
	GDB_PACKET_LONG,   /* it had more than GDB_PACKET bytes, and is lost */
	GDB_AGAIN,         /* the other side wants the last packet once more */
	GDB_INTERRUPT,
};
struct gdb_input {
	enum { GDB_IN_IDLE, GDB_IN_TEXT, GDB_IN_ESCAPED, GDB_IN_SUM1, GDB_IN_SUM2 } at;
	uint8_t sum, told;
	bool wrong, too_long;
	uint32_t length;
	char text[GDB_PACKET + 1]; /* ends with a zero, which counts no length */
};
enum gdb_event gdb_input_byte(struct gdb_input *in, uint8_t c);

/* ---- what goes out ---- */
struct gdb_output {
	uint32_t length; /* of the frame in `bytes`, once it is closed */
	uint8_t sum;
	char bytes[2 * GDB_PACKET + 8];
};
void gdb_output_open(struct gdb_output *o);
/* These do nothing once the packet is full. */
void gdb_output_raw(struct gdb_output *o, const char *bytes, size_t n); /* escapes what must be */
void gdb_output_hex(struct gdb_output *o, const void *bytes, size_t n);
void gdb_output_print(struct gdb_output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gdb_output_close(struct gdb_output *o);

/* ---- pieces of a text ---- */
/* Hexadecimal digits; false: there is none, or too many. */
bool gdb_number(const char **at, uint64_t *out);
/* The next character is this one. */
bool gdb_char(const char **at, char c);
/* n bytes as 2n digits. */
bool gdb_bytes(const char **at, uint8_t *out, size_t n);

#endif
