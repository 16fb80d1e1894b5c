#!/bin/sh
# SPDX-License-Identifier: MIT
# apt.sh: Debian packages for the guests (GUEST_ARCH, see common.sh) through a private apt state; the host's package
# set is not touched.
#
#   apt.sh fetch NAME...  these and what they depend on, into the cache; prints the .deb paths
#   apt.sh only NAME...   these alone
#   apt.sh depends NAME   the names that NAME depends on directly
#   apt.sh update         read the index again (a newer point release)
#   apt.sh mirror         prints the address of the mirror, and does nothing else
#
# The index is read once and kept: with a full cache nothing here needs a network. The mirror is the
# Debian mirror that the host's own apt is configured with; DEBIAN_MIRROR=URL overrides it.
. "$(dirname "$0")/common.sh"
need apt-get apt dpkg-deb dpkg flock util-linux

A=$CACHE/apt$SUFFIX
. "$TOP/tools/apt_state.sh"

setup()
{
	apt_folder
	: >>"$A/state/status"
	if [ ! -s "$A/sources.list" ]; then
		m=$(apt_mirror "$SUITE")
		printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$GUEST_ARCH" "$KEYRING" "$m" "$SUITE" >"$A/sources.list.$$"
		mv "$A/sources.list.$$" "$A/sources.list"
	fi
	apt_conf "$GUEST_ARCH"
}

update()
{
	apt_update "Debian $SUITE, $GUEST_ARCH"
}

# File names of packages, from the simulation's "Inst NAME (VERSION ORIGIN [ARCH])".
names()
{
	sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) [^[]*\[\([a-z0-9]*\)\].*/\1 \2 \3/p' | while read -r n v a; do
		printf '%s_%s_%s.deb\n' "${n%%:*}" "$(printf %s "$v" | sed 's/:/%3a/g')" "$a"
	done | sort
}

simulate()
{
	apt-get -c "$CONF" -s -y install "$@" 2>"$A/log" || apt_failed "apt can't resolve: $*"
}

missing()
{
	for f in $1; do
		[ -f "$A/cache/archives/$f" ] || return 0
	done
	return 1
}

fetch()
{
	list=$(simulate "$@" | names)
	[ -n "$list" ] || die "apt found nothing to fetch for: $*"
	if missing "$list"; then
		say "fetching $(echo "$list" | wc -l) packages: $*" >&2
		if ! apt-get -c "$CONF" -qq -y --download-only install "$@" >"$A/log" 2>&1; then
			# Most often a point release has replaced the files that the kept index names.
			update
			list=$(simulate "$@" | names)
			apt-get -c "$CONF" -qq -y --download-only install "$@" >"$A/log" 2>&1 ||
				apt_failed "packages could not be fetched: is there a network? (a full $A works without one)"
		fi
	fi
	for f in $list; do
		[ -f "$A/cache/archives/$f" ] || die "apt did not leave $f in $A/cache/archives"
		echo "$A/cache/archives/$f"
	done
}

# The file name of one package's newest version.
file_of()
{
	apt-cache -c "$CONF" --no-all-versions show "$1" 2>"$A/log" |
		awk '/^Package:/ { p = $2 } /^Version:/ { v = $2 } /^Architecture:/ { a = $2 }
			END { if (p != "") { gsub(/:/, "%3a", v); print p "_" v "_" a ".deb" } }'
}

only()
{
	cd "$A/cache/archives" || die "no folder $A/cache/archives" # where `apt-get download` writes
	for p; do
		f=$(file_of "$p")
		[ -n "$f" ] || die "the index knows no package $p: $(head -n 1 "$A/log")"
		if [ ! -f "$f" ]; then
			say "fetching $p" >&2
			if ! apt-get -c "$CONF" -qq download "$p" >"$A/log" 2>&1; then
				update
				f=$(file_of "$p")
				apt-get -c "$CONF" -qq download "$p" >"$A/log" 2>&1 ||
					apt_failed "$p could not be fetched: is there a network?"
			fi
		fi
		[ -f "$f" ] || die "apt did not leave $f in $A/cache/archives"
		echo "$A/cache/archives/$f"
	done
}

if [ "${1:-}" = mirror ]; then
	apt_mirror "$SUITE"
	exit
fi
# `make -j` makes several guests at a time out of this one state: one after the other.
mkdir -p "$A"
exec 9>"$A/lock"
flock 9
setup
[ -f "$A/updated" ] || [ "${1:-}" = update ] || update
case ${1:-} in
update) update ;;
fetch) shift; fetch "$@" ;;
only) shift; only "$@" ;;
depends)
	apt-cache -c "$CONF" depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
		"$2" | sed -n 's/^ *|\{0,1\}Depends: //p'
	;;
*) die "usage: apt.sh fetch|only|depends|update|mirror NAME..." ;;
esac
