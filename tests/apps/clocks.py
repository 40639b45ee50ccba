# SPDX-License-Identifier: MIT
"""Sleeps until one time after the other of CLOCK_MONOTONIC, and ends with a message if a clock is not where it should be."""
import ctypes
import os
import sys
import threading
import time

TIMER_ABSTIME = 1
STEP_NS = 50_000_000
MAY_BE_LATE_NS = 60_000_000_000

libc = ctypes.CDLL(None, use_errno=True)


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("ns", ctypes.c_long)]


def sleep_until(deadline_ns):
    deadline = Timespec(*divmod(deadline_ns, 1_000_000_000))
    error = libc.clock_nanosleep(time.CLOCK_MONOTONIC, TIMER_ABSTIME, ctypes.byref(deadline), None)
    if error:
        sys.exit(f"clock_nanosleep: error {error}")


threading.Thread(target=threading.Event().wait, daemon=True).start()
namespace = os.open("/proc/self/ns/time", os.O_RDONLY)
deadline_ns = time.monotonic_ns()
boottime_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
apart_ns = boottime_ns - deadline_ns
for round in range(int(sys.argv[1])):
    deadline_ns += STEP_NS
    sleep_until(deadline_ns)
    late_ns = time.monotonic_ns() - deadline_ns
    if not 0 <= late_ns < MAY_BE_LATE_NS:
        sys.exit(f"CLOCK_MONOTONIC is {late_ns} ns late")
    changed_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns() - apart_ns
    if not -1_000_000_000 < changed_ns < 1_000_000_000:
        sys.exit(f"CLOCK_BOOTTIME has changed by {changed_ns} ns")
    print(round, flush=True)
if os.stat(namespace).st_ino != os.stat("/proc/self/ns/time").st_ino:
    sys.exit("the file of its time namespace is that of another one")
print("all rounds", flush=True)
