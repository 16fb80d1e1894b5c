/* SPDX-License-Identifier: MIT */
/*
 * helper.h: helper processes. vmrun.helper-host/1 is the host's table, vmrun.helper/1 the plugin's.
 *
 * After start the machine process can open no file and make no socket. A plugin that needs such a thing
 * while the guest runs has a second half, which runs in a process of its own, a helper. The plugin's manifest
 * names one role of a closed list (`helper: share`; `vmrun plugins show` says what each may do), and the
 * helper has the rights of that role and no others. Of files it reaches what the user named for this plugin:
 * the options of type path that were given, for reading, or with `access: write` for writing as well.
 *
 *     machine process                                helper process
 *     vr_host_helper.start(config, state)   ---->    the library is opened, vmrun_plugin_create()
 *                                                    init(config)         may still open any file
 *                                                    -- the sandbox of the role is entered --
 *                                                    set_state(state)     optional
 *     start() returns                       <----    run(channel)
 *     send()                                ---->    channel->receive()
 *     events->message()                     <----    channel->send()
 *     get_state()                           ---->    get_state(), from within channel->receive()
 *     stop()                                ---->    channel->receive() answers VR_E_STATE, run() returns
 *     events->ended()                       <----    (it crashed, or was ended)
 *
 * In the helper process there is one instance of the plugin, from vmrun_plugin_create(). Its host has
 * vmrun.log/1, vmrun.config/1 and vmrun.registry/1 and no other table of a machine. probe(), start(), stop()
 * and destroy() are not called there. Nothing is shared with the machine process but the channel and, if
 * asked for, a window of shared memory; guest RAM is never shared.
 *
 * Each side treats the other as hostile, since a helper reads what comes from networks and the machine
 * process runs a guest. The core checks lengths and copies a message once, before the plugin sees it; what
 * the bytes mean is the plugin's to check. What lies in the window can change while it is looked at: copy it
 * once, then check the copy.
 *
 * A helper ends with vmrun, however that ends; in an orderly end when the machine is taken apart, after its
 * devices were destroyed and before stop() of the plugin. It is in a session of its own, so that signals of
 * the terminal do not reach it. Its standard error goes where vmrun's goes; it has no other standard stream.
 */
#ifndef VMRUN_HELPER_H
#define VMRUN_HELPER_H

#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_HELPERS_MAX 64u           /* that run at a time, of all plugins of a machine */
#define VR_HELPER_MESSAGE_MAX 65536u /* bytes of one message; of the configuration as well */
#define VR_HELPER_STATE_MAX 0x1000000u
#define VR_HELPER_WINDOW_MAX 0x40000000u
#define VR_HELPER_NO_DESCRIPTOR INT64_C(-1)

struct vr_helper_message {
	uint32_t size;
	uint32_t length;    /* 0 to VR_HELPER_MESSAGE_MAX */
	const void *bytes;  /* a copy of the receiver's own; the function that hands it out says how long it
			       lives */
	int64_t descriptor; /* an open file that came with it, now the receiver's; or VR_HELPER_NO_DESCRIPTOR
			     */
};

/* ---- vmrun.helper-host/1: the plugin in the machine process ------------------------------------------- */
#define VR_HOST_HELPER_ID "vmrun.helper-host/1"
struct vr_helper_process; /* opaque */

/* How a helper ended. */
#define VR_HELPER_EXITED 0   /* status: its exit status */
#define VR_HELPER_SIGNALED 1 /* status: the signal */
#define VR_HELPER_LOST 2     /* the process that starts helpers is gone, and all helpers with it; status 0 */

struct vr_helper_events {
	uint32_t size;
	uint32_t reserved;
	/* A message of the helper. It lives until the function returns. [any], on a thread of the core that
	 * all helpers share: must not block, and may call send() alone. */
	void(VR_CALL *message)(void *opaque, const struct vr_helper_message *m);
	/* It ended and stop() was not called; the core has told the user. All messages came before this.
	 * send() and get_state() answer VR_E_STATE from now on; stop() is still to be called. [any], as
	 * above. */
	void(VR_CALL *ended)(void *opaque, uint32_t how, int32_t status);
};

#define VR_HELPER_DESCRIPTORS 1u /* messages from the helper may bring descriptors; else they end it */

