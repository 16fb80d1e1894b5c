/* SPDX-License-Identifier: MIT */
/*
 * parts.h: what the files of this folder share, the parts a machine is made of.
 *
 * Locks: `lock` guards the power state of the machine and its vCPUs and is never held in a call into a
 * plugin. The buses and the memory map are built while no vCPU runs and only read afterwards, without a lock.
 */
#ifndef MACHINE_PARTS_H
#define MACHINE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <vmrun/accel.h>
#include <vmrun/block.h>
#include <vmrun/board.h>
#include <vmrun/debugger.h>
#include <vmrun/host.h>
#include <vmrun/sandbox.h>
#include <vmrun/device_trace.h>

#include "boot/boot.h"
#include "machine/backing.h"
#include "machine/codemap.h"
#include "machine/debuglog.h"
#include "machine/machine.h"
#include "machine/overlay.h"
#include "machine/panic.h"
#include "machine/run.h"
#include "machine/sandbox.h"
#include "plugin/registry.h"

#define MACHINE_MAX_REGIONS 32u
#define MACHINE_MAX_VCPUS 512u
#define MACHINE_MAX_DISKS 64u
#define BUS_SPACES 3u

/* ---- memory.c ---------------------------------------------------------------------------- */
struct ram_region {
	uint64_t gpa, length;
	uint32_t flags;
	char *name;
	uint8_t *host;
	_Atomic uint64_t mapped; /* vr_mapping's that have not been given back */
	void *mapping;           /* with its guard pages */
	size_t mapping_length;
};
struct ram {
	_Atomic uint32_t count;
	struct ram_region region[MACHINE_MAX_REGIONS];
};
int32_t ram_add(struct ram *ram, uint64_t gpa, uint64_t length, uint32_t flags, const char *name);
/* The region that touches [gpa, last], or NULL. */
const struct ram_region *ram_overlap(const struct ram *ram, uint64_t gpa, uint64_t last);
/* The region in which [gpa, gpa+length) lies as a whole, or NULL / its host address. */
struct ram_region *ram_find(struct ram *ram, uint64_t gpa, uint64_t length);
void *ram_pointer(struct ram *ram, uint64_t gpa, uint64_t length);
uint64_t ram_resident(const struct ram *ram); /* bytes that the host has given so far */
void ram_free(struct ram *ram);
int32_t machine_map_ram(struct machine *m);                /* tell the accelerator of all of it */
int32_t machine_map_region(struct machine *m, uint32_t i); /* of one region */

/* ---- bus.c ------------------------------------------------------------------------------- */
struct bus_entry {
	uint64_t base, last;
	const struct vr_bus_ops *ops;
	void *opaque;
	char *name;
	const char
		*plugin; /* the id of the plugin that attached it, kept by the registry; NULL: vmrun's own */
};
struct bus_space {
	struct bus_entry **entry; /* sorted by base */
	uint32_t count, capacity;
};
/* What one vCPU's accesses touch; a cache line of its own. */
struct bus_cpu {
	_Alignas(64) const struct bus_entry *hit[BUS_SPACES];
	/* Written by the vCPU alone; late.c reads them at any time. */
	_Atomic uint64_t accesses;
	_Atomic(const struct bus_entry *) inside; /* whose function it is in; NULL: none's */
};
struct bus {
	struct bus_space space[BUS_SPACES];
	struct bus_cpu *cpu;
	uint32_t cpu_count;
};
int32_t bus_init(struct bus *b, uint32_t vcpu_count);
int32_t bus_attach(struct bus *b, uint32_t space, uint64_t base, uint64_t length,
		   const struct vr_bus_ops *ops, void *opaque, const char *name, const char *plugin);
int32_t bus_access(struct bus *b, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		   uint32_t is_write, uint64_t *value);
const struct bus_entry *bus_overlap(const struct bus *b, uint32_t space, uint64_t base, uint64_t last);
void bus_free(struct bus *b);

