/* SPDX-License-Identifier: MIT */
/*
 * fake_host.h: a stand-in for the core, for tests of plugins: every host table of host.h over plain arrays, so
 * that a plugin is driven and watched without a machine. The validator is built on it; a plugin's own unit
 * tests can be: link libvmrun-fake-host.a, or compile the sources beside this file.
 *
 *     struct vr_fake_host *f = vr_fake_host_new("arm64", 1, 64 << 20);
 *     vmrun_plugin_create(f->host, "mine", &plugin);
 *     ...
 *     vr_fake_host_free(f);
 *
 * It is strict, and notes as findings (vr_fake_host_finding): host functions called on a thread that
 * their tag in host.h forbids, arguments out of range, error codes that errors.def does not have, empty
 * texts. Guest memory that a plugin has not mapped, or has given back, can't be touched by it: that is a crash (in whole
 * pages). vr_fake_host_watch() finds what it writes and does not tell. `lenient` switches that off, for a test that does such things on purpose. What it can be told to do:
 * offer a table not at all (vr_fake_host_remove) or shorter (vr_fake_host_cut; what follows the end of any table
 * is a page that can't be touched), and refuse a request (vr_fake_host_refuse).
 *
 * Guest time stands still until vr_fake_host_advance(). Guest RAM lies between pages that can't be touched. All
 * functions are for the thread that made the fake host, unless they say otherwise.
 */
#ifndef VMRUN_FAKE_HOST_H
#define VMRUN_FAKE_HOST_H

#include <pthread.h>
#include <vmrun/block.h>
#include <vmrun/helper.h>
#include <vmrun/host.h>
#include <vmrun/sandbox.h>
#include <vmrun/device_trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_FAKE_HOST_REGIONS 16u
#define VR_FAKE_HOST_MAPPINGS 1024u
#define VR_FAKE_HOST_BUSES 256u
#define VR_FAKE_HOST_VCPUS 512u
#define VR_FAKE_HOST_LINES 1024u
#define VR_FAKE_HOST_PINS 64u
#define VR_FAKE_HOST_PORTS 4u
#define VR_FAKE_HOST_STREAMS 4u
#define VR_FAKE_HOST_DISKS 64u
#define VR_FAKE_HOST_OPTIONS 32u
#define VR_FAKE_HOST_FINDINGS 8u
#define VR_FAKE_HOST_TABLES 24u
#define VR_FAKE_HOST_IOCTLS 128u

struct vr_fake_host;

struct vr_fake_host_region {
	uint64_t gpa, length;
	uint32_t flags; /* VR_MEM_* */
	uint32_t given; /* by the test: vr_fake_host_ram() */
	uint8_t *bytes; /* the test's view */
	/* memory.c's: the plugin's view of the same bytes, which has the rights that its mappings have; what the
	 * bytes were when vr_fake_host_watch() began, and those (not 0) that were told to be written since. */
	uint8_t *view;
	int file;
	uint8_t *before, *told;
};

/* A mapping that was not given back. */
struct vr_mapped {
	uint32_t used;
	uint32_t region, rights;
	uint64_t from, length; /* of the region */
};

struct vr_fake_host_bus {
	uint32_t space;
	uint32_t reserved;
	uint64_t base, length;
	const struct vr_bus_ops *ops;
	void *opaque;
	char name[32];
};

struct vr_fake_host_vcpu {
	uint32_t on;
	uint32_t
		stopping; /* set as you like: it is off, but not yet out of guest code; it can't be switched on */
	uint32_t permit; /* of vmrun.thread/1 */
	uint32_t has_thread;
	uint32_t parks; /* how often it slept */
	pthread_t thread;
	char state_id[40]; /* of the state that vmrun.machine/1 was asked for or given; "" none yet */
	uint32_t state_length;
	void *state;
	uint8_t pin[VR_FAKE_HOST_PINS];
	uint32_t pin_rises[VR_FAKE_HOST_PINS];
};

