# SPDX-License-Identifier: MIT
# report.awk: medians, ratios and goals of what perf/run.sh measured for guest architecture `arch`; a table on standard
# output, JSON in `json`.
#
# Files: facts (name=value), rows and reasons (see there), raw ("machine row value ok [crc]", or the reason instead of "ok";
# row "!kind": why a boot failed; row "%name": a counter). `want`: the rows asked for.
# The exit status is 1 when a row has no figure, or a wrong answer, on either machine; slowness is only reported.

function quote(s)
{
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/[\001-\037]/, " ", s)
	return "\"" s "\""
}

# Of the values v[1..n], which it sorts.
function median(n, v,    i, k, t)
{
	for (i = 2; i <= n; i++) {
		t = v[i]
		for (k = i - 1; k > 0 && v[k] > t; k--)
			v[k + 1] = v[k]
		v[k + 1] = t
	}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function of(machine, row,    n, i, v)
{
	n = count[machine, row]
	if (!n || (machine, row) in bad)
		return 0
	for (i = 1; i <= n; i++)
		v[i] = value[machine, row, i]
	return median(n, v)
}

function unit(row)
{
	return row ~ /^memory/ ? "bytes" : "ns"
}

function show(row, x)
{
	if (!x)
		return "-"
	if (unit(row) == "bytes")
		return sprintf("%.1f MiB", x / 1048576)
	return x >= 1e9 ? sprintf("%.3f s", x / 1e9) : x >= 1e6 ? sprintf("%.1f ms", x / 1e6) : sprintf("%.1f us", x / 1e3)
}

function ratio(x)
{
	return x ? sprintf("%.2f", x) : "-"
}

# Why a machine has no figure for a row.
function reason(machine, row)
{
	if ((machine, row) in bad)
		return bad[machine, row]
	if ((machine, kind[row]) in failed)
		return failed[machine, kind[row]]
	return count[machine, row] ? "" : "not measured"
}

function number(x, format)
{
	return x ? sprintf(format, x) : "null"
}

function out(s)
{
	printf "%s", s >json
}


# Does this architecture have the row?
function has(row)
{
	return only[row] == "" || index("," only[row] ",", "," arch ",")
}

function known_reason(row)
{
	return (arch ":" row) in known ? known[arch ":" row] : row in known ? known[row] : ""
}

# Two decimals of what is judged: "1.50, goal 1.5, not met" would look like an error.
function verdict(x, goal)
{
	return goal == "-" ? "" : x && sprintf("%.2f", x) + 0 >= goal + 0 ? "yes" : "NO"
}

FILENAME ~ /facts$/ {
	i = index($0, "=")
	fact[++facts] = substr($0, 1, i - 1)
	text[facts] = substr($0, i + 1)
	next
}

FILENAME ~ /rows$/ {
	if (/^#/ || NF < 5)
		next
	kind[$1] = $2
	groups[$1] = $3
	goal[$1] = $4
	crc[$1] = $5
	only[$1] = $6
	k = has($1) ? split($3, g, ",") : 0
	for (j = 1; j <= k; j++)
		total[g[j]]++
	next
}

FILENAME ~ /reasons$/ {
	if (!/^#/) {
		known[$1] = $0
		sub(/^[^ ]+ /, "", known[$1])
	}
	next
}

{
	why = $0
	sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", why)
	if ($2 ~ /^!/)
		failed[$1, substr($2, 2)] = why
	else if ($2 ~ /^%/)
		counter[substr($2, 2)] = $3
	else if ($4 != "ok")
		bad[$1, $2] = (why == "WRONG" ? "wrong answer" : why)
	else if (crc[$2] != "-" && crc[$2] != "" && $5 != crc[$2])
		bad[$1, $2] = "wrong answer: " $5
	else
		value[$1, $2, ++count[$1, $2]] = $3
}

END {
	# Geometric means that must be reached.
	split("integer calls scalar_double neon", group_name, " ")
	split("1.5 2 6 5", group_goal, " ")

	n = split(want, row, " ")
	out("{\n")
	for (i = 1; i <= facts; i++) {
		printf "%-7s %s\n", fact[i], text[i]
		out("  " quote(fact[i]) ": " (text[i] ~ /^[0-9]+(\.[0-9]+)?$/ ? text[i] : quote(text[i])) ",\n")
	}
	print ""
	print "row              |      vmrun |       qemu |     native | qemu/vmrun | vmrun/native | goal | met?"
	out("  \"rows\": [")
	for (i = 1; i <= n; i++) {
		r = row[i]
		v = of("vmrun", r)
		q = of("qemu", r)
		h = of("native", r)
		speed = v && q ? q / v : 0
		slow = v && h ? v / h : 0
		if (kind[r] != last)
			print "-----------------+------------+------------+------------+------------+--------------+------+-----"
		last = kind[r]
		met = has(r) ? verdict(speed, goal[r]) : "n/a"
		printf "%-16s | %10s | %10s | %10s | %10s | %12s | %4s | %s\n", r, show(r, v), show(r, q), show(r, h), \
			ratio(speed), ratio(slow), (goal[r] == "-" ? "" : goal[r]), met
		why = ""
		if (!has(r)) {
			why = known_reason(r)
		} else {
			if (!v || !q)
				missing++
			if (!v)
				why = "vmrun: " reason("vmrun", r)
			if (!q)
				why = why (why == "" ? "" : "; ") "qemu: " reason("qemu", r)
			if (v && q && met == "NO")
				why = known_reason(r)
		}
		if ((("native", r) in bad) && bad["native", r] !~ /^no-/)
			why = why (why == "" ? "" : "; ") "native: " bad["native", r]
		if (met == "NO")
			short_of[++shorts] = sprintf("%s: %s of %s times QEMU's speed%s", r, \
				ratio(speed), goal[r], why == "" ? "" : " (" why ")")
		else if (why != "")
			note[++notes] = r ": " why
		out((i > 1 ? "," : "") "\n    {\"name\": " quote(r) ", \"kind\": " quote(kind[r]) ", \"unit\": " quote(unit(r)) \
			", \"vmrun\": " number(v, "%.0f") ", \"qemu\": " number(q, "%.0f") ", \"native\": " number(h, "%.0f") \
			", \"speedup\": " number(speed, "%.3f") ", \"to_native\": " number(slow, "%.3f") \
			", \"goal\": " (goal[r] == "-" ? "null" : goal[r]) \
			", \"met\": " (met == "" || met == "n/a" ? "null" : met == "yes" ? "true" : "false") \
			", \"why\": " (why == "" ? "null" : quote(why)) "}")
		k = has(r) ? split(groups[r], g, ",") : 0
		for (j = 1; j <= k; j++) {
			members[g[j]]++
			if (speed) {
				sum[g[j]] += log(speed)
				have[g[j]]++
			}
			if (slow) {
				slow_sum[g[j]] += log(slow)
				slow_have[g[j]]++
			}
		}
	}
	out("\n  ],\n  \"groups\": [")
	k = 0
	for (i = 1; i in group_name; i++) {
		r = group_name[i]
		if (!members[r])
			continue
		if (!k) {
			print "\ngeometric mean   |       rows | qemu/vmrun | vmrun/native | goal | met?"
			print "-----------------+------------+------------+--------------+------+-----"
		}
		# A group with a row missing has no mean: the missing one might be the slow one.
		speed = have[r] == members[r] ? exp(sum[r] / have[r]) : 0
		slow = slow_have[r] == members[r] ? exp(slow_sum[r] / slow_have[r]) : 0
		met = members[r] < total[r] ? "(a part)" : verdict(speed, group_goal[i])
		printf "%-16s | %10s | %10s | %12s | %4s | %s\n", r, have[r] + 0 " of " total[r], ratio(speed), ratio(slow), \
			group_goal[i], met
		out((k++ ? "," : "") "\n    {\"name\": " quote(r) ", \"speedup\": " number(speed, "%.3f") ", \"to_native\": " \
			number(slow, "%.3f") ", \"goal\": " group_goal[i] ", \"met\": " (met == "yes" ? "true" : met == "NO" ? "false" : "null") "}")
	}
	out("\n  ],\n  \"counters\": {")
	if (want ~ /boot/) {
		print ""
		ns = "translate_ns" in counter && counter["translated_insns"] > 0 ? \
			counter["translate_ns"] / counter["translated_insns"] : counter["translate_ns_per_insn"]
		hit = counter["cache_hit_rate"]
		printf "translation     %s ns a guest instruction (goal: below 1000)  %s\n", ns == "" ? "?" : sprintf("%.0f", ns), \
			(ns != "" && ns < 1000 ? "yes" : "NO")
		printf "cache hit rate  %s %% in a boot (goal: above 99)  %s\n", hit == "" ? "?" : sprintf("%.2f", hit * 100), \
			(hit > 0.99 ? "yes" : "NO") # in parentheses, or it would be a redirection
		out("\"translate_ns_per_insn\": " number(ns, "%.1f") ", \"cache_hit_rate\": " number(hit, "%.5f"))
	}
	out("}\n}\n")
	close(json)
	if (shorts)
		print "\nfalls short:"
	for (i = 1; i <= shorts; i++)
		print "  " short_of[i]
	if (notes)
		print "\nnotes:"
	for (i = 1; i <= notes; i++)
		print "  " note[i]
	print "\nmemory: proportional set size (memory_rss: resident set size) of the process less resident guest RAM, from"
	print "smaps: at the first line from user space (memory), after the real programs (memory_real). memory_guest: that RAM."
	exit (missing > 0)
}
