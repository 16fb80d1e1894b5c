/* SPDX-License-Identifier: MIT */
/* sandboxed.h: a part of a rule that runs under the sandbox of vmrun's machine process. */
#ifndef VMRUN_VALIDATE_SANDBOXED_H
#define VMRUN_VALIDATE_SANDBOXED_H

#include "check.h"

/*
 * Calls `life` in a process of its own, which calls sandboxed_enter() where vmrun would enter its sandbox. A system
 * call that is refused from there on fails the rule. Returns when the life came to its end without one; else the rule is
 * over: skipped, when the life did not get as far.
 */
void sandboxed(struct vr_check *c, void (*life)(struct vr_check *c));
/* Skips the rule where this kernel has not what it takes. No thread of the validator's own runs the plugin now. */
void sandboxed_enter(struct vr_check *c);
/* The end of a life that does not return to sandboxed(). */
__attribute__((noreturn)) void sandboxed_end(void);

#endif
