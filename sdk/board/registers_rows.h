/* SPDX-License-Identifier: MIT */
/* registers_rows.h: what the tables of registers_*.c are written with. */
#ifndef VR_BOARD_REGISTERS_ROWS_H
#define VR_BOARD_REGISTERS_ROWS_H

#include <vmrun/registers.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_ROWS_COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

/* X(0) ... X(n-1), and the same with another argument in front. */
#define VR_EACH_8(X, ...)                                                                              \
	X(__VA_ARGS__, 0), X(__VA_ARGS__, 1), X(__VA_ARGS__, 2), X(__VA_ARGS__, 3), X(__VA_ARGS__, 4), \
		X(__VA_ARGS__, 5), X(__VA_ARGS__, 6), X(__VA_ARGS__, 7)
#define VR_EACH_16(X, ...)                                                                      \
	VR_EACH_8(X, __VA_ARGS__), X(__VA_ARGS__, 8), X(__VA_ARGS__, 9), X(__VA_ARGS__, 10),    \
		X(__VA_ARGS__, 11), X(__VA_ARGS__, 12), X(__VA_ARGS__, 13), X(__VA_ARGS__, 14), \
		X(__VA_ARGS__, 15)
#define VR_EACH_31(X, ...)                                                                      \
	VR_EACH_16(X, __VA_ARGS__), X(__VA_ARGS__, 16), X(__VA_ARGS__, 17), X(__VA_ARGS__, 18), \
		X(__VA_ARGS__, 19), X(__VA_ARGS__, 20), X(__VA_ARGS__, 21), X(__VA_ARGS__, 22), \
		X(__VA_ARGS__, 23), X(__VA_ARGS__, 24), X(__VA_ARGS__, 25), X(__VA_ARGS__, 26), \
		X(__VA_ARGS__, 27), X(__VA_ARGS__, 28), X(__VA_ARGS__, 29), X(__VA_ARGS__, 30)
#define VR_EACH_32(X, ...) VR_EACH_31(X, __VA_ARGS__), X(__VA_ARGS__, 31)

#ifdef __cplusplus
}
#endif

#endif