/* ---- late.c ------------------------------------------------------------------------------ */
#define LATE_LOOK_NS 1500000000ull /* between two looks */
struct late_seen {
	const struct bus_entry *inside, *told;
	uint64_t accesses;
	uint32_t looks;
};
/* The device whose function a vCPU is in, or NULL. [any] */
const struct bus_entry *late_inside(struct machine *m, uint32_t vcpu);
/* Tells of vCPUs that are inside a device for long. [main] */
void late_look(struct machine *m);
/* A line on standard error: why the machine has not ended. Async-signal-safe. */
void late_tell(void *machine);

/* ---- timer.c ----------------------------------------------------------------------------- */
struct timers {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread sleeps on it */
	pthread_cond_t idle; /* a callback has returned */
	pthread_t thread;
	bool running, stop, ready;
	uint64_t base;     /* CLOCK_MONOTONIC of guest time 0 */
	uint64_t sleeping; /* until when the thread sleeps; 0: it is awake */
	struct vr_timer **heap;
	uint32_t count, capacity, timers;
	struct vr_timer *firing;
	struct sandbox *sandbox;
};
int32_t timers_init(struct timers *t, struct sandbox *sandbox);
uint64_t timers_now(const struct timers *t);
int32_t timers_create(struct timers *t, void(VR_CALL *fn)(void *opaque), void *opaque, struct vr_timer **out);
void timers_stop(struct timers *t); /* nothing fires from here on */
void timers_free(struct timers *t);

/* ---- doorbell.c -------------------------------------------------------------------------- */
struct vr_door;
struct doorbells {
	pthread_mutex_t lock;
	pthread_cond_t idle; /* a call has returned, or all is settled */
	pthread_t thread;
	bool running, stop, ready;
	int epoll, wake; /* descriptors; -1: not yet */
	struct vr_door *first, *ringing;
	uint64_t last;            /* number given to a door */
	uint64_t wanted, settled; /* by number */
	uint64_t rung;
	struct sandbox *sandbox;
};
void doorbells_init(struct doorbells *b, struct sandbox *sandbox);
/* The virtual machine has come, or a trace of all device accesses began or ended. [main][quiesced] */
void doorbells_update(struct machine *m);
/* All that was rung has been heard; for when no vCPU runs. */
void doorbells_settle(struct doorbells *b);
void doorbells_stop(struct doorbells *b); /* the same, and nothing rings from here on */
void doorbells_free(struct doorbells *b);

/* ---- thread.c ---------------------------------------------------------------------------- */
/* A thread that leaves signals to the main one, has a name and is in the sandbox. */
int32_t threads_start(pthread_t *out, struct sandbox *s, const char *name, void *(*fn)(void *), void *arg);
void vcpu_park(_Atomic uint32_t *permit, uint64_t deadline_monotonic);
void vcpu_unpark(_Atomic uint32_t *permit);

/* ---- terminal.c -------------------------------------------------------------------------- */
/* In raw mode from here on, unless this process is in the background. */
bool terminal_take(int fd);
void terminal_restore(void);
void terminal_give_back(void); /* the same from a signal handler */

/* ---- console_log.c ----------------------------------------------------------------------- */
struct console_log;
/* Opens the file that the configuration names; *out is NULL where it names none. */
int32_t console_log_new(struct machine *m, const struct machine_config *c, struct console_log **out);
/* What the guest prints. True: it waits for console_log_flush(), which may be called with NULL. [any] */
bool console_log_put(struct console_log *l, const uint8_t *bytes, uint32_t n);
void console_log_flush(struct console_log *l);
/* Off, or on again: is it on now? */
bool console_log_switch(struct console_log *l);
void console_log_free(struct console_log *l);

