# SPDX-License-Identifier: MIT
# tests/layers: which parts of the source may know which; layers.sh says how it is found out.
TESTS += tests/layers/layers.sh
