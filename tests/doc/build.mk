# SPDX-License-Identifier: MIT
# tests/doc: what is written down agrees with the source.
TESTS += tests/doc/doc.sh
