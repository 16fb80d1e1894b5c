/* SPDX-License-Identifier: MIT */
/*
 * snippets.h: how a snippet file is laid out, for the assembler and for count.c.
 *
 * The file is flat: blocks of COUNT_BLOCK bytes, each a name, a length in bytes, and code. The first block is
 * the driver: it counts register 22 down, and while that is not zero goes to the snippet, which lies
 * COUNT_AWAY bytes after it and comes back; then it ends with a trap. Each other block is a snippet.
 */
#ifndef PERF_COUNT_SNIPPETS_H
#define PERF_COUNT_SNIPPETS_H

#define COUNT_BLOCK 1024
#define COUNT_NAME 32   /* bytes of the name, zeros after it */
#define COUNT_CODE 40   /* where the code begins; 4 bytes of length stand before it, after 4 unused bytes */
#define COUNT_AWAY 0x90 /* the driver is at the end of a page, the snippet at the start of the next one */

#endif