struct vr_fake_host_port {
	char out[8192];
	uint32_t out_length;
	uint32_t in_start, in_length;
	uint16_t in[8192]; /* bytes, and VR_FAKE_HOST_BREAK */
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
	/* Its terminal: 0: it has none. What on_resize() was given. */
	uint32_t columns, rows;
	void(VR_CALL *resized)(void *opaque);
	void *resized_opaque;
};
#define VR_FAKE_HOST_BREAK 0x100u

/* One of vmrun.streams/1. Set as you like before the plugin asks, and by vr_fake_host_stream(). */
struct vr_fake_host_stream {
	const char *name;
	char out[8192]; /* what the guest wrote */
	uint32_t out_length, out_max;
	uint32_t in_start, in_length, ended; /* ended: what is in `in` is the last of it */
	char in[8192];
	uint32_t open, opens, closes;
};

struct vr_fake_host_disk {
	uint8_t *bytes;
	uint64_t length;
	uint32_t flags;    /* VR_BLOCK_* */
	int32_t fail;      /* what everything returns, when negative */
	uint32_t delay_us; /* what each transfer takes */
	uint32_t hold; /* atomic: bit n: requests of that op (VR_BLOCK_READ ...) wait until it is cleared */
	uint32_t at_once; /* so many were under way at the same time at most */
	uint32_t reads, writes, flushes, discards, zeroes;
	/* disk.c's: */
	struct vr_fake_host *host;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	struct vr_block_request *first, *last;
	uint32_t threads, under_way;
};

/* A doorbell that a plugin has attached. */
struct vr_door {
	struct vr_fake_host *host;
	struct vr_door *next;
	uint32_t space, width; /* width 0: any */
	uint64_t address;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
};

/* Read what you like; change what the comment allows. */
struct vr_fake_host {
	const struct vr_host *host; /* what vmrun_plugin_create() is given */
	uint32_t lenient;           /* 1: nothing is a finding; set as you like */
	const char *arch;           /* a literal or the caller's */
	uint32_t vcpu_count;
	uint64_t ram_size; /* what vmrun.machine/1 says */
	pthread_t main_thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;

	struct vr_fake_host_region region[VR_FAKE_HOST_REGIONS];
	uint32_t region_count;
	uint64_t written; /* bytes told to vmrun.memory/1's written() and unmap() */
	struct vr_mapped mapping[VR_FAKE_HOST_MAPPINGS];
	uint32_t mapping_count; /* so many of them are in use */
	pthread_mutex_t memory_lock;
	struct vr_fake_host_bus bus[VR_FAKE_HOST_BUSES];
	uint32_t bus_count;
	/* Before what is attached: VR_E_NOENT goes on to it. Set it as you like. */
	int32_t (*on_access)(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address,
			     uint32_t width, uint32_t is_write, uint64_t *value);
	struct vr_door *doors; /* the last one first; rung by vr_fake_host_access(), on the caller's thread */
	/* vmrun.doorbell/1 answers VR_E_UNSUPPORTED: always; to doorbells of any width. Set as you like. */
	uint32_t no_doorbells, no_doorbells_of_any_width;
	const struct vr_device_trace *device_trace;
	void *device_trace_opaque;
	const struct vr_irq_controller *controller;
	void *controller_opaque;
	uint32_t line[VR_FAKE_HOST_LINES]; /* shared lines as the devices drive them */
	/* How often one was driven, and how often it rose. */
	uint32_t line_changes[VR_FAKE_HOST_LINES], line_rises[VR_FAKE_HOST_LINES];
	/* After a pin was driven / a line without a controller. Set as you like. */
	void (*on_pin)(struct vr_fake_host *f, uint32_t vcpu, uint32_t pin, uint32_t level);
	void (*on_line)(struct vr_fake_host *f, uint32_t vcpu, uint32_t line, uint32_t level);
	uint64_t now, wall; /* ns */
	struct vr_timer *timers;
	struct vr_fake_host_vcpu vcpu[VR_FAKE_HOST_VCPUS];
	/* After a plugin has set a vCPU's state. Set as you like. */
	void (*on_state)(struct vr_fake_host *f, uint32_t vcpu, const char *id);
	/* Before a vCPU sleeps in park(); one that has a permit then does not. Set as you like. */
	void (*on_park)(struct vr_fake_host *f, uint32_t vcpu, uint64_t deadline);
	uint32_t power_calls, power_what;
	int32_t power_code;
	/* What a board set; or set it yourself. */
	vr_hypercall_fn hypercall;
	void *hypercall_opaque;
	struct vr_fake_host_port port[VR_FAKE_HOST_PORTS];
	/* There are none at first. */
	struct vr_fake_host_stream stream[VR_FAKE_HOST_STREAMS];
	uint32_t stream_count;
	void(VR_CALL *stream_fn)(void *opaque, uint32_t i);
	void *stream_opaque;
	struct vr_fake_host_disk disk[VR_FAKE_HOST_DISKS];
	uint32_t disk_count;
	/* vmrun.registry/1 offers these. Set as you like. */
	struct {
		const char *interface_id;
		struct vr_found found;
	} offer[8];
	uint32_t offer_count;

