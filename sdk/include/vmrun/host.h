/* SPDX-License-Identifier: MIT */
/*
 * host.h: the tables that the core offers to plugins.
 *
 * A plugin is handed one `struct vr_host` and asks it for tables by id. It imports nothing else of
 * the core. Every function takes the `host` it was created with as its first argument.
 */
#ifndef VMRUN_HOST_H
#define VMRUN_HOST_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vr_host {
	uint32_t size;
	uint16_t abi_major;
	uint16_t abi_minor;
	/* The table for an id ("vmrun.memory/1"), or NULL when the host has none. [any] */
	const void *(VR_CALL *query)(const struct vr_host *host, const char *id);
	/* Note an error text for this thread; the first one wins until the core reads it. [any] */
	void(VR_CALL *error)(const struct vr_host *host, int32_t code, const char *text);
};

/* ---- vmrun.log/1 ------------------------------------------------------------------------ */
#define VR_LOG_ID "vmrun.log/1"
#define VR_LOG_ERROR 0
#define VR_LOG_WARN 1
#define VR_LOG_INFO 2
#define VR_LOG_DEBUG 3
struct vr_host_log {
	uint32_t size;
	uint32_t level; /* messages above this level are dropped; check it before formatting */
	/* One line for the user, on standard error. The host puts the id of the plugin that `host` is of and ": "
	 * before `text`, which has neither that id nor a newline at its end. Copied. level: VR_LOG_*. [any] */
	void(VR_CALL *write)(const struct vr_host *host, uint32_t level, const char *text);
};

/* ---- vmrun.memory/1: guest RAM ---------------------------------------------------------- */
#define VR_MEMORY_ID "vmrun.memory/1"
#define VR_MEM_READONLY 1u
struct vr_memory_region {
	uint32_t size;
	uint32_t flags; /* VR_MEM_* */
	uint64_t gpa;
	uint64_t length; /* bytes, a multiple of 64 KiB */
};
/*
 * Guest memory in this process. The bytes are the guest's own: the vCPUs read and write them at the same time, so what is
 * checked is copied first.
 *
 * A mapping lasts until unmap(). Memory neither moves nor goes away while the machine is there, a reset included, which
 * only changes the bytes; so a mapping can be kept for as long as a device lives. All must have been given back when
 * destroy of what made them returns; the host counts them, and leaves memory that is still mapped where it is.
 *
 * The plugin that writes to `bytes` says so, by written() or by unmap(), after the write and before the guest is told of
 * it: the host marks these bytes as changed, and has the accelerator drop code that was translated from them.
 */
#define VR_MAP_READ 1u
#define VR_MAP_WRITE 2u
/* With VR_MAP_WRITE: read-only memory as well, which a board fills before the guest runs. Devices do not set it. */
#define VR_MAP_LOAD 4u
struct vr_mapped; /* opaque: the host's part of a mapping */
struct vr_mapping {
	uint32_t size;
	uint32_t rights; /* VR_MAP_* that were asked for */
	uint8_t *bytes;
	uint64_t gpa;
	uint64_t length; /* as asked for: a mapping is never a part of that */
	struct vr_mapped *mapped;
};
struct vr_host_memory {
	uint32_t size;
	uint32_t reserved;
	/* Add RAM to the guest-physical map (a board, while it is built). [main][quiesced] */
	int32_t(VR_CALL *add)(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t flags,
			      const char *name);
	/* How many regions there are. [any] */
	uint32_t(VR_CALL *count)(const struct vr_host *host);
	/* The i-th region; VR_E_NOENT past the end. [any] */
	int32_t(VR_CALL *region)(const struct vr_host *host, uint32_t i, struct vr_memory_region *out);
	/* Map [gpa, gpa+length), which lies as a whole in one region and has at least one byte. VR_E_RANGE: it does not.
	 * VR_E_PERM: VR_MAP_WRITE of read-only memory. VR_E_STATE: there is no machine yet. These have no error
	 * text, since guests cause them. [any] */
	int32_t(VR_CALL *map)(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t rights,
			      struct vr_mapping *out);
	/* The mapping ends; as written() says, `length` bytes from offset `from` were written, 0: none (any more).
	 * [any] */
	void(VR_CALL *unmap)(const struct vr_host *host, const struct vr_mapping *m, uint64_t from,
			     uint64_t length);
	/* Bytes [from, from+length) of a mapping with VR_MAP_WRITE were written. Cheap. [any] */
	void(VR_CALL *written)(const struct vr_host *host, const struct vr_mapping *m, uint64_t from,
			       uint64_t length);
};

