/* SPDX-License-Identifier: MIT */
/*
 * machine.c: a machine's life: read what it boots, choose accelerator, translator and board, build it, run it, take it apart.
 *
 * Disks are opened for writing only after what they boot was read and understood, so a file that is no image
 * is left as it is. Each part is taken apart before the parts that it calls: vCPUs stand still, then
 * timers, the console and the doorbells fall silent, then the board ends its devices and their threads, and
 * only then the vCPUs go, since any of the former may drive their pins.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <vmrun/emitter.h>

#include "common/error.h"
#include "common/text.h"
#include "gdb/gdb.h"
#include "machine/parts.h"
#include "util/clock.h"
#include "util/log.h"

#define DEFAULT_RAM (512ull << 20)
#define RAM_UNIT 0x10000ull
#define MOST_RAM (1ull << 46)

void machine_offer(struct registry *r)
{
	registry_offer(r, VR_MEMORY_ID, &memory_table);
	registry_offer(r, VR_MMIO_ID, &mmio_table);
	registry_offer(r, VR_IRQ_ID, &irq_table);
	registry_offer(r, VR_TIMER_ID, &timer_table);
	registry_offer(r, VR_CODECACHE_ID, &codecache_table);
	registry_offer(r, VR_THREAD_ID, &thread_table);
	registry_offer(r, VR_MACHINE_ID, &machine_table);
	registry_offer(r, VR_CONSOLE_ID, &console_table);
	registry_offer(r, VR_STREAMS_ID, &streams_table);
	registry_offer(r, VR_DISKS_ID, &disks_table);
	registry_offer(r, VR_DEVICE_TRACE_ID, &device_trace_table);
	registry_offer(r, VR_DOORBELL_ID, &doorbell_table);
	registry_offer(r, VR_SANDBOX_ID, &sandbox_table);
	registry_offer(r, VR_DEBUGLOG_ID, &debuglog_table);
	registry_offer(r, VR_CODEMAP_ID, &codemap_table);
}

/* ---- building ------------------------------------------------------------------------------------ */
static int32_t check_config(struct machine *m, const struct machine_config *c)
{
	m->vcpu_count = c->vcpu_count ? c->vcpu_count : 1;
	m->ram_size = c->ram_size ? c->ram_size : DEFAULT_RAM;
	m->no_reboot = c->no_reboot;
	m->timeout = c->timeout;
	m->stats_wanted = c->stats;
	if (m->vcpu_count > MACHINE_MAX_VCPUS)
		return vr_error_set(VR_E_CONFIG, "%u vCPUs: at most %u can be had", m->vcpu_count,
				    MACHINE_MAX_VCPUS);
	if (m->ram_size % RAM_UNIT || m->ram_size > MOST_RAM)
		return vr_error_set(
			VR_E_CONFIG,
			"%llu bytes of memory: the size must be a multiple of 64 KiB and at most 64 TiB",
			(unsigned long long)m->ram_size);
	if (c->disk_count > MACHINE_MAX_DISKS - 1)
		return vr_error_set(VR_E_CONFIG, "%u disks: at most %u can be had", c->disk_count,
				    MACHINE_MAX_DISKS - 1);
	if (!c->kernel && !c->image)
		return vr_error_set(VR_E_CONFIG, "nothing to boot: name an image, or a kernel with --kernel");
	if (vr_text_list_length(c->initrds) > BOOT_INITRDS)
		return vr_error_set(VR_E_CONFIG, "%zu initrds: at most %u can be had",
				    vr_text_list_length(c->initrds), BOOT_INITRDS);
	return VR_OK;
}

static int32_t remember_boot(struct machine *m, const struct machine_config *c)
{
	int32_t rc = vr_text_replace(&m->kernel, c->kernel);

	for (char **i = c->initrds; rc == VR_OK && i && *i; i++)
		rc = vr_text_list_add(&m->initrds, *i);
	if (rc == VR_OK)
		rc = vr_text_replace(&m->image, c->image);
	if (rc == VR_OK && m->run.wanted)
		rc = run_append(c->append, &m->append);
	else if (rc == VR_OK)
		rc = vr_text_replace(&m->append, c->append);
	if (rc == VR_OK && m->append) {
		m->append_length = c->append ? strlen(c->append) : 0;
		m->command_length = strlen(m->append) - m->append_length;
	}
	return rc;
}

