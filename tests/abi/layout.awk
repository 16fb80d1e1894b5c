# SPDX-License-Identifier: MIT
# layout.awk: clang's record layouts -> one line a member of the ABI's own records, "RECORD OFFSET MEMBER TYPE", and a
# line "RECORD SIZE = align N".
/Dumping AST Record Layout/ { fresh = 1; name = ""; next }
fresh {
	fresh = 0
	if (match($0, /\| (struct|union) vr_[a-z0-9_]+$/))
		name = $NF
	depth = 0
	next
}
name == "" { next }
/\[sizeof=/ {
	match($0, /sizeof=[0-9]+/); size = substr($0, RSTART + 7, RLENGTH - 7)
	match($0, /align=[0-9]+/); align = substr($0, RSTART + 6, RLENGTH - 6)
	print name, size, "= align", align
	name = ""
	next
}
{
	split($0, half, /\|/)
	offset = half[1] + 0
	if (half[1] ~ /:/) { print "layout.awk: " name " has a bit-field:" $0 > "/dev/stderr"; exit 1 }
	rest = substr($0, index($0, "|") + 1)
	match(rest, /^ +/)
	indent = RLENGTH
	sub(/^ +/, "", rest)
	gsub(/\(unnamed [^)]*\)/, "(unnamed)", rest)
	member = rest
	sub(/.* /, "", member)
	type = substr(rest, 1, length(rest) - length(member) - 1)
	gsub(/ \*/, "*", type)
	while (depth > 0 && at[depth] >= indent) depth--
	at[++depth] = indent
	path[depth] = (depth > 1 ? path[depth - 1] "." : "") member
	print name, offset, path[depth], type
}
