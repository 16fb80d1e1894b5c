/* SPDX-License-Identifier: MIT */
/* log.c: traps as text, for vr_isa_env.exception_log. */
#include <inttypes.h>
#include <stdio.h>
#include "system.h"

static const char modes[] = "US?M";

/* mcause ("Machine Cause Register"). */
static const char *const exceptions[] = {
	[0] = "misaligned fetch",
	[RV_CAUSE_FETCH_ACCESS] = "fetch access fault",
	[RV_CAUSE_ILLEGAL] = "illegal instruction",
	[RV_CAUSE_BREAK] = "breakpoint",
	[RV_CAUSE_LOAD_ALIGN] = "misaligned load",
	[RV_CAUSE_LOAD_ACCESS] = "load access fault",
	[RV_CAUSE_STORE_ALIGN] = "misaligned store",
	[RV_CAUSE_STORE_ACCESS] = "store access fault",
	[RV_CAUSE_ECALL + RV_USER] = "ECALL",
	[RV_CAUSE_ECALL + RV_SUPERVISOR] = "ECALL",
	[RV_CAUSE_ECALL + RV_MACHINE] = "ECALL",
	[RV_CAUSE_FETCH_PAGE] = "fetch page fault",
	[RV_CAUSE_LOAD_PAGE] = "load page fault",
	[RV_CAUSE_STORE_PAGE] = "store page fault",
};
static const char *const interrupts[] = {
	[1] = "S software interrupt", [3] = "M software interrupt", [5] = "S timer interrupt",
	[7] = "M timer interrupt",    [9] = "S external interrupt", [11] = "M external interrupt",
};

#define NAME(table, i) ((i) < sizeof(table) / sizeof((table)[0]) && (table)[i] ? (table)[i] : "?")

void rv_log_trap(struct vr_exec *x, uint64_t from, uint32_t mode, uint64_t cause, uint64_t tval)
{
	uint64_t code = cause & ~RV_CAUSE_INTERRUPT;
	char text[160];

	if (!VR_HAS(x->env, exception_log))
		return;
	snprintf(text, sizeof(text), "%s taken from %c-mode to %c-mode, cause 0x%" PRIx64 ", tval 0x%" PRIx64,
		 cause & RV_CAUSE_INTERRUPT ? NAME(interrupts, code) : NAME(exceptions, code),
		 modes[mode & 3], modes[rv_of(x)->mode & 3], cause, tval);
	x->env->exception_log(x, from, x->pc, text);
}

void rv_log_return(struct vr_exec *x, uint64_t from, uint32_t mode)
{
	char text[80];

	if (!VR_HAS(x->env, exception_log))
		return;
	snprintf(text, sizeof(text), "%cRET to %c-mode", modes[mode & 3], modes[rv_of(x)->mode & 3]);
	x->env->exception_log(x, from, x->pc, text);
}
