#!/bin/sh
# SPDX-License-Identifier: MIT
# The scenario group of the test run: all scenarios in all modes, as run_all.sh describes.
exec "$(dirname "$0")/run_all.sh" "$1"
