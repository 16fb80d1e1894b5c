/* SPDX-License-Identifier: MIT */
/* monitor.c: packet qRcmd: what a user of gdb says after `monitor`, and gdb has no command for. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "gdb/session.h"

#define ROW 16u
#define XP_LIMIT 4096u

/* Text for the user; a console packet holds some of it, and the answer to qRcmd comes after all of them. */
static void say(struct gdb *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct gdb *g, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	gdb_output_open(&g->out);
	gdb_output_print(&g->out, "O");
	gdb_output_hex(&g->out, text, strlen(text));
	gdb_output_close(&g->out);
	gdb_send(g);
}

#define MON(name) static void mon_##name(struct gdb *g, char *const *words, uint32_t count)

MON(help);

MON(phys)
{
	if (count > 1 && !strcmp(words[1], "on"))
		g->physical = true;
	else if (count > 1 && !strcmp(words[1], "off"))
		g->physical = false;
	else if (count > 1)
		say(g, "phys '%s': must be on or off\n", words[1]);
	say(g, "memory is addressed %s\n",
	    g->physical ? "physically" : "virtually, by the page tables of the current vCPU");
}

MON(xp)
{
	uint64_t address, left = ROW;

	if (count < 2 || vr_text_u64(words[1], &address) < 0 ||
	    (count > 2 && vr_text_u64(words[2], &left) < 0)) {
		say(g, "xp ADDRESS [LENGTH]: numbers, hexadecimal with 0x\n");
		return;
	}
	if (left > XP_LIMIT) {
		say(g, "xp: at most %u bytes at once\n", XP_LIMIT);
		return;
	}
	for (uint64_t n; left; left -= n, address += n) {
		char line[3 * ROW + 32];
		const uint8_t *at;
		uint8_t bytes[ROW];
		int end;

		n = left < ROW ? left : ROW;
		at = gdb_ram(g, address, &n);
		if (!at) {
			say(g, "0x%llx: no memory there (registers of devices are not read)\n",
			    (unsigned long long)address);
			return;
		}
		gdb_copy(g, address, at, n, bytes);
		end = snprintf(line, sizeof(line), "0x%016llx:", (unsigned long long)address);
		for (uint64_t i = 0; i < n; i++)
			end += snprintf(line + end, sizeof(line) - (size_t)end, " %02x", bytes[i]);
		say(g, "%s\n", line);
	}
}

MON(translate)
{
	uint64_t va, pa;

	if (count < 2 || vr_text_u64(words[1], &va) < 0)
		say(g, "translate ADDRESS: a number, hexadecimal with 0x\n");
	else if (gdb_translate(g, va, &pa) < 0)
		say(g, "0x%llx is not mapped in vCPU %u\n", (unsigned long long)va, g->thread_g);
	else
		say(g, "0x%llx is at physical address 0x%llx\n", (unsigned long long)va,
		    (unsigned long long)pa);
}

MON(reset)
{
	(void)words, (void)count;
	gdb_reset(g);
	say(g, "the machine is at its first instruction again; `maintenance flush register-cache` has gdb "
	       "read the registers anew\n");
}

static const struct {
	const char *name, *help;
	void (*fn)(struct gdb *g, char *const *words, uint32_t count);
} commands[] = {
	{"help", "help: this list", mon_help},
	{"phys", "phys [on|off]: whether gdb's addresses are guest-physical ones", mon_phys},
	{"reset", "reset: reset the machine, and stop at its first instruction", mon_reset},
	{"translate", "translate ADDRESS: the physical address, by the current vCPU's page tables",
	 mon_translate},
	{"xp", "xp ADDRESS [LENGTH]: bytes at a physical address", mon_xp},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

MON(help)
{
	(void)words, (void)count;
	for (size_t i = 0; i < COMMANDS; i++)
		say(g, "%s\n", commands[i].help);
}

static void run(struct gdb *g, char *const *words, uint32_t count)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(words[0], commands[i].name)) {
			commands[i].fn(g, words, count);
			return;
		}
	say(g, "no command '%s'; `monitor help` lists them\n", words[0]);
}

GDB_HANDLER(monitor)
{
	char line[256], *words[8], *rest = line;
	uint32_t count = 0;

	if (length % 2 || length / 2 >= sizeof(line) || !gdb_bytes(&args, (uint8_t *)line, length / 2)) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	line[length / 2] = '\0';
	for (char *word; count < 8 && (word = strtok_r(rest, " \t\n", &rest));)
		words[count++] = word;
	if (!count)
		words[count++] = line; /* empty: no command's name */
	run(g, words, count);
	gdb_output_open(&g->out);
	gdb_ok(g);
}