/* ---- vmrun.mmio/1: the buses ------------------------------------------------------------ */
#define VR_MMIO_ID "vmrun.mmio/1"
#define VR_SPACE_MMIO 0 /* guest-physical addresses that are not RAM */
#define VR_SPACE_PORT 1 /* x86 I/O ports */
/* CPU registers that a device owns: arm64 op0:op1:CRn:CRm:op2 packed as
 * op0<<14|op1<<11|CRn<<7|CRm<<3|op2, x86 MSR numbers, riscv CSR numbers */
#define VR_SPACE_SYSREG 2
struct vr_bus_ops {
	uint32_t size;
	uint32_t reserved;
	/* offset is relative to the registered base. width: 1, 2, 4 or 8 bytes. vcpu: the vCPU that accesses.
	 * Unknown registers read as zero and ignore writes. Devices lock for themselves. [vcpu] */
	uint64_t(VR_CALL *read)(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width);
	void(VR_CALL *write)(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value);
};
struct vr_host_mmio {
	uint32_t size;
	uint32_t reserved;
	/* Claim [base, base+length). Overlap: VR_E_EXISTS. ops is kept, not copied. [main][quiesced] */
	int32_t(VR_CALL *attach)(const struct vr_host *host, uint32_t space, uint64_t base, uint64_t length,
				 const struct vr_bus_ops *ops, void *opaque, const char *name);
	/* One access, for accelerators. 0, or VR_E_NOENT when nothing is there (*value is then
	 * untouched; the caller raises what its architecture raises). [vcpu] */
	int32_t(VR_CALL *access)(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
				 uint32_t width, uint32_t is_write, uint64_t *value);
};

/* ---- vmrun.irq/1: interrupt lines ------------------------------------------------------- */
#define VR_IRQ_ID "vmrun.irq/1"
#define VR_IRQ_SHARED 0xffffffffu /* "vcpu" of a line that belongs to no vCPU in particular */
struct vr_irq_controller {
	uint32_t size;
	uint32_t reserved;
	/* Line `line` (numbering is the board's; private lines of `vcpu` or VR_IRQ_SHARED) is now at
	 * `level`. [any] */
	void(VR_CALL *set)(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level);
};
struct vr_host_irq {
	uint32_t size;
	uint32_t reserved;
	/* The board's root controller. [main][quiesced] */
	int32_t(VR_CALL *set_controller)(const struct vr_host *host, const struct vr_irq_controller *c,
					 void *opaque);
	/* A device drives a line. [any] */
	void(VR_CALL *set)(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level);
	/* The controller drives an input pin of a vCPU. Pins are the architecture's: arm64 0 IRQ,
	 * 1 FIQ; x86 0 INTR, 1 NMI; riscv 9 SEIP, 11 MEIP, 7 MTIP, 3 MSIP. [any] */
	void(VR_CALL *set_pin)(const struct vr_host *host, uint32_t vcpu, uint32_t pin, uint32_t level);
};

/* ---- vmrun.timer/1 ---------------------------------------------------------------------- */
#define VR_TIMER_ID "vmrun.timer/1"
struct vr_timer; /* opaque */
struct vr_host_timer {
	uint32_t size;
	uint32_t reserved;
	/* Guest time: nanoseconds since the machine was built, monotonic. [any] */
	uint64_t(VR_CALL *now)(const struct vr_host *host);
	/* Wall-clock time: nanoseconds since 1970. [any] */
	uint64_t(VR_CALL *wall)(const struct vr_host *host);
	/* fn runs on the timer thread, and may call what any thread may. [main][vcpu] */
	int32_t(VR_CALL *create)(const struct vr_host *host, void(VR_CALL *fn)(void *opaque), void *opaque,
				 struct vr_timer **out);
	/* Fire once at guest time `when` ns (at once if past), replacing what was armed. [any] */
	void(VR_CALL *arm)(const struct vr_host *host, struct vr_timer *t, uint64_t when);
	void(VR_CALL *cancel)(const struct vr_host *host,
			      struct vr_timer *t); /* may still fire once if racing. [any] */
	void(VR_CALL *destroy)(const struct vr_host *host,
			       struct vr_timer *t); /* returns when fn is not running. [main][vcpu] */
};

