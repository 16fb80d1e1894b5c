#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fuzzer for a while, as many at once as there are cores. `make fuzz` runs this, .ci/run for a short time, and
# `make test-full` for 10 minutes each. What a fuzzer finds is left in build/fuzz/NAME-crash-..., with its log beside it;
# `build/fuzz/fuzz_NAME FILE` runs that input again.
#
#   VR_B           where it was built
#   FUZZ           names (default: all that are built)
#   FUZZ_SECONDS   for each (default 600)
#   FUZZ_JOBS      at once (default: the number of cores)
# runs alone: it takes all CPUs, and an input must be done within a time
# time limit: 21600 s
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
D=$B/fuzz

# one NAME: a line for its result.
if [ "${1:-}" = one ]; then
	name=$2
	mkdir -p "$D/corpus/$name"
	if "$D/fuzz_$name" -max_total_time="$FUZZ_SECONDS" -max_len=131072 -timeout=20 -rss_limit_mb=2048 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$D/$name-" "$D/corpus/$name" >"$D/$name.log" 2>&1; then
		inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$D/$name.log")
		# A fuzzer that runs nothing finds nothing.
		if [ "${inputs:-0}" -gt 0 ]; then
			echo "ok $name: $inputs inputs in $FUZZ_SECONDS s"
			exit 0
		fi
	fi
	echo "not ok $name: see $D/$name.log"
	tail -n 40 "$D/$name.log" | sed 's/^/    /'
	exit 0
fi

# What was freed is kept away for a while, so that uses of it are seen: not for all of what one input takes.
ASAN_OPTIONS=quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}
FUZZ_SECONDS=${FUZZ_SECONDS:-600}
export FUZZ_SECONDS VR_B ASAN_OPTIONS
: "${FUZZ:=$(cd "$D" && ls -d fuzz_*[!.]* 2>/dev/null | sed -n '/\./!s/^fuzz_//p' | tr '\n' ' ')}"
[ -n "$FUZZ" ] && [ -x "$D/seeds" ] || {
	echo "fuzz: no fuzzers in $D; run this by \`make fuzz\`"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
# Whole inputs to begin with.
for folder in bls fat gpt unpack kernel_pc kernel_arm64 kernel_riscv64 virtio elf core_manifest; do
	mkdir -p "$D/corpus/$folder" || exit 1
done
"$D/seeds" "$D/corpus" || exit 1
for f in good no_magic; do
	objcopy --strip-all "$B/tests/faulty/$f.so" "$D/corpus/elf/$f" || exit 1
done
cp plugins/*/*.yaml "$D/corpus/core_manifest/"

results=$(mktemp) || exit 1
trap 'rm -f "$results"' EXIT
# shellcheck disable=SC2086 # several words
printf '%s\n' $FUZZ | xargs -n 1 -P "${FUZZ_JOBS:-$(nproc)}" "$0" one | tee "$results"
failed=$(grep -c '^not ok ' "$results")
passed=$(grep -c '^ok ' "$results")
echo "$passed passed, $failed failed, 0 skipped"
# shellcheck disable=SC2086
[ "$failed" = 0 ] && [ "$passed" = "$(printf '%s\n' $FUZZ | wc -l)" ]
