# SPDX-License-Identifier: MIT
# tests/broken: plugins that break the process, through vmrun. Uses tests/guest's tools and tests/core's faulty plugins.
TESTS += tests/broken/broken.sh