/* ---- vmrun.codecache/1: memory for generated code ---------------------------------------- */
#define VR_CODECACHE_ID "vmrun.codecache/1"
struct vr_code_memory {
	uint32_t size;
	uint32_t reserved;
	uint8_t *write;   /* where the code is written */
	uint8_t *execute; /* where the same bytes are executed; may equal write */
	uint64_t length;
};
struct vr_host_codecache {
	uint32_t size;
	uint32_t reserved;
	/* Address space is reserved, pages are committed on first touch. [main] */
	int32_t(VR_CALL *create)(const struct vr_host *host, uint64_t length, struct vr_code_memory *out);
	/* Gives it back; nothing executes in it any more. [main] */
	void(VR_CALL *destroy)(const struct vr_host *host, struct vr_code_memory *m);
	/* Around every write when write == execute and the host forbids W+X. [any] */
	void(VR_CALL *begin_write)(const struct vr_host *host, const struct vr_code_memory *m);
	void(VR_CALL *end_write)(const struct vr_host *host, const struct vr_code_memory *m, uint64_t offset,
				 uint64_t length);
};

/* ---- vmrun.thread/1 --------------------------------------------------------------------- */
#define VR_THREAD_ID "vmrun.thread/1"
struct vr_thread; /* opaque */
struct vr_host_thread {
	uint32_t size;
	uint32_t reserved;
	/* A thread that runs fn(arg), with all signals blocked. `name`: shown by debuggers, cut to 15 bytes. *out is
	 * for join(). [main] */
	int32_t(VR_CALL *spawn)(const struct vr_host *host, const char *name, void(VR_CALL *fn)(void *arg),
				void *arg, struct vr_thread **out);
	void(VR_CALL *join)(const struct vr_host *host,
			    struct vr_thread *t); /* waits for its end, and frees t. [main] */
	/* A vCPU thread sleeps until unpark (a permit, kept if it comes first) or guest time
	 * `deadline` (UINT64_MAX: none). [vcpu] */
	void(VR_CALL *park)(const struct vr_host *host, uint32_t vcpu, uint64_t deadline);
	/* Wakes that vCPU's thread, or has its next park() return at once. [any] */
	void(VR_CALL *unpark)(const struct vr_host *host, uint32_t vcpu);
};

/* ---- vmrun.config/1: the plugin's own options (manifest defaults, then -p id,name=value) --- */
#define VR_CONFIG_ID "vmrun.config/1"
struct vr_host_config {
	uint32_t size;
	uint32_t reserved;
	/* NULL when the option is neither given nor has a default. Owned by the core. [any] */
	const char *(VR_CALL *string)(const struct vr_host *host, const char *name);
	/* The same as a number, which an option of type int, size or bool is. VR_E_NOENT: neither given nor a
	 * default, *out is untouched. [any] */
	int32_t(VR_CALL *number)(const struct vr_host *host, const char *name, uint64_t *out);
};

/* ---- vmrun.registry/1: other plugins ------------------------------------------------------ */
#define VR_REGISTRY_ID "vmrun.registry/1"
#define VR_FOUND_REQUESTED 1u /* the user named it: -p ID, or the machine file */
struct vr_found {
	uint32_t size;
	uint32_t reserved;
	const void *table;           /* of the interface */
	struct vr_plugin_self *self; /* its first argument */
	const char *id;              /* the plugin's id */
	uint32_t flags;              /* VR_FOUND_* */
	uint32_t reserved2;
};
struct vr_host_registry {
	uint32_t size;
	uint32_t reserved;
	/* The i-th loaded plugin (best priority first) that offers `interface_id` and, unless NULL,
	 * has the id `plugin_id`. VR_E_NOENT past the end. [main] */
	int32_t(VR_CALL *find)(const struct vr_host *host, const char *interface_id, const char *plugin_id,
			       uint32_t i, struct vr_found *out);
	/* The same among all installed plugins whose manifest says that they provide it, for this host's
	 * architecture where it names hosts: each is loaded, probed and started when it is looked at, and one that
	 * can't be used is passed over. Before the guest runs, and not from within create, probe or start. [main]
	 */
	int32_t(VR_CALL *find_installed)(const struct vr_host *host, const char *interface_id,
					 const char *plugin_id, uint32_t i, struct vr_found *out);
};

/* ---- vmrun.machine/1: the machine that is being built or running --------------------------- */
#define VR_MACHINE_ID "vmrun.machine/1"
#define VR_POWER_OFF 0   /* clean power-off; `code` is the exit status */
#define VR_POWER_RESET 1 /* reset the whole machine */
#define VR_POWER_CRASH 2 /* the guest or the accelerator can't go on; `code` is the exit status */
/* Of calls that suspend the processor. Regs are unchanged: the vCPU sleeps as in WFI and, awake,
 * makes the same call again, with VR_HYPERCALL_AWAKE set in `kind`, before it takes an interrupt. An
 * accelerator that can't sleep there calls again at once. */
