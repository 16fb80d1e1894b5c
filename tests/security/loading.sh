#!/bin/sh
# SPDX-License-Identifier: MIT
# Which libraries get into the process. The second half runs a set-user-id copy of vmrun as `nobody`, in a mount
# namespace whose /usr/local and /etc/vmrun are its own, so that nothing of this machine is touched.
# shellcheck source=tests/guest/lib.sh
[ "${1:-}" = elevated ] || . tests/guest/lib.sh
# shellcheck source=tests/guest/other_user.sh
[ "${1:-}" = elevated ] || . tests/guest/other_user.sh
SYSTEM=/usr/local/lib/vmrun/plugins

# plugin FOLDER ID [LIBRARY]: the marker as plugin ID. Its library is ID.so in FOLDER, unless the manifest shall say another.
plugin()
{
	mkdir -p "$1"
	cat >"$1/$2.yaml" <<-M
		manifest: 1
		id: $2
		version: 1.0.0
		summary: from $1
		class: accel
		library: {$PLATFORM: ${3:-$2.so}}
		abi: {major: 1, minor: 0}
		provides: [vmrun.accel/1]
		guest: [arm64]
	M
	[ -n "${3:-}" ] || cp "$MARKER" "$1/$2.so"
}

# opened FOLDER: has any plugin's library in it been opened?
opened()
{
	find "$1" -name '*.mark' | grep -q .
}

# refused NAME TEXT COMMAND...: TEXT (extended) is in the messages, and nothing of ours was opened.
refused()
{
	name=$1 text=$2
	shift 2
	find "$PLACE" -name '*.mark' -exec rm {} +
	timeout 60 "$@" >"$OUT" 2>&1 </dev/null
	rc=$?
	if [ $rc = 0 ]; then
		bad "$name" "a refusal" "exit status 0: $(tail -n 1 "$OUT")"
	elif [ $rc -gt 4 ]; then
		bad "$name" "an exit status of the manual" "$rc: $(tail -n 1 "$OUT")"
	elif ! grep -qE -- "$text" "$OUT"; then
		bad "$name" "$text" "$(tail -n 2 "$OUT" | tr '\n' '|')"
	elif opened "$PLACE"; then
		bad "$name" "no library opened" "$(find "$PLACE" -name '*.mark')"
	else
		ok "$name"
	fi
}

