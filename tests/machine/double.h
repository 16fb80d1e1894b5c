/* SPDX-License-Identifier: MIT */
/*
 * double.h: a registry without files, an accelerator that runs C functions and a board of nothing but RAM.
 *
 * A test registers the plugins it wants with double_add(); the "image" is whatever double_kernel points to.
 */
#ifndef TESTS_MACHINE_DOUBLE_H
#define TESTS_MACHINE_DOUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/parts.h"

/* guest/host: one name each, or NULL. */
struct vr_loaded *double_add(const char *id, enum vr_plugin_class class_id, const char *guest,
			     const char *host);
/* The board knows images that begin with these bytes. */
void double_image(struct vr_loaded *board, const char *bytes);
/* probe() will fail with this text. */
void double_break(struct vr_loaded *p, const char *why);
/* software accelerator + translator + board "virt" for guests of "other"; image magic "OTHR". */
void double_standard(void);

extern const char *double_kernel; /* contents */
extern int32_t double_boot_result;
extern bool double_image_is_disk;
extern uint32_t double_boots; /* how often the payload was read */

/* What a vCPU does between two looks at its kick flag: returns VR_EXIT_*, or GO_ON. */
#define GO_ON 0xffu
extern uint32_t (*double_program)(uint32_t vcpu);
extern const struct vr_host *double_host; /* the plugins' */
extern _Atomic uint64_t double_pins[4];
extern _Atomic uint32_t double_vm_resets, double_board_resets, double_loads, double_alive;
extern _Atomic uint64_t double_written;
extern char double_cmdline[4096];
extern void (*double_on_vm_create)(void), (*double_on_vm_reset)(void),
	(*double_on_board_reset)(void); /* first */

/* Doorbells: the accelerator offers vmrun.notify/1 when double_notify is set. */
extern bool double_notify;
extern int32_t double_doorbell_result;    /* what switching one on gives */
extern _Atomic uint32_t double_doorbells; /* how many are on */
void double_ring(uint64_t address);       /* the guest writes it; nothing when it is not on */

/* How long the tables are that the plugins hand out; 0: as they should be. */
extern uint32_t double_accel_size, double_board_size;

struct vr_machine_config double_config(void);

#endif
