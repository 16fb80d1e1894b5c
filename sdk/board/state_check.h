/* SPDX-License-Identifier: MIT */
/*
 * state_check.h: is a canonical state one that its device can be in? In two steps: a table says of each
 * member which bits it may have and how large it may be; a function a state says what one member demands of
 * another. After both a device takes the state as it is.
 */
#ifndef VR_BOARD_STATE_CHECK_H
#define VR_BOARD_STATE_CHECK_H

#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vr_state_check {
	const struct vr_host *host;
	const char *plugin, *what;
	uint64_t now; /* guest ns */
};

struct vr_state_member {
	const char *name; /* its %u, if any: the place in the array */
	uint16_t offset, stride;
	uint16_t count;
	uint16_t width;
	uint64_t mask; /* bits it may have */
	uint64_t most; /* values it may have */
};

struct vr_state_kind {
	const char *id, *name;
	uint32_t size, count;
	const struct vr_state_member *members;
	int32_t (*rule)(const struct vr_state_check *c, const void *state); /* may be NULL */
};

#define VR_STATE_ANY UINT64_MAX
#define VR_STATE_MEMBER(type, member, mask, most)                                                            \
	{                                                                                                    \
#member, offsetof(struct type, member), 0, 1, sizeof(((struct type *)0)->member), mask, most \
	}
/* array[n], or array[n].member */
#define VR_STATE_ARRAY(type, array, member, mask, most)                                           \
	{                                                                                         \
#array "[%u]" #member, offsetof(struct type, array[0] member),                    \
			sizeof(((struct type *)0)->array[0]),                                     \
			sizeof(((struct type *)0)->array) / sizeof(((struct type *)0)->array[0]), \
			sizeof(((struct type *)0)->array[0] member), mask, most                   \
	}
/* array[one]. Masks differ. */
#define VR_STATE_ONE(type, array, one, mask)                                     \
	{                                                                        \
#array "[" #one "]", offsetof(struct type, array[one]), 0, 1,    \
			sizeof(((struct type *)0)->array[one]), mask, UINT64_MAX \
	}
#define VR_STATE_KIND(id, type, name, members, rule)                                               \
	{                                                                                          \
		id, name, sizeof(struct type), sizeof(members) / sizeof(members[0]), members, rule \
	}

/* Notes an error text that names the state; VR_E_INVAL. */
__attribute__((format(printf, 2, 3))) int32_t vr_state_bad(const struct vr_state_check *c, const char *format,
							   ...);

/* NULL: there is no such id. */
const struct vr_state_kind *vr_state_kind_of(const struct vr_state_kind *kinds, uint32_t count,
					     const char *id);
/* A state that came from elsewhere, `length` bytes. VR_OK; VR_E_INVAL with "board-pc: lapic state: lvt[3] is
 * ..." as error text; VR_E_NOENT: k is NULL. */
int32_t vr_state_check(const struct vr_host *host, const char *plugin, const struct vr_state_kind *k,
		       const void *state, uint32_t length, uint64_t now);
/* Room to fill a state in: VR_OK, or as above. */
int32_t vr_state_fits(const struct vr_host *host, const char *plugin, const struct vr_state_kind *k,
		      uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
