/* SPDX-License-Identifier: MIT */
/*
 * boards.c: the virtio device of the SDK's template on each board, as libraries: the fake host offers the device plugin as
 * one that the user named, the board gives it a transport, and the fake host's driver drives it.
 */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/board.h>
#include <vmrun/plugin.h>
#include <vmrun/state_virtio.h>
#include <vmrun/virtio.h>

#include "../fake_host/fake.h"
#include "fake_host/driver.h"

#define RAM (128ull << 20)

static const struct vr_plugin *load(struct vr_fake_host *d, const char *file, const char *id)
{
	const char *build = getenv("VR_B") ? getenv("VR_B") : "build";
	const struct vr_plugin *p = NULL;
	vr_plugin_create_fn create;
	char path[512];
	void *library, *symbol;

	snprintf(path, sizeof(path), "%s/%s", build, file);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	cr_assert(library, "%s", dlerror());
	symbol = dlsym(library, "vmrun_plugin_create");
	memcpy(&create, &symbol, sizeof(create));
	cr_assert_eq(create(d->host, id, &p), VR_OK);
	cr_assert_eq(p->probe(p->self), VR_OK, "%s", d->error_text);
	cr_assert_eq(p->start(p->self), VR_OK);
	return p;
}

static void unload(const struct vr_plugin *p)
{
	p->stop(p->self);
	p->destroy(p->self);
}

static struct place {
	const char *arch, *board;
	uint64_t slots, stride, ram; /* ram: some that is free */
	uint32_t line;
} places[] = {
	{"arm64", "board-virt", 0x0a000000, 0x200, 0x41000000, 32 + 16},
	{"riscv64", "board-virt-riscv64", 0x10001000, 0x1000, 0x81000000, 1},
	{"x86_64", "board-pc", 0xd0000000, 0x1000, 0x1000000, 32},
};

static void drive(struct vr_fake_host *d, const struct place *at, const struct vr_board_maker *b,
		  struct vr_board *board)
{
	struct vr_fake_driver v = {.host = d, .ram = at->ram};
	char answer[16] = "";
	uint32_t changes;

	v.base = vr_fake_driver_find(d, at->slots, at->stride, 1, 63);
	cr_assert_eq(v.base, at->slots, "%s", at->board);
	cr_assert_eq(vr_fake_driver_start(&v, 2, 1), -1, "a feature that is not offered");
	cr_assert_eq(vr_fake_driver_start(&v, 1, 1), 0);
	changes = d->line_rises[at->line];
	cr_assert_eq(vr_fake_driver_request(&v, 0, "abc", 3, answer, sizeof(answer)), 3);
	cr_expect_str_eq(answer, "CBA");
	cr_expect_eq(d->line_rises[at->line], changes + 1, "%s", at->board);
	cr_expect_eq(vr_fake_driver_read(&v, 0x100), 1);
	b->reset(board);
	cr_expect_eq(d->line[at->line], 0);
	cr_expect_eq(vr_fake_driver_read(&v, 0x70), 0);
	cr_expect_eq(vr_fake_driver_read(&v, 0x100), 0);
	cr_assert_eq(vr_fake_driver_start(&v, 0, 1), 0);
	cr_assert_eq(vr_fake_driver_request(&v, 0, "abc", 3, answer, sizeof(answer)), 3);
	cr_expect_arr_eq(answer, "ABC", 3);
}

/* The board's canonical states: the device goes on in a machine that was reset, as in another one. */
static void move(struct vr_fake_host *d, const struct place *at, const struct vr_board_maker *b,
		 struct vr_board *board)
{
	struct vr_fake_driver v = {.host = d, .ram = at->ram, .base = at->slots};
	struct vr_board_state found[64];
	uint8_t state[64][128];
	uint32_t n = 0;
	char answer[16] = "";

	cr_assert_eq(vr_fake_driver_start(&v, 1, 1), 0);
	cr_assert_eq(vr_fake_driver_request(&v, 0, "abc", 3, answer, sizeof(answer)), 3);
	b->pause(board);
	for (uint32_t i = 0; n < 64; i++) {
		found[n] = (struct vr_board_state){.size = sizeof(found[n])};
		if (b->state_at(board, i, &found[n]) < 0)
			break;
		if (strncmp(found[n].id, "vmrun.state.virtio", 18) != 0)
			continue;
		cr_assert_leq(found[n].length, sizeof(state[n]));
		cr_assert_eq(b->get_state(board, found[n].id, found[n].index, state[n], found[n].length),
			     VR_OK);
		n++;
	}
	b->resume(board);
	cr_expect_eq(n, 2, "%s: a device with one queue", at->board);
	b->reset(board);
	b->pause(board);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(b->set_state(board, found[i].id, found[i].index, state[i], found[i].length),
			     VR_OK, "%s", d->error_text);
	b->resume(board);
	cr_assert_eq(vr_fake_driver_request(&v, 0, "xyz", 3, answer, sizeof(answer)), 3);
	cr_expect_arr_eq(answer, "ZYX", 3);
	cr_expect_eq(b->get_state(board, VR_STATE_VIRTIO_ID, 1, state[0], sizeof(state[0])), VR_E_RANGE);
	cr_expect_eq(b->get_state(board, VR_STATE_VIRTIO_QUEUE_ID, 1, state[0], sizeof(state[0])),
		     VR_E_RANGE);
	cr_expect_eq(b->get_state(board, "vmrun.state.nothing/1", 0, state[0], sizeof(state[0])), VR_E_NOENT);
	vr_fake_host_error_clear(d);
}

