/* SPDX-License-Identifier: MIT */
/* socket PATH: leaves a socket there, which is no file. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || snprintf(a.sun_path, sizeof(a.sun_path), "%s", argv[1]) >= (int)sizeof(a.sun_path) ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("socket");
		return 1;
	}
	return 0;
}
