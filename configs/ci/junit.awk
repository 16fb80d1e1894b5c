# SPDX-License-Identifier: MIT
# junit.awk -v suite=NAME -v status=N: out of a test's lines "ok N - NAME" and "not ok N - NAME" (Test Anything Protocol) the XML
# that CI systems take for JUnit's. What the lines don't tell is a check of its own: an exit status that is not 0 though none
# failed, and a plan ("1..N") that is missing or says another number.

function xml(s)
{
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	gsub(/[^\t -~]/, "?", s)
	return s
}

function testcase(name, fault)
{
	count++
	cases = cases "  <testcase classname=\"" xml(suite) "\" name=\"" xml(name) "\"" \
		(fault == "" ? "/>" : "><failure message=\"" xml(fault) "\"/></testcase>") "\n"
	failures += fault != ""
}

/^(not )?ok / {
	bad = /^not/
	name = $0
	sub(/^(not )?ok [0-9]* *-? */, "", name)
	testcase(name, bad ? "not ok" : "")
	checks++
}

/^1\.\.[0-9]+$/ { plan = substr($0, 4) }

END {
	if (plan == "" || plan != checks + 0)
		testcase("plan", plan == "" ? "the test did not come to its end" : "there should be " plan " checks")
	if (status != 0 && !failures || status == 124)
		testcase("exit status", status == 124 ? "ended by --timeout" : "exit status " status)
	printf "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\">\n%s</testsuite>\n", \
		xml(suite), count, failures, cases
}
