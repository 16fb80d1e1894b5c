/* SPDX-License-Identifier: MIT */
/*
 * script.c: one command instead of a terminal.
 *
 * The guest's init finds the command in the kernel parameter `vmrun.run=`, percent-encoded, runs it with the
 * console as its output, prints `vmrun-exit: N` and powers off. The filter takes that line out of the output,
 * and the CR that the guest's terminal puts before each LF.
 */
#include <stdlib.h>
#include <string.h>

#include "machine/parts.h"
#include "util/error.h"

/* Kernels cut their command line at 1 or 2 KiB without a word. */
#define LONGEST 1536u

int32_t vr_script_append(const char *append, const char *command, char **out)
{
	static const char hex[] = "0123456789abcdef";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+@";
	size_t base = append ? strlen(append) : 0, n = strlen(command);
	char *p, *text;

	if (!n)
		return vr_error_set(VR_E_CONFIG, "the command to run in the guest is empty");
	if (n > LONGEST)
		goto too_long;
	text = malloc(base + 3 * n + 32);
	if (!text)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	p = text;
	if (base) {
		memcpy(p, append, base);
		p += base;
		*p++ = ' ';
	}
	p = stpcpy(p, "quiet vmrun.run=");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)command[i];

		if (strchr(plain, c)) {
			*p++ = (char)c;
		} else {
			*p++ = '%';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	*p = 0;
	if ((size_t)(p - text) > LONGEST) {
		free(text);
		goto too_long;
	}
	*out = text;
	return VR_OK;

too_long:
	return vr_error_set(
		VR_E_CONFIG,
		"the command is too long for a kernel command line (%zu bytes); put it into a file "
		"on a disk of the guest and run that",
		n);
}

static const char marker[] = "vmrun-exit: ";
#define MARKER ((uint32_t)sizeof(marker) - 1)
#define DIGITS 9u /* more is no exit status */

static uint32_t let_go(struct vr_script *s, uint8_t *out)
{
	uint32_t n = s->held;

	memcpy(out, s->line, n);
	s->held = 0;
	return n;
}

/* One byte of the guest's output; returns how many come out. */
static uint32_t step(struct vr_script *s, uint8_t c, uint8_t *out)
{
	uint32_t n = 0;

	if (s->held >= MARKER) {
		bool digit = c >= '0' && c <= '9';

		if (digit && s->held < MARKER + DIGITS) {
			s->line[s->held++] = (char)c;
			return 0;
		}
		if (c == '\n' && s->held > MARKER) {
			s->line[s->held] = 0;
			s->status = (int32_t)strtol(s->line + MARKER, NULL, 10);
			s->found = true;
			s->held = 0;
			return 0;
		}
	} else if (c == (uint8_t)marker[s->held]) {
		s->line[s->held++] = (char)c;
		return 0;
	}
	n = let_go(s, out);
	/* Its first byte occurs nowhere else in the marker, so only a new beginning can follow. */
	if (c == (uint8_t)marker[0])
		s->line[s->held++] = (char)c;
	else
		out[n++] = c;
	return n;
}

uint32_t vr_script_filter(struct vr_script *s, const uint8_t *in, uint32_t n, uint8_t *out)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (s->have_cr && in[i] != '\n')
			k += step(s, '\r', out + k);
		s->have_cr = in[i] == '\r';
		if (!s->have_cr)
			k += step(s, in[i], out + k);
	}
	return k;
}

uint32_t vr_script_finish(struct vr_script *s, uint8_t *out)
{
	uint32_t n = let_go(s, out);

	if (s->have_cr)
		out[n++] = '\r';
	s->have_cr = false;
	return n;
}
