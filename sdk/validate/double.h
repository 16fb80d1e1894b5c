/* SPDX-License-Identifier: MIT */
/*
 * double.h: a stand-in for the core, for tests of plugins: every host table of host.h over plain arrays, so
 * that a plugin is driven and watched without a machine. The validator is built on it; a plugin's own unit
 * tests can be: compile double*.c, or link libvmrun-double.a.
 *
 *     struct vr_double *d = vr_double_new("arm64", 1, 64 << 20);
 *     vmrun_plugin_create(vr_double_host(d), "mine", &plugin);
 *     ...
 *     vr_double_free(d);
 *
 * What it is strict about, and notes as findings (vr_double_finding): host functions called on a thread that
 * their tag in host.h forbids, arguments out of range, error codes that errors.def does not have, empty
 * texts. What it can be told to do: offer a table not at all (vr_double_remove) or shorter (vr_double_cut;
 * what lies behind the end of any table is a page that can't be touched), and refuse a request
 * (vr_double_refuse).
 *
 * Guest time stands still until vr_double_advance(). Guest RAM lies between pages that can't be touched.
 */
#ifndef VMRUN_VALIDATE_DOUBLE_H
#define VMRUN_VALIDATE_DOUBLE_H

#include <pthread.h>
#include <vmrun/helper.h>
#include <vmrun/host.h>
#include <vmrun/sandbox.h>
#include <vmrun/device_trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DOUBLE_REGIONS 16u
#define VR_DOUBLE_BUSES 256u
#define VR_DOUBLE_VCPUS 512u
#define VR_DOUBLE_LINES 1024u
#define VR_DOUBLE_PINS 64u
#define VR_DOUBLE_PORTS 4u
#define VR_DOUBLE_DISKS 4u
#define VR_DOUBLE_OPTIONS 32u
#define VR_DOUBLE_FINDINGS 8u
#define VR_DOUBLE_TABLES 24u

struct vr_double;

struct vr_double_region {
	uint64_t gpa, length;
	uint32_t flags; /* VR_MEM_* */
	uint32_t reserved;
	uint8_t *bytes;
};

struct vr_double_bus {
	uint32_t space;
	uint32_t reserved;
	uint64_t base, length;
	const struct vr_bus_ops *ops;
	void *opaque;
	char name[32];
};

struct vr_double_vcpu {
	uint32_t on;
	uint32_t permit; /* of vmrun.thread/1 */
	uint32_t has_thread;
	uint32_t parks; /* how often it slept */
	pthread_t thread;
	char state_id[40]; /* what vmrun.machine/1's vcpu_set_state() left, "" nothing */
	uint32_t state_length;
	void *state;
	uint8_t pin[VR_DOUBLE_PINS];
};

struct vr_double_port {
	char out[8192];
	uint32_t out_length;
	uint32_t in_start, in_length;
	char in[1024];
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
};

struct vr_double_disk {
	uint8_t *bytes;
	uint64_t length;
	uint32_t flags;    /* VR_BLOCK_* */
	int32_t fail;      /* what everything returns, when negative */
	uint32_t delay_us; /* what each transfer takes */
	uint32_t reads, writes, flushes;
};

/* Read what you like; change what the comment allows. */
struct vr_double {
	const struct vr_host *host;
	const char *arch; /* a literal or the caller's */
	uint32_t vcpu_count;
	uint64_t ram_size; /* what vmrun.machine/1 says */
	pthread_t main_thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;

	struct vr_double_region region[VR_DOUBLE_REGIONS];
	uint32_t region_count;
	uint64_t written; /* bytes told to vmrun.memory/1's written() */
	struct vr_double_bus bus[VR_DOUBLE_BUSES];
	uint32_t bus_count;
	/* Before what is attached: VR_E_NOENT goes on to it. Set it as you like. */
	int32_t (*on_access)(struct vr_double *d, uint32_t space, uint32_t vcpu, uint64_t address,
			     uint32_t width, uint32_t is_write, uint64_t *value);
	struct vr_door *doors; /* rung by vr_double_access(), on the caller's thread */
	uint32_t no_doorbells; /* vmrun.doorbell/1 answers VR_E_UNSUPPORTED; set as you like */
	const struct vr_device_trace *device_trace;
	void *device_trace_opaque;
	const struct vr_irq_controller *controller;
	void *controller_opaque;
	uint32_t line[VR_DOUBLE_LINES]; /* shared lines as the devices drive them */
	/* After a pin was driven / a line without a controller. Set as you like. */
	void (*on_pin)(struct vr_double *d, uint32_t vcpu, uint32_t pin, uint32_t level);
	void (*on_line)(struct vr_double *d, uint32_t vcpu, uint32_t line, uint32_t level);
	uint64_t now, wall; /* ns */
	struct vr_timer *timers;
	struct vr_double_vcpu vcpu[VR_DOUBLE_VCPUS];
	/* Before a vCPU sleeps in park(). Set as you like. */
	void (*on_park)(struct vr_double *d, uint32_t vcpu);
	uint32_t power_calls, power_what;
	int32_t power_code;
	/* What a board set; or set it yourself. */
	vr_hypercall_fn hypercall;
	void *hypercall_opaque;
	struct vr_double_port port[VR_DOUBLE_PORTS];
	struct vr_double_disk disk[VR_DOUBLE_DISKS];
	uint32_t disk_count;
	/* vmrun.registry/1 offers these. Set as you like. */
	struct {
		const char *interface_id;
		struct vr_found found;
	} offer[8];
	uint32_t offer_count;

