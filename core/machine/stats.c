/* SPDX-License-Identifier: MIT */
/* stats.c: what a run cost, printed when it is over (--stats), and so far when SIGUSR1 asks. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/parts.h"
#include "common/file.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/log.h"

void stats_init(struct stats *s)
{
	/* Opened now: once the guest runs, nothing can be. It reads as of when it is read. */
	s->smaps = file_open_plain("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC, 0);
	s->started = s->ended = 0;
}

void stats_free(struct stats *s)
{
	if (s->smaps >= 0)
		close(s->smaps);
	s->smaps = -1;
}

/* A field of smaps_rollup in bytes; 0 when unknown. */
static uint64_t field(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 10) * 1024 : 0;
}

struct printer {
	FILE *to;
	struct json *json; /* NULL: a table */
};

static void VR_CALL print(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	struct printer *p = opaque;
	double x = (double)value;
	size_t u = 0;

	if (!name)
		return;
	if (p->json) {
		if (kind == VR_STAT_PERMILLE)
			json_real(p->json, name, x / 1000);
		else
			json_number(p->json, name, value);
		return;
	}
	switch (kind) {
	case VR_STAT_NS:
		if (value < 100000)
			fprintf(p->to, "  %-36s %14llu ns\n", name, (unsigned long long)value);
		else
			fprintf(p->to, "  %-36s %14.3f ms\n", name, x / 1e6);
		break;
	case VR_STAT_BYTES:
		for (; x >= 1024 && u < 4; u++)
			x /= 1024;
		fprintf(p->to, "  %-36s %14.1f %s\n", name, x, unit[u]);
		break;
	case VR_STAT_PERMILLE:
		fprintf(p->to, "  %-36s %14.1f %%\n", name, x / 10);
		break;
	default:
		fprintf(p->to, "  %-36s %14llu\n", name, (unsigned long long)value);
	}
}

static void core_stats(struct machine *m, struct printer *p)
{
	uint64_t exits[4] = {0}, accesses = 0, resident = ram_resident(&m->ram);
	char text[4096];
	ssize_t n = m->stats.smaps >= 0 ? file_read(m->stats.smaps, text, sizeof(text) - 1) : -1;

	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		for (uint32_t k = 0; k < 4; k++)
			exits[k] += m->vcpu[i].exits[k];
		accesses += m->bus.cpu[i].accesses;
	}
	print(p, "run_ns", VR_STAT_NS, m->stats.ended - m->stats.started);
	print(p, "vcpus", VR_STAT_COUNT, m->vcpu_count);
	print(p, "exits_kick", VR_STAT_COUNT, exits[VR_EXIT_KICK]);
	print(p, "exits_off", VR_STAT_COUNT, exits[VR_EXIT_OFF]);
	print(p, "exits_error", VR_STAT_COUNT, exits[VR_EXIT_ERROR]);
	print(p, "bus_accesses", VR_STAT_COUNT, accesses);
	print(p, "doorbells", VR_STAT_COUNT, m->doorbells.rung);
	print(p, "resets", VR_STAT_COUNT, m->resets);
	print(p, "guest_ram_bytes", VR_STAT_BYTES, m->ram_size);
	print(p, "guest_ram_resident_bytes", VR_STAT_BYTES, resident);
	if (n > 0) {
		uint64_t rss, pss;

		text[n] = 0;
		rss = field(text, "\nRss:");
		pss = field(text, "\nPss:");
		print(p, "host_rss_beyond_ram_bytes", VR_STAT_BYTES, rss > resident ? rss - resident : 0);
		/* The code cache is mapped twice: here it counts once, shared libraries by their share. */
		print(p, "host_pss_beyond_ram_bytes", VR_STAT_BYTES, pss > resident ? pss - resident : 0);
	}
}

void stats_print(struct machine *m, FILE *to)
{
	struct printer p = {.to = to};
	struct json j;

	if (m->stats_wanted == 2) {
		p.json = &j;
		json_start(&j, to);
		json_object(&j, NULL);
		json_string(&j, "choice", m->choice.line);
		json_object(&j, "core");
		core_stats(m, &p);
		json_end_object(&j);
		json_object(&j, "accel");
		if (VR_HAS(m->accel, stats))
			m->accel->stats(m->vm, print, &p);
		json_end_object(&j);
		json_end_object(&j);
		(void)json_finish(&j);
		return;
	}
	fprintf(to, "vmrun: %s\n", m->choice.line);
	core_stats(m, &p);
	if (VR_HAS(m->accel, stats)) {
		fprintf(to, "%s:\n", m->choice.accel->manifest->id);
		m->accel->stats(m->vm, print, &p);
	}
}

void stats_print_now(struct machine *m)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	vcpus_quiesce(m);
	m->stats.ended = clock_monotonic();
	if (to) {
		stats_print(m, to);
		if (fclose(to))
			n = 0;
	}
	vcpus_resume(m);
	/* To a terminal whose newlines are raw, and after the guest goes on: its reader may take its time. */
	if (text && n)
		log_text(text, n);
	else
		log_print(VR_LOG_ERROR, "the counters are not printed: out of memory");
	free(text);
}
