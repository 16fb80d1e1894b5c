# SPDX-License-Identifier: MIT
# nowhere.S: reads where nothing is.
.include "teach.inc"
	t_li r1, 0x78000000
	t_ld r2, r1, 16
	t_halt r0