/* *image_is_disk: the image becomes disk 0. */
static int32_t read_boot(struct machine *m, int *image_is_disk)
{
	int32_t rc = boot_read(&m->boot_files, m->append, &m->boot, image_is_disk);

	/* Beside a kernel of its own an image can only be a disk. */
	if (m->kernel)
		*image_is_disk = m->image != NULL;
	return rc;
}

static int32_t open_disk(struct machine *m, const char *path, enum disk_mode mode, bool raw)
{
	struct disk *d = &m->disk[m->disk_count];
	int32_t rc = disk_open(d, path, mode, m->disk, m->disk_count);

	if (rc == VR_OK)
		m->disk_count++;
	return rc == VR_OK && !raw ? disk_check_format(d) : rc;
}

static int32_t read_disk(void *opaque, uint64_t offset, void *to, size_t n)
{
	const struct vr_iovec v = {.base = to, .length = n};

	return disk_read(opaque, offset, &v, 1);
}

static int32_t open_disks(struct machine *m, const struct machine_config *c, int image_is_disk)
{
	const enum disk_mode mode = c->ephemeral ? DISK_EPHEMERAL : DISK_WRITABLE;
	int32_t rc = VR_OK;

	if (image_is_disk)
		rc = open_disk(m, c->image, c->read_only ? DISK_READ_ONLY : mode, false);
	/* A reset boots what is on the disk then, for this guest. */
	if (rc == VR_OK && image_is_disk && !m->kernel && m->disk[0].overlay.bits) {
		m->boot_files.main.read = read_disk;
		m->boot_files.main.opaque = &m->disk[0];
	}
	for (uint32_t i = 0; rc == VR_OK && i < c->disk_count; i++) {
		const struct disk_config *k = &c->disks[i];

		rc = open_disk(m, k->path, k->mode == DISK_WRITABLE ? mode : k->mode, k->raw);
	}
	return rc;
}

static enum sandbox_profile sandbox_profile(struct registry *r, bool sandbox)
{
	for (uint32_t i = 0; i < registry_count(r); i++) {
		struct loaded_plugin *p = registry_at(r, i);

		if (!p->started || p->manifest->class_id != VR_CLASS_PASSTHROUGH)
			continue;
		if (sandbox)
			log_print(VR_LOG_WARN,
				  "plugin '%s' opens files while the guest runs, so the sandbox keeps this "
				  "process's right to "
				  "open files",
				  p->manifest->id);
		return SANDBOX_MACHINE_FILES;
	}
	return SANDBOX_MACHINE;
}

static int32_t find_tables(struct machine *m)
{
	const struct choice *c = &m->choice;
	const void *accel, *board;
	int32_t rc = machine_interface(c->accel, VR_ACCEL_ID, &accel);

	if (rc == VR_OK)
		rc = machine_interface(c->board, VR_BOARD_ID, &board);
	if (rc < 0)
		return rc;
	m->accel = accel;
	m->accel_self = c->accel->plugin->self;
	m->board_table = board;
	return VR_OK;
}

static int32_t create_vm(struct machine *m)
{
	struct loaded_plugin *t = m->choice.translator;
	struct vr_vm_config c = {
		.size = sizeof(c),
		.vcpu_count = m->vcpu_count,
		.arch = m->choice.arch,
		.flags = (m->stats_wanted ? VR_VM_STATS : 0) | (m->debugger ? VR_VM_DEBUG : 0),
	};
	int32_t rc;

	if (t) {
		const void *isa;

		rc = machine_interface(t, VR_ISA_ID, &isa);
		if (rc < 0)
			return rc;
		c.isa = isa;
		c.emitter = registry_interface(t, VR_EMITTER_ID);
		c.translator_self = t->plugin->self;
		c.translator_id = t->manifest->id;
	}
	rc = m->accel->vm_create(m->accel_self, &c, &m->vm);
	if (rc < 0) {
		m->vm = NULL;
		vr_error_context(rc, "accelerator '%s'", m->choice.accel->manifest->id);
		return rc;
	}
	debuglog_tell_missing(m->debuglog, m->choice.accel->manifest->id);
	doorbells_update(m);
	return VR_OK;
}

