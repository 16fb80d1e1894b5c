/* SPDX-License-Identifier: MIT */
#include "util/log_filter.h"

#include <stdlib.h>
#include <string.h>
#include <vmrun/debuglog.h>

#include "common/error.h"
#include "common/text.h"

static const struct item {
	const char *word, *address, *help;
} items[] = {
#define VR_DEBUGLOG_ITEM(name, word_, address_, help_) {word_, address_, help_},
#include <vmrun/debuglog.def>
#undef VR_DEBUGLOG_ITEM
};
_Static_assert(VR_DEBUGLOG_COUNT <= 32, "items are bits of a word");

#define RANGES 64u

const char *log_filter_word(uint32_t item)
{
	return item < VR_DEBUGLOG_COUNT ? items[item].word : "?";
}

static int32_t read_items(const char *where, const char *list, uint32_t *out)
{
	const char *words[VR_DEBUGLOG_COUNT];
	char **parts;
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < VR_DEBUGLOG_COUNT; i++)
		words[i] = items[i].word;
	if (vr_text_split(list, ',', &parts) < 0)
		return VR_E_NOMEM;
	*out = 0;
	for (char **p = parts; rc == VR_OK && *p; p++) {
		const char *near = vr_text_nearest(*p, words, VR_DEBUGLOG_COUNT);
		uint32_t i = 0;

		while (i < VR_DEBUGLOG_COUNT && strcmp(*p, words[i]) != 0)
			i++;
		if (i < VR_DEBUGLOG_COUNT)
			*out |= 1u << i;
		else if (near)
			rc = vr_error_set(VR_E_INVAL, "%s: there is no item '%s'; did you mean '%s'?", where,
					  *p, near);
		else
			rc = vr_error_set(VR_E_INVAL, "%s: there is no item '%s'; '-d help' lists them",
					  where, *p);
	}
	vr_text_list_free(parts);
	return rc;
}

/* "A..B", "A+LENGTH", "A". */
static int32_t read_range(const char *where, const char *text, struct log_range *out)
{
	size_t n = strcspn(text, ".+");
	char *first = vr_text_copy_n(text, n);
	const char *rest = text + n;
	uint64_t second = 1;
	bool good;

	if (!first)
		return VR_E_NOMEM;
	good = vr_text_u64(first, &out->first) == VR_OK;
	free(first);
	out->last = out->first;
	if (good && !strncmp(rest, "..", 2)) {
		good = vr_text_u64(rest + 2, &out->last) == VR_OK;
		if (good && out->last < out->first)
			return vr_error_set(VR_E_INVAL, "%s: range '%s' ends before it begins", where, text);
	} else if (good && *rest == '+') {
		good = vr_text_size(rest + 1, &second) == VR_OK || vr_text_u64(rest + 1, &second) == VR_OK;
		if (good && (!second || second - 1 > UINT64_MAX - out->first))
			return vr_error_set(VR_E_INVAL, "%s: range '%s' is empty, or ends beyond 64 bits",
					    where, text);
		out->last = out->first + (second - 1);
	} else if (*rest) {
		good = false;
	}
	if (good)
		return VR_OK;
	return vr_error_set(VR_E_INVAL,
			    "%s: '%s' is not a range; write A..B or A+LENGTH, such as 0x40080000..0x40080fff "
			    "or 0x40080000+4K",
			    where, text);
}

static int32_t add_range(struct log_filter *f, const char *where, const char *text, uint32_t wanted)
{
	struct log_range *bigger, range = {.items = wanted};
	int32_t rc = read_range(where, text, &range);

	if (rc < 0)
		return rc;
	if (f->range_count == RANGES)
		return vr_error_set(VR_E_INVAL, "%s: more than %u ranges", where, RANGES);
	bigger = realloc(f->range, (f->range_count + 1) * sizeof(*bigger));
	if (!bigger)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	f->range = bigger;
	f->range[f->range_count++] = range;
	return VR_OK;
}

int32_t log_filter_add(struct log_filter *f, const char *where, const char *text)
{
	uint32_t wanted = 0;
	char **parts;
	int32_t rc;

	if (!text[0])
		return vr_error_set(VR_E_INVAL, "%s: no item is named; '-d help' lists them", where);
	if (vr_text_split(text, ':', &parts) < 0)
		return VR_E_NOMEM;
	rc = read_items(where, parts[0], &wanted);
	for (char **p = parts + 1; rc == VR_OK && *p; p++)
		rc = add_range(f, where, *p, wanted);
	if (rc == VR_OK) {
		f->items |= wanted;
		f->everywhere |= parts[1] ? 0 : wanted;
	}
	vr_text_list_free(parts);
	return rc;
}

bool log_filter_wants(const struct log_filter *f, uint32_t item, uint64_t first, uint64_t last)
{
	const uint32_t bit = 1u << item;

	if (!(f->items & bit) || (f->everywhere & bit))
		return f->everywhere & bit;
	for (uint32_t i = 0; i < f->range_count; i++)
		if ((f->range[i].items & bit) && f->range[i].first <= last && f->range[i].last >= first)
			return true;
	return false;
}

void log_filter_free(struct log_filter *f)
{
	free(f->range);
	*f = (struct log_filter){0};
}

void log_filter_help(FILE *to)
{
	fputs("vmrun -d ITEM[,ITEM...][:RANGE...] [-D FILE]: what the log holds\n\n", to);
	for (uint32_t i = 0; i < VR_DEBUGLOG_COUNT; i++)
		fprintf(to, "  %-7s %s\n", items[i].word, items[i].help);
	fputs("\nRANGE is A..B (B is its last address) or A+LENGTH, and holds for all items of its -d. It "
	      "is\n"
	      "compared with the address that is accessed for",
	      to);
	for (uint32_t i = 0; i < VR_DEBUGLOG_COUNT; i++)
		if (!strcmp(items[i].address, "address"))
			fprintf(to, " %s", items[i].word);
	fputs(",\nand with the address of the guest instruction for the others. -d may be given several "
	      "times.\n",
	      to);
}
