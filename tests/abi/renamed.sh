#!/bin/sh
# SPDX-License-Identifier: MIT
# renamed.sh FILE: what is kept of a release (a layout, constants, abidiff's types), with the names of today's headers.
#
# A binary holds offsets and values, not names, so a name may change where both stay. Each line of `renamed` says one:
# OLD NEW, where OLD is a record, a constant, or RECORD.MEMBER with the record's old name.
set -eu
table=$(dirname "$0")/renamed
grep -v '^#' "$table" | while read -r old new; do
	case $old in
	*.*)
		record=${old%%.*} member=${old#*.}
		echo "s/^\\($record [0-9]* \\)$member /\\1$new /"
		echo "/<class-decl name='$record' /,/<\\/class-decl>/s/<var-decl name='$member' /<var-decl name='$new' /"
		;;
	esac
done >"$1.sed"
# After the members, which are found by the old name of their record.
grep -v '^#' "$table" | while read -r old new; do
	case $old in
	*.*) ;;
	*) echo "s/\\<\\(abi_\\)\\{0,1\\}$old\\>/\\1$new/g" ;;
	esac
done >>"$1.sed"
sed -f "$1.sed" "$1"
rm "$1.sed"
