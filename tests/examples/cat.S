# SPDX-License-Identifier: MIT
# cat.S: every instruction once, and what the console gives until the first newline, in capitals.
.include "teach.inc"
	t_li r10, CONSOLE
	t_li r9, 255
	t_li r8, 10
	t_li r7, 26
	t_li r1, 0x4000
wait:
	t_ldb r2, r10, 0
	t_beq r2, r9, wait
	t_addi r3, r2, -97	# 'a'
	t_blt r3, r7, lower
	t_jump print
lower:
	t_li r4, 32
	t_sub r2, r2, r4
print:
	t_st r2, r1, 8
	t_ld r5, r1, 8
	t_stb r5, r10, 0
	t_beq r2, r8, end
	t_jump wait
end:
	t_li r1, 7
	t_li r2, 6
	t_mul r1, r1, r2
	t_halt r1