static int32_t create_board(struct machine *m)
{
	struct vr_board_config c = {
		.size = sizeof(c),
		.vcpu_count = m->vcpu_count,
		.ram_size = m->ram_size,
		.arch = m->choice.arch,
	};
	int32_t rc = m->board_table->create(m->choice.board->plugin->self, &c, &m->board);

	if (rc < 0) {
		m->board = NULL;
		vr_error_context(rc, "board '%s'", m->choice.board->manifest->id);
	}
	return rc;
}

static int32_t check_command_line(const struct machine *m, uint32_t most)
{
	uint64_t n = strlen(m->boot.payload.cmdline), given = m->append ? strlen(m->append) + 1 : 0;
	char own[64] = "";

	given += m->own_length;
	if (!most || n <= most)
		return VR_OK;
	if (m->own_length)
		snprintf(own, sizeof(own), ", %llu of the board's options",
			 (unsigned long long)m->own_length);
	return vr_error_set(
		VR_E_CONFIG,
		"%s: the command line has %llu bytes, and this kernel takes %u: %llu of --append "
		"(in a machine file: append), %llu of --run, %llu of the image's boot entry%s; shorten "
		"them",
		m->boot.payload.kernel_name, (unsigned long long)n, most,
		(unsigned long long)m->append_length, (unsigned long long)m->command_length,
		(unsigned long long)(n > given ? n - given : 0), own);
}

static int32_t load(struct machine *m)
{
	uint32_t most = VR_HAS(m->board_table, cmdline_max)
				? m->board_table->cmdline_max(m->board, &m->boot.payload)
				: 0;
	int32_t rc = machine_add_parameters(m, most);

	if (rc == VR_OK)
		rc = check_command_line(m, most);
	if (rc == VR_OK) {
		rc = m->board_table->load(m->board, &m->boot.payload);
		if (rc < 0)
			vr_error_context(rc, "board '%s'", m->choice.board->manifest->id);
	}
	if (rc >= 0)
		m->vcpu[0].on = true; /* nothing runs: the gate is shut */
	/* It is in guest memory now; a second copy would be the largest thing this process has. */
	boot_free(&m->boot);
	memset(&m->boot, 0, sizeof(m->boot));
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	return rc;
}

/* The machine's limits, while it runs. */
static void look_around(struct machine *m)
{
	late_look(m);
	run_look(&m->run);
	if (atomic_exchange(&m->stats_asked, false))
		stats_print_now(m);
	if (!m->deadline || clock_monotonic() < m->deadline)
		return;
	m->deadline = 0;
	log_print(VR_LOG_ERROR, "the machine has run for %g s and is ended (--timeout)",
		  (double)m->timeout / 1e9);
	console_end(&m->console, RUN_TIMEOUT);
}

static void user_ends(void *opaque, int32_t status)
{
	struct machine *m = opaque;

	power_request(m, VR_POWER_OFF, status);
	run_hurry(&m->run);
	/* Requests to disks that are under way are broken off: the guest is no longer there to see it. */
	disks_stop(m);
}

