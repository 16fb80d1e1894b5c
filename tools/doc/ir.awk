# SPDX-License-Identifier: MIT
# ir.awk: the table of IR ops, out of ir_ops.def, as Markdown: the kinds of aux and imm, and the ops. A section comment there
# begins a table here.
function cell(s) {
	gsub(/\|/, "\\|", s)
	gsub(/</, "\\&lt;", s)
	return s
}
# The arguments of a row, without quotes, in arg[1..]; the last one may hold commas.
function arguments(line, most,    n, s) {
	sub(/^[A-Z_]+\(/, "", line)
	sub(/\)$/, "", line)
	for (n = 1; n < most; n++) {
		s = substr(line, 1, index(line, ",") - 1)
		line = substr(line, index(line, ",") + 1)
		gsub(/^ *|["' ]/, "", s)
		arg[n] = s
	}
	gsub(/^ *"|"$/, "", line)
	arg[most] = line
}
function heading(s, columns, rule) {
	print (begun++ ? "\n" : "") "### " toupper(substr(s, 1, 1)) substr(s, 2) "\n\n" columns "\n" rule
}
/^\/\* What `(aux|imm)` means/ {
	heading("what `" ($0 ~ /aux/ ? "aux" : "imm") "` means", "| kind | range |", "| --- | --- |")
	next
}
/^IR_(AUX|IMM)\(/ {
	arguments($0, 2)
	printf "| `%s` | %s |\n", arg[1], cell(arg[2])
	next
}
/^\/\* -- .* -- \*\/$/ {
	s = $0
	sub(/^\/\* -- /, "", s)
	sub(/ -- \*\/$/, "", s)
	heading(s, "| op | class | result | operands | types | lanes | aux | imm | attribute | does |", \
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	next
}
/^IR\(/ {
	arguments($0, 10)
	none = "NONE"
	printf "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", arg[1], tolower(arg[2]), arg[3] == "." ? "" : arg[3], arg[4], \
		arg[5], arg[6], arg[7] == none ? "" : arg[7], arg[8] == none ? "" : arg[8], arg[9] == none ? "" : tolower(arg[9]), cell(arg[10])
	rows++
}
END {
	print "\n" rows " ops."
}
