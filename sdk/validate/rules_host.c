/* SPDX-License-Identifier: MIT */
/*
 * rules_host.c: a host that offers less, offers shorter tables, refuses, or has no memory. A plugin may
 * refuse then, with a text; it may not crash.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "common/text.h"

static const char *const table_ids[] = {
#define TABLE(id, type, name) id,
#include "fake_host/tables.def"
#undef TABLE
};
#define TABLES (sizeof(table_ids) / sizeof(table_ids[0]))

static bool required(const struct vr_check *c, const char *id)
{
	for (char *const *p = c->target->requires_; *p; p++)
		if (strcmp(*p, id) == 0)
			return true;
	return false;
}

/* Every plugin may count on these. */
static bool always(const char *id)
{
	return strcmp(id, VR_LOG_ID) == 0 || strcmp(id, VR_CONFIG_ID) == 0 || strcmp(id, VR_REGISTRY_ID) == 0;
}

/* A board's, whose transport stands before the plugin's virtio devices here. */
static bool transports(struct vr_check *c, const char *id)
{
	static const char *const ids[] = {VR_MEMORY_ID, VR_MMIO_ID, VR_IRQ_ID};
	bool is = false;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		is |= strcmp(id, ids[i]) == 0;
	return is && vr_text_list_has(c->target->provides, VR_VIRTIO_ID);
}

/* That a whole host will do is another rule's. */
static void usable(struct vr_check *c)
{
	const char *stage;
	int32_t rc;

	check_magic(c);
	check_given(c, 1);
	c->d = check_fake_host(c);
	rc = check_life(c, c->d, &stage);
	if (rc < 0)
		check_skip(c, "%s refuses even a whole host: %s", stage, c->d->error_text);
	vr_fake_host_free(c->d);
	check_given(c, 0);
}

void check_table_guard(struct vr_check *c)
{
	usable(c);
	for (size_t i = 0; i < TABLES; i++) {
		uint32_t whole = 0;

		for (uint32_t size = 8;; size += 8) {
			struct vr_fake_host *d = check_fake_host(c);
			const char *stage;
			int32_t rc;

			whole = vr_fake_host_table_size(d, table_ids[i]);
			if (size >= whole) {
				vr_fake_host_free(d);
				break;
			}
			vr_fake_host_cut(d, table_ids[i], size);
			check_context(c, "%s cut to %u of %u bytes", table_ids[i], size, whole);
			rc = check_life(c, d, &stage);
			if (rc < 0)
				CHECK(c, d->error_count, "%s refuses %s of %u bytes (of %u) without a text",
				      stage, table_ids[i], size, whole);
			vr_fake_host_free(d);
		}
	}
}

/* One table after another is missing, of those that the manifest requires or of the others. */
static void without(struct vr_check *c, bool are_required)
{
	usable(c);
	for (size_t i = 0; i < TABLES; i++) {
		struct vr_fake_host *d;
		const char *stage;
		int32_t rc;

		if (required(c, table_ids[i]) != are_required)
			continue;
		d = check_fake_host(c);
		vr_fake_host_remove(d, table_ids[i]);
		check_context(c, "without %s", table_ids[i]);
		rc = check_life(c, d, &stage);
		CHECK(c, are_required || rc >= 0 || always(table_ids[i]) || transports(c, table_ids[i]),
		      "without %s, which its manifest does not require, %s refuses with %s: %s; "
		      "write it into 'requires' of the manifest, or do without it",
		      table_ids[i], stage, check_error_name(rc), d->error_text);
		if (rc < 0)
			check_refusal(c, d, rc, stage);
		vr_fake_host_free(d);
	}
}

void check_missing_optional(struct vr_check *c)
{
	without(c, false);
}

void check_missing_required(struct vr_check *c)
{
	without(c, true);
}

void check_host_calls(struct vr_check *c)
{
	const char *stage, *finding;

	check_magic(c);
	c->d = check_fake_host(c);
	check_given(c, 1);
	check_life(c, c->d, &stage);
	check_given(c, 0);
	finding = vr_fake_host_finding(c->d, 0);
	CHECK(c, !finding, "%s", finding);
}

