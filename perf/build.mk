# SPDX-License-Identifier: MIT
# perf: see perf/README in `make perf`'s output
