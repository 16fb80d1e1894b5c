# The tiny machine's instructions, most significant bit first (<tiny/tiny.h>). patgen makes the decoder.
movi    00000001 x:4 .. y:2 imm:16
add     00000010 x:4 y:4 ............ z:4
addi    00000011 x:4 y:4 imm:16
load    00000100 x:4 y:4 imm:16
store   00000101 x:4 y:4 imm:16
storeb  00000110 x:4 y:4 imm:16
bne     00000111 x:4 y:4 imm:16
wait    00001000 ........................