void check_host_mappings(struct vr_check *c)
{
	const char *stage;

	check_magic(c);
	c->d = check_fake_host(c);
	check_given(c, 1);
	check_life(c, c->d, &stage);
	check_given(c, 0);
	CHECK(c, !c->d->mapping_count, "%u mappings of guest memory are left after destroy",
	      c->d->mapping_count);
}

/* ---- a host that refuses --------------------------------------------------------------------------------
 */

#define MOST 4000

void check_host_refuses(struct vr_check *c)
{
	uint32_t n;

	usable(c);
	for (n = 1; n < MOST; n++) {
		struct vr_fake_host *d = check_fake_host(c);
		const char *stage;
		int32_t rc;
		uint32_t reached;

		vr_fake_host_refuse(d, n);
		check_context(c, "request %u refused", n);
		rc = check_life(c, d, &stage);
		reached = d->refused;
		if (reached && rc >= 0)
			check_fail(c, "the host refused its %s (request %u), and it went on as if it had not",
				   d->refused_what, n);
		if (reached)
			check_refusal(c, d, rc, stage);
		vr_fake_host_free(d);
		if (!reached)
			break;
	}
	CHECK(c, n < MOST, "it asks the host for more than %d things", MOST);
}

/* ---- no memory ---------------------------------------------------------------------------------------- */

/* The life with its n-th allocation failing: 1 when there was an n-th. */
static int starve(struct vr_check *c, uint64_t n, int32_t *rc, const char **stage, struct vr_fake_host **d)
{
	int failed;

	*d = check_fake_host(c);
	check_context(c, "allocation %llu fails", (unsigned long long)n);
	check_alloc_fail(n);
	check_alloc_arm(1);
	*rc = check_life(c, *d, stage);
	check_alloc_arm(0);
	failed = check_alloc_now().failed != 0;
	check_alloc_fail(0);
	return failed;
}

static void can_starve(struct vr_check *c)
{
	if (!check_alloc_works())
		check_skip(c, "this build's allocator (a sanitizer's, or not glibc's) can't be made to fail");
	usable(c);
}

/* One run for the three rules: what is looked at differs. */
enum { CRASHES, TEXTS, LEAKS };

static void starve_all(struct vr_check *c, int what)
{
	struct check_alloc good = {0}; /* what a life with all the memory leaves: another rule's */

	can_starve(c);
	check_given(c, what != CRASHES);
	if (what == LEAKS) {
		struct check_alloc before = check_alloc_now();
		struct vr_fake_host *d;
		const char *stage;
		int32_t rc;

		starve(c, 0, &rc, &stage, &d);
		vr_fake_host_free(d);
		good = check_alloc_now();
		good.blocks -= before.blocks;
		good.mapped = (int64_t)(good.mapped - before.mapped) > 0 ? good.mapped - before.mapped : 0;
	}
	for (uint64_t n = 1; n < MOST; n++) {
		struct check_alloc before = check_alloc_now(), after;
		struct vr_fake_host *d;
		const char *stage;
		int32_t rc;
		int reached = starve(c, n, &rc, &stage, &d);

		after = check_alloc_now();
		check_given(c, 0);
		if (reached && what == TEXTS && rc < 0)
			check_refusal(c, d, rc, stage);
		if (what == LEAKS) {
			CHECK(c, after.blocks <= before.blocks + good.blocks || !reached,
			      "when allocation %llu fails, %llu blocks (%llu bytes) stay allocated (%s: %s)",
			      (unsigned long long)n, (unsigned long long)(after.blocks - before.blocks),
			      (unsigned long long)(after.bytes - before.bytes), stage, check_error_name(rc));
			CHECK(c, (int64_t)(after.mapped - before.mapped - good.mapped) <= 0 || !reached,
			      "when allocation %llu fails, %llu bytes stay mapped (%s: %s)",
			      (unsigned long long)n, (unsigned long long)(after.mapped - before.mapped),
			      stage, check_error_name(rc));
		}
		check_given(c, what != CRASHES);
		vr_fake_host_free(d);
		if (!reached)
			return;
	}
}

void check_starve_crash(struct vr_check *c)
{
	starve_all(c, CRASHES);
}

void check_starve_text(struct vr_check *c)
{
	starve_all(c, TEXTS);
}

void check_starve_leak(struct vr_check *c)
{
	starve_all(c, LEAKS);
}