	struct {
		const char *name, *value;
	} option[VR_FAKE_HOST_OPTIONS];
	uint32_t option_count;
	char asked[VR_FAKE_HOST_OPTIONS][40]; /* names that vmrun.config/1 was asked for */
	uint32_t asked_count;
	uint32_t log_lines[4]; /* by VR_LOG_* */
	uint32_t threads;      /* of vmrun.thread/1, not yet joined */
	void *opaque;          /* yours */

	/* The first error since vr_fake_host_error_clear(). */
	int32_t error_code;
	uint32_t error_count;
	char error_text[512];

	uint32_t requests;  /* host calls so far that can be refused */
	uint32_t refuse_at; /* see vr_fake_host_refuse() */
	uint32_t refused;   /* 1: that one was reached */
	char refused_what[32];

	uint32_t finding_count; /* more than VR_FAKE_HOST_FINDINGS are only counted */
	char finding[VR_FAKE_HOST_FINDINGS][160];

	struct vr_fake_host_table {
		const char *id;
		const void *whole;
		uint32_t size; /* of `whole` */
		uint32_t removed;
		uint8_t *pages; /* the copy ends at the end of the first */
		void *table;
	} table[VR_FAKE_HOST_TABLES];
	uint32_t table_count;
	uint8_t *host_pages;
	struct vr_helper_process *helpers; /* that were not stopped */
	/* Requests that vmrun.sandbox/1 was asked for; none is refused here. */
	uint32_t ioctl[VR_FAKE_HOST_IOCTLS];
	uint32_t ioctl_count;
};

/* A host on the calling thread, which is from now on [main]. NULL: no memory. */
struct vr_fake_host *vr_fake_host_new(const char *arch, uint32_t vcpu_count, uint64_t ram_size);
void vr_fake_host_free(struct vr_fake_host *f);

/* The value of an option (kept, not copied). 0, or -1: too many. */
int vr_fake_host_option(struct vr_fake_host *f, const char *name, const char *value);
/* RAM that a board need not add; one that adds the same is given this one. The host's address, or NULL. */
uint8_t *vr_fake_host_ram(struct vr_fake_host *f, uint64_t gpa, uint64_t length, uint32_t flags);
/* Take all RAM away, when nothing uses it. */
void vr_fake_host_no_ram(struct vr_fake_host *f);
/* Host address of guest RAM for the test, or NULL. Plugins see it at another one. */
void *vr_fake_host_pointer(struct vr_fake_host *f, uint64_t gpa, uint64_t length);
/* The same of a plugin's view, for comparisons. */
void *vr_fake_host_view(struct vr_fake_host *f, uint64_t gpa, uint64_t length);
/* From here on only plugins write to guest RAM, and what they write is looked at. / It is over, when no plugin is at
 * work: bytes that have changed without the host being told are a finding. Their number. */
