# SPDX-License-Identifier: MIT
# compare.awk: awk -f compare.awk GOLDEN NOW: what an ABI may do between two minors and what it may not. Prints a line
# for each difference; exit status 1: broken, 2: grown (GOLDEN has to be made again), 0: the same.
#
# Lines are layout.awk's (RECORD OFFSET MEMBER TYPE; RECORD SIZE = align N) and abi.sh's (const VALUE NAME), a record's
# by their offset. Allowed is: a new record, a new constant, a member appended behind what the record was, so that no
# old binary's padding is taken for it, and a member where there was one called reserved, which old binaries left zero.
{ key = $1 " " $3 }
FNR == NR {
	old[key] = $0
	if ($3 == "=") size[$1] = $2
	known[$1] = 1
	if ($3 ~ /^reserved[0-9]*$/) {
		starts[$1, ++holes[$1]] = $2
		ends[$1, holes[$1]] = $2 + bytes($4)
	}
	next
}
{ now[key] = $0 }
# A member that was reserved, or is: whether it may is decided by what lies there now.
$3 ~ /^reserved[0-9]*$/ && known[$1] && $1 != "const" && old[key] != $0 {
	if (was_free($1, $2)) { print "reserved: " $0; grown = 1; next }
}
!(key in old) {
	if (known[$1] && $1 != "const" && $3 != "=" && $2 < size[$1] && !was_free($1, $2)) {
		print "BROKEN: " $1 "." $3 " was put at " $2 ", within the " size[$1] " bytes of old binaries"
		broken = 1
	} else {
		print "new: " $0
		grown = 1
	}
	next
}
old[key] != $0 {
	split(old[key], was, " ")
	if ($3 == "=" && $2 > was[2] && $5 == was[5]) {
		print "grown: " $1 ", " was[2] " -> " $2 " bytes"
		grown = 1
	} else {
		print "BROKEN: '" old[key] "' became '" $0 "'"
		broken = 1
	}
}
END {
	for (k in old)
		if (!(k in now) && k !~ / reserved[0-9]*$/) {
			print "BROKEN: '" old[k] "' is gone"
			broken = 1
		}
	exit broken ? 1 : grown ? 2 : 0
}
# Of "uint32_t[3]".
function bytes(type, n) {
	match(type, /[0-9]+/)
	n = substr(type, RSTART, RLENGTH) / 8
	if (match(type, /\[[0-9]+\]$/)) n *= substr(type, RSTART + 1, RLENGTH - 2)
	return n
}
function was_free(record, offset, i) {
	for (i = 1; i <= holes[record]; i++)
		if (offset + 0 >= starts[record, i] && offset + 0 < ends[record, i])
			return 1
	return offset + 0 >= size[record]
}
