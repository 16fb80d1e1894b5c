# SPDX-License-Identifier: MIT
# circles.awk: sources that need each other, out of `nm -A -P -g` of their objects.
#
# A node is an object without its .o; an edge leads from an object that uses a symbol to the one that defines it,
# within a group: core/, or a folder of plugins/, sdk/, tests/ or perf/ with all below it. (Two plugins may define
# the same name, and no plugin links another's objects.) Two nodes are in one circle when each can be reached from
# the other. Prints one line a circle: its nodes, sorted, then a tab, then its edges with a symbol each.
# `root` is what the paths begin with.

function group(n,   part, count)
{
	count = split(n, part, "/")
	return count < 3 || part[1] == "core" ? part[1] : part[1] "/" part[2]
}

# Mark what can be reached from node `a` in reach[a, ...].
function spread(a,   queue, head, tail, n, to, count, i)
{
	queue[tail = 1] = a
	for (head = 1; head <= tail; head++) {
		count = split(edges[queue[head]], to, " ")
		for (i = 1; i <= count; i++)
			if (!((a, to[i]) in reach)) {
				reach[a, to[i]] = 1
				queue[++tail] = to[i]
			}
	}
}

{
	node = $1
	sub(/:$/, "", node)
	sub(/\.o$/, "", node)
	if (index(node, root) == 1)
		node = substr(node, length(root) + 1)
	if (!(node in seen)) {
		seen[node] = 1
		nodes[++node_count] = node
	}
	if ($3 ~ /^[Uwv]$/)
		used[++use_count] = node SUBSEP $2
	else
		owners[group(node), $2] = owners[group(node), $2] " " node
}

END {
	for (i = 1; i <= use_count; i++) {
		split(used[i], u, SUBSEP)
		if (!((group(u[1]), u[2]) in owners))
			continue
		# More than one: sources that take each other's place in different programs.
		count = split(owners[group(u[1]), u[2]], to, " ")
		for (k = 1; k <= count; k++) {
			if (to[k] == u[1] || (u[1], to[k]) in why)
				continue
			why[u[1], to[k]] = u[2]
			edges[u[1]] = edges[u[1]] " " to[k]
		}
	}
	for (i = 1; i <= node_count; i++)
		spread(nodes[i])
	# Sorted by insertion, so that a circle is always written alike.
	for (i = 2; i <= node_count; i++)
		for (k = i; k > 1 && nodes[k] < nodes[k - 1]; k--) {
			t = nodes[k]
			nodes[k] = nodes[k - 1]
			nodes[k - 1] = t
		}
	for (i = 1; i <= node_count; i++) {
		a = nodes[i]
		if (!((a, a) in reach) || a in done)
			continue
		line = detail = ""
		for (k = i; k <= node_count; k++) {
			b = nodes[k]
			if (!((a, b) in reach) || !((b, a) in reach))
				continue
			done[b] = 1
			line = line (line == "" ? "" : " ") b
			for (m = 1; m <= node_count; m++)
				if ((b, nodes[m]) in why && (nodes[m], b) in reach)
					detail = detail "; " b " uses " why[b, nodes[m]] " of " nodes[m]
		}
		print line "\t" substr(detail, 3)
	}
}
