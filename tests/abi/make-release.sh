#!/bin/sh
# SPDX-License-Identifier: MIT
# make-release.sh COMMIT: what the tests keep of a release, in tests/abi/<major>.<minor>/: plugins built against its
# headers, the layout of its records, its constants and, for abidiff, its types. COMMIT: the
# release. On x86-64 Debian; run it when a minor is released, and never again for that one.
set -eu
CDPATH='' cd "$(dirname "$0")/../.."
# shellcheck source=tests/env.sh
. tests/env.sh
top=$PWD
: "${CC:=gcc}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ $# = 1 ] || { echo "usage: make-release.sh COMMIT, which is the release" >&2; exit 2; }
git archive "$1" sdk/include sdk/has.h sdk/host_error.h sdk/plugin_entry.h sdk/xlate/ir sdk/xlate/plugin_entry.c sdk/xlate/plugin_entry.h | tar -x -C "$work"
from=$(git rev-parse --short "$1")
number() { sed -n "s/^#define VR_ABI_$1 //p" "$work/sdk/include/vmrun/abi.h"; }
minor=$(number MINOR)
out=$top/tests/abi/$(number MAJOR).$minor
rm -rf "$out"
mkdir -p "$out"

# Small and the same wherever they are built: no debug information, no paths.
flags="-std=gnu11 -Os -fPIC -fvisibility=hidden -fno-asynchronous-unwind-tables -shared -s -Wl,-z,defs -Wl,-z,now \
-Wl,--build-id=none -Wl,-z,noseparate-code -ffile-prefix-map=$work=. -ffile-prefix-map=$top=."
made=
build() { # build ID SOURCE...
	id=$1
	shift
	# shellcheck disable=SC2086
	$CC $flags -D_GNU_SOURCE -DTEACH_INTERPRETED -I"$work/sdk/include" -I"$work/sdk" -Isdk/examples/teach -o "$out/$id.so" "$@"
	made="$made $id"
}
manifest() { # manifest SOURCE: with this release's minor, for this platform
	sed -e "s/^abi: .*/abi: {major: $(number MAJOR), minor: $minor}/" -e "s/^library: .*/library: {linux-x86_64: $(basename "$1" .yaml).so}/" \
		"$1" >"$out/$(basename "$1")"
}
build abi-accel tests/abi/plugins/abi-accel.c
build abi-device tests/abi/plugins/abi-device.c
build board-teach sdk/examples/teach/board-teach.c
build xlate-teach sdk/examples/teach/xlate-teach.c "$work/sdk/xlate/plugin_entry.c"
manifest tests/abi/plugins/abi-accel.yaml
manifest tests/abi/plugins/abi-device.yaml
manifest sdk/examples/teach/board-teach.yaml
manifest sdk/examples/teach/xlate-teach.yaml
sed -i 's|, vmrun.emitter/1||' "$out/xlate-teach.yaml"
for program in sdk/examples/teach/primes.S tests/abi/plugins/card.S; do
	$CC -x assembler -c -Isdk/examples/teach -o "$work/program.o" $program
	objcopy -O binary -j .text "$work/program.o" "$out/$(basename $program .S).teach"
done

VR_STABLE=1 VR_SDK=$work/sdk tests/abi/abi.sh golden "$out"
VR_STABLE=1 VR_SDK=$work/sdk tests/abi/abi.sh library "$work/types.so"
abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$work/types.so" | gzip -9n >"$out/types.abi.gz"
cat >"$out/MADE" <<T
of:        $from
by:        tests/abi/make-release.sh $from
with:      $($CC --version | head -n 1)
flags:     $(echo "$flags" | sed "s|$work|WORK|; s|$top|TOP|")
T
ls -l "$out"
