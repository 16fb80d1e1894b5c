#!/bin/sh
# SPDX-License-Identifier: MIT
# abi.sh layout TARGET | constants | golden FOLDER | library FILE: the ABI as the headers have it now. VR_SDK: another
# sdk/ than this source's; VR_STABLE=1: without what is bound to the engine's revision.
#   layout      offset, name and type of every member of every record, for a target of clang's
#   constants   value and name of every constant, and the columns of every op of the IR
#   golden      layout-64.txt (all 64-bit systems have one), layout-32.txt and constants.txt
#   library     a shared object whose debug information has all types, for abidiff
set -eu
CDPATH='' cd "$(dirname "$0")/../.."
# shellcheck source=tests/env.sh
. tests/env.sh
: "${CC:=cc}" "${VR_SDK:=sdk}"
include=$(cd "$VR_SDK/include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for h in "$include"/vmrun/*.h; do
	[ -z "${VR_STABLE:-}" ] || [ "${h##*/}" != emitter.h ] || continue
	echo "#include <vmrun/${h##*/}>"
done >"$work/all.c"

layout()
{
	clang -target "$1" -ffreestanding -fsyntax-only -Xclang -fdump-record-layouts-complete -I"$include" "$work/all.c" >"$work/records"
	awk -f tests/abi/layout.awk "$work/records" >"$work/lines"
	# Only 32-bit Windows has calling conventions to choose from, and there VR_CALL shows.
	sed 's/ __attribute__((cdecl))//g' "$work/lines" | LC_ALL=C sort -k1,1 -k2,2n -k3,3
}

# Members that are functions without VR_CALL.
bare()
{
	clang -target i686-pc-windows-msvc -ffreestanding -fsyntax-only -Xclang -fdump-record-layouts-complete -I"$include" \
		"$work/all.c" | awk -f tests/abi/layout.awk | grep '(\*)(' | grep -v cdecl || :
}

golden()
{
	layout x86_64-linux-gnu >"$1/layout-64.txt"
	layout i686-pc-windows-msvc >"$1/layout-32.txt"
	constants >"$1/constants.txt"
}

# Every object-like VR_ macro that is an expression, and every enumerator, which the numbers of the IR's ops are; and
# what each op means, as far as its row says it in columns. The versions are meant to change.
constants()
{
	$CC -E -dM -I"$include" "$work/all.c" | awk '
		$1 == "#define" && $2 ~ /^VR_[A-Z0-9_]+$/ && NF > 2 && $3 !~ /^({|__attribute__|__declspec|__cdecl)/ &&
		$2 !~ /^VR_ABI_MINOR|^VR_IR_REVISION$/ { print "P(" $2 ")" }' >"$work/list"
	$CC -E -P -I"$include" "$work/all.c" | tr -d '\n' | grep -o 'enum vr_[a-z_]* {[^}]*}' | grep -o 'VR_[A-Z0-9_]*' |
		sed '/_COUNT$/d; s/.*/P(&)/' >>"$work/list"
	{
		cat "$work/all.c"
		cat <<-'C'
		#include <stdio.h>
		static void number(const char *name, long long v) { printf("const %lld %s\n", v, name); }
		static void text(const char *name, const char *v) { printf("const \"%s\" %s\n", v, name); }
		#define P(x) _Generic((x), char *: text, const char *: text, default: number)(#x, (x));
		int main(void)
		{
		C
		cat "$work/list"
		echo 'return 0; }'
	} >"$work/print.c"
	$CC -w -std=gnu11 -I"$include" -o "$work/print" "$work/print.c"
	{
		"$work/print"
		# "ir PURE,'t',"tt",... ADD"
		sed -n 's/^IR(\([A-Z0-9_]*\), *\(.*\), *"[^"]*")$/\1 \2/p' "$include/vmrun/ir_ops.def" |
			awk '{ name = $1; $1 = ""; gsub(/ /, ""); print "ir", $0, name }'
	} | LC_ALL=C sort -k3,3
}

# Only what an exported symbol reaches counts for abidiff, so there is one of each record.
library()
{
	layout x86_64-linux-gnu | awk '$3 == "=" { print $1 }' >"$work/names"
	{
		cat "$work/all.c"
		while read -r name; do
			grep -qh "^union $name" "$include"/vmrun/*.h && kind=union || kind=struct
			echo "$kind $name *abi_$name;"
		done <"$work/names"
	} >"$work/library.c"
	# The debug information names the source: always the same name.
	(cd "$work" && $CC -std=gnu11 -g -gdwarf-4 -O0 -fPIC -shared -ffile-prefix-map="$include=include" -ffile-prefix-map="$work=." -I"$include" -o library.so library.c)
	mv "$work/library.so" "$1"
}

"$@"
