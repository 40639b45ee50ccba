# SPDX-License-Identifier: MIT
"""terminal.py KEYS SCREEN COMMAND...: a terminal for COMMAND. What is appended to the file KEYS is typed into it; what it
shows is appended to the file SCREEN. Ends with the status of COMMAND."""
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import time

keys = open(sys.argv[1], 'rb')
screen = open(sys.argv[2], 'ab', buffering=0)
pid, master = pty.fork()
if pid == 0:
    # A background job of a script ignores them, and programs take that over.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 20, 70, 0, 0))
os.set_blocking(master, False)
while True:
    typed = keys.read()
    if typed:
        os.write(master, typed)
    try:
        shown = os.read(master, 65536)
        if not shown:
            break
        screen.write(shown)
    except BlockingIOError:
        time.sleep(0.01)
    except OSError:  # all in it have ended
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
