#!/bin/sh
# SPDX-License-Identifier: MIT
# loading.sh: what installed plugins cost that a machine does not use. The same guest, which powers off at once, with the plugins
# that it needs and with 50 more beside them, in turn: only manifests may be read, so that it starts within 10 ms.
. "$(dirname "$0")/common.sh"
VMRUN=${VMRUN:-$BUILD/bin/vmrun}
PLUGINS=$(dirname "$VMRUN")/../plugins
RUNS=${PERF_LOADING_RUNS:-30}
USED='soft xlate-arm64-x86 board-virt virtio'
MORE=50
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/few" "$work/many"
for p in $USED; do
	ln -s "$(realpath "$PLUGINS/$p.so")" "$work/few/$p.so"
	cp "$PLUGINS/$p.yaml" "$work/few/"
done
cp -P "$work"/few/* "$work/many"
# Whole plugins, of every kind and size we have, under other names; a library that were opened would take its time.
i=0
while [ $i -lt $MORE ]; do
	for p in "$PLUGINS"/*.yaml; do
		[ $i -lt $MORE ] || break
		i=$((i + 1))
		id=$(basename "$p" .yaml)
		sed "s/^id: .*/id: com.example.p$i/; s/$id\\.so/p$i.so/" "$p" >"$work/many/p$i.yaml"
		cp "$PLUGINS/$id.so" "$work/many/p$i.so"
	done
done
guest()
{
	# An installed vmrun has no development build's folder; that one is looked into besides, by both.
	"$OUT/watch" -t 20 "$work/log" "$VMRUN" -q --plugin-path "$work/$1" -p soft -p xlate-arm64-x86 -p board-virt -m 64M \
		--kernel "$OUT/off.img" </dev/null >"$work/out" || { cat "$work/log.err" >&2; exit 1; }
	awk -v who="$1" '$1 == "wall" { w = $2 } $1 == "exit" && $2 { exit 1 } END { print who, w }' "$work/out" >>"$work/times" ||
		die "the guest did not power off: $(cat "$work/log.err")"
}
say "start with the plugins that are used, and with $MORE more ($RUNS runs each)"
guest few && guest many && rm "$work/times"
i=0
while [ $i -lt "$RUNS" ]; do
	i=$((i + 1))
	guest few
	guest many
done
sort -k1,1 -k2,2n "$work/times" | awk -v more=$MORE -v runs="$RUNS" -v json="$OUT/loading.json" '
	{ t[$1, ++n[$1]] = $2 / 1e6 }
	END {
		few = t["few", int((runs + 1) / 2)]; many = t["many", int((runs + 1) / 2)]
		met = many - few <= 10
		printf "\nloading: %.1f ms with the plugins that are used, %.1f ms with %d more beside them: %+.1f ms (goal: at most 10) %s\n",
			few, many, more, many - few, met ? "met" : "MISSED"
		printf "{\"few_ms\": %.2f, \"many_ms\": %.2f, \"more\": %d, \"goal_ms\": 10, \"met\": %s}\n", few, many, more, met ? "true" : "false" >json
	}'
