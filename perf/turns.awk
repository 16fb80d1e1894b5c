# SPDX-License-Identifier: MIT
# turns.awk: what two builds took in turn ("old row value ok [crc]" or "new ..."; another word than ok: why there is no figure),
# row by row: the least of each, their ratio, the ratio of the medians. The exit status is 1 when a row of `new` is slower by
# more than `within` percent, or has no figure.
function show(row, x)
{
	if (row ~ /^memory/)
		return sprintf("%.1f MiB", x / 1048576)
	return x >= 1e9 ? sprintf("%.3f s", x / 1e9) : x >= 1e6 ? sprintf("%.2f ms", x / 1e6) : sprintf("%.1f us", x / 1e3)
}

# Sorts the values of `row` on the side of `m`: the first is the least.
function sorted(m, row,    i, k, t)
{
	for (i = 2; i <= count[m, row]; i++) {
		t = value[m, row, i]
		for (k = i - 1; k > 0 && value[m, row, k] > t; k--)
			value[m, row, k + 1] = value[m, row, k]
		value[m, row, k + 1] = t
	}
}

function median(m, row)
{
	return value[m, row, int((count[m, row] + 1) / 2)]
}

$2 ~ /^!/ || $4 != "ok" {
	print "no figure: " $0
	bad = 1
	next
}

!($2 in seen) {
	seen[$2] = 1
	rows[++n] = $2
}

{
	value[$1, $2, ++count[$1, $2]] = $3
}

END {
	printf "%-18s %12s %12s %9s %9s\n", "row", "old, least", "new, least", "new/old", "medians"
	for (i = 1; i <= n; i++) {
		row = rows[i]
		if (!count["old", row] || !count["new", row]) {
			print row " has no figure on one side"
			bad = 1
			continue
		}
		sorted("old", row)
		sorted("new", row)
		old = value["old", row, 1]
		new = value["new", row, 1]
		slow = new > old * (1 + within / 100)
		printf "%-18s %12s %12s %9.3f %9.3f%s\n", row, show(row, old), show(row, new), new / old,
			median("new", row) / median("old", row), slow ? "  SLOWER" : ""
		if (slow)
			bad = 1
	}
	exit bad
}
