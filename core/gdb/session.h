/* SPDX-License-Identifier: MIT */
/* session.h: what the files of this folder share: one debugger at a time, on the thread "vmrun-gdb". */
#ifndef GDB_SESSION_H
#define GDB_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <vmrun/debugger.h>
#include <vmrun/registers.h>

#include "gdb/address.h"
#include "gdb/gdb.h"
#include "gdb/packet.h"
#include "machine/parts.h"

/* A breakpoint or watchpoint, as packets Z number their kinds. */
enum gdb_point_kind { GDB_SOFTWARE, GDB_HARDWARE, GDB_WRITE, GDB_READ, GDB_ACCESS, GDB_KINDS };
struct gdb_point {
	enum gdb_point_kind kind;
	uint64_t address, length;
};

/* What a vCPU is to do until the next stop. */
enum gdb_action { GDB_STAYS, GDB_RUNS, GDB_STEPS };

struct gdb {
	struct machine *m;
	const struct vr_registers *registers;
	uint32_t register_count;
	struct gdb_address address;
	int listener, wake; /* descriptors */
	bool wait;          /* -S: without a debugger the guest stands still */
	pthread_t thread;
	bool started;
	atomic_bool finishing; /* ... and `status` is set */
	int32_t status;
	_Atomic uint64_t resets;
	uint8_t *state; /* a vCPU's canonical state */
	/* The vCPU that is stepped until it leaves [first, end): its thread looks, by a state of its own. */
	struct {
		int64_t vcpu; /* -1: none */
		uint64_t first, end;
		uint8_t *state;
	} range;
	char *description; /* XML */

	/* The debugger at hand. */
	int fd;       /* -1: none */
	bool running; /* it waits to be told of a stop */
	bool no_ack;
	bool knows_breakpoints; /* it wants "swbreak" and "hwbreak" in stop replies */
	bool physical;          /* memory is addressed as the guest's processors address RAM */
	bool gone;              /* the connection is to be closed */
	bool detached;          /* ... and the guest goes on already */
	bool silent;            /* the packet at hand gets no answer, or has got it */
	uint32_t thread_g;      /* vCPU of g, m and their like */
	int64_t thread_c;       /* vCPU of c and s; -1: all */
	uint32_t stopped;       /* the vCPU whose stop was told last */
	struct gdb_point point[VR_STOP_POINTS];
	uint32_t points;
	struct gdb_input in;
	struct gdb_output out;
};

/* Errors in answers: "E" and two digits; they mean nothing to gdb but failure. The numbers are Linux's. */
#define GDB_E_ABSENT 0x03u
#define GDB_E_MEMORY 0x0eu
#define GDB_E_SYNTAX 0x16u
#define GDB_E_ROOM 0x1cu
#define GDB_E_REFUSED 0x5fu

/* ---- commands.c ---- */
/* One packet: fills and sends the answer. */
void gdb_command(struct gdb *g, const char *text, uint32_t length);

/* ---- reply.c ---- */
void gdb_ok(struct gdb *g);
void gdb_error(struct gdb *g, uint32_t number);
/* "-1", "0" or a vCPU's number from 1; *out from 0, -1: all. */
bool gdb_thread(const struct gdb *g, const char **at, int64_t *out);
void gdb_send(struct gdb *g); /* what is in g->out, which is closed for that */

/* ---- hold.c ---- */
/* Every vCPU stands still when it returns. */
void gdb_hold(struct gdb *g);
/* All go on, and nothing is told. */
void gdb_release(struct gdb *g);
/* The guest goes on without a debugger; keep: it stands still until the next one. */
void gdb_leave(struct gdb *g, bool keep);
/* Has the machine reset, all vCPUs held, and waits for it. */
void gdb_reset(struct gdb *g);

/* ---- description.c ---- */
int32_t gdb_describe(struct gdb *g);
/* Register n, or NULL; *general: it is in the answer to g. */
const struct vr_register *gdb_register(const struct gdb *g, uint64_t n, bool *general);

/* ---- the handlers of packets; `args` is what follows their names ---- */
#define GDB_HANDLER(name) void gdb_on_##name(struct gdb *g, const char *args, uint32_t length)
GDB_HANDLER(read_registers);
GDB_HANDLER(write_registers);
GDB_HANDLER(read_register);
GDB_HANDLER(write_register);
GDB_HANDLER(read_memory);
GDB_HANDLER(write_memory);
GDB_HANDLER(write_binary);
GDB_HANDLER(insert_point);
GDB_HANDLER(remove_point);
GDB_HANDLER(continue);
GDB_HANDLER(continue_signal);
GDB_HANDLER(step);
GDB_HANDLER(step_signal);
GDB_HANDLER(vcont);
GDB_HANDLER(monitor);

/* ---- registers.c ---- */
void gdb_set_pc(struct gdb *g, uint32_t vcpu, uint64_t pc);

/* ---- memory.c ---- */
/* Guest RAM at a guest-physical address, or NULL; *length becomes what lies there in one piece. */
uint8_t *gdb_ram(struct gdb *g, uint64_t pa, uint64_t *length);
/* `to` becomes what the guest has at `pa`, which is at `from`: without what the accelerator's points wrote. */
void gdb_copy(struct gdb *g, uint64_t pa, const uint8_t *from, uint64_t length, uint8_t *to);
int32_t gdb_translate(struct gdb *g, uint64_t va, uint64_t *pa);

/* ---- points.c ---- */
void gdb_points_clear(struct gdb *g);
/* A breakpoint is there. */
bool gdb_points_code_at(const struct gdb *g, uint64_t pc);
/* What a stop reply says of a point that was touched, such as "watch:1000;"; "" when there is none. */
void gdb_points_reason(const struct gdb *g, const struct vr_exit *stop, char *out, size_t capacity);

/* ---- resume.c ---- */
/* They do what `action` says, one a vCPU; the debugger waits from here on. */
void gdb_resume(struct gdb *g, const uint8_t *action);
/* As stop_hooks has it. [vcpu] */
bool gdb_steps_on(struct gdb *g, struct vcpu *v);
/* A vCPU may have stopped: the debugger is told. */
void gdb_look(struct gdb *g);
/* The debugger wants them to stop. */
void gdb_interrupt(struct gdb *g);
/* What tells of a stop, into g->out. stop NULL: the debugger knows why. */
void gdb_report(struct gdb *g, uint32_t vcpu, uint32_t signal, const struct vr_exit *stop);

#endif
