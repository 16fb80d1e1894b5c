#!/bin/sh
# SPDX-License-Identifier: MIT
# fresh.sh: what README says of a fresh machine, on one: a Debian in which nothing is installed but git and make, the checkout in
# /root, a folder that is closed to others. As an ordinary user without sudo, `make run` and `make test` say what is missing; as
# root both do what they should; and with the packages there, `make test` works as the ordinary user, in a home folder. The
# Debian is a chroot (debian.sh); no network but the package mirror's, through apt.
#
#   VMRUN_FRESH=short          not all of `make test`, but what depends on the folder, on the user and on what is installed
#   VMRUN_FRESH_SUITES='...'   other releases of Debian than bookworm
#   VMRUN_FRESH_KEEP=1         the tree stays, in build/fresh
#
# runs alone: it builds and runs all tests, with all CPUs
# time limit: 14400 s
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
# shellcheck source=tests/fresh/debian.sh
. tests/fresh/debian.sh
LOGS=$PWD/$B/tests/report/fresh
# Of `make test`, besides `make test-unit`.
SHORT='tests/errors/errors.sh tests/kvm/kvm-machine.sh tests/security/loading.sh tests/sdk/install.sh tests/doc/doc.sh
	tests/abi/compat.sh tests/examples/examples.sh tests/fresh/deps.sh tests/micro/names.sh tests/perf/perf.sh tests/board-pc/iasl.sh'
passed=0 failed=0 skipped=0
mkdir -p "$LOGS"

ok()
{
	passed=$((passed + 1))
	echo "ok   $1"
}
# bad NAME WHY LOG
bad()
{
	failed=$((failed + 1))
	echo "FAIL $1: $2; see $3"
	tail -n 30 "$3" | sed 's/^/     /'
}
skip()
{
	skipped=$((skipped + 1))
	echo "skip $1: skipped, $2"
}
finish()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}
# What is being done, shown while it is done: to run.sh's own output, or to ours.
say()
{
	{ printf '         fresh: %s, %s\n' "$suite" "$1" >&3; } 2>/dev/null || echo "  -- $suite, $1"
}

