# SPDX-License-Identifier: MIT
# tests/fresh: what README says of a machine on which nothing is installed, and of users that may not install anything.
TESTS += tests/fresh/deps.sh
FULL_TESTS += tests/fresh/fresh.sh tests/fresh/odd.sh
