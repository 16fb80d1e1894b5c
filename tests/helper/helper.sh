#!/bin/sh
# SPDX-License-Identifier: MIT
# helper.sh: helper processes at work: they serve the guest, have the rights of their role and no others, end with vmrun,
# and their end is told to the plugin and the user.
cd "$(dirname "$0")/../.." || exit 1
NEEDS=build/tests/helper/guest
. tests/guest/lib.sh
H=$B/tests/helper
P=$WORK/plugins
mkdir -p "$P" "$WORK/folder"
echo granted >"$WORK/file"
cp "$H/helper-test.so" "$P"

# manifest ID ROLE|none: the test's plugin as ID.
manifest()
{
	cat >"$P/$1.yaml" <<-M
		manifest: 1
		id: $1
		version: 1.0.0
		summary: a device whose helper does what a guest says
		class: device
		library: {linux-$(uname -m): helper-test.so}
		abi: {major: 1, minor: 0}
		provides: [vmrun.device/1]
		$([ "$2" = none ] || echo "helper: $2")
		options:
		  - {name: script, type: string, default: "", help: "what the guest asks for"}
		  - {name: file, type: path, help: "a file"}
		  - {name: folder, type: path, $([ "$2" = none ] || echo 'access: write, ')help: "a folder"}
		  - {name: port, type: int, default: 1, help: "where to connect to"}
		  - {name: many, type: int, default: 1, help: "how many helpers"}
		  - {name: how, type: string, default: "", help: "what goes wrong"}
		  - {name: spoil, type: string, default: "", help: "a library to make writable by others"}
	M
}
for role in net share block-net gpu cache none; do manifest helper-$role $role; done

# guest NAME ROLE SCRIPT [OPTIONS [VMRUN OPTIONS]]: a run with one helper of that role.
guest()
{
	name=$1 role=$2 script=$3 options=${4:-} more=${5:-}
	# shellcheck disable=SC2086 # more are several words
	vm 60 "$name" --plugin-path "$P:$B/plugins" -m 64M $more -p "helper-$role,script=$script${options:+,$options}" \
		--kernel "$H/guest"
}
# said NAME LETTER TEXT: the guest's line for a letter.
said()
{
	same "$NAME: $1" "$2 $3" "$(grep "^$2 " "$OUT" | tr -d '\r' | tail -n 1)"
}
# Processes of this test's vmruns, or those of them that have a name: the spawner and helpers have vmrun's command line.
processes()
{
	grep -laF -- "$P:" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | while read -r pid; do
		# shellcheck disable=SC2254 # a pattern
		case $(cat "/proc/$pid/comm" 2>/dev/null) in ${1:-vmrun*}) echo "$pid" ;; esac
	done
}
gone()
{
	for _ in $(seq $((100 * SLOW))); do
		[ -n "$(processes)" ] || break
		sleep 0.1
	done
	same "$1: no process is left" "" "$(processes)"
}

if "$VMRUN" doctor 2>/dev/null | grep -q 'Landlock ABI [3-9]'; then landlock=1; else landlock=; fi

# ---- it serves --------------------------------------------------------------------------------------------------------
guest serves share enniWdymlvtaz
ended 0
said "an answer" e "done 0x0"
said "counts" n "done 0x2"
said "the window" W "done 0x77"
said "a descriptor to it" d "done 0x4c"
said "a descriptor from it" y "done 0x78"
said "a thread" m "done 0x0"
has "$NAME: a line" "$ERR" "helper-share: a line of the helper"
said "a session of its own" v "done 0x0"
said "its standard error can't be read" t "done 0x9"
said "no other descriptor is open" a "done 0xf"
said "can't be looked into" z "done 0x0"
gone "$NAME"
guest message-too-long share L
said "refused" L "done 0xfffffff3"

# ---- the state goes to another helper -----------------------------------------------------------------------------------
guest state share nnnSnG
ended 0
said "moved" S "done 0x0"
said "counts on" n "done 0x4"
said "its length" G "done 0x30008"
guest state-refused share B
said "refused by the helper" B "done 0xffffffff"
guest state-room share Tn
said "too little room" T "done 0xfffffff3"
said "goes on" n "done 0x1"

guest state-late share Kn
said "asked again after it came" K "done 0x30008"
said "goes on" n "done 0x1"

# ---- many at once -------------------------------------------------------------------------------------------------------
guest many share EE many=64
ended 0
said "all answer" E "done 0x0"
gone "$NAME"
guest too-many share E many=65
ended 3
has "$NAME" "$ERR" "64 helper processes run, and there can't be more"

