/* SPDX-License-Identifier: MIT */
/*
 * irqchip.h: vmrun.irqchip/1, optional: an accelerator that has the machine's interrupt controllers itself.
 * A board that can do without its own asks for it in its create(), before there are vCPUs.
 */
#ifndef VMRUN_IRQCHIP_H
#define VMRUN_IRQCHIP_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_IRQCHIP_ID "vmrun.irqchip/1"

#define VR_IRQCHIP_NONE 0  /* all of it is the board's; pins and VR_X86_BUS_* */
#define VR_IRQCHIP_SPLIT 1 /* x86: local APICs; the board has the I/O APIC and the 8259s */
/* x86: local APICs, I/O APIC, 8259s, PIT; the PIT is input 0 of the 8259s and pin 2 of the I/O APIC */
#define VR_IRQCHIP_FULL 2

struct vr_irqchip {
	uint32_t size;
	uint32_t reserved;
	/* Make them. 0; VR_E_UNSUPPORTED: it has none of that kind, or the user wants none; VR_E_STATE: no
	 * virtual machine, or too late. Those two leave no error text. Local APICs start the other vCPUs by
	 * SIPI, so with them a board powers all vCPUs on when it loads. [main][quiesced] */
	int32_t(VR_CALL *enable)(struct vr_plugin_self *self, uint32_t kind);
	/* VR_IRQCHIP_*: what there is. [any] */
	uint32_t(VR_CALL *kind)(struct vr_plugin_self *self);
	/* FULL: level of an input: x86 0..23 as the I/O APIC numbers them. [any] */
	int32_t(VR_CALL *line)(struct vr_plugin_self *self, uint32_t line, uint32_t level);
	/* SPLIT, FULL: a message-signalled interrupt (x86: SDM vol. 3 11.11). [any] */
	int32_t(VR_CALL *msi)(struct vr_plugin_self *self, uint64_t address, uint32_t data);
	/* The canonical state (state_pc.h) of what kind() says there is: VR_E_NOENT for what
	 * is not. Otherwise as vr_board's. [quiesced] */
	int32_t(VR_CALL *get_state)(struct vr_plugin_self *self, const char *state_id, uint32_t index,
				    void *state, uint32_t length);
	int32_t(VR_CALL *set_state)(struct vr_plugin_self *self, const char *state_id, uint32_t index,
				    const void *state, uint32_t length);
	/* SPLIT: the message that input `line` (x86 0..23) of the board's I/O APIC sends, when
	 * it is a level-triggered one. From now on the end of its vector is told (VR_X86_BUS_EOI); without
	 * this it may not be. A line has one route; the last one counts. [any] */
	int32_t(VR_CALL *route)(struct vr_plugin_self *self, uint32_t line, uint64_t address, uint32_t data);
};

#ifdef __cplusplus
}
#endif

#endif
