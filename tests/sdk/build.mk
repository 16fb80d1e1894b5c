# SPDX-License-Identifier: MIT
# tests/sdk: what is installed, and what a stranger can do with it. Instrumented libraries are not what is installed.
ifndef SAN
TESTS += tests/sdk/install.sh tests/sdk/cxx.sh
FULL_TESTS += tests/sdk/clean.sh
endif
