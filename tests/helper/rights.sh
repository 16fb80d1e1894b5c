# SPDX-License-Identifier: MIT
# rights.sh: what each role may do; sourced by helper.sh. The results are errno.
# shellcheck shell=sh
grants=file=$WORK/file,folder=$WORK/folder
