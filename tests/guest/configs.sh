# SPDX-License-Identifier: MIT
# configs.sh: the machine descriptions of this architecture; sourced after lib.sh.

# Machine descriptions. Their paths are relative to them, so copies find the copies of what they name.
mkdir -p "$WORK/tree/build"
cp -r configs "$WORK/tree/"
ln -s "$PWD/$GUEST" "$WORK/tree/$GUEST"
[ -e "$WORK/tree/$IMG" ] || ln -s "$PWD/$IMG" "$WORK/tree/$IMG"
truncate -s 64M "$WORK/tree/build/data.img"
for c in configs/"$GUEST_ARCH"-*.yaml; do
	c=$(basename "$c" .yaml)
	ro=''
	! grep -q '^image:' "configs/$c.yaml" || ro=--read-only
	# shellcheck disable=SC2086
	vm 60 "config-$c" -c "$WORK/tree/configs/$c.yaml" $ro --run 'nproc; ls /sys/class/block'
	want=$(sed -n 's/^cpus: *//p' "configs/$c.yaml")
	same "config-$c" "0 ${want:-1}" "$RC $(grep -ax '[0-9][0-9]*' "$OUT" | head -n 1)"
	! grep -q data.img "configs/$c.yaml" || has "config-$c-disk" "$OUT" vdb
done