/* ---- console.c --------------------------------------------------------------------------- */
#define CONSOLE_LISTENERS 8u
#define CONSOLE_INPUT 4096u
#define CONSOLE_BREAK 0x100u /* in the input: no byte, but a BREAK */
#define CONSOLE_OUTPUT 65536u
struct console {
	pthread_mutex_t lock;
	pthread_cond_t space; /* output has been written */
	pthread_t thread;
	bool ready, started, closing, escape, eof;
	_Atomic bool hurry;
	bool terminal;               /* stdin is one, and it is ours while the process is in the foreground */
	bool raw;                    /* it is ours now */
	int in, out, event, signals; /* descriptors */
	uint16_t input[CONSOLE_INPUT]; /* bytes, and CONSOLE_BREAK */
	uint32_t input_head, input_count;
	uint8_t *output;
	uint32_t output_head, output_count;
	struct console_listeners {
		struct {
			void(VR_CALL *fn)(void *opaque);
			void *opaque;
		} call[CONSOLE_LISTENERS];
		uint32_t count;
	} on_input, on_resize;
	uint32_t columns, rows;  /* of the terminal; 0: not known */
	struct console_log *log; /* NULL: none is wanted */
	/* --run: takes what the guest prints, and the guest gets no input here; NULL: there is a terminal. */
	void (*text)(void *opaque, const uint8_t *bytes, uint32_t n);
	void *text_opaque;
	struct panic_watch panic; /* without --run; under `lock` */
	bool output_optional;     /* the machine goes on without it */
	_Atomic int output_lost;  /* errno of the write that failed */
	bool stuck;               /* and at the end its reader did not take what was left */
	int signal;               /* the signal that ended the machine, or 0 */
	/* The user wants the machine to end. */
	void (*end)(void *opaque, int32_t status);
	/* The user wants the counters. */
	void (*counters)(void *opaque);
	void *end_opaque; /* of both */
};
int32_t console_init(struct console *c);
/* late, opaque: see signals_catch(). */
int32_t console_start(struct console *c, struct sandbox *s, void (*late)(void *opaque), void *opaque);
void console_write_port(struct console *c, const uint8_t *bytes, uint32_t n);
uint32_t console_read_port(struct console *c, uint8_t *bytes, uint32_t n);
int32_t console_listen(struct console *c, void(VR_CALL *fn)(void *opaque), void *opaque);
/* Is the user at a terminal? / How large is it; false: it does not say, or there is none. */
bool console_has_terminal(const struct console *c);
bool console_dimensions(struct console *c, uint32_t *columns, uint32_t *rows);
/* Bytes typed on the terminal: takes the Ctrl-A commands out; returns how many bytes and CONSOLE_BREAKs are left in
 * `out` (room for 2n). */
uint32_t console_scan(struct console *c, const uint8_t *in, uint32_t n, uint16_t *out);
/* vmrun's status when the machine ended because its output could not be written; 0: it could. */
int32_t console_lost_status(const struct console *c);
/* The user wants an end: what waits for a terminal that takes nothing must not hold it up. */
void console_end(struct console *c, int32_t status);
/* `name` ("standard output") can't be written, for the reason e. Said once; as the user wants, the machine ends. */
void console_lose(struct console *c, const char *name, int e);
/* What was left of the output was given up, because the user wants the end. */
void console_cut_off(struct console *c);
/* The guest's init has said that it can't go on, by a panic. */
bool console_init_failed(struct console *c);
/* The machine is reset. */
void console_restart(struct console *c);
/* Writes what is left and gives the terminal back; signals are still caught. */
void console_stop(struct console *c);
void console_free(struct console *c);

/* ---- console_keys.c ---------------------------------------------------------------------- */
#define CONSOLE_KEYS_TEXT 1024u /* bytes for all of console_list_keys() */
enum console_key {
#define CONSOLE_KEY(name, keys, shown, help) CONSOLE_KEY_##name,
#include "machine/console_keys.def"
#undef CONSOLE_KEY
	CONSOLE_KEY_COUNT
};
/* What a byte after Ctrl-A means; CONSOLE_KEY_COUNT: nothing of vmrun's. */
enum console_key console_key(uint8_t byte);

