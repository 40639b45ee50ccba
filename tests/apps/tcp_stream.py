# SPDX-License-Identifier: MIT
"""Both sides of a stream over TCP: 'echo ADDRESS PORT' sends back what comes until the end; 'check ADDRESS PORT MIB FILE'
sends that much to it, sees that the same comes back, and writes to FILE how many bytes it has seen."""
import hashlib
import socket
import sys
import threading
import time

PIECE = 65536


def piece(number):
    return hashlib.sha256(number.to_bytes(8, "big")).digest() * (PIECE // 32)


def echo(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)
    connection, _ = listener.accept()
    while data := connection.recv(PIECE):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    print("ended", flush=True)


def send_all(connection, count):
    for number in range(count):
        connection.sendall(piece(number))
        time.sleep(0.005)
    connection.shutdown(socket.SHUT_WR)


def check(address, port, mib, path):
    connection = socket.create_connection((address, port), timeout=10)
    connection.settimeout(60)
    count = mib * 1048576 // PIECE
    sender = threading.Thread(target=send_all, args=(connection, count))
    sender.start()
    with open(path, "w", buffering=1) as progress:
        for number in range(count):
            expected, got = piece(number), b""
            while len(got) < PIECE:
                data = connection.recv(PIECE - len(got))
                assert data, f"the end in piece {number}"
                got += data
            assert got == expected, f"piece {number} is another"
            print(number, file=progress)
    assert connection.recv(1) == b""
    sender.join()
    print("all of it", flush=True)


if sys.argv[1] == "echo":
    echo(sys.argv[2], int(sys.argv[3]))
else:
    check(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
