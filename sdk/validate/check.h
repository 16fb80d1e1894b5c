/* SPDX-License-Identifier: MIT */
/*
 * check.h: what the rules share.
 *
 * Each rule of rules.def is one function that runs in a process of its own, forked for it, with a time limit;
 * the plugin is not loaded in the parent. A rule passes unless it calls check_fail() or check_skip(). A
 * process that ends before its rule returned (a crash, exit(), a hang) is that rule's failure; but while
 * `report->given` is set the rule is only on its way to what it is about, and another rule is about that:
 * then it is skipped, so that one fault is found by one rule.
 */
#ifndef VMRUN_VALIDATE_CHECK_H
#define VMRUN_VALIDATE_CHECK_H

#include <stdbool.h>
#include <vmrun/accel.h>
#include <vmrun/block.h>
#include <vmrun/board.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>
#include <vmrun/emitter.h>

#include "fake_host/fake_host.h"
#include "target.h"
#include "board/device_answers.h"
#include "virtio/mmio.h"

#define CHECK_RUNNING 0
#define CHECK_PASSED 1
#define CHECK_FAILED 2
#define CHECK_SKIPPED 3

/* Shared between a rule's process and the parent. */
struct check_report {
	uint32_t state; /* CHECK_* */
	uint32_t given; /* on the way to what the rule is about */
	uint32_t ended; /* the rule returned */
	uint32_t limit; /* seconds; a rule may ask for more */
	char phase[160];
	char context[96]; /* which of many like it */
	char text[600];
	char warning[300];
};

/* What a device that a board placed is made of. */
struct check_place {
	uint64_t base[VR_DEVICE_WINDOWS_MAX];
	uint32_t irq[VR_DEVICE_IRQS_MAX];
	struct vr_device_config config;
};

struct check_use {
	const void *table; /* the class's interface */
	struct vr_vm *vm;  /* an accelerator's */
	struct vr_board *board;
	struct vr_device *device[4];
	struct check_place place[4]; /* lent to the devices */
	uint32_t count;              /* of the class's objects */
	/* Virtio devices of the same plugin, behind the MMIO transport that boards use. */
	struct vr_virtio_mmio *virtio[4];
	uint32_t virtio_count;
	struct check_vcpus *vcpus;
};

struct vr_check {
	const struct check_target *target;
	const struct check_rule *rule;
	const struct check_settings *settings;
	struct check_report *report;
	uint64_t random; /* state of check_random() */
	bool on_the_way; /* all that follows is another rule's: see check_given() */

	void *library;
	vr_plugin_magic_fn magic;
	vr_plugin_create_fn create;
	struct vr_fake_host *d;
	const struct vr_plugin *plugin;
	struct check_use use;
	struct check_helper {
		const struct check_target *target;
		struct vr_fake_host *d;
		const struct vr_plugin *plugin;
	} helper; /* another plugin that this one needs */
};

/* What the command line says. */
struct check_settings {
	uint64_t seed;
	uint32_t limit; /* seconds a rule, 0: the rule's own */
	uint32_t instructions;
	const char *with[4]; /* ids of other plugins to use */
	uint32_t with_count;
	const char *plugin_path;
	const char *name[VR_FAKE_HOST_OPTIONS], *value[VR_FAKE_HOST_OPTIONS];
	uint32_t option_count;
};

typedef void (*check_fn)(struct vr_check *c);

struct check_rule {
	const char *id;
	uint32_t classes; /* bits CHECK_ACCEL ... */
	check_fn fn;      /* NULL: not checked by machine */
	const char *what, *why, *where;
};

#define RULE(id, classes, fn, what, why, where) void fn(struct vr_check *c);
#define MANUAL(id, classes, what, why, where)
#include "rules.def"
#undef RULE
#undef MANUAL

/* ---- verdicts: they end the process (any thread) --------------------------------------------------- */
__attribute__((noreturn, format(printf, 2, 3))) void check_fail(struct vr_check *c, const char *format, ...);
__attribute__((noreturn, format(printf, 2, 3))) void check_skip(struct vr_check *c, const char *format, ...);
__attribute__((format(printf, 2, 3))) void check_warn(struct vr_check *c, const char *format, ...);
/* What is being done, for the report of a process that ended. */
__attribute__((format(printf, 2, 3))) void check_phase(struct vr_check *c, const char *format, ...);
__attribute__((format(printf, 2, 3))) void check_context(struct vr_check *c, const char *format, ...);
#define CHECK(c, condition, ...)                      \
	do {                                          \
		if (!(condition))                     \
			check_fail((c), __VA_ARGS__); \
	} while (0)

uint64_t check_random(struct vr_check *c);
const char *check_error_name(int32_t code);

/* ---- steps that another rule is about: a failure of theirs skips this one ------------------------- */
void check_given(struct vr_check *c, int on);
void check_open(struct vr_check *c);    /* dlopen, the two symbols */
void check_magic(struct vr_check *c);   /* the magic block is right */
void check_created(struct vr_check *c); /* create */
void check_probed(struct vr_check *c);
void check_started(struct vr_check *c);
const void *check_query(struct vr_check *c, const char *interface_id);
const char *check_interface(const struct vr_check *c); /* the class's */
/* The table of an interface that the manifest provides; skips when it does not. */
const void *check_provided(struct vr_check *c, const char *interface_id);
void check_used(struct vr_check *c);   /* objects made as the core makes them */
void check_unused(struct vr_check *c); /* and unmade, stop, destroy */