if [ "${1:-}" = elevated ]; then
	# ---- with elevated privileges, in the namespace ------------------------------------------------------------
	# Arguments: PLATFORM MARKER VMRUN COUNTS KERNEL WORK PLUGINS. WORK is open to nobody; what is trusted is below /usr/local.
	PLATFORM=$2 MARKER=$3 VMRUN=$4 COUNTS=$5 KERNEL=$6 WORK=$7 PLUGINS=$8
	ok() { echo ok >>"$COUNTS"; echo "ok   $1"; }
	bad() { echo bad >>"$COUNTS"; printf 'FAIL %s\n     expected: %s\n     came:     %s\n' "$1" "$2" "$3"; }
	PLACE=$WORK/users
	OUT=$WORK/out
	umask 022
	mount -t tmpfs -o mode=755,suid,exec none /usr/local || exit 77
	mkdir -p /usr/local/bin $SYSTEM
	install -m 755 "$VMRUN" /usr/local/bin/plain
	install -m 4755 "$VMRUN" /usr/local/bin/vmrun
	NOBODY="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$WORK/home"
	E=/usr/local/bin/vmrun
	# The folder as an administrator would have it: with boards, or no image would be told from another.
	install_system()
	{
		chmod 755 /usr/local /usr/local/lib /usr/local/lib/vmrun
		rm -rf $SYSTEM
		mkdir $SYSTEM
		install -m 644 "$PLUGINS"/board-virt.* $SYSTEM
	}

	install_system
	# A trusted plugin is used, by an elevated vmrun too.
	plugin $SYSTEM trusted
	$NOBODY $E plugins >"$OUT" 2>&1
	grep -q '^trusted ' "$OUT" && ok elevated-sees-the-systems || bad elevated-sees-the-systems trusted "$(cat "$OUT")"
	$NOBODY $E -p trusted --kernel "$KERNEL" >"$OUT" 2>&1
	if [ "$(cat $SYSTEM/trusted.so.mark 2>&1)" = 0 ]; then
		ok elevated-is-elevated
	else
		bad elevated-is-elevated "the trusted plugin opened as user 0" "$(cat $SYSTEM/trusted.so.mark "$OUT" 2>&1 | head -n 3)"
	fi

	# What the caller controls is not looked at. The same is found when vmrun is not elevated, or this shows nothing.
	plugin "$PLACE" callers
	plugin "$PLACE/data/vmrun/plugins" callers
	plugin "$WORK/home/.local/share/vmrun/plugins" callers
	for way in VMRUN_PLUGIN_PATH="$PLACE" XDG_DATA_HOME="$PLACE/data" HOME="$WORK/home"; do
		$NOBODY env "$way" /usr/local/bin/plain plugins >"$OUT" 2>&1
		grep -q '^callers ' "$OUT" && ok "plain-${way%%=*}" || bad "plain-${way%%=*}" callers "$(cat "$OUT")"
		refused "elevated-${way%%=*}" "callers.*(not installed|no plugin)|no .*'callers'" $NOBODY env "$way" $E -p callers --kernel "$KERNEL"
	done
	refused elevated-plugin-path "callers.*(not installed|no plugin)|no .*'callers'|--plugin-path" $NOBODY $E --plugin-path "$PLACE" -p callers --kernel "$KERNEL"

	# In the system's folder, but another could have written it.
	PLACE=$SYSTEM
	install_system
	# untrusted NAME TEXT: what was set up by hand must be refused.
	untrusted()
	{
		refused "elevated-$1" "$2" $NOBODY $E -v -p t --kernel "$KERNEL"
		install_system
	}
	none="'t'|t\\.(so|yaml)"
	plugin $SYSTEM t; chmod 666 $SYSTEM/t.yaml; untrusted manifest-that-all-write "$none"
	plugin $SYSTEM t; chmod 664 $SYSTEM/t.yaml; untrusted manifest-that-the-group-writes "$none"
	plugin $SYSTEM t; chown 65534 $SYSTEM/t.yaml; untrusted manifest-of-another "$none"
	plugin $SYSTEM t; chmod 777 $SYSTEM/t.so; untrusted library-that-all-write "t.so can be written by others"
	plugin $SYSTEM t; chown 65534 $SYSTEM/t.so; untrusted library-of-another "t.so belongs to user 65534"
	plugin $SYSTEM t; chmod 777 $SYSTEM; untrusted folder-that-all-write "$none"
	plugin $SYSTEM t; chown 65534 $SYSTEM; untrusted folder-of-another "$none"
	plugin $SYSTEM t; chmod 1777 /usr/local/lib; untrusted parent-that-all-write "$none"
	plugin $SYSTEM t; mv $SYSTEM/t.so "$WORK/users/t.so"; ln -s "$WORK/users/t.so" $SYSTEM/t.so
	PLACE="$WORK/users" untrusted library-link-to-another "can be written by others|belongs to user"
	plugin $SYSTEM t; mv $SYSTEM/t.yaml "$WORK/users/t.yaml"; ln -s "$WORK/users/t.yaml" $SYSTEM/t.yaml
	untrusted manifest-link-to-another "$none"
	plugin "$WORK/users/whole" t; cp $SYSTEM/* "$WORK/users/whole"; rm -r $SYSTEM; ln -s "$WORK/users/whole" $SYSTEM
	PLACE="$WORK/users" untrusted folder-link-to-another "$none"
	exit 0
fi

# ---- as an ordinary user --------------------------------------------------------------------------------------------
PLATFORM=$("$VMRUN" plugins show soft --json 2>/dev/null | sed -n 's/.*"platform": *"\([^"]*\)".*/\1/p')
PLATFORM=${PLATFORM:-linux-$(uname -m)}
MARKER=$B/tests/security/marker.so
OUT=$WORK/out
PLACE=$WORK/place
mkdir -p "$PLACE"

# opens NAME ID COMMAND...: so it is shown that the marker works where it may.
opens()
{
	name=$1
	shift
	find "$PLACE" -name '*.mark' -exec rm {} +
	timeout 60 "$@" >"$OUT" 2>&1 </dev/null
	if opened "$PLACE"; then ok "$name"; else bad "$name" "the library opened" "$(tail -n 2 "$OUT")"; fi
}

plugin "$PLACE/a" t
opens from-plugin-path "$VMRUN" --plugin-path "$PLACE/a" -p t --kernel "$KERNEL"
opens from-environment env VMRUN_PLUGIN_PATH="$PLACE/a" "$VMRUN" -p t --kernel "$KERNEL"
here=$(pwd)
opens from-relative-path env -C "$PLACE" "$here/$VMRUN" --plugin-path a -p t --kernel "$here/$KERNEL"
ln -s a "$PLACE/link"
opens through-a-linked-folder "$VMRUN" --plugin-path "$PLACE/link" -p t --kernel "$KERNEL"

# Listing opens nothing, however much is installed.
find "$PLACE" -name '*.mark' -exec rm {} +
"$VMRUN" --plugin-path "$PLACE/a" plugins >"$OUT" 2>&1
if grep -q '^t ' "$OUT" && ! opened "$PLACE"; then ok listing-opens-nothing; else bad listing-opens-nothing "t listed, nothing opened" "$(cat "$OUT")"; fi

