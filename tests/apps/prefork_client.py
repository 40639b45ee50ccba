# SPDX-License-Identifier: MIT
"""prefork_client.py PORT PROGRESS GO: asks the server over eight connections again and again who answers, and makes new ones
until all four workers have. Says so in PROGRESS, and also when it has lost them and begins anew. Done when all have answered
since, and GO is there."""
import os
import socket
import sys
import time

port, go = int(sys.argv[1]), sys.argv[3]
progress = open(sys.argv[2], "w", buffering=1)
before, after = set(), set()
has_lost = False
deadline = time.monotonic() + 40


def ask(connection):
    connection.sendall(b"who\n")
    answer = connection.recv(100)
    if not answer:
        raise ConnectionResetError("closed by the server")
    return answer.decode().strip()


held = []
while time.monotonic() < deadline:
    seen = after if has_lost else before
    try:
        if len(held) >= 8 and len(seen) < 4:
            held.pop(0).close()
        if len(held) < 8:
            held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        for connection in held:
            worker = ask(connection)
            seen.add(worker)
            print(worker, file=progress)
    except OSError:  # gone with the dump, all of them
        for connection in held:
            connection.close()
        held.clear()
        if not has_lost:
            has_lost = True
            print("lost", file=progress)
        time.sleep(0.02)
        continue
    if len(after) == 4 and os.path.exists(go):
        sys.exit(0)
    time.sleep(0.005)
sys.exit(f"{before} before, {after} after")
