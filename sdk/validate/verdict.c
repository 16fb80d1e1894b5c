/* SPDX-License-Identifier: MIT */
/* verdict.c: what a rule says of the plugin, and what the report of a process that ended can say. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"

static void verdict(struct vr_check *c, uint32_t state, const char *format, va_list ap)
{
	static char taken; /* two threads may fail at once */

	check_alloc_arm(0);
	if (!__atomic_test_and_set(&taken, __ATOMIC_SEQ_CST)) {
		vsnprintf(c->report->text, sizeof(c->report->text), format, ap);
		__atomic_store_n(&c->report->state, state, __ATOMIC_SEQ_CST);
		__atomic_store_n(&c->report->ended, 1, __ATOMIC_SEQ_CST);
	}
}

void check_fail(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	verdict(c, c->report->given ? CHECK_SKIPPED : CHECK_FAILED, format, ap);
	va_end(ap);
	_exit(0);
}

void check_skip(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	verdict(c, CHECK_SKIPPED, format, ap);
	va_end(ap);
	_exit(0);
}

void check_warn(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->report->warning, sizeof(c->report->warning), format, ap);
	va_end(ap);
}

void check_phase(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->report->phase, sizeof(c->report->phase), format, ap);
	va_end(ap);
}

void check_context(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->report->context, sizeof(c->report->context), format, ap);
	va_end(ap);
}

/* splitmix64: every seed is good. */
uint64_t check_random(struct vr_check *c)
{
	uint64_t z = c->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

const char *check_error_name(int32_t code)
{
	static char number[32];

	switch (code) {
	case VR_OK:
		return "0";
#define VR_ERROR(name, value, text) \
	case value:                 \
		return "VR_E_" #name;
#include <vmrun/errors.def>
#undef VR_ERROR
	default:
		snprintf(number, sizeof(number), "%d", code);
		return number;
	}
}

void check_refusal(struct vr_check *c, struct vr_fake_host *d, int32_t code, const char *what)
{
	CHECK(c, vr_fake_host_known_error(code), "%s returned %d, which errors.def does not have", what,
	      code);
	CHECK(c, d->error_count, "%s refused with %s and gave no text to host->error()", what,
	      check_error_name(code));
	CHECK(c, d->error_text[0], "%s refused with %s and an empty text", what, check_error_name(code));
}

void check_given(struct vr_check *c, int on)
{
	c->report->given = on || c->on_the_way;
}