# An empty part of the path is not the current folder.
refused empty-part-is-nothing "'t'" env -C "$PLACE/a" VMRUN_PLUGIN_PATH=: "$here/$VMRUN" --plugin-path : -p t --kernel "$here/$KERNEL"

# A library is a plain name beside its manifest, and is looked for nowhere else.
mkdir -p "$PLACE/lib"
cp "$MARKER" "$PLACE/lib/far.so"
cp "$MARKER" "$PLACE/far.so"
n=0
for library in ../far.so "$PLACE/lib/far.so" lib/far.so ./far.so .. . ''; do
	n=$((n + 1))
	rm -rf "$PLACE/m"
	plugin "$PLACE/m" t "'$library'"
	refused "library-is-a-plain-name-$n" "t.yaml|'t'" "$VMRUN" -v --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
done
rm -rf "$PLACE/m"
plugin "$PLACE/m" t far.so
refused library-not-from-elsewhere "far.so" env LD_LIBRARY_PATH="$PLACE/lib" "$VMRUN" --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
ln -s /nowhere "$PLACE/m/far.so"
refused library-dangling-link "far.so" "$VMRUN" --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
rm "$PLACE/m/far.so"
mkdir "$PLACE/m/far.so"
refused library-is-a-folder "far.so" "$VMRUN" --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
rmdir "$PLACE/m/far.so"
if timeout 20 sh -c "mkfifo '$PLACE/m/far.so'"; then
	refused library-is-a-fifo "far.so" "$VMRUN" --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
fi
rm -rf "$PLACE/m"
mkdir "$PLACE/m"
mkfifo "$PLACE/m/t.yaml"
refused manifest-is-a-fifo "'t'" "$VMRUN" --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
rm -rf "$PLACE/m"

# Two of one id: the first folder's is taken, and a line names the other.
plugin "$PLACE/b" t
opens first-of-two "$VMRUN" --plugin-path "$PLACE/a:$PLACE/b" -p t --kernel "$KERNEL"
if [ -e "$PLACE/a/t.so.mark" ] && [ ! -e "$PLACE/b/t.so.mark" ]; then ok first-wins; else bad first-wins "only a's" "$(find "$PLACE" -name '*.mark')"; fi
has shadow-is-logged "$OUT" "warning: plugin 't': $PLACE/a/t.yaml is used; the same id in $PLACE/b/t.yaml is not"
opens first-of-two-reversed "$VMRUN" --plugin-path "$PLACE/b:$PLACE/a" -p t --kernel "$KERNEL"
if [ -e "$PLACE/b/t.so.mark" ] && [ ! -e "$PLACE/a/t.so.mark" ]; then ok first-wins-reversed; else bad first-wins-reversed "only b's" "$(find "$PLACE" -name '*.mark')"; fi
# In one folder the order is that of the names.
rm -rf "$PLACE/m"
plugin "$PLACE/m" t
cp "$PLACE/m/t.yaml" "$PLACE/m/s.yaml"
opens twice-in-one-folder "$VMRUN" --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
has twice-in-one-folder-is-logged "$OUT" "warning: plugin 't': $PLACE/m/s.yaml is used; the same id in $PLACE/m/t.yaml is not"
# Each step of a plugin's life is said before it is taken.
opens steps "$VMRUN" -vv --plugin-path "$PLACE/m" -p t --kernel "$KERNEL"
has steps-library "$OUT" "plugin 't': opening its library $PLACE/m/t.so"
has steps-magic "$OUT" "plugin 't': vmrun_plugin_magic()"

if [ "$(id -u)" != 0 ]; then
	skip elevated 'only root can make a set-user-id copy and a mount namespace'
elif ! unshare -m true 2>/dev/null; then
	skip elevated 'this machine gives no mount namespace'
elif [ -n "$NO_OTHER" ]; then
	skip elevated "$NO_OTHER"
else
	mkdir "$OPEN/users"
	cp "$KERNEL" "$OPEN/kernel"
	chmod 644 "$OPEN/kernel"
	chmod 777 "$OPEN" "$OPEN/users" "$OPEN/home"
	unshare -m --propagation private "$0" elevated "$PLATFORM" "$here/$MARKER" "$here/$VMRUN" "$here/$COUNTS" "$OPEN/kernel" "$OPEN" "$here/$B/plugins"
	rc=$?
	[ $rc != 77 ] || skip elevated 'no file system can be mounted in a namespace here'
	[ $rc = 0 ] || [ $rc = 77 ] || bad elevated 'to run to its end' "exit status $rc"
fi
finish
