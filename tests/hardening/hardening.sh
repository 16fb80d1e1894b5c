#!/bin/sh
# SPDX-License-Identifier: MIT
# hardening.sh BUILD: reads the headers of each program and library in BUILD that is installed. HARDEN, NO_CET and CC are
# the build's (tests/hardening/build.mk). Run from the top of the source.
set -u
B=$1
LC_ALL=C
export LC_ALL
passed=0 failed=0 skipped=0
ok() { passed=$((passed + 1)); }
bad()
{
	failed=$((failed + 1))
	echo "FAILED $*"
}
skip()
{
	skipped=$((skipped + 1))
	echo "skipped $*"
}

# is FILE PROPERTY HOW: FILE's dump ($dump) has a line with HOW (extended).
is()
{
	if printf '%s\n' "$dump" | grep -qE -- "$3"; then ok; else bad "$1: $2: no line '$3' in readelf's"; fi
}
never()
{
	if printf '%s\n' "$dump" | grep -qE -- "$3"; then bad "$1: $2: $(printf '%s\n' "$dump" | grep -m1 -E -- "$3")"; else ok; fi
}

# Code that handles buffers is in each of these; a library of a few lines may have nothing to protect.
has_canary='bin/vmrun$|bin/vmrun-check$|soft|board-pc|board-virt|kvm|xlate-arm64|xlate-riscv64'
has_fortified='bin/vmrun$|bin/vmrun-check$|board-pc|kvm'
files=''
for f in "$B/bin/vmrun" "$B/bin/vmrun-check" "$B"/plugins/*.so "$B"/sdk/plugins/*.so "$B"/examples/*.so; do
	[ -f "$f" ] && files="$files $f" || bad "$f is not there"
done

for f in $files; do
	dump=$(readelf -hlWd "$f") || bad "$f: readelf fails"
	is "$f" 'position-independent' '^ *Type: *DYN '
	is "$f" 'relocations read-only' '^ *GNU_RELRO '
	is "$f" 'bound at start' 'BIND_NOW|Flags: .*\bNOW\b'
	is "$f" 'no executable stack' '^ *GNU_STACK .* RW  *0x'
	never "$f" 'no memory writable and executable' '^ *[A-Z_]+ .* RWE '
	never "$f" 'no relocations in code' 'TEXTREL'
	never "$f" 'no search path of its own' 'RPATH|RUNPATH'
	# Separate code: the first segment, with the headers, is not executable.
	is "$f" 'code apart from headers' '^ *LOAD  *0x0+ .* R  *0x'
	case $f in
	*/bin/*) is "$f" 'a position-independent program' 'Flags: .*\bPIE\b' ;;
	esac
	symbols=$(nm -D "$f")
	case $symbols in *__tls_get_addr*) bad "$f: a thread-local variable that is allocated at first use" ;; *) ok ;; esac
	if echo "$f" | grep -qE "$has_canary"; then
		case $symbols in *__stack_chk_fail*) ok ;; *) bad "$f: no stack protector" ;; esac
	fi
	case $HARDEN in
	*-D_FORTIFY_SOURCE*)
		if echo "$f" | grep -qE "$has_fortified"; then
			case $symbols in *_chk@* | *_chk\ * | *_chk) ok ;; *) bad "$f: no fortified function" ;; esac
		fi
		;;
	esac
done
case $HARDEN in *-D_FORTIFY_SOURCE*) ;; *) skip "fortified functions: a build with sanitizers or without optimisation has none" ;; esac

# ---- marks for CET: on each object, but for those of the emitter, so on no translator -----------------------------------
mark() { readelf -nW "$1" 2>/dev/null | sed -n 's/.*x86 feature: //p'; }
case $HARDEN in
*-fcf-protection*)
	for f in "$B"/obj/sdk/xlate/emit/x86/*.o; do
		[ -z "$(mark "$f")" ] && ok || bad "$f: is marked '$(mark "$f")', but what it makes is not so"
	done
	for f in core/plugin/load plugins/soft/vcpu plugins/kvm/vcpu plugins/virtio/blk plugins/board-virt/board sdk/xlate/isa/arm64/lift; do
		[ "$(mark "$B/obj/$f.o")" = "IBT, SHSTK" ] && ok || bad "$f.o: is marked '$(mark "$B/obj/$f.o")', not 'IBT, SHSTK'"
	done
	for f in "$B"/plugins/xlate-*-x86.so "$B/examples/xlate-teach.so" "$B/sdk/plugins/tiny-xlate.so"; do
		[ -z "$(mark "$f")" ] && ok || bad "$f: is marked '$(mark "$f")', but it makes code that is not so"
	done
	# Others are marked where the C library's own start files are.
	echo 'int f(void) { return 1; }' | $CC -fPIC -shared -fcf-protection=full -o "$B/tests/marked.so" -x c - || bad "a library can't be made"
	if [ -n "$(mark "$B/tests/marked.so")" ]; then
		for f in "$B"/plugins/soft.so "$B"/plugins/kvm.so "$B"/plugins/virtio.so "$B"/plugins/board-*.so; do
			[ -n "$(mark "$f")" ] && ok || bad "$f: is not marked"
		done
	else
		skip "marks on whole files: this C library's start files have none"
	fi
	rm -f "$B/tests/marked.so"
	;;
*-mbranch-protection*)
	for f in core/plugin/load plugins/soft/vcpu; do
		readelf -nW "$B/obj/$f.o" | grep -q 'BTI, PAC' && ok || bad "$f.o: is not marked 'BTI, PAC'"
	done
	;;
*) skip "marks for control flow: this compiler makes none" ;;
esac

# arm64 hosts: the same sources by a cross compiler.
if [ -f "$B/obj/kvm-arm64/kvm.so" ]; then
	if objdump -d "$B/obj/kvm-arm64/kvm.so" --architecture=aarch64 2>/dev/null | grep -q paciasp ||
		aarch64-linux-gnu-objdump -d "$B/obj/kvm-arm64/kvm.so" 2>/dev/null | grep -q paciasp; then ok; else bad "kvm-arm64/kvm.so: return addresses are not signed"; fi
else
	skip "arm64: $B/obj/kvm-arm64/kvm.so is not built"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
