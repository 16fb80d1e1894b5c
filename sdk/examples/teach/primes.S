# SPDX-License-Identifier: MIT
# primes.S: prints the primes below 1000, and how many there are as the exit status.
.include "teach.inc"
	t_li r10, CONSOLE
	t_li r1, 2		# the candidate
	t_li r9, 1000
	t_li r11, 0		# how many
next:
	t_li r2, 2		# a divisor
try:
	t_mul r3, r2, r2
	t_blt r1, r3, prime
	t_rem r3, r1, r2
	t_beq r3, r0, composite
	t_addi r2, r2, 1
	t_jump try
prime:
	t_addi r11, r11, 1
	t_call print
composite:
	t_addi r1, r1, 1
	t_blt r1, r9, next
	t_li r7, 10
	t_stb r7, r10, 0
	t_halt r11

# Prints r1 and a blank. Uses r3..r8.
print:
	t_la r8, digits_end
	t_addi r5, r8, 0
	t_addi r4, r1, 0
	t_li r6, 10
digit:
	t_rem r7, r4, r6
	t_addi r7, r7, '0'
	t_addi r5, r5, -1
	t_stb r7, r5, 0
	t_div r4, r4, r6
	t_beq r4, r0, out
	t_jump digit
out:
	t_ldb r7, r5, 0
	t_stb r7, r10, 0
	t_addi r5, r5, 1
	t_blt r5, r8, out
	t_li r7, ' '
	t_stb r7, r10, 0
	t_ret

	.fill 24, 1, 0
digits_end:
