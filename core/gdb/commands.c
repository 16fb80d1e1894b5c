/* SPDX-License-Identifier: MIT */
/*
 * commands.c: one packet, one row. A packet that no row knows has an empty answer, by which a debugger learns
 * what there is. Packets: gdb's manual, E.2 to E.6.
 */
#include <stdio.h>
#include <string.h>

#include "gdb/session.h"

#define ON(name) static void on_##name(struct gdb *g, const char *args, uint32_t length)

ON(why)
{
	(void)args, (void)length;
	gdb_report(g, g->stopped, 5, NULL);
}

ON(thread_g)
{
	int64_t thread;

	(void)length;
	if (!gdb_thread(g, &args, &thread) || *args) {
		gdb_error(g, GDB_E_ABSENT);
		return;
	}
	g->thread_g = thread < 0 ? g->stopped : (uint32_t)thread;
	gdb_ok(g);
}

ON(thread_c)
{
	int64_t thread;

	(void)length;
	if (!gdb_thread(g, &args, &thread) || *args) {
		gdb_error(g, GDB_E_ABSENT);
		return;
	}
	g->thread_c = thread;
	gdb_ok(g);
}

ON(alive)
{
	int64_t thread;

	(void)length;
	if (gdb_thread(g, &args, &thread) && !*args && thread >= 0)
		gdb_ok(g);
	else
		gdb_error(g, GDB_E_ABSENT);
}

ON(detach)
{
	(void)args, (void)length;
	gdb_ok(g);
	gdb_output_close(&g->out);
	gdb_send(g);
	g->silent = g->gone = g->detached = true;
	gdb_leave(g, false);
}

static void kill_machine(struct gdb *g)
{
	g->gone = true;
	g->m->console.end(g->m->console.end_opaque, 0);
}

ON(kill)
{
	(void)args, (void)length;
	g->silent = true;
	kill_machine(g);
}

ON(kill_process)
{
	(void)args, (void)length;
	gdb_ok(g);
	gdb_output_close(&g->out);
	gdb_send(g);
	g->silent = true;
	kill_machine(g);
}

ON(extended)
{
	(void)args, (void)length;
	gdb_ok(g);
}

ON(restart)
{
	(void)args, (void)length;
	g->silent = true;
	gdb_reset(g);
}

/* ---- questions ---- */

ON(supported)
{
	(void)length;
	g->knows_breakpoints = strstr(args, "swbreak+") && strstr(args, "hwbreak+");
	gdb_output_print(
		&g->out,
		"PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+",
		GDB_PACKET);
}

/* lldb's question. Registers have their least significant byte first, and the program counter has 64 bits. */
ON(host)
{
	(void)args, (void)length;
	gdb_output_print(&g->out, "ptrsize:8;endian:little;watchpoint_exceptions_received:%s;",
			 g->m->debugger->flags & VR_STOP_AFTER ? "after" : "before");
}

/* lldb steps over the access of a watchpoint only when it was told of a number. */
ON(watchpoints)
{
	(void)args, (void)length;
	gdb_output_print(&g->out, "num:%u;", VR_STOP_POINTS);
}

ON(no_ack)
{
	(void)args, (void)length;
	g->no_ack = true;
	gdb_ok(g);
}

ON(attached)
{
	(void)args, (void)length;
	gdb_output_print(&g->out, "1");
}

ON(current)
{
	(void)args, (void)length;
	gdb_output_print(&g->out, "QC%x", g->thread_g + 1);
}

ON(first_threads)
{
	(void)args, (void)length;
	for (uint32_t i = 0; i < g->m->vcpu_count; i++)
		gdb_output_print(&g->out, "%c%x", i ? ',' : 'm', i + 1);
}

ON(more_threads)
{
	(void)args, (void)length;
	gdb_output_print(&g->out, "l");
}

ON(thread_info)
{
	char text[64];
	int64_t thread;

	(void)length;
	if (!gdb_thread(g, &args, &thread) || *args || thread < 0) {
		gdb_error(g, GDB_E_ABSENT);
		return;
	}
	snprintf(text, sizeof(text), "vCPU %u%s", (uint32_t)thread,
		 g->m->vcpu[thread].on ? "" : ", powered off");
	gdb_output_hex(&g->out, text, strlen(text));
}

/* "target.xml:OFFSET,LENGTH" */
ON(description)
{
	uint64_t from, n, all = strlen(g->description);
	static const char file[] = "target.xml:";

	(void)length;
	if (strncmp(args, file, sizeof(file) - 1) != 0) {
		gdb_error(g, 0);
		return;
	}
	args += sizeof(file) - 1;
	if (!gdb_number(&args, &from) || !gdb_char(&args, ',') || !gdb_number(&args, &n) || *args ||
	    from > all) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	if (n > GDB_PACKET - 1)
		n = GDB_PACKET - 1;
	if (n > all - from)
		n = all - from;
	gdb_output_raw(&g->out, n < all - from ? "m" : "l", 1);
	gdb_output_raw(&g->out, g->description + from, n);
}

ON(vcont_kinds)
{
	(void)args, (void)length;
	gdb_output_print(&g->out, "vCont;c;C;s;S;r");
}

/* ---- the table ---- */

#define WHOLE 1u /* nothing follows the name */

static const struct {
	const char *name;
	void (*fn)(struct gdb *g, const char *args, uint32_t length);
	uint32_t flags;
} packets[] = {
	{"!", on_extended, WHOLE},
	{"?", on_why, WHOLE},
	{"C", gdb_on_continue_signal, 0},
	{"D", on_detach, 0},
	{"G", gdb_on_write_registers, 0},
	{"Hc", on_thread_c, 0},
	{"Hg", on_thread_g, 0},
	{"M", gdb_on_write_memory, 0},
	{"P", gdb_on_write_register, 0},
	{"QStartNoAckMode", on_no_ack, WHOLE},
	{"R", on_restart, 0},
	{"S", gdb_on_step_signal, 0},
	{"T", on_alive, 0},
	{"X", gdb_on_write_binary, 0},
	{"Z", gdb_on_insert_point, 0},
	{"c", gdb_on_continue, 0},
	{"g", gdb_on_read_registers, WHOLE},
	{"k", on_kill, 0},
	{"m", gdb_on_read_memory, 0},
	{"p", gdb_on_read_register, 0},
	{"qAttached", on_attached, 0},
	{"qC", on_current, WHOLE},
	{"qHostInfo", on_host, WHOLE},
	{"qRcmd,", gdb_on_monitor, 0},
	{"qSupported", on_supported, 0},
	{"qThreadExtraInfo,", on_thread_info, 0},
	{"qWatchpointSupportInfo:", on_watchpoints, WHOLE},
	{"qXfer:features:read:", on_description, 0},
	{"qfThreadInfo", on_first_threads, WHOLE},
	{"qsThreadInfo", on_more_threads, WHOLE},
	{"s", gdb_on_step, 0},
	{"vCont?", on_vcont_kinds, WHOLE},
	{"vCont", gdb_on_vcont, 0},
	{"vKill", on_kill_process, 0},
	{"z", gdb_on_remove_point, 0},
};

void gdb_command(struct gdb *g, const char *text, uint32_t length)
{
	g->silent = false;
	gdb_output_open(&g->out);
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		size_t n = strlen(packets[i].name);

		if (length < n || memcmp(text, packets[i].name, n) != 0 ||
		    ((packets[i].flags & WHOLE) && length != n))
			continue;
		packets[i].fn(g, text + n, length - (uint32_t)n);
		break;
	}
	if (g->silent)
		return;
	gdb_output_close(&g->out);
	gdb_send(g);
}
