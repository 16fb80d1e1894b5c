# SPDX-License-Identifier: MIT
# ir.awk: the table of IR ops, out of ir_ops.def, as Markdown. A section comment there begins a table here.
function cell(s) {
	gsub(/\|/, "\\|", s)
	gsub(/</, "\\&lt;", s)
	return s
}
/^\/\* -- .* -- \*\/$/ {
	s = $0
	sub(/^\/\* -- /, "", s)
	sub(/ -- \*\/$/, "", s)
	print (rows ? "\n" : "") "### " toupper(substr(s, 1, 1)) substr(s, 2) "\n\n| op | class | operands | does |\n| --- | --- | --- | --- |"
	next
}
/^IR\(/ {
	match($0, /^IR\([A-Z0-9_]+, [A-Z]+, "[abc]*", "/)
	head = substr($0, 4, RLENGTH - 4)
	doc = substr($0, RLENGTH + 1)
	sub(/"\)$/, "", doc)
	split(head, part, ", ")
	gsub(/"/, "", part[3])
	gsub(/./, "& ", part[3])
	sub(/ $/, "", part[3])
	printf "| `%s` | %s | %s | %s |\n", part[1], tolower(part[2]), part[3], cell(doc)
	rows++
}
END {
	print "\n" rows " ops."
}