static void user_asks(void *opaque)
{
	struct machine *m = opaque;

	atomic_store(&m->stats_asked, true);
	pthread_mutex_lock(&m->lock);
	m->look_now = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static int32_t init_parts(struct machine *m, const struct machine_config *c)
{
	int32_t rc;

	m->vcpu = calloc(m->vcpu_count, sizeof(*m->vcpu));
	if (!m->vcpu)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (uint32_t i = 0; i < m->vcpu_count; i++) {
		m->vcpu[i].machine = m;
		m->vcpu[i].index = i;
	}
	doorbells_init(&m->doorbells, &m->sandbox);
	rc = bus_init(&m->bus, m->vcpu_count);
	if (rc == VR_OK)
		rc = timers_init(&m->timers, &m->sandbox);
	if (rc == VR_OK)
		rc = run_init(&m->run, m, c);
	if (rc == VR_OK)
		rc = console_init(&m->console);
	if (m->run.wanted)
		m->console.text = run_text;
	m->console.text_opaque = &m->run;
	m->console.end = user_ends;
	m->console.counters = user_asks;
	m->console.end_opaque = m;
	m->console.output_optional = c->output_optional;
	return rc;
}

static int32_t build(struct machine *m, const struct machine_config *c)
{
	int image_is_disk;
	int32_t rc = check_config(m, c);

	if (rc == VR_OK)
		rc = init_parts(m, c);
	if (rc == VR_OK)
		rc = remember_boot(m, c);
	if (rc == VR_OK)
		rc = boot_open(&m->boot_files, m->kernel, m->initrds, m->image, m->ram_size);
	if (rc == VR_OK)
		rc = read_boot(m, &image_is_disk);
	if (rc == VR_OK)
		rc = machine_choose(m->registry, c, &m->boot.payload, &m->choice);
	if (rc == VR_OK && log_get_level() >= VR_LOG_WARN)
		choice_print(&m->choice, stderr);
	if (rc == VR_OK)
		rc = open_disks(m, c, image_is_disk);
	if (rc == VR_OK)
		rc = console_log_new(m, c, &m->console.log);
	if (rc == VR_OK)
		rc = run_open_log(&m->run, m, c);
	if (rc == VR_OK)
		rc = debuglog_new(m, c, &m->debuglog);
	if (rc == VR_OK)
		rc = codemap_new(c->perf_map, c->jitdump, &m->codemap);
	if (rc == VR_OK)
		rc = find_tables(m);
	if (rc == VR_OK && c->gdb)
		rc = gdb_open(m, c);
	if (rc == VR_OK)
		rc = devices_start(m->registry, m->choice.board);
	if (rc == VR_OK)
		rc = disks_open_plugins(m, c->ephemeral);
	if (rc < 0)
		return rc;
	stats_init(&m->stats);
	sandbox_init(&m->sandbox, c->sandbox, sandbox_profile(m->registry, c->sandbox));
	if (m->codemap)
		codemap_allow(m->codemap, &m->sandbox);
	if (m->gdb)
		gdb_allow(m->gdb, &m->sandbox);
	rc = disks_start(m);
	if (rc == VR_OK)
		rc = create_vm(m);
	if (rc == VR_OK)
		rc = create_board(m);
	if (rc == VR_OK)
		rc = machine_map_ram(m);
	if (rc == VR_OK)
		rc = vcpus_start(m);
	if (rc == VR_OK)
		rc = load(m);
	return rc;
}

static void init_locks(struct machine *m)
{
	pthread_condattr_t a;

	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->gate, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &a);
	pthread_condattr_destroy(&a);
}

int32_t machine_new(struct registry *r, const struct machine_config *c, struct machine **out)
{
	struct machine *m = calloc(1, sizeof(*m));
	int32_t rc;

	*out = NULL;
	if (!m)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	m->registry = r;
	m->gate_shut = true;
	m->request = POWER_NONE;
	m->look = look_around;
	m->sandbox.ruleset = -1;
	m->stats.smaps = -1;
	boot_files_none(&m->boot_files);
	init_locks(m);
	machine_offer(r);
	registry_set_machine(r, m);
	rc = build(m, c);
	if (rc < 0) {
		machine_free(m);
		return rc;
	}
	*out = m;
	return VR_OK;
}

/* ---- running ------------------------------------------------------------------------------------- */
/* A reset boots what is on the disk then: the guest may have put a new kernel there. Nothing is opened: the
 * process has given up the right to. */
static int32_t reset(struct machine *m)
{
	int image_is_disk;
	int32_t rc;

	vcpus_quiesce(m);
	if (!power_reset_begins(m))
		return VR_OK;
	m->resets++;
	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->vcpu_count; i++)
		m->vcpu[i].on = false;
	pthread_mutex_unlock(&m->lock);
	run_restart(&m->run);
	console_restart(&m->console);
	m->accel->vm_reset(m->vm);
	/* The reset failed and said so, or the user ends the machine. */
	if (power_pending(m))
		return VR_OK;
	m->board_table->reset(m->board);
	vr_error_clear();
	rc = read_boot(m, &image_is_disk);
	return rc < 0 ? rc : load(m);
}

static int32_t ended(uint32_t what, int32_t code)
{
	if (what == VR_POWER_CRASH)
		return code ? code : 1;
	return what == VR_POWER_RESET ? 0 : code;
}

