# SPDX-License-Identifier: MIT
# users.sh: helpers of an ordinary user, and of a set-user-id vmrun; sourced by helper.sh. The latter runs in a mount
# namespace whose /usr/local is its own.
# shellcheck shell=sh
if [ "$(id -u)" != 0 ]; then
	skip other-users "only root can become another user (this run is one of an ordinary user)"
else
	# Others must get at it: the source may lie below a folder that is closed to them.
	open=$(mktemp -d /tmp/vmrun-helper.XXXXXX)
	trap 'rm -rf "$WORK" "$open"' EXIT
	chmod 755 "$open"
	cp -R "$P" "$H/guest" "$VMRUN" "$WORK/file" "$open"
	mkdir "$open/core" "$open/folder"
	cp "$B"/plugins/* "$open/core"
	chmod 777 "$open/folder"
	nobody="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$open"

	NAME=user OUT=$LOGS/user.out ERR=$LOGS/user.err
	# shellcheck disable=SC2086 # several words
	timeout 60 $nobody "$open/vmrun" --plugin-path "$open/plugins:$open/core" -m 64M \
		-p "helper-share,script=nrwfuosaz,file=$open/file,folder=$open/folder" --kernel "$open/guest" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	ended 0
	for r in n=0x1 r=0x0 w=0xd f=0x0 u=0x0 $([ -z "$other" ] || echo o=0xd) s=0x1 a=0xf z=0x0; do said "as root's" "${r%=*}" "done ${r#*=}"; done

	cat >"$open/elevated" <<-'S'
		# Arguments: the folder, the options of vmrun's plugin.
		mount -t tmpfs -o mode=755,suid,exec none /usr/local || exit 77
		mkdir -p /usr/local/bin /usr/local/lib/vmrun/plugins
		install -m 4755 "$1/vmrun" /usr/local/bin/vmrun
		install -m 644 "$1"/plugins/* "$1"/core/* /usr/local/lib/vmrun/plugins
		export ASAN_OPTIONS=detect_leaks=0 # a set-user-id program can't be traced
		exec setpriv --reuid=65534 --regid=65534 --clear-groups /usr/local/bin/vmrun -m 64M -p "$2" --kernel "$1/guest"
	S
	# elevated NAME OPTIONS STATUS
	elevated()
	{
		NAME=$1 OUT=$LOGS/$1.out ERR=$LOGS/$1.err
		timeout 60 unshare -m --propagation private sh "$open/elevated" "$open" "$2" >"$OUT" 2>"$ERR" </dev/null
		RC=$?
		[ $RC = 77 ] || ended "$3"
	}
	if ! unshare -m true 2>/dev/null; then
		skip elevated "this machine gives no mount namespace"
	else
		elevated elevated helper-share,script=no 0
		if [ $RC = 77 ]; then
			skip elevated "no file system can be mounted in a namespace here"
		else
			said "serves" n "done 0x1"
			[ -z "$other" ] || said "opens another file" o "done 0xd"
			# The library was right when the machine process opened it.
			elevated elevated-spoilt helper-share,script=n,spoil=/usr/local/lib/vmrun/plugins/helper-test.so 3
			has "$NAME: the helper looks as well" "$ERR" "its helper (role share): /usr/local/lib/vmrun/plugins/helper-test.so can be written by others"
		fi
	fi
fi
