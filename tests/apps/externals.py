# SPDX-License-Identifier: MIT
"""What externals.sh is about: cat(1), which gives back what it is given, with ends that are held here."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time

BUILD, SCRATCH, GROUP = sys.argv[1:4]
DUMP, RESTORE = BUILD + "/cr-dump", BUILD + "/cr-restore"
ARCHIVE = SCRATCH + "/external.tar.zst"
PIDFILE = SCRATCH + "/external.pid"
LIMIT = 20
failed = False
running = []  # processes to be ended, by pid


def report(name, problem):
    global failed
    if not problem:
        print(f"ok - {GROUP}: {name}", flush=True)
        return
    failed = True
    print(f"not ok - {GROUP}: {name}")
    for line in str(problem).splitlines()[:40]:
        print("#   " + line)


def start(stdin, stdout, command=("cat",)):
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    running.append(process)
    return process


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    deadline = time.monotonic() + LIMIT
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.01)


def read_text(fd):
    """What comes next, b"" at the end; None if nothing comes."""
    import select
    if not select.select([fd], [], [], LIMIT)[0]:
        return None
    try:
        return os.read(fd, 4096)
    except OSError as error:
        return repr(error).encode()


def answers(write_fd, read_fd, text):
    """A terminal shows what is typed, and then what the program makes of it."""
    expected = (b"" if not os.isatty(read_fd) else text) + text
    got = b""
    os.write(write_fd, text)
    while len(got) < len(expected):
        more = read_text(read_fd)
        if not more:
            break
        got += more.replace(b"\r", b"")
    return "" if got == expected else f"got {got!r} instead of {expected!r}"


def run(command, expected, patterns=(), pass_fds=(), stdin=subprocess.DEVNULL, stdout=None):
    """What is wrong with it; "" if nothing is."""
    with open(SCRATCH + "/said", "w+b") as said:
        status = subprocess.run(command, stdin=stdin, stdout=stdout or said, stderr=said, pass_fds=pass_fds,
                                timeout=LIMIT, check=False).returncode
        said.seek(0)
        text = said.read().decode(errors="replace")
    problem = "" if status == expected else f"exit status {status}, not {expected}\n"
    for pattern in patterns:
        if not re.search(pattern, text):
            problem += f"nothing matches {pattern}\n"
    return problem + (f"it said: {text}" if problem else "")


def dump(process, options, expected=0, patterns=()):
    if os.path.exists(ARCHIVE):
        os.unlink(ARCHIVE)
    problem = run([DUMP, "-t", str(process.pid), "-o", ARCHIVE, *options], expected, patterns)
    if expected == 0 and not problem:
        process.wait(LIMIT)
        running.remove(process)
    elif expected != 0 and (process.poll() is not None or os.path.exists(ARCHIVE)):
        problem += "\nthe program has not come through"
    return problem


def restore(options, expected=0, patterns=(), **descriptors):
    if os.path.exists(PIDFILE):
        os.unlink(PIDFILE)
    return run([RESTORE, "-i", ARCHIVE, "-d", "--pidfile", PIDFILE, *options], expected, patterns, **descriptors)


def restored_pid():
    with open(PIDFILE) as file:
        return int(file.read())


def inode(fd):
    return os.fstat(fd).st_ino


def pipes():
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    process = start(in_read, out_write)
    keys = [f"pipe[{inode(in_read)}]", f"pipe[{inode(out_write)}]"]
    report("pipes: it runs", answers(in_write, out_read, b"before\n"))
    os.close(in_read)
    os.close(out_write)
    report("pipes: refused, with the options that help",
           dump(process, [], 3, [r"fd 0: pipe:\[\d+\].*--external " + re.escape(keys[0]), r"--stdio=inherit"]))
    report("pipes: one of two allowed", dump(process, ["--external", keys[0]], 3, [r"fd 1: pipe:\[\d+\]"]))
    report("pipes: dump", dump(process, ["--external", keys[0], "--external", keys[1]]))
    report("pipes: inspect", run([RESTORE, "--inspect", "-i", ARCHIVE], 0,
                                 [r"takes: --inherit-fd=fd\[N\]:" + re.escape(keys[0]) + r".*for pid \d+ cat fd 0",
                                  r"other end is closed"]))
    new_in_read, new_in_write = os.pipe()
    new_out_read, new_out_write = os.pipe()
    given = [f"--inherit-fd=fd[{new_in_read}]:{keys[0]}",
             f"--inherit-fd=fd[{new_out_write}]:{keys[1].replace('[', ':[')}"]
    fds = (new_in_read, new_out_write, new_in_write)
    report("pipes: one that cannot be read from is refused",
           restore([f"--inherit-fd=fd[{new_in_write}]:{keys[0]}"], 3, [r"cannot be read from"], pass_fds=fds))
    report("pipes: one that nobody wants is refused",
           restore([f"--inherit-fd=fd[{new_in_read}]:pipe[1]"], 3, [r"no such open file"], pass_fds=fds))
    report("pipes: one that is not open is wrong use",
           restore([f"--inherit-fd=fd[{new_in_read}]:{keys[0]}"], 2, [r"is not open"]))
    report("pipes: restore", restore(given, pass_fds=fds))
    pid = restored_pid()
    os.close(new_in_read)
    os.close(new_out_write)
    report("pipes: it goes on with others", answers(new_in_write, new_out_read, b"after\n"))
    os.close(new_in_write)
    report("pipes: it hears of the end", "" if read_text(new_out_read) == b"" else "it does not")
    end(pid)
    report("pipes: restore without", run([RESTORE, "-i", ARCHIVE], 0, [r"as if its other end had been closed"]))
    for fd in (in_write, out_read, new_out_read):
        os.close(fd)


def sockets(kind, option, form):
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    name = f"{kind.name[5:].lower()} socket, {option}"
    process = start(theirs, theirs)
    number = inode(theirs.fileno())
    report(f"{name}: it runs", answers(ours.fileno(), ours.fileno(), b"before\n"))
    theirs.close()
    report(f"{name}: refused", dump(process, [], 3, [r"external socket is used.*--external unix\[" + str(number)]))
    report(f"{name}: dump", dump(process, [option.replace("N", str(number))]))
    new_ours, new_theirs = socket.socketpair(socket.AF_UNIX, kind)
    read_end, write_end = os.pipe()
    report(f"{name}: a pipe will not do",
           restore([f"--inherit-fd=fd[{write_end}]:unix[{number}]"], 3, [r"cannot be read from and written to"],
                   pass_fds=(write_end,)))
    report(f"{name}: restore", restore(["-x", f"--inherit-fd=fd[{new_theirs.fileno()}]:{form}[{number}]"],
                                       pass_fds=(new_theirs.fileno(),)))
    new_theirs.close()
    report(f"{name}: it goes on with another", answers(new_ours.fileno(), new_ours.fileno(), b"after\n"))
    end(restored_pid())
    for fd in (read_end, write_end):
        os.close(fd)
    if kind == socket.SOCK_STREAM:
        report(f"{name}: restore without",
               run([RESTORE, "-i", ARCHIVE], 0, [r"as if its other end had been closed"]))
    ours.close()
    new_ours.close()


def standard(make, what):
    """What is given as standard input and output: the program's end, and ours to write to and read from."""
    stdin, stdout, to, back = make()
    process = start(stdin, stdout)
    report(f"{what}: it runs", answers(to, back, b"before\n"))
    report(f"{what}: refused", dump(process, [], 3, [r"fd [01]"]))
    report(f"{what}: dump", dump(process, ["--stdio=inherit"]))
    report(f"{what}: inspect", run([RESTORE, "--inspect", "-i", ARCHIVE], 0, [r"needs: --stdio=inherit"]))
    report(f"{what}: refused without the option", restore([], 3, [r"give that here as well"]))
    new_stdin, new_stdout, new_to, new_back = make()
    report(f"{what}: refused with what cannot be used",
           restore(["--stdio=inherit"], 3, [r"descriptor \d of cr-restore, which cannot be"],
                   stdin=os.open("/dev/null", os.O_WRONLY), stdout=os.open("/dev/null", os.O_RDONLY)))
    report(f"{what}: restore", restore(["--stdio=inherit"], stdin=new_stdin, stdout=new_stdout))
    report(f"{what}: it goes on with cr-restore's", answers(new_to, new_back, b"after\n"))
    end(restored_pid())


