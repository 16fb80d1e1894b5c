# SPDX-License-Identifier: MIT
# wrong.S: runs into an instruction that the teaching machine has not.
.include "teach.inc"
	t_li r1, 5
	op 200, 0, 0, 0, 0
