/* SPDX-License-Identifier: MIT */
/*
 * log_filter.h: what `-d ITEM[,ITEM...][:RANGE...]` asks for: items of vmrun/debuglog.def, each for all
 * addresses or for some.
 */
#ifndef UTIL_LOG_FILTER_H
#define UTIL_LOG_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct log_range {
	uint64_t first, last; /* its last address as well */
	uint32_t items;       /* bits of the items that it holds for */
};

struct log_filter {
	uint32_t items;      /* those that are on, as bits 1 << VR_DEBUGLOG_* */
	uint32_t everywhere; /* those of them without a range */
	struct log_range *range;
	uint32_t range_count;
};

/* Adds what one option says. VR_E_INVAL: the text says what is wrong with it, and begins with `where` ("-d
 * 'insm'"). */
int32_t log_filter_add(struct log_filter *f, const char *where, const char *text);
/* Does [first, last] touch what is wanted of the item? */
bool log_filter_wants(const struct log_filter *f, uint32_t item, uint64_t first, uint64_t last);
void log_filter_free(struct log_filter *f);
/* The word of an item. */
const char *log_filter_word(uint32_t item);
/* The table of items, for `-d help`. */
void log_filter_help(FILE *to);

#endif