/* ---- block.c ----------------------------------------------------------------------------- */
#define DISK_THREADS 4u
/* What disk_requests.c has of a disk: requests wait here for a thread. */
struct disk_requests {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a request came, or the threads end */
	pthread_cond_t idle; /* none is under way */
	struct vr_block_request *first, *last;
	uint32_t waiting;           /* requests */
	uint32_t sleeping, running; /* threads */
	uint32_t count, most;       /* of `thread`: there are, there may be */
	uint32_t number;            /* the disk's */
	struct sandbox *sandbox;
	bool ready, end;
	pthread_t thread[DISK_THREADS];
};
struct disk {
	int fd;
	uint32_t flags;
	uint64_t length;
	char *name;
	_Atomic int flush_failed;
	_Atomic int complained;
	_Atomic int dirty; /* written since it was flushed */
	_Atomic int stopped;
	_Atomic int cancelled; /* for a while: what is under way ends */
	struct disk_requests requests;
	bool regular;         /* a file, which others can make shorter */
	bool only_read;       /* nothing is written to the file: it is read-only, or there is an overlay */
	_Atomic uint64_t end; /* bytes that the file has had: from there to `length` it reads as zeros */
	struct backing backing;
	struct overlay overlay; /* of an ephemeral disk: where writes go; `bits` NULL: there is none */
};
/* `others`: the disks of this machine so far. */
int32_t disk_open(struct disk *d, const char *path, enum disk_mode mode, const struct disk *others,
		  uint32_t other_count);
/* An error where the file looks like an image of another format: its bytes are not the disk's. */
int32_t disk_check_format(const struct disk *d);
int32_t disk_read(struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n);
int32_t disk_write(struct disk *d, uint64_t offset, const struct vr_iovec *v, uint32_t n);
int32_t disk_flush(struct disk *d);
int32_t disk_discard(struct disk *d, uint64_t offset, uint64_t length);
int32_t disk_zero(struct disk *d, uint64_t offset, uint64_t length);
/* Requests fail from here on, also those that are under way. [any] */
void disk_stop(struct disk *d);
void disk_close(struct disk *d);

/* ---- disk_requests.c --------------------------------------------------------------------- */
/* Threads that take a disk's requests; none is taken before. */
int32_t disk_threads_start(struct disk *d, struct sandbox *s, uint32_t number);
void disk_threads_end(struct disk *d); /* after what is under way; before disk_close() */
/* A disk for devices. */
void disk_as_block(struct disk *d, struct vr_disk *out);

/* ---- disks.c ------------------------------------------------------------------------------ */
struct machine_disk { /* a plugin's */
	const struct vr_block_maker *maker;
	struct vr_disk disk;
};
/* The disks of plugins that the user named (vmrun.block/1), after the machine's files. `ephemeral`: all disks are to
 * be; those are not, and the user is told. [main] */
int32_t disks_open_plugins(struct machine *m, bool ephemeral);
/* Threads for those that are files. [main] */
int32_t disks_start(struct machine *m);
void disks_stop(struct machine *m); /* requests fail from here on. [any] */
void disks_close(struct machine *m);

/* ---- inputs.c ---------------------------------------------------------------------------- */
/* VR_E_BUSY, with a text that begins with the label: the file is one that this run reads (disks and what they lie
 * on, kernel, initrd, machine file, plugins). */
int32_t machine_spare_inputs(const struct machine *m, const char *machine_file, const char *label,
			     const struct stat *st);
/* Opens a log that the user named, for writing, and empties it once it is known that it is none of these files, nor
 * another log. `what` begins messages, and lives as long as the machine. */
int32_t machine_open_log(struct machine *m, const char *machine_file, const char *what, const char *path,
			 int *fd);

/* ---- required_members.c ----------------------------------------------------------------------------- */
/* A started plugin's table, which has every member that can't be done without. VR_E_ABI: the text names what
 * is missing. */
int32_t machine_interface(struct loaded_plugin *p, const char *id, const void **out);

/* ---- device_trace.c: only while machine->device_trace is set ------------------------------------------------ */
void vr_device_trace_access(const struct machine *m, const struct vr_device_trace_access *seen);
void device_trace_line(const struct machine *m, uint32_t vcpu, uint32_t line, uint32_t level);
/* Asks the machine's firmware, and shows it. */
int32_t vr_device_trace_hypercall(const struct machine *m, uint32_t vcpu, uint32_t kind, uint64_t *regs);

