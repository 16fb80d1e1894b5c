#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh: `make install install-sdk` into a folder of its own, and then nothing but what lies there: the four tutorials,
# word by word; plugins of all classes in one folder; the headers and libraries as strangers link them; the shells'
# completion. tests/sdk/clean.sh does the same in a fresh Debian with the packages.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
TOP=$PWD
# The tutorials' commands are for a prefix without blanks; the source's path may have some.
W=$(mktemp -d "$TMPDIR/vmrun-sdk.XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
CC=${CC:-cc}
passed=0 failed=0 skipped=0

ok()
{
	passed=$((passed + 1))
	echo "ok   $1"
}
bad()
{
	failed=$((failed + 1))
	printf 'FAIL %s\n' "$1"
	[ $# = 1 ] || printf '%s\n' "$2" | sed 's/^/     /' | tail -n 30
}
skip()
{
	skipped=$((skipped + 1))
	echo "skip $1: skipped, $2"
}
# try NAME COMMAND...: it must succeed.
try()
{
	name=$1
	shift
	if why=$("$@" 2>&1); then ok "$name"; else bad "$name" "$why"; fi
}
# refused NAME STATUS TEXT COMMAND...: it must fail with this status and say so.
refused()
{
	name=$1 status=$2 text=$3
	shift 3
	why=$("$@" 2>&1)
	rc=$?
	if [ $rc = "$status" ] && printf '%s\n' "$why" | grep -qF -- "$text"; then
		ok "$name"
	else
		bad "$name" "status $rc, not $status, or no '$text' in: $why"
	fi
}
finish()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}

# Twice: straight to its place, and below DESTDIR as packages are made. `all` is built already.
P=$W/prefix
make_install()
{
	${MAKE:-make} --no-print-directory -s install install-sdk "$@" </dev/null
}
try install make_install PREFIX="$P" DESTDIR=
try install-destdir make_install PREFIX=/usr DESTDIR="$W/dest"
[ $failed = 0 ] || finish
(cd "$P" && find . -type f | sort) >"$W/files"
(cd "$W/dest/usr" && find . -type f | sort) >"$W/files-destdir"
try same-files diff "$W/files" "$W/files-destdir"
own_path() { # whether a file says where it was built
	grep -rlF "$PWD" "$W/dest/usr/share" "$W/dest/usr/include" "$W/dest/usr/lib/pkgconfig" && return 1
	return 0
}
try no-build-path own_path

# Each file of a Debian package's install goes into one of the two packages: dh_missing refuses what is in neither.
packaged()
{
	make_install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu ZSH_FUNCTIONS=/usr/share/zsh/vendor-completions DESTDIR="$W/deb" || return 1
	cat tools/debian/*.install >"$W/patterns"
	(cd "$W/deb" && find . -type f | sed 's|^./||') | while IFS= read -r f; do
		n=0
		while IFS= read -r pattern; do
			# shellcheck disable=SC2254 # a pattern
			case $f in $pattern | $pattern/*) n=$((n + 1)) ;; esac
		done <"$W/patterns"
		[ $n = 1 ] || { echo "$f: in $n packages by tools/debian/*.install"; exit 1; }
	done
}
try packaged packaged

uninstall()
{
	${MAKE:-make} --no-print-directory -s uninstall PREFIX=/usr DESTDIR="$W/dest" </dev/null && (cd "$W/dest" && ! find . -type f -o -path '*vmrun*' | grep .)
}
try uninstall uninstall

# From here on only what is installed. No plugin of the user's, and a home to install into.
PATH=$P/bin:$PATH
PKG_CONFIG_PATH=$P/lib/pkgconfig
HOME=$W/home
export PATH PKG_CONFIG_PATH HOME
unset VMRUN PATGEN PLUGINS
mkdir -p "$HOME"

for page in "$P"/share/man/man*/*; do
	command -v groff >/dev/null || { skip "man-$(basename "$page")" "there is no groff"; continue; }
	try "man-$(basename "$page")" sh -c '! groff -man -Tutf8 -ww -z "$1" 2>&1 | grep .' - "$page"
done

# ---- headers and libraries ----
headers()
{
	(cd "$P/include" && find . -name '*.h') | while read -r h; do
		$CC -std=gnu11 -Wall -Wextra -Werror -Wno-unused -I"$P/include" -I"$P/include/vmrun/kit" -fsyntax-only -x c "$P/include/$h" || exit 1
	done
}
try headers-compile-alone headers
# Each as C++ as well.
headers_cxx()
{
	(cd "$P/include" && find . -name '*.h') | while read -r h; do
		${CXX:-c++} -std=c++17 -Wall -Wextra -Werror -Wno-unused -I"$P/include" -I"$P/include/vmrun/kit" -fsyntax-only -x c++ "$P/include/$h" || exit 1
	done
}
try headers-compile-as-cxx headers_cxx
# Everything in one library: no name twice, none missing, and no name that a plugin could have as well.
whole()
{
	# shellcheck disable=SC2046 # several words
	$CC -shared -Wl,-z,defs -o "$W/whole.so" -Wl,--whole-archive "$P"/lib/libvmrun-*.a \
		-Wl,--no-whole-archive -lfdt -lm
}
try libraries-are-whole whole
names()
{
	nm -g --defined-only "$P"/lib/libvmrun-*.a |
		awk 'NF == 3 && $3 !~ /^(vr|xlate)_/ && $3 !~ /^[a-z0-9]+_(isa|emit)$/ { print $3; n = 1 } END { exit n }'
}
try names-have-prefixes names
variables()
{
	for v in plugindir tinydir patgen vmrun sdkdir; do
		# As a shell reads it: there are backslashes before blanks.
		eval "set -- $(pkg-config --variable=$v vmrun-sdk)"
		[ $# = 1 ] && [ -e "$1" ] || { echo "$v: $*"; return 1; }
	done
	[ "plugin ABI $(pkg-config --variable=abi_major vmrun-sdk).$(pkg-config --variable=abi_minor vmrun-sdk))" = \
		"$(vmrun --version | sed 's/.*, //')" ]
}
try pkg-config variables

# ---- what is written names what is installed ----
# paths PAGE: each folder of vmrun that a manual names is below this prefix, or one of those that are looked into anyway.
paths()
{
	for word in $(sed 's/\\f[A-Z]//g; s/\\-/-/g' "$1" | grep -o '/[a-z/0-9._A-Z-]*/\(share\|lib\)/vmrun[a-z/]*'); do
		case $word in
		/usr/local/lib/vmrun/plugins | /usr/lib/vmrun/plugins | /.local/share/vmrun/plugins) ;;
		"$P"/*) [ -e "$word" ] || { echo "$1: there is no $word"; return 1; } ;;
		*) echo "$1 names $word, and this prefix is $P"; return 1 ;;
		esac
	done
}
for page in "$P"/share/man/man*/*; do
	try "paths-of-$(basename "$page")" paths "$page"
done
try man-names-plugins grep -qF "$P/lib/vmrun/plugins" "$P/share/man/man1/vmrun.1"
try man-names-sdk grep -qF "$P/share/vmrun/sdk/doc" "$P/share/man/man7/vmrun-plugin.7"
try no-placeholder sh -c '! grep -n "fIPREFIX" "$1"/share/man/man*/*' - "$P"
# As a package has it: of /usr there is nothing to add.
usr_page()
{
	make_install PREFIX=/usr DESTDIR="$W/usr" && grep -qx /usr/lib/vmrun/plugins "$W/usr/usr/share/man/man1/vmrun.1" &&
		! grep -n fIPREFIX "$W/usr/usr/share/man/man1/vmrun.1" && grep -qF /usr/share/vmrun/sdk/doc "$W/usr/usr/share/man/man7/vmrun-plugin.7"
}
try man-of-usr usr_page
# The rules: headers and pages that are installed, and no file of the source.
rules_cite()
{
	page=$P/share/vmrun/sdk/doc/RULES.md
	for h in $(sed -n 's/^| R-.* | \([^|]*\) |$/\1/p' "$page" | tr ',; ' '\n\n\n' | grep '\.\(h\|def\)$' | sort -u); do
		# shellcheck disable=SC2086 # state_*.h
		ls $P/include/vmrun/$h >/dev/null || return 1
	done
	for h in $(grep -o '<[a-z_]*/[a-z_./]*\.h>' "$page" | tr -d '<>'); do
		[ -e "$P/include/$h" ] || [ -e "$P/include/vmrun/kit/$h" ] || { echo "there is no $h"; return 1; }
	done
	grep -n '\(^\|[^a-z/]\)\(sdk\|tests\|core\|plugins\|tools\)/[a-z]' "$page" && return 1
	! grep -n '`make ' "$page"
}
try rules-cite-what-is-installed rules_cite
# Other pages may name the source, and then say that it is the source's.
pages_cite()
{
	for page in "$P"/share/vmrun/sdk/doc/*.md "$P"/share/vmrun/sdk/examples/*.md "$P"/share/vmrun/sdk/examples/*/*.md; do
		if grep -q '`\(sdk\|tests\|core\|plugins\|tools\|perf\)/[a-z]' "$page" && ! grep -qi "the source's\|vmrun's source\|this source" "$page"; then
			echo "$page names files of the source, and does not say so"
			grep -n '`\(sdk\|tests\|core\|plugins\|tools\|perf\)/[a-z]' "$page"
			return 1
		fi
	done
}
try pages-cite-what-is-installed pages_cite

# ---- completion: every option and every word, in each shell's file ----
vmrun --help | awk '/^Environment/ { exit } { print }' >"$W/help"
grep -o -e '--[a-z-]*' "$W/help" | sort -u >"$W/options"
sed -n 's/^  \(plugins [a-z]*\|doctor\|help\) .*/\1/p' "$W/help" | sed 's/^plugins //' >"$W/words"
every()
{
	for o in $(cat "$W/options"); do
		grep -qE -- "$2${o#--}([^a-z-]|\$)" "$1" || { echo "no $o in $1"; return 1; }
	done
	for w in $(cat "$W/words"); do
		grep -qw -- "$w" "$1" || { echo "no $w in $1"; return 1; }
	done
	[ "$(wc -l <"$W/options")" -gt 15 ] && [ "$(wc -l <"$W/words")" -gt 4 ]
}
try completion-bash-has-all every "$P/share/bash-completion/completions/vmrun" '--'
try completion-zsh-has-all every "$P/share/zsh/site-functions/_vmrun" '--'
try completion-fish-has-all every "$P/share/fish/vendor_completions.d/vmrun.fish" '-l '
completes() # completes EXPECTED WORD...
{
	expected=$1
	shift
	# shellcheck disable=SC2016 # for bash
	came=$(bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; _vmrun vmrun; echo ${COMPREPLY[*]}' - \
		"$P/share/bash-completion/completions/vmrun" vmrun "$@")
	[ "$came" = "$expected" ] || { echo "'$*': '$came', not '$expected'"; return 1; }
}
if command -v bash >/dev/null; then
	try bash-option completes '--no-reboot --no-sandbox' --no-
	try bash-word completes 'doctor' doc
	try bash-class completes 'board' plugins new b
	try bash-id completes 'soft' -p sof
	try bash-id-of-show completes 'soft' -v plugins show sof
else
	skip completion-bash-works "there is no bash"
fi
for shell in zsh fish; do
	file=$(find "$P/share/$shell" -type f)
	if command -v $shell >/dev/null; then
		try completion-$shell-syntax $shell -n "$file"
	else
		skip completion-$shell-syntax "there is no $shell"
	fi
done

# ---- plugins new ----
cd "$W" || exit 1
# life.md calls gdb, which the test's machine may have as gdb-multiarch only.
mkdir bin
command -v gdb >/dev/null || ln -s "$(command -v gdb-multiarch)" bin/gdb
PATH=$PATH:$W/bin
for page in tutorial-accel tutorial-translator tutorial-device device-tree tutorial-board life shipping patgen; do
	if why=$("$TOP/tools/doc-run.sh" "$P/share/vmrun/sdk/doc/$page.md" "$W/$page" 2>&1); then
		ok "$why"
	else
		bad "$page" "$why"
	fi
done
# No page puts anything where other runs find it.
try nothing-is-installed sh -c '! vmrun plugins list | grep "^com.example"'
own="accel/com.example.engine translator/com.example.lifter device/com.example.alarm board/com.example.board"
for d in $own; do
	try "install-$d" make -s -C "tutorial-$d" install
done
readme_path()
{
	for d in $own; do
		grep -qF "$P/share/vmrun/sdk/doc" "tutorial-$d/README.md" || { echo "$d/README.md does not name $P/share/vmrun/sdk/doc"; return 1; }
	done
}
try readmes-name-the-sdk readme_path
# A guest that runs into what is no instruction: the line names the engine, whose host it is, and the translator.
logged()
{
	cp -r tutorial-translator/com.example.lifter logs && cd logs || return 1
	printf 'TINY' >short.img && head -c 4096 /dev/zero | tr '\0' '\377' >>short.img
	make -s && ! vmrun --plugin-path ".:$(pkg-config --variable=tinydir vmrun-sdk)" -p com.example.lifter --no-reboot short.img >out 2>&1 </dev/null
	grep '^vmrun: error: soft: com.example.lifter: there is no instruction 0xffffffff' out || { cat out; return 1; }
}
try log-names-the-plugin logged
try all-four-are-installed sh -c 'for p in alarm board engine lifter; do vmrun plugins list | grep "^com.example.$p " || exit 1; done'
# With the accelerator installed, which runs the same guest without a translator, the translator that is named is used.
lifter_is_used()
{
	(cd tutorial-translator/com.example.lifter && make -s check &&
		vmrun --plugin-path ".:$(pkg-config --variable=tinydir vmrun-sdk)" -p com.example.lifter guest.img 2>&1 </dev/null) |
		tee lifter.out | grep 'soft + com.example.lifter' || { cat lifter.out; false; }
}
try lifter-is-used lifter_is_used
# One that does not run is no success: an instruction that it lifts to something else.
lifter_is_broken()
{
	cp -r tutorial-translator/com.example.lifter broken && cd broken || return 1
	sed -i 's/ VR_IR_ADD,/ VR_IR_SUB,/' plugin.c
	! cmp -s plugin.c ../tutorial-translator/com.example.lifter/plugin.c || { echo "there is no VR_IR_ADD in plugin.c"; return 1; }
	! make -s check
}
try lifter-is-broken lifter_is_broken
# A manifest of another id: both are named.
other_id()
{
	cp -r tutorial-device/com.example.alarm other && cd other || return 1
	sed -i 's/^id: .*/id: com.example.other/' com.example.alarm.yaml
	! vmrun --plugin-path . -p com.example.other --kernel guest.img --arch tiny 2>&1 | tee said | grep "this library is plugin 'com.example.alarm', and its manifest says 'com.example.other'" &&
		cat said && return 1
	return 0
}
try other-id other_id
# A lifter that makes a bad IR: named with instruction, op and rule.
bad_ir()
{
	cp -r tutorial-translator/com.example.lifter badir && cd badir || return 1
	sed -i "s/vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, y, get(l, f->z))/vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, y, l->ir->op_count + 1)/" plugin.c
	make -s || return 1
	! vmrun --plugin-path ".:$(pkg-config --variable=tinydir vmrun-sdk)" -p soft,verify=on -p com.example.lifter --no-reboot guest.img >out 2>&1 </dev/null
	grep -E "translator 'com.example.lifter': the IR of the instruction at 0x[0-9a-f]* \\(tiny; bytes from there:( [0-9a-f]{2})+\\) is wrong: op [0-9]+ \\(ADD\\): " out || { cat out; return 1; }
}
try bad-ir-is-named bad_ir
lifter_verified()
{
	cd tutorial-translator/com.example.lifter && make -s && vmrun --quiet --plugin-path ".:$(pkg-config --variable=tinydir vmrun-sdk)" \
		-p soft,verify=on -p com.example.lifter --no-reboot guest.img >out 2>/dev/null </dev/null && cmp out expected
}
try good-ir-passes lifter_verified
# Flags of the user's own, as they are given to make.
own_flags()
{
	make -s -C tutorial-device/com.example.alarm clean && make -C tutorial-device/com.example.alarm CFLAGS='-O1 -g3' LDFLAGS=-Wl,-O1 guest.img all | grep -e '-O1 -g3 .*-fPIC'
}
try own-flags own_flags
# Together: the new accelerator runs the new board with the new device.
together()
{
	vmrun --quiet -p com.example.engine -p com.example.board -p com.example.alarm tutorial-device/com.example.alarm/guest.img >both
	cmp both tutorial-device/com.example.alarm/expected
}
try together together
# What is named is used: the accelerator runs all that the translator translates.
refused named-and-not-used 3 "translator 'com.example.lifter' was named and is not used: accelerator 'com.example.engine', named with it, runs tiny" \
	vmrun -p com.example.engine -p com.example.lifter tutorial-accel/com.example.engine/guest.img
# One that translates others than the accelerator runs stays; the line names it.
shared()
{
	vmrun -p com.example.engine -p xlate-arm64-x86 --no-reboot tutorial-accel/com.example.engine/guest.img 2>shared.err >shared.out </dev/null &&
		grep '^vmrun: tiny guest on .*: com.example.engine, board .*; not needed for this guest: xlate-arm64-x86$' shared.err || { cat shared.err; return 1; }
}
try named-and-shared shared
# The examples, built with nothing but what is installed.
example()
{
	cp -r "$P/share/vmrun/sdk/examples/$1" "example-$1" && make -s -C "example-$1" && make -s -C "example-$1" check
}
for folder in "$P"/share/vmrun/sdk/examples/*/; do
	try "example-$(basename "$folder")" example "$(basename "$folder")"
done

# The device on a board that is no part of the SDK, in a Linux that finds it.
linux()
{
	timeout -k 5 200 vmrun --quiet -p com.example.alarm --kernel "$G/Image" --initrd "$G/initrd.img" \
		--run 'cat /sys/bus/virtio/devices/*/device' >linux.out </dev/null
	tr -d '\r' <linux.out | grep -x 0x003f
}
G=$TOP/build/guest
if [ -e "$G/Image" ] && [ -e "$G/initrd.img" ]; then
	try device-in-linux linux
else
	skip device-in-linux "build/guest has no kernel and initrd"
fi

for d in $own; do
	try "uninstall-$d" make -s -C "tutorial-$d" uninstall
done
try all-four-are-gone sh -c '! vmrun plugins list | grep "^com.example"'

# The tutorial's last command, as it is written there, with the image that it says.
last_command()
{
	line=$(grep '^    vmrun .*debian-arm64.img$' "$P/share/vmrun/sdk/doc/tutorial-device.md")
	[ -n "$line" ] || { echo "the tutorial has no such command"; return 1; }
	cd tutorial-device/com.example.alarm && make -s && ln -sf "$TOP/guest.img" debian-arm64.img || return 1
	timeout -k 5 200 sh -c "$line" >linux.out 2>linux.err </dev/null || { cat linux.err linux.out; return 1; }
	tr -d '\r' <linux.out | grep -x 0x003f
}
if [ -e "$TOP/guest.img" ]; then
	try tutorial-device-last-command last_command
else
	skip tutorial-device-last-command "there is no guest.img"
fi

# A prefix that has a blank and a quote in it: Makefiles find all of it by pkg-config.
mkdir "$W/it's here"
strange_prefix()
{
	(cd "$TOP" && make_install PREFIX="$W/it's here" DESTDIR=) || return 1
	PATH="$W/it's here/bin:$PATH" PKG_CONFIG_PATH="$W/it's here/lib/pkgconfig" HOME="$W/it's here" sh -euc '
		cd "$1" && vmrun plugins new device com.example.strange && cd com.example.strange && make && make check && make install
		vmrun plugins list | grep "^com.example.strange "' - "$W/it's here"
}
try prefix-with-blank-and-quote strange_prefix

mkdir work
cd work || exit 1
refused class-unknown 2 "not one of accel" vmrun plugins new driver com.example.x
refused name-bad 2 "lower-case letters" vmrun plugins new device Com/Example
refused name-missing 2 "vmrun plugins new CLASS NAME" vmrun plugins new device
refused directory-missing 1 "no/com.example.x" vmrun plugins new device com.example.x --directory no
refused directory-elsewhere 2 "--directory is for" vmrun --directory . doctor
try folder vmrun plugins new device com.example.x --directory .
echo mine >com.example.x/plugin.c
refused exists 3 "exists already" vmrun plugins new device com.example.x
try nothing-overwritten grep -q mine com.example.x/plugin.c
refused taken 0 "is installed already" vmrun plugins new device soft
try short-name sh -c 'vmrun plugins new board 0x && test -f 0x/0x.yaml && make -s -C 0x && make -s -C 0x check'
longest=$(printf 'com.example.%052d' 1)
try longest-name sh -c 'vmrun plugins new device "$1" && make -s -C "$1" check' - "$longest"
refused too-long 2 "at most 64" vmrun plugins new device "${longest}0"
mkdir bare bare/bin
cp "$P/bin/vmrun" bare/bin/
refused no-templates 3 "vmrun-sdk" bare/bin/vmrun plugins new device com.example.y
try nothing-left test ! -e com.example.y
refused no-sdk 2 "vmrun-sdk is not installed" env PKG_CONFIG_PATH=/nowhere PKG_CONFIG_LIBDIR=/nowhere make -C 0x
finish
