# SPDX-License-Identifier: MIT
# debian.sh: a Debian in a folder, as debootstrap makes it (--variant=minbase), for tests that need a machine on which nothing
# is installed; sourced, from the top of the source. Its packages come from the mirror that this machine's apt is configured
# with. The fresh tree and every package that was fetched are kept in build/cache/debian, so a second run needs no network
# for them. The network is this machine's, and so is the kernel; /proc, /dev and the processes are the tree's own.
DEBIAN_CACHE=$PWD/build/cache/debian

# Why no such tree can be made here, in one line; nothing when it can.
debian_obstacle()
{
	if [ "$(id -u)" != 0 ]; then
		echo 'a chroot needs root'
	elif ! command -v debootstrap >/dev/null; then
		echo 'there is no debootstrap'
	elif ! unshare --mount --pid --fork true 2>/dev/null; then
		echo 'this root may not make namespaces (unshare fails)'
	fi
}

# debian_make SUITE FOLDER: FOLDER becomes a fresh tree. Status 1, and a reason on standard output: the mirror can't be had.
debian_make()
{
	debian_base=$DEBIAN_CACHE/$1.tar
	rm -rf "$2" || return 1
	mkdir -p "$DEBIAN_CACHE/archives-$1"
	if [ ! -e "$debian_base" ]; then
		debian_mirror=$(GUEST_ARCH=amd64 tools/guest/apt.sh mirror 2>&1) || {
			echo "$debian_mirror"
			return 1
		}
		debootstrap --variant=minbase "$1" "$2" "$debian_mirror" >"$DEBIAN_CACHE/debootstrap.log" 2>&1 || {
			echo "debootstrap fails: $(tail -n 1 "$DEBIAN_CACHE/debootstrap.log") (is there a network?)"
			return 1
		}
		tar -C "$2" -cf "$debian_base.new" . && mv "$debian_base.new" "$debian_base" || return 1
	else
		mkdir -p "$2" && tar -C "$2" -xpf "$debian_base" || return 1
	fi
	cp /etc/resolv.conf /etc/hosts "$2/etc/" 2>/dev/null
	apt-config dump Acquire | grep -i 'proxy' >"$2/etc/apt/apt.conf.d/proxy"
	cp "$DEBIAN_CACHE/archives-$1"/*.deb "$2/var/cache/apt/archives/" 2>/dev/null
	# apt, unlike apt-get, throws packages away.
	echo 'Binary::apt::APT::Keep-Downloaded-Packages "true";' >"$2/etc/apt/apt.conf.d/keep"
}

# debian_keep SUITE FOLDER: the packages that were fetched into the tree go to the cache.
debian_keep()
{
	cp -n "$2"/var/cache/apt/archives/*.deb "$DEBIAN_CACHE/archives-$1/" 2>/dev/null || :
}

# For the shell, in a mount namespace: a /dev below $root with the devices that every machine has, and those of $devices.
# shellcheck disable=SC2016 # for the inner shell
DEBIAN_DEV='
	mount -t tmpfs -o mode=755 dev "$root/dev"
	mkdir "$root/dev/pts"
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%:*}" "$root/dev/${n#*:}"; done
	for d in null zero full random urandom tty $devices; do
		: >"$root/dev/$d"
		mount --bind "$old/dev/$d" "$root/dev/$d"
	done
'

# debian_run FOLDER COMMAND...: in the tree, as root, with nothing of this shell's environment.
debian_run()
{
	debian_root=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --propagation private --pid --fork --kill-child sh -euc '
		root=$0 old="" devices=""
		[ ! -e /dev/kvm ] || devices=kvm
		# A mount point: where / is none, no process can make a mount namespace.
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		'"$DEBIAN_DEV"'
		mkdir "$root/dev/shm"
		mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
		exec chroot "$root" "$@"' "$debian_root" \
		/usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb "$@" </dev/null
}

# debian_as FOLDER USER COMMAND: a line for the shell, as that user, in the user's home folder.
debian_as()
{
	debian_run "$1" su - "$2" -c "$3"
}
