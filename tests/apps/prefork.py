# SPDX-License-Identifier: MIT
"""prefork.py PORT WORKERS: a server whose workers inherit its listening socket. Each line is answered with the pid of the
worker. A worker touches a file that has no name, by which the master sees that it is alive; what has ended is replaced."""
import os
import select
import signal
import socket
import sys
import tempfile
import time

port, count = int(sys.argv[1]), int(sys.argv[2])
listener = socket.create_server(("127.0.0.1", port), backlog=64)
listener.setblocking(False)
awake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
workers = {}  # pid: its file


def serve(alive):
    """Like a worker of gunicorn with threads: many connections, looked at when there is something to do."""
    connections = set()
    while os.getppid() == master:
        os.utime(alive.fileno())
        for ready in select.select([listener, *connections], [], [], 0.5)[0]:
            try:
                if ready is listener:
                    connections.add(listener.accept()[0])
                    continue
                if ready.recv(100):
                    ready.sendall(b"%d\n" % os.getpid())
                    continue
            except BlockingIOError:  # another worker was faster
                continue
            except ConnectionError:
                pass
            connections.discard(ready)
            ready.close()


def make_worker():
    alive = tempfile.TemporaryFile()
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        for which in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(which, signal.SIG_DFL)
        serve(alive)
        os._exit(0)
    workers[pid] = alive


has_to_end = False


def end(*_):
    global has_to_end
    has_to_end = True


master = os.getpid()
signal.set_wakeup_fd(wake)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGCHLD, lambda *_: None)
while not has_to_end:
    while len(workers) < count:
        make_worker()
    if select.select([awake], [], [], 1)[0]:
        os.read(awake, 100)
    for pid, alive in list(workers.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            workers.pop(pid).close()
        elif time.time() - os.fstat(alive.fileno()).st_mtime > 30:
            print(f"worker {pid} hangs", file=sys.stderr)
            os.kill(pid, signal.SIGKILL)
for pid in workers:
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
