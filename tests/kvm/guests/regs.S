/* SPDX-License-Identifier: MIT */
#define GENERAL_ONLY
#include "state.S"
