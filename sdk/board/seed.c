/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include <errno.h>
#include <sys/random.h>

void vr_seed(void *bytes, size_t length)
{
	ssize_t n;

	do
		n = getrandom(bytes, length, 0);
	while (n < 0 && errno == EINTR);
}
