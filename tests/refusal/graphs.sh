#!/bin/bash
# SPDX-License-Identifier: MIT
# Pipes and unix sockets at random, some of which lead outside. GRAPH_SEED: that of the first graph, or another each
# time; GRAPH_SECONDS: for how long to go on.
set -u
. tests/refusal/lib.bash

name='pipes and sockets at random'
if timeout 300 "$build/tests/refusal/refusal_graph" "$cr_dump" "$cr_restore" "$scratch" "${GRAPH_SECONDS:-10}" \
	${GRAPH_SEED:+"$GRAPH_SEED"} </dev/null >"$scratch/stdout" 2>&1; then
	pass "$name: $(cat "$scratch/stdout")"
else
	fail "$name" "$(head -c 4000 "$scratch/stdout")"
fi

exit "$failed"
