// SPDX-License-Identifier: MIT
/* log.c: exceptions as text, for vr_isa_env.exception_log. */
#include <inttypes.h>
#include <stdio.h>
#include "lift.h"
#include "system.h"

/* ESR_EL1.EC (D13.2.37). */
static const struct {
	uint32_t ec;
	const char *name;
} classes[] = {
	{EC_UNKNOWN, "undefined instruction"},
	{EC_WFX, "trapped WFI or WFE"},
	{EC_FP, "trapped FP access"},
	{EC_ILLEGAL, "illegal execution state"},
	{EC_SVC, "SVC"},
	{EC_HVC, "HVC"},
	{EC_SMC, "SMC"},
	{EC_SYSREG, "trapped system register access"},
	{EC_INSN_LOWER, "instruction abort"},
	{EC_INSN_SAME, "instruction abort"},
	{EC_PC_ALIGN, "PC alignment fault"},
	{EC_DATA_LOWER, "data abort"},
	{EC_DATA_SAME, "data abort"},
	{0x26, "SP alignment fault"},
	{EC_BREAKPOINT_LOWER, "breakpoint"},
	{EC_BREAKPOINT_LOWER + 1, "breakpoint"},
	{EC_STEP_LOWER, "software step"},
	{EC_STEP_SAME, "software step"},
	{EC_WATCHPOINT_LOWER, "watchpoint"},
	{EC_WATCHPOINT_LOWER + 1, "watchpoint"},
	{A64_EC_BRK, "BRK"},
};

static const char *class_name(uint32_t ec)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].ec == ec)
			return classes[i].name;
	return "exception";
}

void a64_log_taken(struct vr_exec *x, uint64_t from, uint32_t el, uint32_t vector, uint32_t has_far)
{
	const struct a64_state *s = a64_of(x);
	char text[160], far[40] = "";

	if (!VR_HAS(x->env, exception_log))
		return;
	if (has_far)
		snprintf(far, sizeof(far), ", FAR 0x%" PRIx64, s->far_el1);
	if (vector == A64_VECTOR_IRQ || vector == A64_VECTOR_FIQ)
		snprintf(text, sizeof(text), "%s taken from EL%u", vector == A64_VECTOR_IRQ ? "IRQ" : "FIQ",
			 el);
	else
		snprintf(text, sizeof(text), "%s taken from EL%u, ESR 0x%" PRIx64 "%s",
			 vector == A64_VECTOR_SERROR ? "SError" : class_name((uint32_t)(s->esr_el1 >> 26)),
			 el, s->esr_el1, far);
	x->env->exception_log(x, from, x->pc, text);
}

void a64_log_return(struct vr_exec *x, uint64_t from, uint32_t el)
{
	char text[80];

	if (!VR_HAS(x->env, exception_log))
		return;
	snprintf(text, sizeof(text), "ERET from EL%u to EL%u", el, a64_of(x)->el);
	x->env->exception_log(x, from, x->pc, text);
}