void vr_fake_host_watch(struct vr_fake_host *f);
uint64_t vr_fake_host_watched(struct vr_fake_host *f);
/* A disk in memory. 0, or -1. */
int vr_fake_host_disk(struct vr_fake_host *f, uint64_t length, uint32_t flags);
/* The calling thread is that vCPU's. */
void vr_fake_host_vcpu_thread(struct vr_fake_host *f, uint32_t vcpu);
/* A vCPU's state as vmrun.machine/1 has it, to be looked at and changed; zeros with its size where there is none
 * yet. It stays where it is while it is of this id and length. NULL: no such vCPU, or no memory. */
void *vr_fake_host_state(struct vr_fake_host *f, uint32_t vcpu, const char *state_id, uint32_t length);
/* Is a device attached there? */
int vr_fake_host_attached(const struct vr_fake_host *f, uint32_t space, uint64_t address);
/* Drive a shared line, as a device does. */
void vr_fake_host_set_line(struct vr_fake_host *f, uint32_t line, uint32_t level);
/* Ring the doorbell at that address, as a write of `width` bytes does. 1: there is one. */
int vr_fake_host_ring(struct vr_fake_host *f, uint32_t space, uint64_t address, uint32_t width);
/* One access as a vCPU would make it: 0, or VR_E_NOENT. */
int32_t vr_fake_host_access(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address,
			    uint32_t width, uint32_t is_write, uint64_t *value);
/* Let guest time pass; fires the timers in their order, each at its time, on this thread. */
void vr_fake_host_advance(struct vr_fake_host *f, uint64_t ns);
/* Input on a console port. */
void vr_fake_host_type(struct vr_fake_host *f, uint32_t port, const char *text);
/* A BREAK on it. */
void vr_fake_host_break(struct vr_fake_host *f, uint32_t port);
/* Its terminal has this size from now on, in characters; 0: it has no terminal. */
void vr_fake_host_resize(struct vr_fake_host *f, uint32_t port, uint32_t columns, uint32_t rows);
/* A stream takes so many bytes of output from now on, gives these bytes (NULL: none more), and with `ended` no others. */
void vr_fake_host_stream(struct vr_fake_host *f, uint32_t i, uint32_t out_max, const char *text,
			 uint32_t ended);
/* Offer an interface of another plugin. 0, or -1: too many. */
int vr_fake_host_offer(struct vr_fake_host *f, const char *interface_id, const void *table,
		       struct vr_plugin_self *self, const char *id);

/* Ends all helpers, as if they had crashed. */
void vr_fake_host_helper_end(struct vr_fake_host *f, uint32_t how, int32_t status);

/* The size of the whole table of that id, 0: there is none. */
uint32_t vr_fake_host_table_size(struct vr_fake_host *f, const char *id);
/* From now on query() answers NULL for it. */
void vr_fake_host_remove(struct vr_fake_host *f, const char *id);
/* From now on it is `size` bytes long (a multiple of 8). */
void vr_fake_host_cut(struct vr_fake_host *f, const char *id, uint32_t size);
/* The n-th request from now (1: the next) that may fail does, with VR_E_NOMEM and a text; 0: none. */
void vr_fake_host_refuse(struct vr_fake_host *f, uint32_t n);

/* Memory of n bytes between whose end and the next page nothing is: reading on ends there. NULL: none. */
void *vr_fake_host_guarded(uint64_t n);
void vr_fake_host_guarded_free(void *p, uint64_t n);

void vr_fake_host_error_clear(struct vr_fake_host *f);
/* The i-th thing that the plugin did wrong towards the host, or NULL. */
const char *vr_fake_host_finding(const struct vr_fake_host *f, uint32_t i);
/* Is it a code of errors.def? */
int vr_fake_host_known_error(int32_t code);

#ifdef __cplusplus
}
#endif
#endif
