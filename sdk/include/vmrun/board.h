/* SPDX-License-Identifier: MIT */
/* board.h: vmrun.board/1, a machine: its memory map, devices, firmware tables and entry state. */
#ifndef VMRUN_BOARD_H
#define VMRUN_BOARD_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_BOARD_ID "vmrun.board/1"

struct vr_board_config {
	uint32_t size;
	uint32_t vcpu_count;
	uint64_t ram_size; /* bytes */
	const char *arch;
};

/* What core/boot found: already decompressed and taken out of containers (gzip, EFI zboot). */
struct vr_boot_payload {
	uint32_t size;
	uint32_t reserved;
	const void *kernel;
	uint64_t kernel_size;
	const void *initrd; /* NULL: none */
	uint64_t initrd_size;
	const char *cmdline;     /* never NULL */
	const char *kernel_name; /* for messages */
};

/* One thing of a board that has state of its own. */
struct vr_board_state {
	uint32_t size;
	uint32_t index;  /* which of several of a kind */
	const char *id;  /* "vmrun.state.x86.pic/1" ...: state_*.h; the board's */
	uint32_t length; /* bytes of the struct, at most */
	uint32_t reserved;
};

struct vr_board_maker {
	uint32_t size;
	uint32_t reserved;
	const char *arch; /* the guest architecture it is a board of */
	/* Adds RAM, devices, the interrupt controller and the firmware. [main] */
	int32_t(VR_CALL *create)(struct vr_plugin_self *self, const struct vr_board_config *c,
				 struct vr_board **board);
	/* Puts the payload and tables into RAM and the entry state into vCPU 0; again after each
	 * reset. [main][quiesced] */
	int32_t(VR_CALL *load)(struct vr_board *board, const struct vr_boot_payload *p);
	void(VR_CALL *reset)(struct vr_board *board); /* devices to power-on state. [quiesced] */
	/* The board and its devices go; no request of a device is in flight afterwards. [quiesced] */
	void(VR_CALL *destroy)(struct vr_board *board);
	/* The i-th thing that has state; VR_E_NOENT past the end. Also what an accelerator has
	 * of it (vmrun.irqchip/1): the board passes that on. [any] */
	int32_t(VR_CALL *state_at)(struct vr_board *board, uint32_t i, struct vr_board_state *out);
	/* A canonical state by id. `length` bytes at `state`; get fills the struct and its size. VR_E_NOENT:
	 * no such id; VR_E_RANGE: no such index; VR_E_INVAL: the state is malformed, the text names the
	 * field, and nothing was changed; VR_E_UNSUPPORTED: this machine can't be in that state. [quiesced]
	 */
	int32_t(VR_CALL *get_state)(struct vr_board *board, const char *state_id, uint32_t index, void *state,
				    uint32_t length);
	int32_t(VR_CALL *set_state)(struct vr_board *board, const char *state_id, uint32_t index,
				    const void *state, uint32_t length);
	/* The longest command line that the payload's kernel takes, in bytes without the final zero and less
	 * what the board adds itself; 0: unknown. A longer one is refused before load(), with a text that
	 * says which part is too long: kernels cut theirs without a word. Optional. [main][quiesced] */
	uint32_t(VR_CALL *cmdline_max)(struct vr_board *board, const struct vr_boot_payload *p);
	/* Around a series of get_state() or set_state(), so that all of them are of one moment: when pause() returns no
	 * device has a request in flight (each was finished, or will be taken anew), and none takes one, until
	 * resume(), after which what waits in rings is taken. Guest memory does not change in between. Not
	 * nested. Timers of the host are not a device's: the caller sees to it that none fires in
	 * between. Both or none of the two; without, each get_state() is of its own moment. [quiesced] */
	void(VR_CALL *pause)(struct vr_board *board);
	void(VR_CALL *resume)(struct vr_board *board);
	/* Words for the kernel's command line that the board's options ask for, such as "console=hvc0", with blanks
	 * between them; "": none. They come after those of an image and before the user's, and one is left out
	 * where the user gives a word with the same name (up to '='). The board's own until destroy().
	 * Optional. [main][quiesced] */
	const char *(VR_CALL *cmdline_words)(struct vr_board *board);
};

#ifdef __cplusplus
}
#endif

#endif
