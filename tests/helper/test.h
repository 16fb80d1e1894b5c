/* SPDX-License-Identifier: MIT */
/* test.h: what the two halves of the test's plugin share. */
#ifndef VR_TESTS_HELPER_TEST_H
#define VR_TESTS_HELPER_TEST_H

#include <sys/types.h>
#include <vmrun/helper.h>
#include <vmrun/plugin.h>

struct test_plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	const struct vr_host_config *config;
	const struct vr_host_log *log;
	const struct vr_host_helper *helpers;
};

static inline struct test_plugin *test_plugin_of(struct vr_plugin_self *self)
{
	return (struct test_plugin *)self;
}

/* For init(). */
struct test_config {
	pid_t vmrun;
	char how[32]; /* the option `how`: what goes wrong */
};

/* Larger than one packet. */
#define TEST_STATE_MAGIC 0x73746174u
struct test_state {
	uint32_t magic, count;
	uint8_t filling[3 * VR_HELPER_MESSAGE_MAX];
};

extern const struct vr_helper_main test_helper;

#endif
