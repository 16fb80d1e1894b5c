#!/bin/sh
# SPDX-License-Identifier: MIT
# reference.sh FOLDER: write FOLDER/interfaces.md and FOLDER/ir.md, the references that come out of the headers.
set -eu
here=$(dirname "$0")
abi=$here/../../sdk/include/vmrun
out=${1:?usage: reference.sh FOLDER}
note='<!-- Made by `make doc` out of sdk/include/vmrun; change the headers, not this file. -->'

# In the order in which a reader wants them; a new header goes to the end until it is named here.
first='abi plugin host accel board device virtio block net irqchip notify dirty facts assist sandbox isa emitter ir'
names=$first
for h in "$abi"/*.h; do
	n=$(basename "$h" .h)
	case " $first " in *" $n "*) ;; *) names="$names $n" ;; esac
done
set --
for n in $names; do
	set -- "$@" "$abi/$n.h"
done

{
	printf '# The interfaces\n\n%s\n\n' "$note"
	printf 'Every header of the plugin ABI, in one page. `VR_CALL` (the calling convention) is left out. Threads: `[main]` the thread\n'
	printf 'that built the machine, `[vcpu]` the thread of that vCPU, `[any]` any thread, `[quiesced]` no vCPU is running.\n\n'
	for h; do
		n=$(basename "$h")
		printf -- '- [%s](#%s)\n' "$n" "$(echo "$n" | tr -d .)"
	done
	printf '\n'
	awk -f "$here/headers.awk" "$@"
	printf '## errors.def\n\n| code | value | text |\n| --- | --- | --- |\n'
	sed -n 's/^#define VR_E_\([A-Z0-9_]*\) (\(-[0-9]*\))$/\1 \2/p; s/^VR_ERROR([A-Z0-9_]*, VR_E_\([A-Z0-9_]*\), \(".*"\))$/\2/p' "$abi/errors.def" | paste -d' ' - - |
		sed 's/^\([A-Z0-9_]*\) \(-[0-9]*\) "\(.*\)"$/| `VR_E_\1` | \2 | \3 |/'
} >"$out/interfaces.md"

{
	printf '# The intermediate representation\n\n%s\n\n' "$note"
	printf 'What a lifter makes and an emitter takes. Types, conditions and flags are the constants of\n'
	printf '[ir.h](interfaces.md#irh); `<xlate/ir/build.h>` of the translation kit has a function for each op. Class: `pure` ops may be dropped or computed again,\n'
	printf '`effect` ops stay in order, `mem` ops may fault, `fp` ops touch the sticky flags, `term` ops end a block.\n\n'
	# Its columns keep their places.
	printf '```text\n'
	sed -n '/^ \* Letters of types/,/^ \*\//p' "$abi/ir_ops.def" | sed 's/^ \*$//; s/^ \* //; /^ \*\//d'
	printf '```\n'
	printf '\n'
	awk -f "$here/ir.awk" "$abi/ir_ops.def"
} >"$out/ir.md"