def make_pipes():
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    return in_read, out_write, in_write, out_read


def make_sockets():
    ours, theirs = socket.socketpair()
    kept.append((ours, theirs))
    return theirs.fileno(), theirs.fileno(), ours.fileno(), ours.fileno()


def make_terminal():
    master, slave = pty.openpty()
    return slave, slave, master, master


def terminal_by_key():
    stdin, stdout, to, back = make_terminal()
    process = start(stdin, stdout)
    report("terminal by key: it runs", answers(to, back, b"before\n"))
    st = os.fstat(stdin)
    key = f"tty[{st.st_rdev:x}:{st.st_dev:x}]"
    report("terminal by key: dump", dump(process, ["--external", key]))
    report("terminal by key: refused without", restore([], 3, [r"give a descriptor"]))
    new_stdin, _, new_to, new_back = make_terminal()
    report("terminal by key: restore", restore([f"--inherit-fd=fd[{new_stdin}]:{key}"], pass_fds=(new_stdin,)))
    report("terminal by key: it goes on in another", answers(new_to, new_back, b"after\n"))
    end(restored_pid())


def files():
    path, other = SCRATCH + "/file.log", SCRATCH + "/other.log"
    stdin, write = os.pipe()
    out = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    process = start(stdin, out)
    os.write(write, b"before\n")
    deadline = time.monotonic() + LIMIT
    while os.path.getsize(path) < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    key = f"pipe[{inode(stdin)}]"
    report("file: dump", dump(process, ["--external", key]))
    os.unlink(path)
    new_stdin, new_write = os.pipe()
    new_out = os.open(other, os.O_WRONLY | os.O_CREAT, 0o600)
    given = f"--inherit-fd=fd[{new_stdin}]:{key}"
    report("file: refused while it is missing", restore([given], 3, [r"is missing"], pass_fds=(new_stdin,)))
    report("file: restore with another",
           restore([given, f"--inherit-fd=fd[{new_out}]:{path[1:]}"], pass_fds=(new_stdin, new_out)))
    os.write(new_write, b"after\n")
    while os.path.getsize(other) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    with open(other) as file:
        text = file.read()
    report("file: it goes on with another", "" if text == "after\n" and not os.path.exists(path) else repr(text))
    end(restored_pid())


kept = []
try:
    pipes()
    sockets(socket.SOCK_STREAM, "--external=unix[N]", "unix")
    sockets(socket.SOCK_SEQPACKET, "--external=socket:[N]", "socket:")
    sockets(socket.SOCK_DGRAM, "--ext-unix-sk=N", "socket")
    standard(make_pipes, "standard pipes")
    standard(make_sockets, "standard sockets")
    standard(make_terminal, "standard terminal")
    terminal_by_key()
    files()
finally:
    for left in running:
        left.kill()
        left.wait(LIMIT)
sys.exit(failed)
