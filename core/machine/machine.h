/* SPDX-License-Identifier: MIT */
/*
 * machine.h: a machine that is built from a configuration and run.
 *
 * new -> (registry starts accelerator, translator, board, devices) -> build -> run -> free.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/log_filter.h"

struct registry;
struct machine;

enum disk_mode {
	DISK_WRITABLE,
	DISK_READ_ONLY,
	DISK_EPHEMERAL, /* the guest writes, and the file does not change: overlay.c */
};

struct disk_config {
	char *path;
	enum disk_mode mode;
	bool raw; /* whatever it looks like, its bytes are the disk's */
};

/* --run and what goes with it. There is a command or a file, or nothing is to be run. */
struct run_request {
	char *command;        /* for /bin/sh */
	char *file;           /* a script, or a program of the guest's */
	char **arguments;     /* a list, or NULL */
	char **environment;   /* "NAME=VALUE"; the same */
	char *folder;         /* where it runs; NULL: root's home */
	uint64_t start_limit; /* ns until it must have begun; 0: any */
};

/* What to build: filled by the command line and the machine file. Strings are owned by the config. */
struct machine_config {
	char *arch;          /* NULL: from the image */
	char *accel;         /* plugin id or NULL: choose */
	char *translator;    /* plugin id or NULL: choose */
	char *board;         /* plugin id or NULL: choose */
	uint64_t ram_size;   /* bytes; 0: 512 MiB */
	uint32_t vcpu_count; /* 0: 1 */
	char *kernel, *append;
	char **initrds; /* one after the other, after the image's own; NULL: none */
	char *image;    /* the positional guest.img: disk 0, booted from unless `kernel` is given */
	struct disk_config *disks; /* further ones */
	uint32_t disk_count;
	bool fallback;  /* VM_ACCEL_FALLBACK=1 */
	bool read_only; /* the image is opened read-only */
	bool ephemeral; /* nothing that the guest writes to a disk is kept */
	bool no_reboot; /* a guest reset ends the run */
	bool sandbox;
	uint32_t stats;        /* 0 none, 1 text, 2 json */
	bool output_optional;  /* go on when the guest's output can't be written any more */
	struct log_filter log; /* -d */
	char *log_file;        /* -D; NULL: standard error */
	/* What the guest prints on its console goes there: a copy, or with --run all of it, which else goes to standard
	 * error; NULL: nowhere. */
	char *console_log;
	bool perf_map;            /* --perf-map */
	char *jitdump;            /* --jitdump: a folder, or NULL */
	char *gdb;                /* where a debugger may attach: gdb/address.h; NULL: nowhere */
	bool gdb_anywhere;        /* it may be an address that other machines reach */
	bool gdb_wait;            /* the first instruction waits for the debugger */
	const char *machine_file; /* what the rest was read from; NULL: none. The caller's */
	struct run_request run;   /* no terminal */
	uint64_t timeout;         /* ns until the machine is ended; 0: never */
};

#define MACHINE_LEFT 5 /* the exit status when the user has left by Ctrl-A x */

/* The Ctrl-A keys of the terminal, a line each with `end` after it; cut off at `size` bytes, of which 1024 do. */
void console_list_keys(char *text, size_t size, const char *end);

/* Offer the host tables to plugins, for a command that loads plugins without a machine (`doctor`). machine_new
 * does it too; without a machine the tables answer VR_E_STATE or nothing. */
void machine_offer(struct registry *r);
/* Closed standard descriptors are opened on /dev/null: the next file that is opened (a disk) would take their
 * place. First thing of a run. */
int32_t machine_standard_files(void);
/* The registry has been scanned and holds options; picks, loads and starts plugins, opens the image, builds
 * the board, loads the kernel. Errors by vr_error_text. [main] */
int32_t machine_new(struct registry *r, const struct machine_config *c, struct machine **out);
/* Runs until power-off; afterwards the process is still in its sandbox. Returns the exit status of the
 * process (0 clean). [main] */
int32_t machine_run(struct machine *m);
/* The signal that ended the run, when that is what its exit status says; 0: none. */
int machine_signal(const struct machine *m);
void machine_free(struct machine *m);
/* One line: what was chosen and why. */
const char *machine_choice(const struct machine *m);

#endif
