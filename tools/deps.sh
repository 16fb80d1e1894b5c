#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh: install the Debian packages of tools/deps that are missing. Where that can't be done it says, once, which command an
# administrator must give, and fails. With nothing missing it needs neither root nor sudo nor a network.
#
#   VMRUN_APT_WAIT=300   for how many seconds to wait while another program holds apt's lock
set -eu
LC_ALL=C
export LC_ALL
CDPATH='' cd "$(dirname "$0")"
packages=$(sed 's/#.*//' deps | tr '\n' ' ')

# fail WHY: what is missing, why it is not installed here, and what to do.
fail()
{
	printf 'vmrun: these Debian packages are missing:%s\n' "$missing" >&2
	printf 'vmrun: %s\n' "$1" >&2
	printf "  apt-get update && apt-get install --no-install-recommends%s\n" "$missing" >&2
	exit 1
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	system=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\).*/\1/p' /etc/os-release 2>/dev/null || :)
	printf 'vmrun: %s has no apt-get and dpkg: building and testing are set up for Debian 12 and 13.\n' "${system:-this system}" >&2
	printf 'vmrun: `make` alone builds vmrun with what is installed. These are the Debian packages that `make run` and `make test` need:\n' >&2
	printf '  %s\n' "$packages" >&2
	exit 1
fi
# shellcheck disable=SC2086 # several words
installed=$(dpkg-query -W -f '${Package} ${Status} \n' $packages 2>/dev/null | sed -n 's/ .* ok installed $//p')
missing=''
for p in $packages; do
	printf '%s\n' "$installed" | grep -qxF -- "$p" || missing="$missing $p"
done
if [ -z "$missing" ]; then
	exit 0
fi
ask='have an administrator run this, and then try again:'
as_root=''
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || fail "you are not root, and there is no sudo; $ask"
	as_root=sudo
	# Without a terminal sudo can't ask for a password: it shall fail instead.
	{ [ -t 0 ] && [ -t 2 ]; } || as_root='sudo -n'
fi
echo "  DEPS   $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# apt ARGUMENT...: apt-get as root, its output in $log; waits while another program holds the lock.
waited=0 limit=${VMRUN_APT_WAIT:-300}
apt()
{
	while ! DEBIAN_FRONTEND=noninteractive $as_root apt-get "$@" >"$log" 2>&1 </dev/null; do
		holder=$(sed -n 's/^E: \(\(Could not get\|Unable to acquire\|Unable to lock\).*\)/\1/p' "$log" | head -n 1)
		[ -n "$holder" ] || return 1
		[ $waited -lt "$limit" ] ||
			fail "another program has held apt's lock for $limit s ($holder); when it has ended try again, or run, as root:"
		[ $waited != 0 ] || echo "  DEPS    another program holds apt's lock; waiting up to $limit s ($holder)"
		sleep 2
		waited=$((waited + 2))
	done
}
try()
{
	# shellcheck disable=SC2086
	apt install -y -q --no-install-recommends $missing
}
try || {
	# What sudo itself says when it does not run the command.
	refusal=$([ -z "$as_root" ] || grep -m 1 -E 'sudoers|not allowed to|may not run sudo|^sudo: .*(password|terminal|tty|privileges|setuid|uid 0)' "$log") || :
	[ -z "$refusal" ] || fail "you are not root, and sudo refuses: '$refusal'; $ask"
	# The package lists may be absent or old.
	apt update -q && try || {
		sed 's/^/  apt: /' "$log" >&2
		fail "they could not be installed; see what apt says above. Is there a network? By hand, as root:"
	}
}
