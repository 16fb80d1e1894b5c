#!/bin/sh
# SPDX-License-Identifier: MIT
# Completion in bash, zsh and fish, as a user has it: typed at a terminal, with the Tab key; architectures, plugins and their
# options are those of the vmrun that is typed.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/guest/term"
. tests/guest/lib.sh
G=$PWD/$B/gen
case $B in /*) G=$B/gen ;; esac
PATH=$(CDPATH='' cd "$B/bin" && pwd):$PATH
export PATH

# tab SHELL NAME TYPED EXPECTED: after TYPED and a Tab the line goes on with what makes it EXPECTED.
tab()
{
	shell=$1 name=$1-$2 typed=$3 added=${4#"$3"}
	case $shell in
	bash)
		set -- bash --norc --noprofile -i
		begin=". '$G/completion.bash'; bind 'set enable-bracketed-paste off'; PS1='re''ady '"
		;;
	zsh)
		set -- zsh -f -i
		begin="zle_highlight=(none); fpath=('$WORK/zsh' \$fpath); autoload -Uz compinit; compinit -u -d '$WORK/zcompdump'; PS1='re''ady '"
		;;
	esac
	if "$TOOLS/term" -t $((20 * SLOW)) -l "$LOGS/$name.out" "send=$begin\\r" 'expect=ready ' "send=$typed\\x09" "expect=$added" \
		'send=\x15exit 0\r' end=0 -- "$@" 2>"$WORK/wrong"; then
		ok "$name"
	else
		bad "$name" "'$typed' goes on with '$added'" "$(tr '\r\n\033' '  ^' <"$LOGS/$name.out" | tail -c 300)"
	fi
}

# offers SHELL NAME LINE EXPECTED: all that may follow the line. bash and fish tell without a terminal.
offers()
{
	case $1 in
	bash)
		# shellcheck disable=SC2016
		came=$(bash -c '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; read -r -a COMP_WORDS <<<"${2//=/ = }"
			[[ $2 != *" " ]] || COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _vmrun vmrun; echo ${COMPREPLY[*]}' - "$G/completion.bash" "$3")
		;;
	fish)
		# shellcheck disable=SC2016
		came=$(fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$G/completion.fish" "$3" 2>&1 | cut -f 1 | tr '\n' ' ' | sed 's/ $//')
		;;
	esac
	same "$1-$2" "$4" "$came"
}

has_shell()
{
	command -v "$1" >/dev/null && return
	skip "completion-$1" "there is no $1"
	return 1
}

archs=$("$VMRUN" plugins list --json | tr -d ' "\n' | grep -o 'class:board[^}]*guest:\[[^]]*' | sed 's/.*\[//' | tr ',' '\n' | sort -u | tr '\n' ' ' | sed 's/ $//')
has_archs='arm64 riscv64 x86_64'
same architectures "$has_archs" "$archs"
soft='soft,tier= soft,hot= soft,cache= soft,verify= soft,copies= soft,region-insns='
if has_shell bash; then
	offers bash architectures 'vmrun --arch ' "$archs"
	offers bash architecture-after-equals 'vmrun --arch=ri' riscv64
	offers bash plugin-options 'vmrun -p soft,' "$soft"
	offers bash truth 'vmrun -p soft,tier=1,verify=' 'true false'
	offers bash no-values 'vmrun -p soft,tier=' ''
	offers bash words 'vmrun --on-output-closed ' 'end continue'
	tab bash plugin 'vmrun -p sof' 'vmrun -p soft '
	tab bash plugin-option 'vmrun --smp 2 -p soft,reg' 'vmrun --smp 2 -p soft,region-insns='
	tab bash second-option 'vmrun -p soft,tier=1,ver' 'vmrun -p soft,tier=1,verify='
	tab bash truth-typed 'vmrun -p soft,tier=1,verify=f' 'vmrun -p soft,tier=1,verify=false '
	tab bash long-option 'vmrun --plugin=board-virt,t' 'vmrun --plugin=board-virt,terminal='
	tab bash arch 'vmrun --arch a' 'vmrun --arch arm64 '
	tab bash arch-after-equals 'vmrun --arch=x' 'vmrun --arch=x86_64 '
fi
if has_shell zsh; then
	mkdir -p "$WORK/zsh"
	cp "$G/completion.zsh" "$WORK/zsh/_vmrun"
	tab zsh plugin 'vmrun -p sof' 'vmrun -p soft '
	tab zsh plugin-option 'vmrun --smp 2 -p soft,reg' 'vmrun --smp 2 -p soft,region-insns='
	tab zsh second-option 'vmrun -p soft,tier=1,ver' 'vmrun -p soft,tier=1,verify='
	tab zsh truth-typed 'vmrun -p soft,tier=1,verify=f' 'vmrun -p soft,tier=1,verify=false '
	tab zsh long-option 'vmrun --plugin=board-virt,t' 'vmrun --plugin=board-virt,terminal='
	tab zsh arch 'vmrun --arch a' 'vmrun --arch arm64 '
	tab zsh arch-after-equals 'vmrun --arch=x' 'vmrun --arch=x86_64 '
	tab zsh word 'vmrun --on-output-closed c' 'vmrun --on-output-closed continue '
fi
if has_shell fish; then
	offers fish architectures 'vmrun --arch ' "$archs"
	offers fish architecture 'vmrun --arch ri' riscv64
	offers fish plugin 'vmrun -p sof' soft
	offers fish plugin-option 'vmrun -p soft,reg' soft,region-insns=
	offers fish second-option 'vmrun -p soft,tier=1,ver' soft,tier=1,verify=
	offers fish truth 'vmrun -p soft,verify=t' soft,verify=true
	offers fish words 'vmrun --on-output-closed c' continue
fi
finish
