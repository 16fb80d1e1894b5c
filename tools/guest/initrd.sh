#!/bin/sh
# SPDX-License-Identifier: MIT
# initrd.sh [NAME MODULE...]: $OUT/initrd.img: static busybox, our /init and the kernel modules that reach the disk. A gzip'ed
# newc cpio. Or $OUT/NAME.img, with these modules as well.
. "$(dirname "$0")/common.sh"
need cpio cpio gzip gzip dpkg-deb dpkg

# In the order in which they are loaded; what they depend on is put before them.
MODULES='virtio_mmio virtio_pci virtio_blk virtio_rng virtio_console virtio_net crc32c_generic ext4'
NAME=${1:-initrd}
[ $# -eq 0 ] || shift
MODULES="$MODULES $*"

[ -d "$OUT/kernel/lib/modules" ] || die "$OUT/kernel is missing; run tools/guest/kernel.sh first"
R=$OUT/$NAME
rm -rf "$R"
mkdir -p "$R/bin" "$R/sbin" "$R/etc" "$R/root" "$R/lib/modules" "$R/usr/bin" "$R/usr/sbin" \
	"$R/proc" "$R/sys" "$R/dev" "$R/run" "$R/tmp"

deb=$("$TOP/tools/guest/apt.sh" only busybox-static)
dpkg-deb --fsys-tarfile "$deb" | tar -C "$R" -xf - --no-same-owner --wildcards '*/bin/busybox'
[ -x "$R/bin/busybox" ] || mv "$R/usr/bin/busybox" "$R/bin/busybox" # a merged /usr
# The applets' names; the host may not be able to run the guest's busybox to ask for them.
for applet in $(cat "$TOP/tools/guest/applets"); do
	case $applet in busybox | halt | poweroff | reboot) continue ;; esac # the last three: tools/guest/power
	ln -s busybox "$R/bin/$applet"
done
for name in halt poweroff reboot; do
	cp "$TOP/tools/guest/power" "$R/sbin/$name"
	chmod 755 "$R/sbin/$name"
	echo "$name() { /sbin/$name \"\$@\"; }"
done >"$R/etc/shrc"
cp "$TOP/tools/guest/init" "$R/init"
chmod 755 "$R/init"
: >"$R/etc/initrd"
echo 'root:x:0:0:root:/root:/bin/sh' >"$R/etc/passwd"
echo 'root:x:0:' >"$R/etc/group"

# The file of a module; file names mix - and _, which mean the same.
module_file()
{
	find "$OUT/kernel/lib/modules" -name '*.ko*' | awk -F/ -v want="$1" '
		{ n = $NF; sub(/\.ko.*/, "", n); gsub(/-/, "_", n); if (n == want) { print; exit } }'
}

plain()
{
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# What a module needs stands in its .modinfo section: "depends=a,b", NUL-terminated. The recursion overwrites
# the variables of the shell, so they are not used after it.
add_module()
{
	case " $done_modules " in *" $1 "*) return ;; esac
	done_modules="$done_modules $1"
	f=$(module_file "$1")
	if [ -z "$f" ]; then
		# Built in, when the kernel's own list says so.
		tr - _ <"$(echo "$OUT"/kernel/lib/modules/*/modules.builtin)" | grep -q "/$1\.ko$" && return
		die "the kernel package has no module $1"
	fi
	for d in $(plain "$f" | tr '\0' '\n' | grep -a '^depends=' | head -n 1 | sed 's/^depends=//' | tr ',-' ' _'); do
		add_module "$d"
	done
	plain "$(module_file "$1")" >"$R/lib/modules/$1.ko"
	echo "$1.ko" >>"$R/lib/modules/order"
}

done_modules=''
for m in $MODULES; do
	add_module "$m"
done

same_times "$R"
say "$NAME.img ($(wc -l <"$R/lib/modules/order") modules)"
(cd "$R" && find . | sort | cpio --quiet --reproducible -o -H newc -R 0:0) | gzip -9n >"$OUT/$NAME.img.new"
mv "$OUT/$NAME.img.new" "$OUT/$NAME.img"
