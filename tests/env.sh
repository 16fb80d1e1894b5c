# SPDX-License-Identifier: MIT
# env.sh: what a test may count on, wherever the source is and whatever shell, user or machine it is started from. Sourced by
# tests/run.sh and by each script (one that is run by hand finds the same), from the top of the source.
#
#   B        where it was built: VR_B (from make), or build
#   TMPDIR   a folder in which programs can be executed: TMPDIR, /tmp (which may be mounted noexec), others, or one in $B; if
#            it can be had one with a short and plain name, which fits into a test's buffers and needs no quotes
#   HOME     in $B, and empty: no plugin of the user's is found; a folder in it that tests/run.sh gives a
#            test for its own stays
umask 022
LC_ALL=C
TZ=UTC
PATH=$PATH:/usr/sbin:/sbin
B=${VR_B:-build}
case $B in /*) env_b=$B ;; *) env_b=$PWD/$B ;; esac
: "${TERM:=dumb}"
# `cd` looks nowhere else, and grep, tar and shells have no options from outside. A `make` in a test is no part of the one that
# runs the tests. vmrun has no settings but those of the test.
unset CDPATH GREP_OPTIONS GREP_COLORS POSIXLY_CORRECT ENV BASH_ENV TAR_OPTIONS GZIP XZ_OPT XZ_DEFAULTS \
	MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES VM_ACCEL_FALLBACK VMRUN_PLUGIN_PATH XDG_DATA_HOME

# env_executes FOLDER: what is written there can be executed.
env_executes()
{
	[ -d "$1" ] && [ -w "$1" ] || return 1
	env_probe=$(mktemp "$1/vmrun-env.XXXXXX" 2>/dev/null) || return 1
	printf '#!/bin/sh\n' >"$env_probe" && chmod 700 "$env_probe" && "$env_probe" 2>/dev/null
	env_status=$?
	rm -f "$env_probe"
	return $env_status
}
env_chosen=''
for env_folder in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm; do
	case $env_folder in *[!A-Za-z0-9/_.+-]*) continue ;; esac
	if [ ${#env_folder} -le 60 ] && env_executes "$env_folder"; then
		env_chosen=$env_folder
		break
	fi
done
TMPDIR=${env_chosen:-$env_b/tests/tmp}
case ${HOME:-} in "$env_b"/tests/home/*) ;; *) HOME=$env_b/tests/home ;; esac
mkdir -p "$TMPDIR" "$HOME" || exit 1
export LC_ALL TZ PATH TERM TMPDIR HOME

# Fewer open files than usual are raised to what a test may need, as far as the hard limit allows.
case $(ulimit -S -n) in
unlimited) ;;
*) [ "$(ulimit -S -n)" -ge 1024 ] || ulimit -S -n 1024 2>/dev/null || ulimit -S -n "$(ulimit -H -n)" ;;
esac