#define VR_HYPERCALL_WAIT 1
#define VR_HYPERCALL_AWAKE 0x80000000u
/* The vCPU goes on at regs[1] as a processor that was powered on does, with regs[0] in its first register. */
#define VR_HYPERCALL_ENTER 2
/* regs: in and out. arm64: x0..x17. riscv: a0..a7. Returns 0, VR_E_NOENT: no such call, VR_HYPERCALL_WAIT or
 * VR_HYPERCALL_ENTER. */
typedef int32_t(VR_CALL *vr_hypercall_fn)(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs);
struct vr_host_machine {
	uint32_t size;
	uint32_t reserved;
	const char *(VR_CALL *arch)(const struct vr_host *host);   /* "arm64", "x86_64", "riscv64" [any] */
	uint32_t(VR_CALL *vcpu_count)(const struct vr_host *host); /* 1.. [any] */
	uint64_t(VR_CALL *ram_size)(const struct vr_host *host);   /* bytes, as asked for with -m [any] */
	/* A canonical state struct (state_arm64.h ...) into or out of a vCPU that is not running
	 * (powered off, or the machine is quiesced). [any] */
	int32_t(VR_CALL *vcpu_set_state)(const struct vr_host *host, uint32_t vcpu, const char *state_id,
					 const void *state, uint32_t length);
	int32_t(VR_CALL *vcpu_get_state)(const struct vr_host *host, uint32_t vcpu, const char *state_id,
					 void *state, uint32_t length);
	/* Power a vCPU on (it runs from its state) / off (it stops before its next instruction; when
	 * called by its own thread, on return from the hypercall). vCPU 0 is on at start. [any] */
	int32_t(VR_CALL *vcpu_power)(const struct vr_host *host, uint32_t vcpu, uint32_t on);
	/* 1: it is powered on. [any] */
	uint32_t(VR_CALL *vcpu_is_on)(const struct vr_host *host, uint32_t vcpu);
	/* Ask for VR_POWER_*; carried out soon by the core. [any] */
	void(VR_CALL *power)(const struct vr_host *host, uint32_t what, int32_t code);
	/* The firmware: the function that answers hypercalls (PSCI, SBI). kind: arm64 0 HVC, 1 SMC; riscv 0 ECALL.
	 * [main][quiesced] */
	int32_t(VR_CALL *set_hypercall)(const struct vr_host *host, vr_hypercall_fn fn, void *opaque);
	int32_t(VR_CALL *hypercall)(const struct vr_host *host, uint32_t vcpu, uint32_t kind,
				    uint64_t *regs); /* for accelerators [vcpu] */
};

/* ---- vmrun.console/1: the terminal (or pipe) on the user's side ------------------------------ */
#define VR_CONSOLE_ID "vmrun.console/1"
/* What receive() takes beside bytes. */
#define VR_CONSOLE_NONE 0u
#define VR_CONSOLE_BREAK 1u /* the line was held low for longer than a character takes: a BREAK */
struct vr_host_console {
	uint32_t size;
	uint32_t reserved;
	/* Output; never blocks for long. port 0 is the user's terminal. [any] */
	void(VR_CALL *write)(const struct vr_host *host, uint32_t port, const void *bytes, uint32_t n);
	/* Take at most n bytes of input; 0 when there is none. A BREAK before or between them is dropped. [any] */
	uint32_t(VR_CALL *read)(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n);
	/* fn is called, [any], when input became available. [main] */
	int32_t(VR_CALL *on_input)(const struct vr_host *host, uint32_t port, void(VR_CALL *fn)(void *opaque),
				   void *opaque);
	/* As read(), for a device that knows what a BREAK is: the bytes end before one, *event is then
	 * VR_CONSOLE_BREAK and it has been taken as well, else VR_CONSOLE_NONE. A BREAK takes the room of a byte: bytes and
	 * event are n together at most. [any] */
	uint32_t(VR_CALL *receive)(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n,
				   uint32_t *event);
	/* How large the port's terminal is, in characters, 1 to 65535 each. VR_E_NOENT: it has none (a pipe is no
	 * terminal), or one that does not know its size; needs no error text. [any] */
	int32_t(VR_CALL *dimensions)(const struct vr_host *host, uint32_t port, uint32_t *columns,
				     uint32_t *rows);
	/* fn is called, [any], when dimensions() may say something else than before. [main] */
	int32_t(VR_CALL *on_resize)(const struct vr_host *host, uint32_t port,
				    void(VR_CALL *fn)(void *opaque), void *opaque);
};

