#!/bin/sh
# SPDX-License-Identifier: MIT
# cxx.sh: a plugin of each class in C++, built against an installed SDK, outside of the source: by g++ and clang++, without
# warnings. Each passes the validator and does what the C one of its class does.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
here=$PWD/tests/sdk/cxx
W=$(mktemp -d "$TMPDIR/vmrun-cxx.XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0 skipped=0
# try NAME COMMAND...: it must succeed.
try()
{
	name=$1
	shift
	if why=$("$@" 2>&1); then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAIL $name"
		printf '%s\n' "$why" | grep -v "^ *pass \|^ *skip " | head -n 20 | sed 's/^/     /'
	fi
}
P=$W/prefix
${MAKE:-make} --no-print-directory -s install install-sdk PREFIX="$P" DESTDIR= >"$W/log" 2>&1 </dev/null || { cat "$W/log"; exit 1; }
PATH=$P/bin:$PATH
PKG_CONFIG_PATH=$P/lib/pkgconfig
HOME=$W/home
export PATH PKG_CONFIG_PATH HOME
mkdir -p "$HOME"
cd "$W" || exit 1
# Templates of the C++ library are visible whatever -fvisibility says.
echo '{ global: vmrun_plugin_magic; vmrun_plugin_create; local: *; };' >exports

# The C plugins of `plugins new` have the guest, what it prints, and the manifest.
build()
{
	rm -rf "$id" && vmrun plugins new "$class" "$id" && cd "$id" || return 1
	rm plugin.c
	cp "$here/$class.cc" plugin.cc
	cp "$here/plugin.hh" .
	case $class in
	translator) sed -i 's/^provides: .*/provides: [vmrun.isa\/1]/; /^host: /d' "$id.yaml" ;;
	board) sed -i '/^devices: /d' "$id.yaml" ;;
	esac
	# The Makefile of `plugins new` takes plugin.cc.
	make -s CXX="$cc" CXXFLAGS='-O2 -Wall -Wextra -Wshadow -Werror -Wno-unused-command-line-argument' "$id.so"
}
runs()
{
	cd "$id" && make -s guest.img && vmrun --plugin-path ".:$(pkg-config --variable=tinydir vmrun-sdk)" -p "$id" --no-reboot --quiet \
		"$@" guest.img </dev/null >output || return 1
	cmp output expected
}
compiled()
{
	cd "$id" && vmrun --plugin-path ".:$(pkg-config --variable=tinydir vmrun-sdk)" -p "$id" --no-reboot --stats guest.img </dev/null 2>&1 |
		awk '$1 == "region_entries" && $2 > 0 { found = 1 } END { exit !found }'
}
for cc in g++ clang++; do
	if ! command -v $cc >/dev/null; then
		skipped=$((skipped + 1))
		echo "skip $cc: skipped, it is not installed"
		continue
	fi
	# The kit's entry, as a plugin in C has it.
	cat >entry.cc <<-'END'
		#include <plugin_entry.h>
		struct Mine {
			vr_plugin_instance instance;
			int more;
		};
		static constexpr uint32_t table[2] = {8, 0};
		static int32_t VR_CALL probe(vr_plugin_self *self)
		{
			return reinterpret_cast<Mine *>(self)->more;
		}
		VR_PLUGIN("com.example.entry", Mine, "com.example.table/1", table, probe)
	END
	# shellcheck disable=SC2046 # several words
	try "$cc entry" "$cc" -std=c++17 -O2 -Wall -Wextra -Wshadow -Werror -fPIC -fvisibility=hidden $(pkg-config --cflags vmrun-sdk) \
		-shared -Wl,-z,defs -Wl,--version-script="$W/exports" -o entry.so entry.cc
	for class in accel translator board device; do
		id=com.example.cxx-$class
		try "$cc $class" build
		[ -e "$id/$id.so" ] || continue
		try "$cc $class: the rules" vmrun plugins check "./$id/$id.yaml"
		try "$cc $class: runs" runs
	done
	id=com.example.cxx-translator
	try "$cc translator: compiled by an installed emitter" compiled
	# The example, by this compiler.
	rm -rf pl061 && cp -R "$P/share/vmrun/sdk/examples/pl061" pl061
	try "$cc pl061" make -s -C pl061 CXX="$cc" CXXFLAGS='-O2 -Wall -Wextra -Wconversion -Wshadow -Werror -Wno-unused-command-line-argument' check
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
