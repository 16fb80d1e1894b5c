# SPDX-License-Identifier: MIT
# layers.awk: includes that layers.txt does not allow. Reads layers.txt, then lines "SOURCE HEADER"; prints each pair that
# is not allowed, and each source that no row matches.

function component(path,   part, count)
{
	while (sub(/[^\/]+\/\.\.\//, "", path))
		;
	count = split(path, part, "/")
	if (part[1] == "core" || count == 2)
		return part[1]
	if (part[2] != "xlate" || count == 3)
		return part[1] "/" part[2]
	if (part[3] == "ir" || count == 4)
		return part[1] "/" part[2] "/" part[3]
	return part[1] "/" part[2] "/" part[3] "/" part[4]
}

FNR == NR {
	if ($1 != "" && $1 !~ /^#/) {
		rule[++rules] = "^(" $1 ")$"
		allowed[rules] = "^(" $2 ")$"
	}
	next
}

{
	from = component($1)
	to = component($2)
	if (from == to)
		next
	for (i = 1; i <= rules && from !~ rule[i]; i++)
		;
	if (i > rules)
		print $1 ": no row of layers.txt matches " from
	else if (to !~ allowed[i])
		print $1 " includes " $2
}
