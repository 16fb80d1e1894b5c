/* SPDX-License-Identifier: MIT */
/*
 * rows.h: the rows of a table of numbered registers, from a macro of one row. The numbers are literals, so
 * that a row can spell them ("x" #n).
 */
#ifndef VR_XLATE_ISA_ROWS_H
#define VR_XLATE_ISA_ROWS_H

#define VR_ROWS_16(R) \
	R(0), R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15)
#define VR_ROWS_31(R)                                                                                      \
	VR_ROWS_16(R), R(16), R(17), R(18), R(19), R(20), R(21), R(22), R(23), R(24), R(25), R(26), R(27), \
		R(28), R(29), R(30)
#define VR_ROWS_32(R) VR_ROWS_31(R), R(31)

#endif
