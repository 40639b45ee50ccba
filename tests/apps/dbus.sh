#!/bin/bash
# SPDX-License-Identifier: MIT
# A message bus with clients inside: one that listens all the time, and others that come and go.
set -u
. tests/apps/lib.bash
needs dbus-daemon dbus-send dbus-monitor

cat >bus.conf <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
<type>session</type>
<listen>unix:path=$scratch/bus</listen>
<auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
END
cat >run.sh <<'END'
export DBUS_SESSION_BUS_ADDRESS=unix:path=$PWD/bus
dbus-daemon --nofork --nopidfile --config-file=bus.conf 2>daemon.err &
daemon=$!
while [ ! -S bus ]; do sleep 0.02; done
dbus-monitor --session "type='signal',interface='cr.Test'" >heard &
monitor=$!
until grep -q NameAcquired heard; do sleep 0.02; done
for ((i = 1; i <= 120; i++)); do
	dbus-send --session --type=signal / cr.Test.Count int32:$i || exit 1
	echo "$i" >>sent
	# Nobody may be on the way to the bus while it is dumped: what is said before it accepts cannot be saved.
	[ "$i" -ne 60 ] || until [ -e go ]; do sleep 0.02; done
done
until grep -q 'int32 120$' heard; do sleep 0.02; done
kill "$monitor" "$daemon"
wait
END
start bash run.sh
dump_when has_lines sent 60
restore
touch go
finish
sed -n 's/^ *int32 //p' heard >counted
same "the listener has heard all, once and in order" <(seq 1 120) counted
exit "$failed"