static int32_t end_status(struct machine *m, uint32_t what, int32_t code)
{
	int32_t status = ended(what, code), lost = console_lost_status(&m->console);

	/* Output that is not whole is worse than any status of the command. */
	if (m->run.wanted && what != VR_POWER_CRASH && !status && !lost)
		status = run_status(&m->run, what == VR_POWER_RESET);
	if (what == VR_POWER_RESET && console_init_failed(&m->console)) {
		log_print(VR_LOG_ERROR,
			  "the guest's init could not go on; its last lines on the console, before the "
			  "panic, say why");
		status = RUN_NO_STATUS;
	}
	return status ? status : lost;
}

/* What the end waits for from now on. */
static void end_step(struct machine *m, const char *text)
{
	atomic_store_explicit(&m->end_step, text, memory_order_relaxed);
}

int32_t machine_run(struct machine *m)
{
	int32_t code = 0, status;
	uint32_t what;
	int32_t rc = console_start(&m->console, &m->sandbox, late_tell, m);

	if (rc == VR_OK)
		rc = run_start(&m->run, &m->sandbox);
	if (rc == VR_OK && m->gdb)
		rc = gdb_start(m->gdb);
	if (rc == VR_OK)
		rc = sandbox_enter(&m->sandbox);
	if (rc < 0) {
		log_print(VR_LOG_ERROR, "%s", vr_error_text(rc));
		return 1;
	}
	m->boot_files.guest_has_run = true;
	m->stats.started = clock_monotonic();
	if (m->timeout)
		m->deadline = m->stats.started + m->timeout;
	vcpus_resume(m);
	for (;;) {
		what = power_wait(m, &code);
		if (what != VR_POWER_RESET || m->no_reboot || run_over(&m->run) ||
		    console_init_failed(&m->console))
			break;
		rc = reset(m);
		if (rc < 0) {
			log_print(VR_LOG_ERROR, "reset: %s", vr_error_text(rc));
			what = VR_POWER_CRASH;
			code = 1;
			break;
		}
		vcpus_resume(m);
		gdb_was_reset(m->gdb);
	}
	end_step(m, "a vCPU does not stop");
	vcpus_quiesce(m);
	end_step(m, "a disk's requests do not end");
	disks_stop(m);
	m->stats.ended = clock_monotonic();
	end_step(m, "the console's output is not taken");
	run_stop(&m->run);
	console_stop(&m->console);
	end_step(m, NULL);
	status = end_status(m, what, code);
	gdb_finish(m->gdb, status);
	if (status == 128 + m->console.signal)
		m->signal = m->console.signal;
	if (m->stats_wanted)
		stats_print(m, stderr);
	return status;
}

int machine_signal(const struct machine *m)
{
	return m->signal;
}

const char *machine_choice(const struct machine *m)
{
	return m->choice.line;
}

/* ---- taking apart -------------------------------------------------------------------------------- */
void machine_free(struct machine *m)
{
	if (!m)
		return;
	if (m->vcpu)
		vcpus_quiesce(m);
	gdb_free(m->gdb);
	/* A vCPU that waits for the console to take its output must not keep it from being joined. */
	run_stop(&m->run);
	console_stop(&m->console);
	end_step(m, "a device's timer does not return");
	timers_stop(&m->timers);
	end_step(m, "a device's doorbell does not return");
	doorbells_stop(&m->doorbells);
	end_step(m, "the board's destroy(), or that of one of its devices, does not return");
	if (m->board)
		m->board_table->destroy(m->board);
	end_step(m, "a vCPU's thread does not end");
	vcpus_end(m);
	end_step(m, "the accelerator's vm_destroy() does not return");
	if (m->vm)
		m->accel->vm_destroy(m->vm);
	end_step(m, NULL);
	registry_set_machine(m->registry, NULL);
	timers_free(&m->timers);
	doorbells_free(&m->doorbells);
	disks_close(m);
	/* Up to here signals are caught: one that came now would keep the disks from being flushed. */
	console_free(&m->console);
	run_free(&m->run);
	boot_free(&m->boot);
	boot_close(&m->boot_files);
	bus_free(&m->bus);
	ram_free(&m->ram);
	stats_free(&m->stats);
	debuglog_free(m->debuglog);
	codemap_free(m->codemap);
	sandbox_free(&m->sandbox);
	choice_free(&m->choice);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->gate);
	pthread_cond_destroy(&m->changed);
	free(m->vcpu);
	free(m->kernel);
	vr_text_list_free(m->initrds);
	free(m->append);
	free(m->image);
	free(m);
}
