#!/usr/bin/env python3
"""Runs a program in a pty of its own inside a real terminal and passes all bytes on, so that a test can press keys
without depending on the focus of a window.

usage: relay.py FIFO STATUS PROGRAM [ARGUMENT...]

What is written into FIFO reaches the program as if typed. STATUS.started holds the program's process id and the size of
the terminal in rows, columns and pixels. When the program has ended, its exit code is in STATUS, and the terminal stays
open, as it is, until something more is written into FIFO.

RELAY_LINK=MILLISECONDS,BYTES makes it a slow link: what the terminal answers comes so much later, and no more than so
many bytes a second go to the terminal.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import tty


def copy_size(source, target):
    """Gives the inner terminal the size of the outer one, in cells and pixels; returns it."""
    size = fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8)
    fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    return struct.unpack("HHHH", size)


def tell(path, text):
    """Writes a file in one step."""
    with open(path + ".part", "w") as file:
        file.write(text)
    os.rename(path + ".part", path)


def write_all(target, data):
    while data:
        data = data[os.write(target, data):]


def pass_on(master, fifo, wake, late, rate):
    """Until the program has closed its side."""
    answers, free_at = [], 0.0
    while True:
        now = time.monotonic()
        while answers and answers[0][0] <= now:
            write_all(master, answers.pop(0)[1])
        sources = [0, fifo, wake] + ([master] if free_at <= now else [])
        times = [when - now for when in [at for at, _ in answers[:1]] + [free_at] if when > now]
        ready, _, _ = select.select(sources, [], [], min(times, default=None))
        if wake in ready:
            os.read(wake, 64)
            copy_size(0, master)
        if master in ready:
            try:
                data = os.read(master, 4096 if rate else 65536)
            except OSError:
                return
            if not data:
                return
            write_all(1, data)
            free_at = time.monotonic() + len(data) / rate if rate else 0.0
        if fifo in ready:
            write_all(master, os.read(fifo, 4096))
        if 0 in ready:
            answers.append((time.monotonic() + late, os.read(0, 4096)))


def main():
    fifo_path, status_path, program = sys.argv[1], sys.argv[2], sys.argv[3:]
    fifo = os.open(fifo_path, os.O_RDWR | os.O_NONBLOCK)
    wake, wake_end = os.pipe()
    os.set_blocking(wake_end, False)
    signal.set_wakeup_fd(wake_end)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    before = termios.tcgetattr(0)
    size_known, size_known_end = os.pipe()
    child, master = pty.fork()
    if child == 0:
        # The program must not ask for the size before it is there.
        os.read(size_known, 1)
        os.execvp(program[0], program)
    rows, columns, width, height = copy_size(0, master)
    os.write(size_known_end, b"!")
    tell(status_path + ".started", f"{child} {rows} {columns} {width} {height}")
    tty.setraw(0)
    try:
        late, rate = (float(part) for part in os.environ.get("RELAY_LINK", "0,0").split(","))
        pass_on(master, fifo, wake, late / 1000, rate)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
    _, status = os.waitpid(child, 0)
    tell(status_path, str(os.waitstatus_to_exitcode(status)))
    select.select([fifo], [], [])


main()