struct vr_helper_request {
	uint32_t size;
	uint32_t flags;                        /* VR_HELPER_DESCRIPTORS */
	const void *config;                    /* for init() */
	const void *state;                     /* for set_state(); NULL, or of length 0: none */
	uint32_t config_length;                /* at most VR_HELPER_MESSAGE_MAX */
	uint32_t state_length;                 /* at most VR_HELPER_STATE_MAX */
	uint64_t window;                       /* bytes of shared memory, zeros at first; 0: none */
	const struct vr_helper_events *events; /* kept; both functions are needed */
	void *opaque;
};

struct vr_host_helper {
	uint32_t size;
	uint32_t reserved;
	/* Starts a helper of the calling plugin. The user must have named the plugin where it is a device;
	 * its manifest has the key `helper`. Returns when the helper is in run(), or with what its init() or
	 * set_state() answered; after 10 s (VMRUN_PLUGIN_TIMEOUT) with VR_E_IO. An event may come before it
	 * returns; *out is set by then. [main], or a thread that may wait; while the guest runs as well. */
	int32_t(VR_CALL *start)(const struct vr_host *host, const struct vr_helper_request *r,
				struct vr_helper_process **out);
	/* Does not wait. VR_E_AGAIN: too much is under way to it, without an error text. VR_E_STATE: it has
	 * ended, without an error text. `descriptor` stays the caller's. [any] */
	int32_t(VR_CALL *send)(const struct vr_host *host, struct vr_helper_process *h, const void *bytes,
			       uint32_t length, int64_t descriptor);
	/* The window, or NULL. It stays until stop(). [any] */
	void *(VR_CALL *window)(const struct vr_host *host, struct vr_helper_process *h);
	/* The helper's canonical state into `buffer`; returns its length. VR_E_UNSUPPORTED: it has none.
	 * VR_E_RANGE: it is longer than `capacity`. After 5 s VR_E_IO. One at a time for a helper. [main], or
	 * a thread that may wait */
	int32_t(VR_CALL *get_state)(const struct vr_host *host, struct vr_helper_process *h, void *buffer,
				    uint32_t capacity);
	/* Ends it; after 2 s by SIGKILL. When it returns no event runs, none will come, and h is gone. Not
	 * from within an event. [main], or a thread that may wait */
	void(VR_CALL *stop)(const struct vr_host *host, struct vr_helper_process *h);
};

/* ---- vmrun.helper/1: the plugin in the helper process ------------------------------------------------- */
#define VR_HELPER_ID "vmrun.helper/1"

struct vr_helper_channel {
	uint32_t size;
	uint32_t reserved;
	int64_t descriptor; /* for poll(2): readable when receive() has something to do. Use receive() */
	void *window;       /* NULL: none */
	uint64_t window_length;
	/* Waits while the machine process does not take it. VR_E_STATE: run() is to return. [any] */
	int32_t(VR_CALL *send)(const struct vr_helper_channel *c, const void *bytes, uint32_t length,
			       int64_t descriptor);
	/* The next message, which lives until the next call. Waits for at most `milliseconds` (-1: for ever).
	 * 1: *out is filled; 0: none came; VR_E_STATE: run() is to return now. Answers get_state() in
	 * between. One thread at a time. [any] */
	int32_t(VR_CALL *receive)(const struct vr_helper_channel *c, struct vr_helper_message *out,
				  int32_t milliseconds);
};

/* [main] is the helper process's first thread. */
struct vr_helper_main {
	uint32_t size;
	uint32_t reserved;
	/* Before the sandbox: opens what the role does not allow later. May start no thread. The
	 * configuration is what the plugin itself gave to start(). `self` of struct vr_plugin. Optional. [main] */
	int32_t(VR_CALL *init)(struct vr_plugin_self *self, const void *config, uint32_t length);
	/* Serves until receive() answers VR_E_STATE. In the sandbox; may start threads. Returning before that
	 * is an end that the user is told of. [main] */
	int32_t(VR_CALL *run)(struct vr_plugin_self *self, const struct vr_helper_channel *c);
	/* The canonical state into buffer, NULL: only how long it will be. Returns its length, at most
	 * VR_HELPER_STATE_MAX. Optional. On the thread that is in receive(). [any] */
	int32_t(VR_CALL *get_state)(struct vr_plugin_self *self, void *buffer, uint32_t capacity);
	/* Before run(), in the sandbox: the state comes from a helper that may have been taken over.
	 * Optional. [main] */
	int32_t(VR_CALL *set_state)(struct vr_plugin_self *self, const void *state, uint32_t length);
};

#ifdef __cplusplus
}
#endif

#endif
