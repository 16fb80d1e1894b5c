#!/bin/sh
# SPDX-License-Identifier: MIT
# compilers.sh: every header of the ABI alone, and one source that uses what they offer, by each compiler and language that
# plugins are written with. A warning is an error.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# What a plugin's author writes: constants as integers in #if and case, members that may be missing, C linkage.
{
	for h in sdk/include/vmrun/*.h; do echo "#include <vmrun/${h##*/}>"; done
	cat <<'C'
#if VR_E_INVAL >= 0 || VR_FAULT_BUS == VR_E_INVAL || VR_ABI_MAJOR != 1
#error "constants are integers"
#endif
const char *name_of(int32_t code);
const char *name_of(int32_t code)
{
	switch (code) {
	case VR_OK:
		return "VR_OK";
C
	# Two that are equal can't be in one switch.
	sed -n 's/^#define \(VR_E_[A-Z]*\|VR_FAULT_[A-Z]*\) .*/	case \1:\n		return "\1";/p' sdk/include/vmrun/errors.def sdk/include/vmrun/*.h
	cat <<'C'
	default:
		return "";
	}
}
uint32_t flags_of(const struct vr_vm_config *c);
uint32_t flags_of(const struct vr_vm_config *c)
{
	return VR_REACHES(c, flags) ? c->flags : VR_VALUE(c, vcpu_count, 1u);
}
int has_run(const struct vr_accel *a);
int has_run(const struct vr_accel *a)
{
	return VR_HAS(a, vcpu_run) ? 1 : 0;
}
static const struct vr_magic magic = VR_MAGIC_INITIALIZER;
const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	return &magic;
}
C
} >"$work/use.c"
cp "$work/use.c" "$work/use.cc"
cases=$(grep -c '^	case VR_' "$work/use.c")

# compiler LANGUAGE COMMAND...
compiler()
{
	language=$1
	shift
	if ! command -v "$1" >/dev/null; then
		skipped=$((skipped + 1))
		echo "skip $*: skipped, it is not installed"
		return
	fi
	for h in sdk/include/vmrun/*.h; do
		echo "#include <vmrun/${h##*/}>" >"$work/one"
		if "$@" -Isdk/include -Wall -Wextra -Werror -pedantic -fsyntax-only -x "$language" "$work/one" >"$work/err" 2>&1; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "FAIL $*: $h"
			head -n 10 "$work/err" | sed 's/^/     /'
		fi
	done
	extension=c
	[ "$language" = c ] || extension=cc
	if "$@" -Isdk/include -Wall -Wextra -Werror -pedantic -c -o "$work/use.o" "$work/use.$extension" >"$work/err" 2>&1 &&
		LC_ALL=C grep -q vmrun_plugin_magic "$work/use.o" && ! LC_ALL=C grep -q _Z "$work/err"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $*: its use"
		head -n 10 "$work/err" | sed 's/^/     /'
	fi
}
compiler c gcc -std=c11 -Wstrict-prototypes
compiler c gcc -std=gnu2x
compiler c clang -std=c11 -Wstrict-prototypes
compiler c clang -std=c11 -target aarch64-apple-darwin -ffreestanding
compiler c clang -std=c11 -target i686-pc-windows-msvc -ffreestanding
compiler c x86_64-w64-mingw32-gcc -std=c11
compiler c aarch64-linux-gnu-gcc -std=c11
for standard in c++11 c++17 c++20; do
	compiler c++ g++ -std=$standard
	compiler c++ clang++ -std=$standard
done
# Names that C++ decorates are no plugin's entry.
for cc in g++ clang++; do
	command -v $cc >/dev/null || continue
	$cc -std=c++17 -Isdk/include -c -o "$work/use.o" "$work/use.cc" && nm "$work/use.o" >"$work/names"
	if grep -q ' T vmrun_plugin_magic$' "$work/names"; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAIL $cc: the plugin's functions have no C linkage"
	fi
done
if [ "$cases" -ge 21 ]; then passed=$((passed + 1)); else
	failed=$((failed + 1))
	echo "FAIL only $cases codes were found in the headers"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
