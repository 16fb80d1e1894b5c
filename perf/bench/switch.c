/* SPDX-License-Identifier: MIT */
/* switch.c: two processes that send a number to and fro through pipes: two context switches a turn. */
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

uint64_t bench_switch(uint64_t n)
{
	int there[2], back[2];
	uint64_t v = 1;
	pid_t pid;

	if (pipe(there) < 0 || pipe(back) < 0)
		bench_fail("pipe");
	pid = fork();
	if (pid < 0)
		bench_fail("fork");
	if (!pid) {
		close(there[1]);
		close(back[0]);
		while (read(there[0], &v, sizeof(v)) == sizeof(v)) {
			v = v * 3 + 1;
			if (write(back[1], &v, sizeof(v)) != sizeof(v))
				_exit(1);
		}
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	bench_start();
	for (uint64_t i = 0; i < n; i++) {
		if (write(there[1], &v, sizeof(v)) != sizeof(v) || read(back[0], &v, sizeof(v)) != sizeof(v))
			bench_fail("pipe");
		v ^= i;
	}
	bench_stop();
	close(there[1]);
	close(back[0]);
	waitpid(pid, 0, 0);
	return v;
}