static void on(const struct place *at)
{
	struct vr_fake_host *d = strcmp(at->arch, "x86_64") == 0 ? fake_new_pc(1) : fake_new(0, 0, 1);
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = 1, .ram_size = RAM, .arch = at->arch};
	const struct vr_plugin *device, *plugin;
	const struct vr_board_maker *b;
	char file[128];
	struct vr_board *board = NULL;

	d->arch = at->arch;
	device = load(d, "tests/virtio/template.so", "template");
	fake_offer(d, VR_VIRTIO_ID, device->query(device->self, VR_VIRTIO_ID), "template",
		   VR_FOUND_REQUESTED);
	d->offer[0].found.self = device->self;
	snprintf(file, sizeof(file), "plugins/%s.so", at->board);
	plugin = load(d, file, at->board);
	b = plugin->query(plugin->self, VR_BOARD_ID);
	cr_assert_eq(b->create(plugin->self, &c, &board), VR_OK, "%s: %s", at->board, d->error_text);
	drive(d, at, b, board);
	move(d, at, b, board);
	b->destroy(board);
	unload(plugin);
	unload(device);
	fake_free(d);
}

Test(boards, arm64)
{
	on(&places[0]);
}

Test(boards, riscv64)
{
	on(&places[1]);
}

Test(boards, x86_64)
{
	on(&places[2]);
}

/* ---- a disk's request in flight ----------------------------------------------------------------------- */

static struct vr_fake_driver disk_driver;
static char sector[513];

static void *read_sector(void *arg)
{
	static const uint32_t header[4]; /* 5.2.6: VIRTIO_BLK_T_IN, sector 0 */
	int64_t *n = arg;

	*n = vr_fake_driver_request(&disk_driver, 0, header, sizeof(header), sector, sizeof(sector));
	return NULL;
}

static void pause_in_flight(const struct place *at)
{
	struct vr_fake_host *d = strcmp(at->arch, "x86_64") == 0 ? fake_new_pc(1) : fake_new(0, 0, 1);
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = 1, .ram_size = RAM, .arch = at->arch};
	const struct vr_plugin *device, *plugin;
	struct vr_state_virtio_queue first, second;
	struct vr_board *board = NULL;
	const struct vr_board_maker *b;
	char file[128];
	pthread_t thread;
	int64_t n = -1;

	d->arch = at->arch;
	cr_assert_eq(vr_fake_host_disk(d, 0x10000, 0), 0);
	memset(d->disk[0].bytes, 0x5a, 512);
	device = load(d, "plugins/virtio.so", "virtio");
	fake_offer(d, VR_VIRTIO_ID, device->query(device->self, VR_VIRTIO_ID), "virtio", 0);
	d->offer[0].found.self = device->self;
	snprintf(file, sizeof(file), "plugins/%s.so", at->board);
	plugin = load(d, file, at->board);
	b = plugin->query(plugin->self, VR_BOARD_ID);
	cr_assert_eq(b->create(plugin->self, &c, &board), VR_OK, "%s: %s", at->board, d->error_text);
	disk_driver = (struct vr_fake_driver){.host = d, .ram = at->ram, .base = at->slots};
	cr_assert_eq(vr_fake_driver_start(&disk_driver, 0, 1), 0);
	d->disk[0].delay_us = 30000;
	cr_assert_eq(pthread_create(&thread, NULL, read_sector, &n), 0);
	while (!__atomic_load_n(&d->disk[0].at_once, __ATOMIC_SEQ_CST))
		usleep(100);
	b->pause(board);
	cr_assert_eq(b->get_state(board, VR_STATE_VIRTIO_QUEUE_ID, 0, &first, sizeof(first)), VR_OK);
	cr_expect_eq(first.avail, first.used, "%s: a request is in flight", at->board);
	cr_expect_eq(first.used, 1, "%s: it was finished", at->board);
	vr_fake_host_watch(d);
	usleep(20000);
	cr_expect_eq(vr_fake_host_watched(d), 0, "%s: memory changes", at->board);
	cr_assert_eq(b->get_state(board, VR_STATE_VIRTIO_QUEUE_ID, 0, &second, sizeof(second)), VR_OK);
	cr_expect_arr_eq(&first, &second, sizeof(first));
	b->resume(board);
	pthread_join(thread, NULL);
	cr_expect_eq(n, sizeof(sector));
	cr_expect(sector[0] == 0x5a && sector[511] == 0x5a && !sector[512]);
	b->destroy(board);
	unload(plugin);
	unload(device);
	fake_free(d);
}

Test(boards, pause_in_flight)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		pause_in_flight(&places[i]);
}
