#!/bin/sh
# SPDX-License-Identifier: MIT
# README's ways to get files in and out, word by word.
. tests/guest/lib.sh
# shellcheck source=tests/guest/readme.sh
. tests/guest/readme.sh
mkdir "$WORK/here/src"
# shellcheck disable=SC2016
printf 'cd "$(dirname "$0")" && { uname -m; cat data; } >result && echo done\n' >"$WORK/here/src/test.sh"
echo 'some data' >"$WORK/here/src/data"

typed files-by-pipes 'Getting files in and out' 'tar c src |'
ended 0
same files-by-pipes-result "$MACHINE some data" "$(tr '\n' ' ' <"$WORK/here/src/result" | sed 's/ $//')"
has files-by-pipes-output "$ERR" done
rm -f "$WORK/here/src/result"
typed files-by-a-disk 'Getting files in and out' 'mke2fs'
ended 0
same files-by-a-disk-result "$MACHINE some data" "$(tr '\n' ' ' <"$WORK/here/result" | sed 's/ $//')"
has files-by-a-disk-output "$OUT" done
# The other way that its comment names: a tar file as a disk.
tar cf "$WORK/here/data.tar" -C "$WORK/here" src
vm 60 files-by-a-tar-file --ephemeral --disk "$WORK/here/data.tar,ro" --run 'tar xf /dev/vdb && cat src/data' $IMG
ended 0
has files-by-a-tar-file-data "$OUT" 'some data'

# The script that the CI section runs.
# shellcheck disable=SC2016
printf 'echo "CI=$CI $*"\nread -r line || echo "no input"\nexit 9\n' >"$WORK/here/test.sh"
CI=yes
export CI
typed a-script 'From scripts and CI' '--run-file test.sh'
ended 9
same a-script-output 'CI=yes --all no input ' "$(tr '\n' ' ' <"$OUT")"

# Every key, signal and status that README names is in the manual.
for w in $(sed -n '/^## Keys, signals/,/^## What/p' README.md | grep -oE 'Ctrl-A [a-z]|SIG[A-Z0-9]+' | tr ' ' '.' | sort -u); do
	case $w in
	SIG*) same "manual-$w" 1 "$(sed -n '/^\.SH SIGNALS/,/^\.SH RUNNING/p' core/cli/vmrun.1 | grep -cE "^([A-Z0-9]+ )*${w#SIG}( [A-Z0-9]+)*( |\$)")" ;;
	*) same "manual-$w" yes "$(grep -qF "Ctrl-A ${w#Ctrl-A.}" core/cli/vmrun.1 && echo yes)" ;;
	esac
done
finish
