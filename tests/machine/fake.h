/* SPDX-License-Identifier: MIT */
/*
 * fake.h: a registry without files, an accelerator that runs C functions and a board of nothing but RAM.
 *
 * A test registers the plugins it wants with fake_add(); the "image" is whatever fake_kernel points to.
 */
#ifndef TESTS_MACHINE_FAKE_H
#define TESTS_MACHINE_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/parts.h"

/* guest/host: one name each, or NULL. */
struct loaded_plugin *fake_add(const char *id, enum vr_plugin_class class_id, const char *guest,
			       const char *host);
/* The board knows images that begin with these bytes. */
void fake_image(struct loaded_plugin *board, const char *bytes);
/* probe() will fail with this text. */
void fake_break(struct loaded_plugin *p, const char *why);
/* software accelerator + translator + board "virt" for guests of "other"; image magic "OTHR". */
void fake_standard(void);

extern const char *fake_kernel; /* contents */
extern int32_t fake_boot_result;
extern bool fake_image_is_disk;
extern uint32_t fake_boots; /* how often the payload was read */

/* What a vCPU does between two looks at its kick flag: returns VR_EXIT_*, or GO_ON. */
#define GO_ON 0xffu
extern uint32_t (*fake_program)(uint32_t vcpu);
extern const struct vr_host *fake_host; /* the plugins' */
extern _Atomic uint64_t fake_pins[4];
extern _Atomic uint32_t fake_vm_resets, fake_board_resets, fake_loads, fake_alive;
extern _Atomic uint64_t fake_written;
extern char fake_cmdline[4096];
extern void (*fake_on_vm_create)(void), (*fake_on_vm_reset)(void), (*fake_on_board_reset)(void); /* first */

/* Doorbells: the accelerator offers vmrun.notify/1 when fake_notify is set. */
extern bool fake_notify;
extern int32_t fake_doorbell_result;    /* what switching one on gives */
extern _Atomic uint32_t fake_doorbells; /* how many are on */
void fake_ring(uint64_t address);       /* the guest writes it; nothing when it is not on */

/* How long the tables are that the plugins hand out; 0: as they should be. */
extern uint32_t fake_accel_size, fake_board_size;

struct machine_config fake_config(void);

#endif