# ---- one that goes wrong --------------------------------------------------------------------------------------------------
guest crash share nce
ended 0
said "the guest gets an error" c "error 0x10b"
said "then as well" e "error 0xe0c"
has "$NAME: told" "$ERR" "plugin 'helper-share': its helper (role share) was ended by signal 11 (Segmentation fault)"
guest quits share q
said "the guest gets an error" q "error 0x7"
has "$NAME: told" "$ERR" "plugin 'helper-share': its helper (role share) ended with exit status 7"
guest again share cRe
said "another one" e "done 0x0"
for n in 0 1 2 3 4 5 6 7 8 9; do
	guest no-packet-$n share ${n}e
	said "ended" $n "error 0x109"
	has "$NAME: told" "$ERR" "plugin 'helper-share': its helper (role share) sent what is no message and is ended"
done
guest empty-packet share CgC
said "ended" g "error 0x109"
said "its descriptor is closed" C "done 0x0"
# vmrun can open no more files: a helper can't be had then, but later.
# shellcheck disable=SC3045 # dash, bash and busybox have it
files=$(ulimit -Sn)
# shellcheck disable=SC3045
ulimit -Sn 256
guest no-more-files share FRe
# shellcheck disable=SC3045
ulimit -Sn "$files"
ended 0
said "refused" F "done 0xfffffff5"
said "another one later" e "done 0x0"
gone "$NAME"
# Orders past the core, as a machine process that was taken over may give them.
guest forged share Xe
said "no such order is carried out" X "done 0x2"
said "the spawner goes on" e "done 0x0"
guest garbage share Ye
said "the spawner ends, and all helpers" e "error 0xe0c"
has "$NAME: told" "$ERR" "its helper (role share) is lost: the spawner ended"
guest no-descriptors share y how=no-descriptors
said "ended" y "error 0x109"
guest hangs share e how=stays
ended 0
has "$NAME: told" "$ERR" "its helper (role share) did not end within 2 s and is killed"
guest left-running share e how=leaves
ended 0
gone "$NAME"
guest left-hanging share e how=leaves-and-stays
ended 0
gone "$NAME"
for how in "init-fails|its helper (role share): not on this day; wait" \
	"init-crashes|its helper (role share): it was ended by signal 11 (Segmentation fault) before it was ready" \
	"init-exits|its helper (role share): it ended with exit status 9 before it was ready" \
	"init-hangs|its helper (role share): it did not start within 10 s" \
	"no-table|the plugin has no vmrun.helper/1 with a run()"; do
	guest "${how%%|*}" share e "how=${how%%|*}"
	ended 3
	has "$NAME: told" "$ERR" "${how#*|}"
done
VMRUN_PLUGIN_TIMEOUT=1 guest limit-of-the-user share e how=init-hangs
ended 3
has "$NAME: told" "$ERR" "its helper (role share): it did not start within 1 s"
gone "$NAME"
guest told-and-goes-on share e how=go-on,many=65
ended 0

# ---- which plugins may have one ------------------------------------------------------------------------------------------------------
guest without-the-key none e
ended 3
has "$NAME" "$ERR" "plugin 'helper-none' may have no helper process; its manifest needs the key 'helper'"
manifest helper-wrong share
sed -i 's/^helper: .*/helper: sharing/' "$P/helper-wrong.yaml"
"$VMRUN" --plugin-path "$P" plugins >"$WORK/list" 2>&1
has "a wrong role" "$WORK/list" "helper-wrong.yaml:9:9: helper 'sharing' is not one of: net share block-net gpu cache"
rm "$P/helper-wrong.yaml"
has "plugins: the role" "$WORK/list" "[helper: block-net]"
"$VMRUN" --plugin-path "$P" plugins show helper-share >"$WORK/list" 2>&1
has "plugins show: the role" "$WORK/list" "helper     share: opens files below the paths given to the plugin"
has "plugins show: the access" "$WORK/list" "(the helper may write it)"
"$VMRUN" --plugin-path "$P:$B/plugins" doctor >"$WORK/list" 2>&1
has "doctor: the role" "$WORK/list" "cache: makes, renames and removes files"
"$VMRUN" --plugin-path "$P:$B/plugins" doctor --json >"$WORK/list" 2>&1
has "doctor --json: the role" "$WORK/list" '"helper": "share"'

# ---- what a role may do ------------------------------------------------------------------------------------------------------
. tests/helper/rights.sh

# ---- ordinary users, and a vmrun with more rights than its caller
. tests/helper/users.sh

# ---- how they end --------------------------------------------------------------------------------------------------------------
. tests/helper/ends.sh
finish
