#!/bin/sh
# SPDX-License-Identifier: MIT
# packages.sh: programs of Debian 12 for this machine in a folder of their own; the host's package set is not touched.
#
#   packages.sh qemu        qemu-system-aarch64, -riscv64 and -x86_64 of bookworm-backports, into $OUT/qemu
#   packages.sh programs    the programs that the guest's disk has, built for this machine, into $OUT/programs
#
# Both leave a file `env` in their folder: shell assignments that run what is in it. apt works on a copy of the host's
# package status, so only what the host lacks is fetched. A failure is not fatal to `make perf`: it takes what is
# installed and says so. DEBIAN_MIRROR=URL names another mirror than the one that the guest's packages came from.
. "$(dirname "$0")/common.sh"

SUITE=bookworm
A=$BUILD/cache/apt-host
. "$TOP/tools/apt_state.sh"

# The guest's packages came from a mirror that works.
mirror()
{
	m=
	if [ -z "${DEBIAN_MIRROR:-}" ] && [ -f "${CACHE:-$BUILD/cache}/apt/sources.list" ]; then
		m=$(sed -n "s/^deb .*\] \([^ ]*\) $SUITE .*/\1/p" "${CACHE:-$BUILD/cache}/apt/sources.list" | head -n 1)
	fi
	if [ -n "$m" ]; then echo "$m"; else apt_mirror "$SUITE"; fi
}

setup()
{
	apt_folder
	m=$(mirror)
	for s in $SUITE $SUITE-backports; do
		printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$m" "$s"
	done >"$A/sources.list"
	# Without an installed QEMU: its other packages would be taken along.
	awk '{ keep = !/^Package: qemu-/ } keep' RS= ORS='\n\n' /var/lib/dpkg/status >"$A/state/status"
	apt_conf
	[ -f "$A/updated" ] || apt_update "Debian $SUITE and $SUITE-backports"
}

# A command whose output matters only when it fails.
quietly()
{
	"$@" >"$A/log" 2>&1 || apt_failed "failed: $1 ($*)"
}

# unpack FOLDER PACKAGE...: newest packages of the suite, unpacked; what apt says is installed is left out.
unpack()
{
	to=$1
	shift
	say "fetching $*"
	rm -rf "$to" "$to.new"
	mkdir -p "$to.new"
	rm -f "$A"/cache/archives/*.deb
	quietly apt-get -c "$CONF" -qq -y --no-remove --reinstall --download-only "$@"
	for deb in "$A"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$to.new"
	done
	mv "$to.new" "$to"
}

# Names by way of $OUT: the folder may move.
portable()
{
	sed "s|$OUT|\$OUT|g"
}

# Only our own libraries come first; the host's follow.
library_path()
{
	find "$1" -name '*.so.*' | sed 's,/[^/]*$,,' | sort -u | tr '\n' ':'
}

# A program whose dependencies are the host's needs no more than its own files.
qemu()
{
	setup
	unpack "$OUT/qemu" -t $SUITE-backports install qemu-system-arm qemu-system-riscv qemu-system-x86
	dir=$OUT/qemu/usr/bin
	lib=$(library_path "$OUT/qemu")
	for bin in "$dir/qemu-system-aarch64" "$dir/qemu-system-riscv64" "$dir/qemu-system-x86_64"; do
		LD_LIBRARY_PATH=$lib "$bin" --version >"$A/log" 2>&1 || die "$bin does not run here: $(head -n 1 "$A/log")"
	done
	portable >"$OUT/qemu/env" <<-END
		QEMU_DIR="$dir/"
		QEMU_LIB="$lib"
	END
}

programs()
{
	setup
	unpack "$OUT/programs" -t $SUITE install openssl libssl3 gzip xz-utils liblzma5 zstd sqlite3 libsqlite3-0 \
		python3-minimal python3.11-minimal libpython3.11-minimal \
		libpython3.11-stdlib
	root=$OUT/programs
	portable >"$root/env" <<-END
		PATH="$root/usr/bin:$root/bin:\$PATH"
		LD_LIBRARY_PATH="$(library_path "$root")"
		PYTHONHOME="$root/usr"
		export PATH LD_LIBRARY_PATH PYTHONHOME
	END
}

case ${1:-} in
qemu | programs) "$1" ;;
*) die "usage: packages.sh qemu|programs" ;;
esac