/* ---- devices.c --------------------------------------------------------------------------- */
/* Starts the device plugins that this board, which was chosen, will ask. */
int32_t devices_start(struct registry *r, const struct loaded_plugin *board);

/* ---- choose.c ---------------------------------------------------------------------------- */
struct choice {
	struct loaded_plugin *accel, *translator, *board;
	struct loaded_plugin *wrapped; /* what accel stands before (manifest: `wraps`), or NULL */
	char *arch;
	char *line;
	uint32_t brief; /* how much of it says what was chosen, without why */
};
/* Starts what it takes. p NULL: says only what would be taken for config->arch, and starts nothing. */
int32_t machine_choose(struct registry *r, const struct machine_config *c, const struct vr_boot_payload *p,
		       struct choice *out);
/* What was chosen, in one line; with -v why as well. */
void choice_print(const struct choice *c, FILE *to);
void choice_free(struct choice *c);

/* ---- vcpu.c ------------------------------------------------------------------------------ */
struct vcpu_job;
struct vcpu;
struct gdb;
/* What a vCPU's thread tells the debugger's side. */
struct stop_hooks {
	/* A step of this vCPU is done (v->stop is what it told): does another one follow? [vcpu] */
	bool (*steps_on)(struct gdb *g, struct vcpu *v);
	void (*stopped)(struct gdb *g); /* a vCPU has stopped. [any] */
};
struct vcpu {
	struct machine *machine;
	uint32_t index;
	pthread_t thread;
	_Atomic(struct vr_vcpu *) handle; /* the accelerator's */
	_Atomic uint32_t permit;
	uint64_t early_pins; /* driven before the accelerator's vCPU was there */
	/* Under machine->lock: */
	bool thread_started, created, gone;
	bool on, running;
	int32_t create_result;
	char *create_text;
	bool held; /* by the debugger: it does not run, whether it is on or not */
	bool step, stopped;
	struct vr_exit stop; /* while `stopped`: why */
	struct vcpu_job *job;
	uint64_t exits[4];     /* by VR_EXIT_* */
	struct late_seen late; /* the main thread's */
};
int32_t vcpus_start(struct machine *m); /* threads and the accelerator's vCPUs; the gate is shut */
void vcpu_kick(struct vcpu *v);
void vcpus_kick(struct machine *m);
void vcpus_quiesce(struct machine *m); /* shuts the gate and waits until no vCPU runs */
void vcpus_resume(struct machine *m);  /* opens it unless a power request is pending */
void vcpus_end(struct machine *m);
int32_t vcpu_power(struct machine *m, uint32_t vcpu, bool on);
/* Has the vCPU's thread, while it does not run, call fn(the accelerator's vCPU, arg). */
int32_t vcpu_call(struct machine *m, uint32_t vcpu, int32_t (*fn)(struct vr_vcpu *handle, void *arg),
		  void *arg);
/* Canonical state of a vCPU that does not run. */
int32_t vcpu_state(struct machine *m, uint32_t vcpu, const char *state_id, void *state, uint32_t length,
		   bool set);
/* Kicks the vCPUs that the debugger holds (all: every one) until none of them runs. */
void vcpus_await(struct machine *m, bool all);

/* ---- power.c ----------------------------------------------------------------------------- */
#define POWER_NONE 0xffffffffu
void power_request(struct machine *m, uint32_t what, int32_t code);
/* The same with the lock held. True: the caller has to call vcpus_kick() without the lock. */
bool power_request_locked(struct machine *m, uint32_t what, int32_t code);
bool power_pending(struct machine *m);
/* The vCPUs stand still for a reset: what asked for one until now has asked for this one. False: by now
 * something has asked for the end, which counts more. */
bool power_reset_begins(struct machine *m);
/* Waits for a request and takes it; calls m->look meanwhile. */
uint32_t power_wait(struct machine *m, int32_t *code);

/* ---- parameters.c ------------------------------------------------------------------------ */
/* Adds to the command line that was just read what vmrun says by itself. most: bytes that the kernel takes; 0: unknown. */
int32_t machine_add_parameters(struct machine *m, uint32_t most);

