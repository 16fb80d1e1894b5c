#!/bin/sh
# SPDX-License-Identifier: MIT
# rootfs.sh: $ROOT/ (default: $OUT/root/): the tree of the root disk: the packages of the list $PACKAGES (default:
# tools/guest/packages), unpacked (no maintainer script runs), without documentation, with our init and few of the kernel's
# modules. Needs no root, and $OUT/kernel.
. "$(dirname "$0")/common.sh"
need dpkg-deb dpkg tar tar find findutils

PACKAGES=${PACKAGES:-$TOP/tools/guest/packages}
debs=$("$TOP/tools/guest/apt.sh" fetch $(sed -e 's/#.*//' -e "s/@PYTHON@/$PYTHON/" "$PACKAGES"))
R=${ROOT:-$OUT/root}
[ ! -d "$R" ] || chmod -R u+rwX "$R"
rm -rf "$R"
# A merged /usr: packages of this release ship /bin, /lib and /sbin still.
mkdir -p "$R/usr/bin" "$R/usr/sbin" "$R/usr/lib" "$R/etc" "$R/root" "$R/boot" "$R/mnt" "$R/var/tmp" "$R/var/log" \
	"$R/proc" "$R/sys" "$R/dev" "$R/run" "$R/tmp" "$R/home"
for d in bin sbin lib; do
	ln -s "usr/$d" "$R/$d"
done

say "unpacking $(echo "$debs" | wc -l) packages"
# What programs of the list never read. perl comes in through package scripts, which do not run here.
printf '%s\n' "$debs" | while read -r deb; do
	case ${deb##*/} in
	perl* | libperl* | *-perl_* | debconf_* | usrmerge_* | dpkg_* | init-system-helpers_*) continue ;;
	esac
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$R" -xpf - --no-same-owner --keep-directory-symlink \
		--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
		--exclude='./usr/share/info/*' --exclude='./usr/share/lintian/*' --exclude='./usr/share/bug/*'
done
chmod -R u+rwX "$R"

# What the maintainer scripts would have linked.
ln -s mawk "$R/usr/bin/awk"
# Commands that no package brought are busybox's.
[ -x "$R/usr/bin/busybox" ] || die "busybox-static brought no /bin/busybox"
for applet in $(cat "$TOP/tools/guest/applets"); do
	case $applet in halt | poweroff | reboot) continue ;; esac # tools/guest/power
	[ -e "$R/usr/bin/$applet" ] || [ -L "$R/usr/bin/$applet" ] || [ -e "$R/usr/sbin/$applet" ] ||
		ln -s busybox "$R/usr/bin/$applet"
done
[ -e "$R/usr/bin/sh" ] || ln -s dash "$R/usr/bin/sh"

# The kernel's drivers for devices of the SDK's examples, for modprobe. Each needs no other module.
case $GUEST_ARCH in
arm64) drivers='sp805_wdt sbsa_gwdt' ;;
*) drivers='' ;;
esac
for name in $drivers; do
	from=$(find "$OUT/kernel/lib/modules" -name "$name.ko")
	[ -f "$from" ] || die "the kernel package has no module $name, or no longer a plain one"
	[ -z "$(tr '\0' '\n' <"$from" | sed -n 's/^depends=//p')" ] || die "the module $name needs others"
	path=${from#"$OUT"/kernel/lib/modules/}
	mkdir -p "$R/usr/lib/modules/${path%/*}"
	cp "$from" "$R/usr/lib/modules/$path"
	echo "${path#*/}:" >>"$R/usr/lib/modules/${path%%/*}/modules.dep"
done

rm -f "$R/usr/sbin/init"
for name in halt poweroff reboot; do
	cp "$TOP/tools/guest/power" "$R/usr/sbin/$name"
	chmod 755 "$R/usr/sbin/$name"
done
cp "$TOP/tools/guest/init" "$R/usr/sbin/init"
chmod 755 "$R/usr/sbin/init"
cat >"$R/etc/passwd" <<-END
	root:x:0:0:root:/root:/bin/bash
	nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
END
cat >"$R/etc/group" <<-END
	root:x:0:
	tty:x:5:
	disk:x:6:
	nogroup:x:65534:
END
echo vmrun >"$R/etc/hostname"
printf '127.0.0.1 localhost vmrun\n::1 localhost\n' >"$R/etc/hosts"
printf 'hosts: files\npasswd: files\ngroup: files\n' >"$R/etc/nsswitch.conf"
printf "PS1='\\\\u@\\\\h:\\\\w\\\\\$ '\n" >"$R/root/.bashrc"
# No escape sequences around every line of a shell whose terminal may be a pipe.
echo 'set enable-bracketed-paste off' >"$R/etc/inputrc"
chmod 700 "$R/root"
chmod 1777 "$R/tmp" "$R/var/tmp"
same_times "$R"
say "root tree: $(du -sm "$R" | cut -f1) MiB"
