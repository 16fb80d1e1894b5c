#!/bin/sh
# SPDX-License-Identifier: MIT
# refuse.sh: guests of both architectures whose emitter refuses ops of the IR. They do all that they do otherwise; --stats
# counts what was refused and interpreted, and a warning names each such op, once.
R=${VR_B:-build}/tests/refuse
# shellcheck disable=SC2034 # lib.sh reads it
NEEDS="$R/plugins/refuse-arm64.so $R/plugins/refuse-riscv64.so ${VR_B:-build}/tests/micro/arm64/features"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh

if [ "$(uname -m)" != x86_64 ]; then
	skip refuse 'the emitter is for x86-64'
	finish
fi

# counter NAME: of the last guest.
counter()
{
	awk -v name="$1" '{ for (i = 1; i <= NF; i++) if ($i == name) { print $(i + 1) + 0; exit } }' "$ERR"
}

# above NAME COUNTER LEAST
above()
{
	n=$(counter "$2")
	if [ "${n:-0}" -ge "$3" ]; then ok "$1: $2"; else bad "$1: $2" "$3 or more" "${n:-nothing}"; fi
}

for arch in arm64 riscv64; do
	for guest in status features memory trap vectors timer smp; do
		cpus=1 status=0
		case $guest in status) status=42 ;; smp) cpus=2 ;; esac
		for what in '' class:FP class:MEM class:TERM every:3 every:2 every:1; do
			[ "$what" != every:1 ] || [ $guest != timer ] || continue
			REFUSE=$what
			export REFUSE
			vm 60 "$arch-$guest-$what" --plugin-path "$R/plugins:$B/plugins" -p soft -p "refuse-$arch" --smp $cpus --run x --stats \
				--kernel "$B/tests/micro/$arch/$guest"
			ended $status
			refused=$(counter refused_translations)
			case $what in
			'')
				same "$NAME: none is refused" 0 "$refused"
				same "$NAME: none is interpreted" 0 "$(counter interpreted_blocks)"
				;;
			class:FP) ;; # features alone is sure to have some
			*)
				above "$NAME" refused_translations 1
				above "$NAME" interpreted_blocks 1
				;;
			esac
			same "$NAME: the cache was never full" 0 "$(($(counter cache_flushes) + $(counter evictions)))"
			if [ "$what" = every:1 ]; then same "$NAME: nothing is compiled" 0 "$(counter translated_bytes)"; fi
			# One warning an op, for as many ops as there were.
			grep -o "can't translate the IR's op [A-Z0-9_]*" "$ERR" | sort >"$WORK/ops"
			same "$NAME: each op is named once" '' "$(uniq -d "$WORK/ops")"
			if [ "${refused:-0}" -gt 0 ] && [ ! -s "$WORK/ops" ]; then bad "$NAME: warning" 'the name of an op' none; fi
		done
	done
	# An emitter that knows no op after ROR, and a lifter of tomorrow.
	REFUSE='' REFUSE_KNOWS=26
	export REFUSE_KNOWS
	vm 60 "$arch-older-emitter" --plugin-path "$R/plugins:$B/plugins" -p soft -p "refuse-$arch" --run x --stats \
		--kernel "$B/tests/micro/$arch/trap"
	ended 0
	above "$NAME" refused_translations 1
	unset REFUSE_KNOWS
	REFUSE_REVISION=2
	export REFUSE_REVISION
	vm 60 "$arch-newer-lifter" --plugin-path "$R/plugins:$B/plugins" -p soft -p "refuse-$arch" --run x --kernel "$B/tests/micro/$arch/trap"
	if [ "$RC" != 0 ]; then ok "$NAME: ends"; else bad "$NAME" 'an error' "$RC"; fi
	has "$NAME: says why" "$ERR" "soft: translator 'refuse-$arch' needs revision 2 of the IR, this vmrun has 1; update vmrun"
	unset REFUSE_REVISION
	REFUSE=class:FP
	vm 60 "$arch-fp" --plugin-path "$R/plugins:$B/plugins" -p soft -p "refuse-$arch" --run x --stats --kernel "$B/tests/micro/$arch/features"
	ended 0
	[ $arch = riscv64 ] || above "$NAME" refused_translations 1
done
finish
