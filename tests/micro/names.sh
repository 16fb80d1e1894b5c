#!/bin/sh
# SPDX-License-Identifier: MIT
# An accelerator can be swapped because the components above do not know it: no line of core/, plugins/soft and the emitter core names
# an accelerator, an instruction set or a device of a board, but for the lines below, each with its reason.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
passed=0 failed=0

# Words of their own, and parts of words.
WORDS='kvm|hvf|whpx|gic|gicv[23]|plic|clint|lapic|ioapic|apic|i8259|8259|i8254|pl011|pl031|ns16550|16550|psci|sbi|acpi|cpuid|msr|vmx|svm|cuda|virtio'
PARTS='x86|amd64|arm64|aarch64|riscv|board-pc|board-virt'

# FILE<TAB>REGULAR EXPRESSION: what may stand there.
cat >"$t/may" <<'END'
core/util/fault.c	__x86_64__|__aarch64__|__riscv
core/cli/machine_file.c	^ \*  
core/cli/options.h	for messages
core/util/disasm.c	triple
core/util/disasm.h	^ \*
core/util/disasm_llvm.c	targets
core/util/disasm_zydis.c	x86-64
core/machine/run_agent.c	/dev/virtio-ports/
core/boot/kinds.c	\{EM_
plugins/soft/cas16.c	^#(el)?if SOFT_HAS_CAS16
plugins/soft/cas16.h	^#if defined
END
# In that order: where a signal's context has the program counter; examples in comments and messages; a library's machine, as its ELF
# header and messages name it; where the guest finds its end of a stream; what a file that can't be booted is for; the hosts' instructions that do 16 bytes at once.

# look FOLDER
look()
{
	find "$1" -name '*.[ch]' -o -name '*.def' -o -name '*.mk' | sort | while read -r f; do
		may=$(awk -F'\t' -v f="$f" '$1 == f { print $2 }' "$t/may")
		grep -niE "(^|[^a-z0-9_])($WORDS)([^a-z0-9_]|\$)|$PARTS" "$f" |
			grep -vE '^[0-9]+:.*0x[0-9a-f]{2}, 0x[0-9a-f]{2}, ' >"$t/lines"
		while IFS= read -r line; do
			text=${line#*:}
			[ -n "$may" ] && printf '%s\n' "$text" | grep -qE "$may" && continue
			printf '%s:%s\n' "$f" "$line"
		done <"$t/lines"
	done >"$t/found"
	if [ -s "$t/found" ]; then
		failed=$((failed + 1))
		echo "FAIL $1 knows what it must not know (ARCHITECTURE.md, The parts):"
		sed 's/^/     /' "$t/found"
	else
		passed=$((passed + 1))
	fi
}
look core
look plugins/soft
look sdk/xlate/emit/common

# The list of exceptions has none that is no longer needed.
while IFS='	' read -r f may; do
	if grep -iE "$WORDS|$PARTS" "$f" 2>/dev/null | grep -qE "$may"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL the exception for $f is not needed any more"
	fi
done <"$t/may"
# And the words are found where they are.
if grep -qiE "(^|[^a-z0-9_])($WORDS)([^a-z0-9_]|\$)" plugins/board-pc/board.c; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAIL the words find nothing"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
