/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

int main(int argc, char **argv)
{
	vr_cli_close_inherited(argc, argv);
	return vr_cli_main(argc, argv);
}
