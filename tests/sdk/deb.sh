#!/bin/sh
# SPDX-License-Identifier: MIT
# deb.sh: the two Debian packages, built as `make deb` does, and what is in them: each file of `make install install-sdk` in one of
# them and nothing else, versions, licence, manuals, no path of the folder that they were built in, lintian; the program runs
# out of the unpacked tree. 40 s on two CPUs, most of it for the compiler. tests/sdk/clean.sh installs them in a fresh Debian.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
W=$(mktemp -d "$TMPDIR/vmrun-deb.XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0 skipped=0
# try NAME COMMAND...: it must succeed.
try()
{
	name=$1
	shift
	if why=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		printf '%s\n' "$why" | sed 's/^/     /' | tail -n 40
	fi
}
finish()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}
skip()
{
	skipped=$((skipped + 1))
	echo "skip $1: skipped, $2"
}
for tool in dpkg-buildpackage dh; do
	command -v $tool >/dev/null || {
		skip packages "there is no $tool; 'make deps' installs it"
		finish
	}
done

version=$(sed -n 's/^VERSION := //p' Makefile)
D=$W/deb
try build tools/deb.sh "$D"
[ $failed = 0 ] || finish
for p in vmrun vmrun-sdk; do
	try "unpack-$p" dpkg-deb -x "$D"/${p}_*.deb "$W/$p"
	dpkg-deb -c "$D"/${p}_*.deb >"$W/$p.list"
done
[ $failed = 0 ] || finish

# ---- what they say ----
# field PACKAGE FIELD WORDS: it begins so.
field()
{
	case $(dpkg-deb -f "$D/$1"_*.deb "$2") in
	"$3"*) ;;
	*)
		dpkg-deb -f "$D/$1"_*.deb
		return 1
		;;
	esac
}
two()
{
	[ "$(cd "$D" && echo ./*.deb)" = "./vmrun-sdk_${version}_amd64.deb ./vmrun_${version}_amd64.deb" ] || { ls "$D"; return 1; }
}
[ "$(dpkg --print-architecture)" != amd64 ] || try two-packages two
for p in vmrun vmrun-sdk; do
	try "version-$p" field $p Version "$version"
done
sdk_needs()
{
	dpkg-deb -f "$D"/vmrun-sdk_*.deb Depends | tr ',' '\n' | grep -x " *vmrun (= $version)"
}
try sdk-needs-its-vmrun sdk_needs
program_says() { [ "$("$W/vmrun/usr/bin/vmrun" --version)" = "$("$B/bin/vmrun" --version)" ]; }
try version-of-the-program program_says
pc_says() { grep -x "Version: $version" "$W"/vmrun-sdk/usr/lib/*/pkgconfig/vmrun-sdk.pc && grep -x 'prefix=/usr' "$W"/vmrun-sdk/usr/lib/*/pkgconfig/vmrun-sdk.pc; }
try version-of-pkg-config pc_says

# ---- what is in them ----
# Each file of the install, in one of them; besides only what Debian's policy has.
files()
{
	${MAKE:-make} --no-print-directory -s install install-sdk PREFIX=/usr LIBDIR="/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)" \
		ZSH_FUNCTIONS=/usr/share/zsh/vendor-completions DESTDIR="$W/dest" </dev/null || return 1
	(cd "$W/dest" && find . -type f | sed 's|^\(\./usr/share/man/.*\)$|\1.gz|') | sort >"$W/installed"
	(cd "$W/vmrun" && find . -type f && cd "$W/vmrun-sdk" && find . -type f) |
		grep -vx './usr/share/doc/vmrun\(-sdk\)\{0,1\}/\(copyright\|changelog.gz\|README.md\(.gz\)\{0,1\}\|CHANGELOG.md.gz\|changelog.Debian.gz\|LICENSE\)' |
		sort >"$W/packaged"
	grep -v '^\./usr/share/doc/' "$W/installed" | diff - "$W/packaged"
}
try files files
manuals() # each page is whole, and named as its section
{
	[ "$(grep -c '^\./usr/share/man/' "$W/packaged")" -ge 4 ] || return 1
	for f in $(grep '^\./usr/share/man/' "$W/packaged"); do
		for p in vmrun vmrun-sdk; do
			[ ! -e "$W/$p/$f" ] || gzip -cd "$W/$p/$f" | grep -q "^\.TH " || { echo "$f"; return 1; }
		done
	done
}
try manuals manuals
licence()
{
	for p in vmrun vmrun-sdk; do
		cmp LICENSE "$W/$p/usr/share/doc/$p/LICENSE" && grep -qx 'License: Expat' "$W/$p/usr/share/doc/$p/copyright" &&
			gzip -cd "$W/$p/usr/share/doc/$p/changelog.gz" | grep -q "^vmrun ($version)" || { echo "$p"; return 1; }
	done
}
try licence licence
change_log() # the file that Debian's changelog refers to
{
	gzip -cd "$W/vmrun$(gzip -cd "$W/vmrun/usr/share/doc/vmrun/changelog.gz" | sed -n 's/^  \* See \(.*\)\.$/\1/p')" | cmp - CHANGELOG.md
}
try change-log change_log
# Neither of this source nor of the copy that was compiled; also not in programs and libraries.
no_path()
{
	for path in "$PWD" "$D" "$HOME"; do
		! grep -rlF "$path" "$W/vmrun" "$W/vmrun-sdk" || { echo "these name $path"; return 1; }
	done
}
try no-build-path no_path
rights() # all of it is root's, and written by root alone
{
	! grep -hv '^[dl-]rw[x-]r-[x-]r-[x-] root/root \|^lrwxrwxrwx root/root ' "$W/vmrun.list" "$W/vmrun-sdk.list"
}
try rights rights
stripped()
{
	for f in "$W"/vmrun/usr/bin/vmrun "$W"/vmrun/usr/lib/vmrun/plugins/*.so "$W"/vmrun-sdk/usr/libexec/vmrun/*; do
		! readelf -SW "$f" | grep '\.debug_info\|\.symtab' || { echo "$f"; return 1; }
	done
}
try stripped stripped

# ---- that it works ----
plugins()
{
	"$B/bin/vmrun" plugins list | sort >"$W/built"
	"$W/vmrun/usr/bin/vmrun" plugins list | sort | diff "$W/built" -
}
try plugins plugins
tiny()
{
	cp -R "$W/vmrun-sdk/usr/share/vmrun/sdk/template/common" "$W/guest" && cd "$W/guest" &&
		${CC:-cc} -I"$W/vmrun-sdk/usr/include/vmrun/kit" -o guest guest.c && ./guest >guest.img &&
		"$W/vmrun/usr/bin/vmrun" -q --plugin-path "$W/vmrun-sdk/usr/lib/vmrun/sdk/plugins" --no-reboot guest.img </dev/null >output && cmp output expected
}
try a-guest-runs tiny
if command -v lintian >/dev/null; then
	try lintian sh -c 'cd "$1" && lintian --allow-root --fail-on error,warning ./*.deb ./*.changes' - "$D"
else
	skip lintian "it is not installed; 'make deps' installs it"
fi
finish