	struct {
		const char *name, *value;
	} option[VR_DOUBLE_OPTIONS];
	uint32_t option_count;
	char asked[VR_DOUBLE_OPTIONS][40]; /* names that vmrun.config/1 was asked for */
	uint32_t asked_count;
	uint32_t log_lines[4]; /* by VR_LOG_* */
	uint32_t threads;      /* of vmrun.thread/1, not yet joined */
	void *opaque;          /* yours */

	/* The first error since vr_double_error_clear(). */
	int32_t error_code;
	uint32_t error_count;
	char error_text[512];

	uint32_t requests;  /* host calls so far that can be refused */
	uint32_t refuse_at; /* see vr_double_refuse() */
	uint32_t refused;   /* 1: that one was reached */
	char refused_what[32];

	uint32_t finding_count; /* more than VR_DOUBLE_FINDINGS are only counted */
	char finding[VR_DOUBLE_FINDINGS][160];

	struct vr_double_table {
		const char *id;
		const void *whole;
		uint32_t size; /* of `whole` */
		uint32_t removed;
		uint8_t *pages; /* the copy ends at the end of the first */
		void *table;
	} table[VR_DOUBLE_TABLES];
	uint32_t table_count;
	uint8_t *host_pages;
	struct vr_helper_process *helpers; /* that were not stopped */
};

/* A host on the calling thread, which is from now on [main]. NULL: no memory. */
struct vr_double *vr_double_new(const char *arch, uint32_t vcpu_count, uint64_t ram_size);
void vr_double_free(struct vr_double *d);
const struct vr_host *vr_double_host(struct vr_double *d);

/* The value of an option (kept, not copied). 0, or -1: too many. */
int vr_double_option(struct vr_double *d, const char *name, const char *value);
/* Add RAM as a board would. The host's address, or NULL. */
uint8_t *vr_double_ram(struct vr_double *d, uint64_t gpa, uint64_t length, uint32_t flags);
/* Take all RAM away, when nothing uses it. */
void vr_double_no_ram(struct vr_double *d);
/* Host address of guest RAM, or NULL. */
void *vr_double_pointer(struct vr_double *d, uint64_t gpa, uint64_t length);
/* A disk in memory. 0, or -1. */
int vr_double_disk(struct vr_double *d, uint64_t length, uint32_t flags);
/* The calling thread is that vCPU's. */
void vr_double_vcpu_thread(struct vr_double *d, uint32_t vcpu);
/* One access as a vCPU would make it: 0, or VR_E_NOENT. */
int32_t vr_double_access(struct vr_double *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
			 uint32_t is_write, uint64_t *value);
/* Let guest time pass; fires the timers that are due, on this thread. */
void vr_double_advance(struct vr_double *d, uint64_t ns);
/* Input on a console port. */
void vr_double_type(struct vr_double *d, uint32_t port, const char *text);
/* Offer an interface of another plugin. 0, or -1: too many. */
int vr_double_offer(struct vr_double *d, const char *interface_id, const void *table, void *self,
		    const char *id);

/* Ends all helpers, as if they had crashed. */
void vr_double_helper_end(struct vr_double *d, uint32_t how, int32_t status);

/* The size of the whole table of that id, 0: there is none. */
uint32_t vr_double_table_size(struct vr_double *d, const char *id);
/* From now on query() answers NULL for it. */
void vr_double_remove(struct vr_double *d, const char *id);
/* From now on it is `size` bytes long (a multiple of 8). */
void vr_double_cut(struct vr_double *d, const char *id, uint32_t size);
/* The n-th request from now (1: the next) that may fail does, with VR_E_NOMEM and a text; 0: none. */
void vr_double_refuse(struct vr_double *d, uint32_t n);

/* Memory of n bytes between whose end and the next page nothing is: reading on ends there. NULL: none. */
void *vr_double_guarded(uint64_t n);
void vr_double_guarded_free(void *p, uint64_t n);

void vr_double_error_clear(struct vr_double *d);
/* The i-th thing that the plugin did wrong towards the host, or NULL. */
const char *vr_double_finding(const struct vr_double *d, uint32_t i);
/* Is it a code of errors.def? */
int vr_double_known_error(int32_t code);

/* ---- for the double's own files ---------------------------------------------------------------- */
struct vr_double *vr_double_of(const struct vr_host *host);
__attribute__((format(printf, 2, 3))) void vr_double_note(struct vr_double *d, const char *format, ...);
/* The function is for [main] / for that vCPU's thread. */
void vr_double_on_main(struct vr_double *d, const char *function);
void vr_double_on_vcpu(struct vr_double *d, uint32_t vcpu, const char *function);
/* Rings the door at that address: was there one? */
int vr_double_ring(struct vr_double *d, uint32_t space, uint64_t address, uint32_t width);
/* To the watcher of vmrun.device-trace/1, if there is one. */
void vr_double_show_access(struct vr_double *d, uint32_t space, uint32_t vcpu, uint64_t address,
			   uint32_t width, uint32_t is_write, uint64_t value, int32_t result,
			   const char *name);
void vr_double_show_line(struct vr_double *d, uint32_t vcpu, uint32_t line, uint32_t level);
int32_t vr_double_show_hypercall(struct vr_double *d, uint32_t vcpu, uint32_t kind, uint64_t *regs);
/* A refusal of the host's: code, with this text as the error. */
int32_t vr_double_no(struct vr_double *d, int32_t code, const char *text);
/* Counts a request; VR_E_NOMEM with a text when this one is to fail. */
int32_t vr_double_request(struct vr_double *d, const char *function);

#ifdef __cplusplus
}
#endif
#endif
