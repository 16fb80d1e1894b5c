/* SPDX-License-Identifier: MIT */
/*
 * run.c: `run FILE COMMAND...` runs a command, adopts every process that it leaves behind, and writes 1 into
 * FILE if one was still alive half a second after it ended, else 0.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status = 0, left;
	FILE *f;
	pid_t pid, p;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1ul, 0ul, 0ul, 0ul) < 0)
		return 125;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* Orphans are ours now. Ended ones first: PR_SET_PDEATHSIG takes a moment where vmrun was killed. */
	for (int i = 0; i < 50; i++) {
		while ((p = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (p < 0)
			break;
		usleep(10000);
	}
	left = waitpid(-1, NULL, WNOHANG) == 0;
	f = fopen(argv[1], "w");
	if (!f)
		return 125;
	fprintf(f, "%d\n", left);
	fclose(f);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
