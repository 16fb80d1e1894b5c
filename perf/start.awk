# SPDX-License-Identifier: MIT
# start.awk: least and median of what perf/start.sh measured; a table on standard output, JSON added to `json`.
#
# Input: "machine first serial memory" (ns, ns, bytes), or "machine ! why". The exit status is 1 when a start failed.

function median(who, what,    i, k, n, t, v) {
	n = count[who]
	for (i = 1; i <= n; i++) v[i] = value[who, what, i]
	for (i = 2; i <= n; i++) {
		t = v[i]
		for (k = i - 1; k > 0 && v[k] > t; k--) v[k + 1] = v[k]
		v[k + 1] = t
	}
	least = v[1]
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function show(x, what) { return what == "memory" ? sprintf("%.2f MiB", x / 1048576) : sprintf("%.2f ms", x / 1e6) }
$2 == "!" { why[$1] = $0; failures++; next }
{ n = ++count[$1]; value[$1, "first", n] = $2; value[$1, "serial", n] = $3; value[$1, "memory", n] = $4 }
END {
	if (!count["vmrun"] || !count["qemu"]) {
		print "start " arch ": not measured: " why["vmrun"] " " why["qemu"]
		printf "null" >>json
		exit 1
	}
	printf "\nstart %s: vmrun %s beside %s\n", arch, options, machine
	print "row    | vmrun least |      median |  qemu least |      median | vmrun/qemu | goal    | met?"
	print "-------+-------------+-------------+-------------+-------------+------------+---------+-----"
	split("first serial memory", row, " ")
	printf "{" >>json
	for (i = 1; i <= 3; i++) {
		r = row[i]
		v = median("vmrun", r); vl = least; q = median("qemu", r); ql = least
		goal = r == "memory" ? "5 MiB" : "0.25"
		met = (r == "memory" ? v <= 5 * 1048576 : v <= q / 4)
		printf "%-6s | %11s | %11s | %11s | %11s | %10.3f | %-7s | %s\n", r, show(vl, r), show(v, r), show(ql, r), show(q, r), v / q, goal, met ? "yes" : "NO"
		printf("%s\n  \"%s\": {\"vmrun\": %.0f, \"vmrun_least\": %.0f, \"qemu\": %.0f, \"qemu_least\": %.0f, \"ratio\": %.4f, \"met\": %s}", \
			(i > 1 ? "," : ""), r, v, vl, q, ql, v / q, (met ? "true" : "false")) >>json
	}
	printf "\n}" >>json
	if (failures) { print "failed starts: " failures ": " why["vmrun"] " " why["qemu"]; exit 1 }
}
