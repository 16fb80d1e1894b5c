# SPDX-License-Identifier: MIT
# card.S: what the card writes into memory is printed; then the timer is waited for.
.include "teach.inc"
	t_li r10, CONSOLE
	t_li r1, CARD
	t_ld r2, r1, 0
	t_la r3, magic
	t_ld r3, r3, 0
	t_beq r2, r3, there
	t_li r4, 1
	t_halt r4
there:
	t_li r5, 0x8000
	t_st r5, r1, 8
print:
	t_ldb r6, r5, 0
	t_beq r6, r0, wait
	t_stb r6, r10, 0
	t_addi r5, r5, 1
	t_jump print
wait:
	t_li r6, 10
	t_stb r6, r10, 0
	t_li r7, 1000000
	t_st r7, r1, 24
fires:
	t_ld r7, r1, 16
	t_beq r7, r0, fires
	t_li r4, 42
	t_halt r4
magic:
	.ascii "ABI-CARD"
