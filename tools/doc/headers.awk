# SPDX-License-Identifier: MIT
# headers.awk: the interface reference, out of the ABI's own headers. `awk -f headers.awk a.h b.h ...` prints Markdown.
#
# A header is read as what it is by our rules: one comment at the top that says what it is for; then structs, constants,
# function types and functions, each with the comment before it or behind it. A blank line ends what a comment is about.
# Nothing is understood of C but comments, braces and the semicolon at the end of a declaration:
#
#   text     comment collected and not yet given to a declaration
#   group    threads and text of the function above: of one that follows it without a comment, too
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
# Thread tags are at the end of a comment, or begin a sentence of it. They go to `tags`, and out of the text, which is the result;
# a sentence that says more of the thread ("[any], on a thread that ...") stays whole. A tag elsewhere is a word of its sentence.
function take_tags(s,   out, at, tag, rest) {
	tags = out = ""
	while (match(s, /\[(main|vcpu|any|quiesced)[^]]*\]/)) {
		at = substr(s, 1, RSTART - 1)
		tag = substr(s, RSTART, RLENGTH)
		rest = substr(s, RSTART + RLENGTH)
		s = rest
		if ((out at) ~ /(^|[.:;]) *$/ || rest ~ /^(\[(main|vcpu|any|quiesced)[^]]*\])* *$/) {
			tags = tags tag
			out = out at (rest ~ /^,/ ? tag : "")
		} else {
			out = out at tag
		}
	}
	return trim(out s)
}
function flush_decl(s,   is_function) {
	is_function = s ~ /\( ?\*|VR_CALL \*/
	if (depth == 0 && s ~ /^(struct|union) [a-z0-9_]+ ?;/) {
		s = "" # declared only
	} else if (depth == 0) {
		end_table()
		print code(s) "\n"
		if (s ~ /^VR_EXPORT/ && text == "")
			text = group_text
		if (text != "")
			print cell(text) "\n"
		group_text = text
	} else {
		text = take_tags(text)
		if (is_function && text == "" && tags == "") {
			tags = group
			text = group_text
		}
		group = is_function ? tags : ""
		group_text = is_function ? text : ""
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
		s = trim(bare(s))
		sub(/^-+ */, "", s)
		sub(/ *-+$/, "", s)
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
# What C++ alone sees: the braces of extern "C" are around everything.
/^#ifdef __cplusplus/ {
	foreign = 1
}
foreign {
	if (/^#(else|endif)/)
		foreign = 0
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
					text = group = group_text = ""
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
			text = group = group_text = ""
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
