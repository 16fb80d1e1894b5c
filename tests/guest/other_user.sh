# SPDX-License-Identifier: MIT
# other_user.sh: vmrun as a user with fewer rights; sourced after lib.sh.
#
# Root may open whatever there is, so where the tests run as root these commands run as user 65534. That user must reach
# vmrun, its plugins and what they are given by absolute paths (vmrun finds its plugins from the path of its own file),
# and the source may lie below a folder that is closed to others, such as /root. So what is needed is copied to $OPEN.
#
#   AS           a command that runs the rest of the line as that user, with a home folder of its own; without `setpriv` when
#                the tests run as an ordinary user
#   OPEN         a folder that everyone can reach, without blanks in its name, programs in it can be executed
#   OPEN_VMRUN   vmrun in it, with all its plugins
#   NO_OTHER     empty; or why there is none of this, which is what the tests that need it are skipped for
OPEN='' OPEN_VMRUN='' NO_OTHER='' become=''
if [ "$(id -u)" = 0 ]; then
	become='setpriv --reuid=65534 --regid=65534 --clear-groups '
	if ! command -v setpriv >/dev/null; then
		NO_OTHER='this is root, and there is no setpriv'
	elif ! ${become}true 2>/dev/null; then
		NO_OTHER='this root may not become another user'
	fi
fi
if [ -z "$NO_OTHER" ]; then
	NO_OTHER='no folder of /tmp, /var/tmp and /dev/shm can be reached by another user, with programs in it'
	trap 'rm -rf "$WORK" "${OPEN:-$WORK}"' EXIT
	for folder in /tmp /var/tmp /dev/shm; do
		OPEN=$(mktemp -d "$folder/vmrun-open.XXXXXX" 2>/dev/null) || continue
		OPEN_VMRUN=$OPEN/build/bin/vmrun
		AS="${become}env HOME=$OPEN/home"
		# What was built under another umask is for its owner alone.
		if mkdir -p "$OPEN/build/bin" "$OPEN/home" && cp "$VMRUN" "$OPEN_VMRUN" && cp -R "$B/plugins" "$OPEN/build/" &&
			ln -s .. "$OPEN/build/source" &&
			chmod -R u+rwX,go+rX "$OPEN" && $AS "$OPEN_VMRUN" plugins 2>/dev/null | grep -q '^soft '; then
			NO_OTHER=''
			break
		fi
		rm -rf "$OPEN"
	done
fi
