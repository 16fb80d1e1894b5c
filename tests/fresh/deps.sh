#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh: what `make run`, `make test` and `make deps` do about missing packages: as an ordinary user without sudo, with a sudo
# that refuses, with apt locked or without lists, on a system that is no Debian. Commands of the system are stand-ins,
# which note how they were called; tests/fresh/fresh.sh does the same for real.
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
W=$(mktemp -d) || exit 1
trap 'rm -rf "$W"' EXIT
passed=0 failed=0
# Every command of this machine but those that are stood in for.
mkdir "$W/bin"
ln -s /bin/* /sbin/* "$W/bin/" 2>/dev/null
ln -s /usr/bin/* /usr/sbin/* "$W/bin/" 2>/dev/null
for c in id sudo apt-get dpkg-query; do rm -f "$W/bin/$c"; done
: >"$W/os"

# stand_in NAME: the script on standard input
stand_in()
{
	{
		printf '#!/bin/sh\nW="%s"\necho "$(basename "$0") $*" >>"$W/calls"\n' "$W"
		cat
	} >"$W/bin/$1"
	chmod 755 "$W/bin/$1"
}
# What dpkg-query and apt-get say by default: nothing but make is there, and installing works.
usual()
{
	rm -f "$W/bin/sudo" "$W/calls" "$W/count"
	: >"$W/calls"
	stand_in id <<-'S'
		echo 1000
	S
	stand_in dpkg-query <<-'S'
		echo 'make install ok installed '
		echo 'gcc deinstall ok config-files '
		exit 1
	S
	stand_in apt-get <<-'S'
		exit 0
	S
}
sudo_works()
{
	stand_in sudo <<-'S'
		[ "$1" != -n ] || shift
		exec "$@"
	S
}
# try NAME STATUS TARGET...: make's status (0 or other) and what it said in $W/out.
try()
{
	name=$1 status=$2
	shift 2
	env -u MAKEFLAGS PATH="$W/bin" VMRUN_APT_WAIT="${LIMIT:-300}" "$W/bin/make" "$@" >"$W/out" 2>&1 </dev/null
	rc=$?
	[ $rc = 0 ] || rc=2
	expect "the status is $status, not $rc" [ $rc = "$status" ]
}
# expect WHAT COMMAND...
expect()
{
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name: $what"
		sed 's/^/     /' "$W/out"
		sed 's/^/     call: /' "$W/calls"
	fi
}
says()
{
	expect "no '$1'" grep -qF -- "$1" "$W/out"
}
# The command is there once, whole, and nothing was built.
says_command()
{
	expect "the command is not there once" [ "$(grep -c '^  apt-get update && apt-get install --no-install-recommends gcc libc6-dev pkg-config .* debootstrap' "$W/out")" = 1 ]
	expect "make is among what is missing" [ "$(grep -c 'recommends.* make ' "$W/out")" = 0 ]
	expect "more than that was said" [ "$(grep -vc '^vmrun: \|^  apt-get \|^  DEPS  \|^  apt: \|^make: \*\*\*' "$W/out")" = 0 ]
}
called()
{
	grep -c "^$1" "$W/calls"
}

for target in run test test-full test-unit perf guest.img; do
	usual
	rm -f "$W/calls"
	try "no sudo, make $target" 2 "$target"
	[ "$target" != guest.img ] || [ -s "$W/calls" ] || continue # it is there already
	says 'vmrun: you are not root, and there is no sudo; have an administrator run this'
	says_command
	expect "apt-get was called" [ "$(called apt-get)" = 0 ]
done
usual
stand_in sudo <<-'S'
	echo 'user is not in the sudoers file.' >&2
	exit 1
S
try 'sudo without the right' 2 test
says "sudo refuses: 'user is not in the sudoers file.'; have an administrator"
says_command
expect 'sudo was asked again' [ "$(called sudo)" = 1 ]
usual
stand_in sudo <<-'S'
	echo 'sudo: a password is required' >&2
	exit 1
S
try 'sudo wants a password' 2 run
says "sudo refuses: 'sudo: a password is required'"
says_command
expect 'without a terminal sudo must not ask' [ "$(called 'sudo -n apt-get')" = 1 ]
usual
sudo_works
try 'sudo works' 0 deps
expect 'sudo apt-get install' [ "$(called 'sudo -n apt-get install -y .*--no-install-recommends gcc libc6-dev .* debootstrap')" = 1 ]
expect 'the lists were read' [ "$(called 'apt-get update')" = 0 ]

usual
stand_in dpkg-query <<-'S'
	for p; do
		case $p in -*) ;; [a-z]*) echo "$p install ok installed " ;; esac
	done
S
stand_in sudo <<-'S'
	exit 1
S
try 'nothing is missing' 0 deps
expect 'something was said' [ ! -s "$W/out" ]
expect 'sudo or apt-get was called' [ "$(called sudo)$(called apt-get)" = 00 ]

usual
sudo_works
stand_in apt-get <<-'S'
	case "$1 $(cat "$W/count" 2>/dev/null)" in
	'install ') echo 'E: Unable to locate package gcc'; exit 100 ;;
	update*) echo 1 >"$W/count" ;;
	esac
S
try 'no package lists' 0 deps
expect 'update, once' [ "$(called 'apt-get update')" = 1 ]
expect 'install, twice' [ "$(called 'apt-get install')" = 2 ]
usual
sudo_works
stand_in apt-get <<-'S'
	echo 'E: Failed to fetch: no route to host'
	exit 100
S
try 'no network' 2 deps
says 'apt: E: Failed to fetch: no route to host'
says 'Is there a network?'
says_command

usual
sudo_works
for where in 'Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)' 'Unable to lock directory /var/lib/apt/lists/'; do
	rm -f "$W/count"
	echo "$where" >"$W/where"
	stand_in apt-get <<-'S'
		[ ! -e "$W/count" ] || exit 0
		: >"$W/count"
		echo "E: $(cat "$W/where")"
		exit 100
	S
	try 'apt is locked for a while' 0 deps
	says "another program holds apt's lock; waiting up to 300 s ($where)"
done
stand_in apt-get <<-'S'
	echo "E: $(cat "$W/where")"
	exit 100
S
LIMIT=2
try 'apt stays locked' 2 deps
says "another program has held apt's lock for 2 s"
says_command
LIMIT=''

usual
rm "$W/bin/apt-get"
try 'no apt-get' 2 run
says 'has no apt-get and dpkg: building and testing are set up for Debian'
says 'gcc libc6-dev make'

# Without compilers make's own look at them says nothing: what is missing is told once, by tools/deps.sh.
usual
for c in cc gcc clang readelf; do rm -f "$W/bin/$c"; done
try 'no compiler' 2 deps
expect "a shell says 'not found'" [ "$(grep -c 'not found' "$W/out")" = 0 ]

# A folder's name that make and scripts would take apart; the others get as far as what is not there.
for c in : '|' '`' '"' '$' '\' ' ' "'" '#' '%' '&'; do
	name="a $c in the path"
	mkdir "$W/a${c}b"
	cp Makefile "$W/a${c}b/"
	(cd "$W/a${c}b" && make) >"$W/out" 2>&1 </dev/null
	case $c in
	[\ \'\#%\&]) says 'build.mk: No such file' ;;
	*) says "*** vmrun: the path of this source, $W/a${c}b, has a '$c' in it; move the source" ;;
	esac
done

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
