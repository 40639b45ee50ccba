# SPDX-License-Identifier: MIT
"""Clients that keep their connections while they ask again and again, and take a wrong or missing answer for an error:
tcp_clients.py PROTOCOL PORT CONNECTIONS ROUNDS PROGRESS"""
import socket
import sys
import time


def http(connection, number, stream):
    connection.sendall(f"GET /{number} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    length = 0
    assert b" 200 " in stream.readline()
    while (line := stream.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    assert stream.read(length) == f"answer {number}\n".encode()


def redis(connection, number, stream):
    connection.sendall(f"SET key {number}\r\nGET key\r\n".encode())
    size = len(str(number))
    assert stream.readline() == b"+OK\r\n"
    assert stream.readline() == f"${size}\r\n".encode()
    stream.readline()


def memcached(connection, number, stream):
    value = str(number)
    connection.sendall(f"set key 0 0 {len(value)}\r\n{value}\r\nget key\r\n".encode())
    assert stream.readline() == b"STORED\r\n"
    assert stream.readline().startswith(b"VALUE key 0 ")
    assert stream.readline().strip().isdigit()
    assert stream.readline() == b"END\r\n"


def line(connection, number, stream):
    connection.sendall(f"line {number}\n".encode())
    assert stream.readline() == f"LINE {number}\n".encode()


ask = {"http": http, "redis": redis, "memcached": memcached, "line": line}[sys.argv[1]]
connections = [socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=50) for _ in range(int(sys.argv[3]))]
streams = [connection.makefile("rb") for connection in connections]
rounds = int(sys.argv[4])
with open(sys.argv[5], "w", buffering=1) as progress:
    for round_ in range(rounds):
        for connection, stream in zip(connections, streams):
            ask(connection, round_, stream)
        print(round_, file=progress)
        time.sleep(0.01)
