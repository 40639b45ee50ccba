# SPDX-License-Identifier: MIT
"""A pool of processes that work on numbers; argument: a file for the progress."""
import multiprocessing
import sys
import time


def work(number):
    time.sleep(0.002)
    return pow(number, 65537, 1000003)


def main():
    total = 0
    with multiprocessing.Pool(3) as pool, open(sys.argv[1], "w", buffering=1) as progress:
        for done, value in enumerate(pool.imap(work, range(1200), chunksize=5)):
            total = (total * 31 + value) % 2147483647
            print(done, file=progress)
    print(total)


if __name__ == "__main__":
    main()