# step NAME COMMAND...: it runs, its output goes to $LOG; its status in $RC.
step()
{
	NAME=$suite-$1
	LOG=$LOGS/$NAME.log
	say "$1"
	shift
	"$@" >"$LOG" 2>&1
	RC=$?
}
# works: the last step ended with status 0
works()
{
	if [ $RC = 0 ]; then ok "$NAME"; else bad "$NAME" "exit status $RC" "$LOG"; fi
	return $RC
}
as_root()
{
	debian_run "$TREE" sh -c "cd /root/vmrun && $1"
}
as_user()
{
	debian_as "$TREE" user "cd vmrun && $1"
}
# The lines of `make test` that count: its sum is the last one, and nothing failed.
tested()
{
	sum=$(tail -n 1 "$LOG")
	case $RC-$sum in
	0-*' passed, 0 failed, '*' skipped')
		ok "$NAME"
		echo "     $sum"
		grep '^    | .*[Ss]kip' "$LOG" | sed 's/^    |/    /'
		;;
	*) bad "$NAME" "exit status $RC, and '$sum' as the last line" "$LOG" ;;
	esac
}
# ran: the last step was `make run RUN='uname -a'`, and this is what the guest said.
ran()
{
	if grep -q '^Linux .* aarch64 GNU/Linux' "$LOG"; then ok "$NAME-output"; else bad "$NAME-output" "no line of uname" "$LOG"; fi
}
# missing_said TARGET: what an ordinary user without sudo is told; the packages in $asked.
missing_said()
{
	step "user-without-packages-$1" as_user "make $1"
	asked=$(sed -n 's/^  apt-get update && apt-get install --no-install-recommends //p' "$LOG")
	if [ $RC = 0 ] || ! grep -q '^vmrun: you are not root, and there is no sudo' "$LOG" || [ -z "$asked" ]; then
		bad "$NAME" "exit status $RC; what is missing, and the command for it" "$LOG"
	elif [ "$(grep -c . "$LOG")" != 4 ]; then
		bad "$NAME" "what is missing, why, the command, and make's own line: nothing else, each once" "$LOG"
	else
		ok "$NAME"
	fi
}
# checkout FOLDER OWNER: the source as a git checkout in the tree, and the packages of the guests that were fetched here already.
checkout()
{
	mkdir -p "$TREE$1/build/cache"
	tools/files.sh | tar -cf - -T - | tar -C "$TREE$1" -xf - --no-same-owner
	for cache in build/cache/apt*/cache/archives; do
		[ ! -d "$cache" ] || { mkdir -p "$TREE$1/$cache" && cp "$cache"/*.deb "$TREE$1/$cache/"; }
	done
	debian_run "$TREE" sh -c "chown -R $2: $1 && chmod 700 \$(dirname $1) && su $2 -c 'cd $1 && git init -q && git add .'"
}

# fresh SUITE
fresh()
{
	suite=$1
	TREE=$PWD/build/fresh/$suite
	why=$(debian_make "$suite" "$TREE") || {
		skip "$suite" "$why"
		return
	}
	step git-and-make debian_run "$TREE" sh -c 'apt-get update -q && apt-get install -y -q --no-install-recommends git make &&
		useradd -m -s /bin/sh user && ! command -v sudo && ! command -v cc'
	works || return
	step checkout checkout /root/vmrun root
	works || return
	step user-checkout checkout /home/user/vmrun user
	works || return

	missing_said run
	missing_said test

	step root-run as_root "make run RUN='uname -a'"
	debian_keep "$suite" "$TREE"
	works || return
	ran
	installed=$(sed -n 's/^  DEPS    *//p' "$LOG")
	if [ "$asked" = "$installed" ]; then ok "$suite-command-is-right"; else bad "$suite-command-is-right" "the user was told '$asked'" "$LOG"; fi
	[ "$suite" != bookworm ] || {
		step root-source-checks as_root 'make format-check cppcheck headers'
		works
	}

	# Two guests' files are fetched at a time.
	step user-run as_user "make -j2 run RUN='uname -a'"
	works && ran
	for who in root user; do
		if [ "${VMRUN_FRESH:-}" = short ]; then
			step $who-test-unit as_$who 'make test-unit'
			tested
			step $who-test as_$who "make test TESTS='$(echo $SHORT)'"
		else
			step $who-test as_$who 'make test'
		fi
		tested
	done
	debian_keep "$suite" "$TREE"
	# A real sudo, which refuses at first.
	step sudo debian_run "$TREE" sh -c 'apt-get install -y -q --no-install-recommends sudo && apt-get purge -y -q fish'
	works
	step user-sudo-refuses as_user 'make run'
	if [ $RC != 0 ] && grep -q "^vmrun: you are not root, and sudo refuses: '" "$LOG" && grep -q '^  apt-get .* fish$' "$LOG"; then
		ok "$NAME"
	else
		bad "$NAME" "exit status $RC; that sudo refuses, and the command" "$LOG"
	fi
	echo 'user ALL=(root) NOPASSWD: /usr/bin/apt-get' >"$TREE/etc/sudoers.d/user"
	step user-sudo-works as_user 'make deps && dpkg-query -s fish'
	works
	step nothing-left-in-tmp debian_run "$TREE" sh -c '! ls -A /tmp /var/tmp | grep vmrun'
	works
	[ -n "${VMRUN_FRESH_KEEP:-}" ] || rm -rf "$TREE"
}

why=$(debian_obstacle)
if [ -n "$why" ]; then
	skip fresh "$why"
	finish
fi
for s in ${VMRUN_FRESH_SUITES:-bookworm}; do
	fresh "$s"
done
finish
