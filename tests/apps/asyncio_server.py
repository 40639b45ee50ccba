# SPDX-License-Identifier: MIT
"""A server and 20 clients over a unix socket in one event loop; arguments: the socket, rounds, a file for the progress."""
import asyncio
import sys


async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def call(name, path, rounds, progress):
    reader, writer = await asyncio.open_unix_connection(path)
    total = 0
    for number in range(rounds):
        writer.write(f"{name}-{number}\n".encode())
        await writer.drain()
        answer = await reader.readline()
        assert answer == f"{name}-{number}\n".upper().encode(), answer
        total += len(answer)
        print(name, number, file=progress)
        await asyncio.sleep(0.002)
    writer.close()
    return total


async def main(path, rounds, progress):
    await asyncio.start_unix_server(serve, path)
    calls = (call(f"client{i}", path, rounds, progress) for i in range(20))
    print(sum(await asyncio.gather(*calls)))


with open(sys.argv[3], "w", buffering=1) as file:
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), file))
