/* SPDX-License-Identifier: MIT */
/*
 * late.c: names what keeps a vCPU, or the machine from its end.
 *
 * A device's function that does not return holds the vCPU that called it. Each call is marked by the bus (bus_cpu.inside), and
 * the main thread, which has nothing to do while the guest runs, looks now and then: a vCPU that is inside the same access
 * at three looks in a row is told of, once a device.
 *
 * A request to end from outside is carried out in order: vCPUs stop, disks are written, devices are destroyed. Plugins take part
 * in all of that, so any of it may never return. A timer that the signal's handler starts ends the process then: what was
 * written to a disk's file is the kernel's already. The line that says so is written by a signal handler, on whatever thread
 * it runs: it takes no lock and allocates nothing.
 */
#include <unistd.h>

#include "machine/parts.h"
#include "machine/signals.h"
#include "util/line.h"
#include "util/log.h"

#define LOOKS 3u /* in a row */

const struct bus_entry *late_inside(struct machine *m, uint32_t vcpu)
{
	return m->bus.cpu ? atomic_load_explicit(&m->bus.cpu[vcpu].inside, memory_order_relaxed) : NULL;
}

void late_look(struct machine *m)
{
	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		struct late_seen *s = &m->vcpu[i].late;
		const struct bus_entry *e = late_inside(m, i);
		uint64_t accesses = atomic_load_explicit(&m->bus.cpu[i].accesses, memory_order_relaxed);

		if (!e || e != s->inside || accesses != s->accesses) {
			s->inside = e;
			s->accesses = accesses;
			s->looks = 0;
		}
		if (e && ++s->looks == LOOKS && s->told != e) {
			s->told = e;
			log_print(VR_LOG_WARN,
				  "vCPU %u has been inside device '%s'%s%s%s for %llu s: its access at "
				  "0x%llx does not "
				  "return",
				  i, e->name, e->plugin ? " (plugin '" : "", e->plugin ? e->plugin : "",
				  e->plugin ? "')" : "", LOOKS * LATE_LOOK_NS / 1000000000ull,
				  (unsigned long long)e->base);
		}
	}
}

/* ---- the end, in a signal handler ------------------------------------------------------------------ */

static void put_inside(struct line *l, uint32_t vcpu, const struct bus_entry *e)
{
	line_put(l, "vCPU ");
	line_put_number(l, vcpu, 10);
	line_put(l, " is inside device '");
	line_put(l, e->name);
	line_put(l, "'");
	if (e->plugin) {
		line_put(l, " (plugin '");
		line_put(l, e->plugin);
		line_put(l, "')");
	}
}

void late_tell(void *machine)
{
	struct machine *m = machine;
	const char *step = atomic_load_explicit(&m->end_step, memory_order_relaxed);
	const struct bus_entry *e = NULL;
	struct line l = {.n = 0};
	uint32_t i = 0;

	while (i < m->vcpu_count && !(e = late_inside(m, i)))
		i++;
	line_put(&l, "vmrun: error: the machine has not ended within ");
	line_put_number(&l, SIGNALS_LIMIT, 10);
	line_put(&l, " s of the signal: ");
	if (e)
		put_inside(&l, i, e);
	else
		line_put(&l, step ? step : "a plugin's thread holds it");
	line_put(&l, "; it is ended now");
	line_write(&l, STDERR_FILENO);
}