/* ---- vmrun.streams/1: byte streams by name, beside the console -------------------------------- */
#define VR_STREAMS_ID "vmrun.streams/1"
#define VR_STREAMS_MAX 30u
struct vr_stream {
	uint32_t size;
	uint32_t reserved;
	const char *name; /* "vmrun.stdin"; at most 63 bytes; lives as long as the machine */
};
/*
 * What --run moves between the host and the guest: each stream is a pipe in one direction or both. A device gives the
 * guest an end of each, by its name (virtio: a port of a console device with VIRTIO_CONSOLE_F_MULTIPORT, 5.3). A full
 * stream takes less than it is offered, and the device keeps the rest, so the guest waits. After a reset of the machine
 * the guest has no stream open, which the device need not tell.
 */
struct vr_host_streams {
	uint32_t size;
	uint32_t reserved;
	/* How many streams this machine has, at most VR_STREAMS_MAX; 0: it needs no such device / the i-th one. They do
	 * not change. VR_E_NOENT: there is no such stream. [any] */
	uint32_t(VR_CALL *count)(const struct vr_host *host);
	int32_t(VR_CALL *stream)(const struct vr_host *host, uint32_t i, struct vr_stream *out);
	/* The guest has opened its end (1), or has closed it and write() has had all that it wrote (0). [any] */
	void(VR_CALL *set_open)(const struct vr_host *host, uint32_t i, uint32_t open);
	/* What the guest wrote: how many of the n bytes were taken. Fewer than n: more are when fn is called. [any] */
	uint32_t(VR_CALL *write)(const struct vr_host *host, uint32_t i, const void *bytes, uint32_t n);
	/* Take at most n bytes for the guest; 0: there are none now, or, with *ended 1, there will be none. [any] */
	uint32_t(VR_CALL *read)(const struct vr_host *host, uint32_t i, void *bytes, uint32_t n,
				uint32_t *ended);
	/* fn is called, [any], when stream i may have bytes, their end, or space that it had not. One device has the
	 * streams: VR_E_EXISTS. [main] */
	int32_t(VR_CALL *on_change)(const struct vr_host *host, void(VR_CALL *fn)(void *opaque, uint32_t i),
				    void *opaque);
};

/* ---- vmrun.doorbell/1: registers whose write is only a call ----------------------------------- */
#define VR_DOORBELL_ID "vmrun.doorbell/1"
struct vr_door; /* opaque */
struct vr_host_doorbell {
	uint32_t size;
	uint32_t reserved;
	/* Have fn run, [any], on the core's I/O thread after the guest wrote `width` bytes at `address`; 0:
	 * of any width, which some hypervisors do faster, and what reads there give is then undefined. The
	 * vCPU does not wait for it; writes close to each other may be one call, and the value is not known.
	 * A write may still come the usual way (of another width, or while this can't be had), so the device
	 * answers there as well. Before a reset or a stop of the machine all of them are delivered.
	 * VR_E_UNSUPPORTED: the accelerator has no such thing, all writes come the usual way; no error text.
	 * [main] */
	int32_t(VR_CALL *attach)(const struct vr_host *host, uint32_t space, uint64_t address, uint32_t width,
				 void(VR_CALL *fn)(void *opaque), void *opaque, struct vr_door **out);
	/* When it returns fn does not run and will not. Not from within fn. [main] */
	void(VR_CALL *detach)(const struct vr_host *host, struct vr_door *d);
};

/* ---- vmrun.file/1: files that the user named -------------------------------------------------- */
#define VR_FILE_ID "vmrun.file/1"
#define VR_FILE_READ 0   /* a file, or a pipe that brings its bytes once */
#define VR_FILE_WRITE 1  /* a file, made or emptied; a pipe or a device such as /dev/stderr */
#define VR_FILE_APPEND 2 /* the same, but what is in the file stays */
struct vr_host_file {
	uint32_t size;
	uint32_t reserved;
	/* Open what an option of type `path` names: it may lead to anything, and this never waits for the
	 * other end of a FIFO, and refuses folders, sockets and what else is no file. `what` begins messages
	 * ("firmware"); the error text names file, fault and what to do, so none is needed after it. *handle:
	 * the system's (POSIX: a file descriptor), whose reads and writes wait as usual; the caller closes
	 * it. Not while a guest runs: the process may open nothing then. [main] */
	int32_t(VR_CALL *open)(const struct vr_host *host, const char *what, const char *path, uint32_t how,
			       int64_t *handle);
};

#ifdef __cplusplus
}
#endif

#endif
