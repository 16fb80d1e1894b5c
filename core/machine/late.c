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
#include <string.h>
#include <unistd.h>

#include "machine/parts.h"
#include "machine/signals.h"
#include "util/clock.h"
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

struct line {
	char text[512];
	size_t n;
};

static void put(struct line *l, const char *s)
{
	while (*s && l->n < sizeof(l->text) - 1)
		l->text[l->n++] = *s++;
}

static void put_number(struct line *l, uint32_t v)
{
	char digit[2] = {(char)('0' + v % 10), '\0'};

	if (v > 9)
		put_number(l, v / 10);
	put(l, digit);
}

static void put_inside(struct line *l, uint32_t vcpu, const struct bus_entry *e)
{
	put(l, "vCPU ");
	put_number(l, vcpu);
	put(l, " is inside device '");
	put(l, e->name);
	put(l, "'");
	if (e->plugin) {
		put(l, " (plugin '");
		put(l, e->plugin);
		put(l, "')");
	}
}

void late_tell(void *machine)
{
	struct machine *m = machine;
	const char *step = atomic_load_explicit(&m->end_step, memory_order_relaxed);
	const struct bus_entry *e = NULL;
	struct line l = {.n = 0};
	uint32_t i = 0;
	ssize_t ignored;

	while (i < m->vcpu_count && !(e = late_inside(m, i)))
		i++;
	put(&l, "vmrun: error: the machine has not ended within ");
	put_number(&l, SIGNALS_LIMIT);
	put(&l, " s of the signal: ");
	if (e)
		put_inside(&l, i, e);
	else
		put(&l, step ? step : "a plugin's thread holds it");
	put(&l, "; it is ended now\n");
	ignored = write(STDERR_FILENO, l.text, l.n);
	(void)ignored;
}
