/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

int main(int argc, char **argv)
{
	return vr_cli_main(argc, argv);
}