/* Where the i-th device of a device plugin was placed: those of vmrun.device/1, then the virtio ones; and the k-th
 * window of one. */
#define CHECK_DEVICE_WINDOW(i, k) (0x0a000000 + 0x100000ull * (i) + 0x10000ull * (k))
#define CHECK_DEVICE_BASE(i) CHECK_DEVICE_WINDOW(i, 0)
#define CHECK_DEVICE_CLOCK_HZ 24000000u
/* *out: what a device is made of that a board placed as the i-th. A type without a window, or of unsound answers, which is another
 * rule's: one window and one line, as of a board that knows it. */
void check_place_device(struct vr_check *c, const struct vr_device_maker *m, const char *type, uint32_t i,
			struct check_place *out);

/* For a wrapper: something to stand before, in d's registry. */
void check_inner_offer(struct vr_check *c, struct vr_fake_host *d);
/* Skips: what a wrapper runs is another plugin's doing. */
void check_no_wrapper(struct vr_check *c);
/* A host for the plugin, with its options. */
struct vr_fake_host *check_fake_host(struct vr_check *c);
/* The whole life with objects, on host d. 0, or the plugin's error; *stage says where. Undone as far as it
 * got. */
int32_t check_life(struct vr_check *c, struct vr_fake_host *d, const char **stage);
/* Objects of the plugin, after start. 0 or its error. */
int32_t check_use_begin(struct vr_check *c);
void check_use_end(struct vr_check *c);
/* An error that a call returned: is it one of errors.def, with a text? Fails if not. */
void check_refusal(struct vr_check *c, struct vr_fake_host *d, int32_t code, const char *what);

/* ---- other plugins (plugins.c) ----------------------------------------------------------------------- */
/* Opens a plugin's library; skips when it can't be. */
void *check_opened(struct vr_check *c, const struct check_target *t);
/* *function, a pointer to a function, becomes the symbol or NULL. */
void check_symbol(void *library, const char *name, void *function);
/* The guest architecture that the plugin is for; skips when there is none to find. */
const char *check_arch(struct vr_check *c);
/* Another plugin, created on host d, with its default options, and probed; skips when that is not to be. */
const struct vr_plugin *check_load(struct vr_check *c, const struct check_target *t, struct vr_fake_host *d);
/* Load another plugin of a class, create and probe it: the one named with --with, else the best of the search
 * path for this guest architecture. Skips when there is none. Kept in c->helper. */
void check_helper(struct vr_check *c, uint32_t class_bit, const char *guest);
/* The same for a translator; false when there is none. Another architecture's replaces it. */
bool check_translator(struct vr_check *c, const char *guest);
/* The isa's object for a virtual machine of one vCPU; skips when it can't be made. */
struct vr_isa_vm *check_isa_vm(struct vr_check *c, const struct vr_isa *isa);
/* What vm_create() is told of the translator p. */
void check_translator_config(const struct vr_plugin *p, const struct check_target *t,
			     struct vr_vm_config *config);

/* What a board is given at first, and again at each reset: an image of its architecture, and some of random bytes. */
void check_board_load(struct vr_check *c);
/* The micro-guests, in the engine that there is, under the sandbox: see sandboxed.h. */
void check_xlate_sandboxed(struct vr_check *c);

/* Reads (and writes) every byte of a window, in all widths. */
void check_sweep(struct vr_check *c, uint32_t space, uint64_t base, uint64_t length, bool writes);

/* ---- the process ----------------------------------------------------------------------------------------
 */
struct check_process {
	uint32_t tasks;
	uint32_t fds;
	uint8_t fd[1024];
	struct check_signal {
		uintptr_t handler;
		int flags;
	} signal[65];
	uint64_t blocked;
	uint64_t environment; /* a hash */
	char cwd[512];
	uint32_t umask, rounding, exceptions, control;
	char locale[256];
};
void check_process(struct check_process *out);
/* How many tasks there are, after those that end have had time to. */
uint32_t check_tasks(uint32_t expected);
/* The file behind a descriptor. */
const char *check_fd_name(uint32_t fd);

/* ---- allocations (alloc.c)
 * ---------------------------------------------------------------------------------- */
struct check_alloc {
	uint64_t blocks, bytes; /* alive, of those made while armed by the plugin or for it */
	uint64_t mapped;        /* bytes of its mmap()s */
	uint64_t calls;         /* that could fail */
	uint64_t atexit;        /* handlers registered */
	uint64_t sockets;
	uint32_t failed; /* the one that was to fail was reached */
};
bool check_alloc_works(void);
void check_alloc_arm(int on);
void check_alloc_fail(uint64_t n); /* the n-th from now, 0: none */
struct check_alloc check_alloc_now(void);

#endif
