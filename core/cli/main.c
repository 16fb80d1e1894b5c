/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "util/fault.h"

int main(int argc, char **argv)
{
	cli_close_inherited(argc, argv);
	fault_leave(cli_main(argc, argv));
}
