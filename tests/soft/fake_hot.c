/* SPDX-License-Identifier: MIT */
/* fake_hot.c: an option of the machine that programs are linked with. */
#include "fake_isa.h"

const char *fake_hot;
