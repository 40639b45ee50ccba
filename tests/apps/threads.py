# SPDX-License-Identifier: MIT
"""threads.py COUNT FILE: COUNT pieces of work go through queues and threads, each leaves a line in FILE.

It ends with status 0 and a checksum that does not depend on who did what when, or says what was wrong.
"""
import hashlib
import queue
import random
import sys
import threading
import time

WORKERS = 4
COUNT = int(sys.argv[1])

work = queue.Queue(maxsize=16)
results = queue.Queue(maxsize=16)
lock = threading.Lock()
idle = threading.Condition(lock)
local = threading.local()
in_progress = set()
problems = []
finished = threading.Event()


def check(claim, text):
    if not claim:
        problems.append(f"{threading.current_thread().name}: {text}")


def produce():
    numbers = random.Random(42)
    for i in range(COUNT):
        work.put((i, numbers.getrandbits(64)))
    for _ in range(WORKERS):
        work.put(None)


def compute():
    local.name = threading.current_thread().name
    mine = 0
    while (item := work.get()) is not None:
        with lock:
            check(item[0] not in in_progress, f"piece {item[0]} was given out twice")
            in_progress.add(item[0])
        digest = str(item).encode()
        for _ in range(500):
            digest = hashlib.sha256(digest).digest()
        mine += 1
        check(local.name == threading.current_thread().name, "this is another thread's storage")
        results.put((item[0], digest))
    with idle:
        idle.notify()
    results.put(mine)


def sleep():
    """Time passes by at least as much as was slept."""
    while not finished.is_set():
        before = time.monotonic()
        time.sleep(0.01)
        check(time.monotonic() - before >= 0.01, "woke up too early")
        with idle:
            idle.wait(timeout=0.005)


def collect(path):
    total = 0
    done = set()
    counts = []
    with open(path, "a", encoding="ascii", buffering=1) as progress:
        while len(counts) < WORKERS:
            result = results.get()
            if isinstance(result, int):
                counts.append(result)
                continue
            i, digest = result
            check(i not in done, f"piece {i} came back twice")
            done.add(i)
            with lock:
                in_progress.remove(i)
            total ^= int.from_bytes(hashlib.sha256(b"%d %s" % (i, digest)).digest(), "big")
            print(i, digest.hex(), file=progress)
    check(sum(counts) == COUNT == len(done), f"{sum(counts)} and {len(done)} pieces, not {COUNT}")
    check(not in_progress, "some work was left")
    return total


threads = [threading.Thread(target=compute, name=f"worker {i}") for i in range(WORKERS)]
threads += [threading.Thread(target=produce, name="producer"), threading.Thread(target=sleep, name="sleeper")]
for thread in threads:
    thread.start()
checksum = collect(sys.argv[2])
finished.set()
for thread in threads:
    thread.join()
with open(sys.argv[2], encoding="ascii") as progress_file:
    check(len(progress_file.readlines()) == COUNT, "a line of the file is missing")
if problems:
    sys.exit("\n".join(problems))
print(f"{COUNT} pieces, checksum {checksum:064x}")
