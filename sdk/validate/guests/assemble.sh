#!/bin/sh
# SPDX-License-Identifier: MIT
# assemble.sh ARCH: guests/ARCH.S as words of C on the standard output; 77 when there is no assembler for it. `make
# guests` writes the tables that are committed, so that building the validator needs no cross assembler.
set -e
here=$(dirname "$0")
case $1 in
arm64) cross=aarch64-linux-gnu- ;;
riscv64) cross=riscv64-linux-gnu- ;;
x86_64) cross=x86_64-linux-gnu- ;;
*) exit 2 ;;
esac
[ "$1" = "$(uname -m)" ] && cross=
command -v ${cross}gcc >/dev/null && command -v ${cross}objcopy >/dev/null || exit 77
o=$(mktemp)
trap 'rm -f "$o" "$o.elf" "$o.bin"' EXIT
march=
[ "$1" = riscv64 ] && march=-march=rv64g
${cross}gcc $march -c -x assembler-with-cpp -I"$here" -o "$o" "$here/$1.S"
${cross}ld -Ttext=0 -e 0 -o "$o.elf" "$o"
${cross}objcopy -O binary -j .text "$o.elf" "$o.bin"
echo "/* SPDX-License-Identifier: MIT */"
echo "/* Made from $1.S by 'make guests'. */"
echo "/* clang-format off */"
od -An -v -tx4 -w32 "$o.bin" | sed 's/ *\([0-9a-f]\{8\}\)/0x\1, /g; s/ $//'
