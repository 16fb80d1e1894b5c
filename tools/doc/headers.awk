# SPDX-License-Identifier: MIT
# headers.awk: the interface reference, out of the ABI's own headers. `awk -f headers.awk a.h b.h ...` prints Markdown.
#
# A header is read as what it is by our rules: one comment at the top that says what it is for; then structs, constants,
# function types and functions, each with the comment before it or behind it. A blank line ends what a comment is about.
# Nothing is understood of C but comments, braces and the semicolon at the end of a declaration:
#
#   text     comment collected and not yet given to a declaration
#   decl     declaration collected so far, without its comments
#   depth    braces open: 0 at the top, 1 in a struct; a union or struct inside a struct is one member
function trim(s) {
	gsub(/[ \t\n]+/, " ", s)
	sub(/^ /, "", s)
	sub(/ $/, "", s)
	return s
}
# For a cell of a table, where code and bars have to be kept apart.
function cell(s) {
	s = trim(s)
	gsub(/\|/, "\\|", s)
	gsub(/</, "\\&lt;", s)
	return s
}
function code(s) {
	s = trim(s)
	gsub(/VR_CALL ?/, "", s)
	gsub(/\( \*/, "(*", s)
	sub(/;$/, "", s)
	gsub(/\|/, "\\|", s)
	return "`" s "`"
}
# A comment's lines without their stars, kept apart when `keep`.
function bare(s, keep,   n, i, line, lines, out) {
	sub(/^[ \t]*\/\*/, "", s)
	sub(/\*\/[ \t]*$/, "", s)
	n = split(s, lines, "\n")
	for (i = 1; i <= n; i++) {
		line = lines[i]
		sub(/^[ \t]*\* ?/, "", line)
		sub(/[ \t]*\\$/, "", line) # of a macro that goes on
		out = out (i > 1 ? (keep ? "\n" : " ") : "") line
	}
	return out
}
# The essay at the top: its lists stay lists, the rest becomes paragraphs.
function essay(s,   n, i, lines, line) {
	n = split(bare(s, 1), lines, "\n")
	while (n && lines[n] ~ /^ *$/)
		n--
	for (i = 1; i <= n; i++) {
		line = lines[i]
		if (i == 1 && line ~ /^ *$/)
			continue
		if (line ~ /^ ? ? ?- /)
			sub(/^ +/, "", line)
		else if (line !~ /^    /)
			sub(/^ +/, "", line)
		print line
	}
	print ""
}
function end_table() {
	if (table)
		print ""
	table = ""
}
function start_table(kind, head) {
	if (table == kind)
		return
	end_table()
	print head
	print "| --- | --- | --- |"
	table = kind
}
function constant(s,   name, value) {
	sub(/^#define[ \t]+/, "", s)
	name = s
	if (s ~ /^[A-Z0-9a-z_]+\(/)
		sub(/\).*/, ")", name)
	else
		sub(/[ \t].*/, "", name)
	value = substr(s, length(name) + 1)
	if (trim(value) == "" || name ~ /_H$/ || name ~ /^VR_(CALL|EXPORT|ERROR)/)
		return
	if (name ~ /_ID$/ && value ~ /"/) {
		end_table()
		print "The id: " code(value) ".\n"
		return
	}
	if (name ~ /\(/)
		value = "(macro)"
	start_table("constant", "| constant | value | |")
	print "| " code(name) " | " code(value) " | " cell(text) " |"
}
function flush_decl(s) {
	if (depth == 0 && s ~ /^(struct|union) [a-z0-9_]+ ?;/) {
		s = "" # declared only
	} else if (depth == 0) {
		end_table()
		print code(s) "\n"
		if (text != "")
			print cell(text) "\n"
	} else {
		tags = ""
		while (match(text, / ?\[(main|vcpu|any|quiesced)[^]]*\]/)) {
			tags = tags substr(text, RSTART, RLENGTH)
			text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
		}
		# A function without a comment of its own goes with the one above it.
		if (s ~ /\(\*/ || s ~ /\( \*/ || s ~ /VR_CALL \*/)
			tags = text == "" && tags == "" ? group : tags
		group = tags
		start_table("member", "| member | thread | |")
		print "| " code(s) " | " cell(tags) " | " cell(text) " |"
	}
	text = decl = ""
}
# A whole comment. `after`: it stands behind a declaration that has just ended.
function comment(s) {
	if (first) {
		essay(s)
		first = 0
		return
	}
	if (s ~ /----/) {
		end_table()
		s = bare(s)
		gsub(/-/, "", s)
		s = trim(s)
		print "### " s "\n"
		text = ""
		return
	}
	if (held != "") {
		held_text = (held_text == "" ? "" : held_text " ") trim(bare(s))
		return
	}
	text = (text == "" ? "" : text " ") trim(bare(s))
}
# A declaration is held until the line is over, as its comment may stand behind it.
function release() {
	if (held == "")
		return
	text = (text == "" ? held_text : (held_text == "" ? text : text " " held_text))
	if (held ~ /^#define/)
		constant(held)
	else
		flush_decl(held)
	held = held_text = text = ""
}
FNR == 1 {
	release()
	end_table()
	file = FILENAME
	sub(/.*\//, "", file)
	print "## " file "\n"
	first = 1
	depth = inner = 0
	text = decl = ""
	next
}
# What only C++ sees.
/^#ifdef __cplusplus/ {
	cxx = 1
	next
}
cxx {
	if (/^#(else|endif)/)
		cxx = 0
	next
}
{
	line = $0
	while (line != "" || NF == 0) {
		if (in_comment) {
			at = index(line, "*/")
			if (!at) {
				block = block line "\n"
				next
			}
			block = block substr(line, 1, at + 1)
			line = substr(line, at + 2)
			in_comment = 0
			comment(block)
			if (line == "")
				next
			continue
		}
		if (line ~ /^[ \t]*$/) {
			if ($0 ~ /^[ \t]*$/) {
				release()
				if (decl == "")
					text = ""
			}
			next
		}
		if (line ~ /^[ \t]*\/\*/) {
			# Another line's comment is not about what the line before declared.
			if (line == $0)
				release()
			in_comment = 1
			block = ""
			continue
		}
		if (line ~ /^#/ && decl == "") {
			release()
			at = index(line, "/*")
			s = at ? substr(line, 1, at - 1) : line
			while (s ~ /\\$/) {
				sub(/\\$/, "", s)
				if ((getline more) <= 0)
					break
				at = index(more, "/*")
				line = more
				s = s " " (at ? substr(more, 1, at - 1) : more)
			}
			if (s ~ /^#define/)
				held = s
			line = at ? substr(line, at) : ""
			if (line == "")
				next
			continue
		}
		if (decl == "")
			release()
		at = index(line, "/*")
		s = at ? substr(line, 1, at - 1) : line
		line = at ? substr(line, at) : ""
		piece = trim(s)
		if (depth == 0 && piece ~ /^(struct|union|enum) [a-z0-9_]+ \{$/) {
			end_table()
			sub(/ \{$/, "", piece)
			print "#### " code(piece) "\n"
			if (text != "")
				print cell(text) "\n"
			text = group = ""
			depth = 1
		} else if (depth == 1 && inner == 0 && piece == "};") {
			end_table()
			depth = 0
			decl = "" # the last constant of an enum
		} else {
			decl = decl " " s
			opened = gsub(/\{/, "{", s)
			closed = gsub(/\}/, "}", s)
			inner += opened - closed
			if (piece ~ /;$/ && inner == 0) {
				held = trim(decl)
				decl = ""
			} else if (depth == 0 && inner == 0 && closed) {
				decl = text = "" # a function with a body
			}
		}
		if (line == "")
			next
	}
}
END {
	release()
	end_table()
}
