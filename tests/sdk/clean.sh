#!/bin/sh
# SPDX-License-Identifier: MIT
# clean.sh: a fresh Debian 12 (tests/fresh/debian.sh) with nothing but the two packages: a stranger follows the four
# tutorials, word by word, builds the examples, one of them with g++, and has the drivers of Debian's arm64 kernel bind to them.
#
# time limit: 1800 s
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
# shellcheck source=tests/fresh/debian.sh
. tests/fresh/debian.sh
ROOT=$PWD/build/sdk-root
DEB=$PWD/build/deb
passed=0 failed=0 skipped=0

ok()
{
	passed=$((passed + 1))
	echo "ok   $1"
}
bad()
{
	failed=$((failed + 1))
	echo "FAIL $1"
	[ $# = 1 ] || printf '%s\n' "$2" | sed 's/^/     /' | tail -n 40
}
try()
{
	name=$1
	shift
	if why=$("$@" 2>&1); then ok "$name"; else bad "$name" "$why"; fi
}
finish()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}
skip_all()
{
	echo "skip clean: skipped, $1"
	skipped=1
	finish
}

inside()
{
	debian_run "$ROOT" "$@"
}
# as_stranger COMMAND: as a user without rights, in a home of its own.
as_stranger()
{
	debian_as "$ROOT" stranger "$1"
}

why=$(debian_obstacle)
[ -z "$why" ] || skip_all "$why"
why=$(debian_make bookworm "$ROOT") || skip_all "$why"

try packages "${MAKE:-make}" --no-print-directory -s deb
[ $failed = 0 ] || finish
# Another folder and another time make the same bytes.
again()
{
	tools/deb.sh build/deb-again || return 1
	for p in build/deb/*.deb; do cmp "$p" "build/deb-again/$(basename "$p")" || return 1; done
	rm -rf build/deb-again
}
try reproducible again
if command -v lintian >/dev/null; then
	try lintian sh -c 'cd "$1" && lintian --allow-root --fail-on error ./*.deb ./*.changes' - "$DEB"
else
	skipped=1
	echo "skip lintian: skipped, it is not installed"
fi

cp "$DEB"/*.deb "$ROOT/tmp/"
# Packages that a fresh Debian has besides these two are their dependencies and what they recommend.
install()
{
	inside sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q /tmp/vmrun_*.deb /tmp/vmrun-sdk_*.deb'
}
try install install
[ $failed = 0 ] || finish
debian_keep bookworm "$ROOT"
try stranger inside useradd -m -s /bin/sh stranger

try version as_stranger 'vmrun --version'
try doctor as_stranger 'vmrun doctor | grep "^  arm64 *arm64 guest on .*xlate-arm64"'
try no-problems as_stranger '! vmrun plugins list 2>&1 >/dev/null | grep .'
try manuals inside sh -c 'cd /usr/share/man && ls man1/vmrun.1.gz man5/vmrun-manifest.5.gz man5/vmrun-machine.5.gz man7/vmrun-plugin.7.gz'
cp tools/doc-run.sh "$ROOT/usr/local/bin/doc-run"
page()
{
	if why=$(as_stranger "doc-run /usr/share/vmrun/sdk/doc/$1.md" 2>&1); then
		ok "$why"
	else
		bad "$1" "$why"
	fi
}
for page in tutorial-device device-tree tutorial-board tutorial-accel tutorial-translator shipping patgen; do page $page; done
# What these two say that they need besides.
more()
{
	inside sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install -y -q gdb g++'
}
try gdb-and-g++ more
debian_keep bookworm "$ROOT"
page life
for example in sp805 sbsa-gwdt pl061; do
	try "example-$example" as_stranger "cp -R /usr/share/vmrun/sdk/examples/$example . && make -C $example check"
done
cp --sparse=always guest.img "$ROOT/home/stranger/debian-arm64.img"
# Their drivers in Debian's kernel: the GPIO chip, and the watchdogs, of which one is not fed.
drivers()
{
	as_stranger "vmrun --plugin-path sp805:sbsa-gwdt:pl061 -p sp805 -p sbsa-gwdt -p pl061 --read-only --no-reboot debian-arm64.img --run '
		modprobe sp805_wdt; modprobe sbsa_gwdt; cat /sys/class/gpio/gpiochip*/label /sys/class/watchdog/*/identity
		watchdog -F -T 4 /dev/watchdog1 & sleep 1; kill -9 \$!; sleep 60; echo alive'" >"$ROOT/tmp/out" 2>"$ROOT/tmp/err"
	rc=$?
	cat "$ROOT/tmp/out" "$ROOT/tmp/err"
	[ $rc = 125 ] && printf '%s\n' c000000.gpio sp805-wdt 'SBSA Generic Watchdog' | cmp - "$ROOT/tmp/out" &&
		grep 'has not fed the watchdog in time: the machine is reset' "$ROOT/tmp/err"
}
try drivers drivers
try nothing-is-installed as_stranger '! vmrun plugins list | grep "^com.example"'
try purge inside sh -c 'apt-get purge -y -q vmrun vmrun-sdk && ! ls -d /usr/lib/vmrun /usr/share/vmrun /usr/include/vmrun 2>/dev/null'
rm -rf "$ROOT"
finish
