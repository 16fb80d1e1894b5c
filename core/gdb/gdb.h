/* SPDX-License-Identifier: MIT */
/*
 * gdb.h: what the machine knows of the debugger's side: `--gdb` and `-S`.
 *
 * A thread of its own speaks GDB's remote serial protocol (gdb's manual, appendix E) over one socket, which
 * is bound before the sandbox closes. It stops, runs and steps vCPUs by what vmrun.debugger/1 offers, and
 * shows registers by vmrun.registers/1: it knows no architecture and no accelerator.
 */
#ifndef GDB_GDB_H
#define GDB_GDB_H

#include <stdbool.h>
#include <stdint.h>

struct gdb;
struct machine;
struct machine_config;
struct sandbox;

/* After plugins were chosen: finds the interfaces, binds the socket, sets m->gdb. [main] */
int32_t gdb_open(struct machine *m, const struct machine_config *c);
/* What has to work, and stay, after the sandbox was entered. [main] */
void gdb_allow(struct gdb *g, struct sandbox *s);
/* Starts the thread, and says where a debugger can attach. With -S no vCPU runs until a debugger says so. */
int32_t gdb_start(struct gdb *g);
/* These take NULL. */
void gdb_was_reset(struct gdb *g); /* [main] */
/* The machine has ended: the debugger is told, the thread ends. [main] */
void gdb_finish(struct gdb *g, int32_t status);
void gdb_free(struct gdb *g);

#endif