/* ---- stats.c ----------------------------------------------------------------------------- */
struct stats {
	int smaps; /* opened before the sandbox; -1: none */
	uint64_t started;
	uint64_t ended;
};
void stats_init(struct stats *s);
void stats_print(struct machine *m, FILE *to);
/* Those of a machine that runs, which stands still meanwhile. [main] */
void stats_print_now(struct machine *m);
void stats_free(struct stats *s);

/* ---- machine.c --------------------------------------------------------------------------- */
struct machine {
	struct registry *registry;
	struct choice choice;
	struct boot boot;             /* empty but while it is loaded */
	struct boot_files boot_files; /* what to read it from, again at each reset */
	char *kernel, *append, *image, **initrds;
	/* Bytes of `append`: as the user gave it, and what --run adds. */
	uint64_t append_length, command_length;
	uint64_t own_length; /* what parameters.c has added to the command line */

	const struct vr_accel *accel;
	struct vr_plugin_self *accel_self;
	struct vr_vm *vm;
	bool ram_mapped;
	const struct vr_board_maker *board_table;
	struct vr_board *board;

	uint32_t vcpu_count;
	uint64_t ram_size;
	bool no_reboot;
	/* What a machine that runs is looked at for, at least every LATE_LOOK_NS. [main] */
	void (*look)(struct machine *m);
	bool look_now;     /* and without waiting; under `lock` */
	uint64_t deadline; /* --timeout: CLOCK_MONOTONIC in ns; 0: none */
	uint64_t timeout;  /* ns */
	uint32_t stats_wanted;
	atomic_bool stats_asked; /* a signal wants them now */
	int signal;              /* the signal that ended the run, or 0 */

	pthread_mutex_t lock;
	pthread_cond_t gate;    /* vCPU threads wait here */
	pthread_cond_t changed; /* vCPU threads or power requests have changed */
	bool gate_shut, ending;
	atomic_bool failed;             /* a vCPU could not go on, and that was told */
	_Atomic(const char *) end_step; /* what the machine's end waits for; NULL: nothing that has a name */
	uint32_t request;
	int32_t request_code;
	struct vcpu *vcpu;
	uint64_t resets;

	struct ram ram;
	struct bus bus;
	struct timers timers;
	struct doorbells doorbells;
	struct console console;
	struct run run;
	struct sandbox sandbox;
	struct stats stats;
	struct disk disk[MACHINE_MAX_DISKS];
	uint32_t disk_count;
	struct machine_disk plugin_disk[MACHINE_MAX_DISKS];
	uint32_t plugin_disk_count;

	const struct vr_irq_controller *irq;
	void *irq_opaque;
	vr_hypercall_fn hypercall;
	void *hypercall_opaque;
	struct gdb *gdb;                            /* core/gdb; NULL: no debugger can come */
	const struct vr_debugger *debugger;         /* the accelerator's, while gdb is set */
	const struct stop_hooks *hooks;             /* the same */
	const struct vr_device_trace *device_trace; /* NULL: no trace */
	void *device_trace_opaque;
	struct debuglog *debuglog; /* NULL: no log is wanted */
	struct {
		const char *what;
		struct stat st;
	} log_file[2]; /* what machine_open_log() has opened */
	uint32_t log_files;
	struct codemap *codemap; /* NULL: no names are wanted */
};

static inline struct machine *machine_of(const struct vr_host *host)
{
	return plugin_host_of(host)->machine;
}

/* The host tables. */
extern const struct vr_host_memory memory_table;
extern const struct vr_host_mmio mmio_table;
extern const struct vr_host_irq irq_table;
extern const struct vr_host_timer timer_table;
extern const struct vr_host_codecache codecache_table;
extern const struct vr_host_thread thread_table;
extern const struct vr_host_machine machine_table;
extern const struct vr_host_console console_table;
extern const struct vr_host_streams streams_table;
extern const struct vr_host_disks disks_table;
extern const struct vr_host_device_trace device_trace_table;
extern const struct vr_host_doorbell doorbell_table;
extern const struct vr_host_sandbox sandbox_table;

#endif
