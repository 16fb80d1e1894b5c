#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh: install the Debian packages that building and testing need, those that are missing; sudo only if not root.
set -eu
cd "$(dirname "$0")"
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "vmrun: no apt-get here; install by hand the counterparts of: $(grep -v '^#' deps | tr '\n' ' ')" >&2
	exit 1
fi
missing=''
for p in $(grep -v '^#' deps); do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
if [ -z "$missing" ]; then
	exit 0
fi
echo "  DEPS   $missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "vmrun: not root and no sudo; as root: apt-get install --no-install-recommends$missing" >&2
		exit 1
	}
	as_root=sudo
fi
install()
{
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $missing
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install >"$log" 2>&1 || {
	# The package lists may be absent or old.
	$as_root apt-get update -q >"$log" 2>&1 && install >>"$log" 2>&1 || {
		sed 's/^/  apt: /' "$log" >&2
		echo "vmrun: these packages could not be installed:$missing" >&2
		exit 1
	}
}
