#!/usr/bin/env python3
"""Our Argon2id beside argon2-cffi (the reference implementation in C), on one core.

Both make the same hash, of 64 MiB, 3 passes and 4 lanes, in turns, and each in the way it is used: ours
computes the lanes one after the other in a buffer that is kept, argon2-cffi in threads and in memory that
is new each time. On one core the threads gain it nothing; on four idle ones they would, for one hash at
a time.

    python3 -m venv venv && venv/bin/pip install argon2-cffi
    venv/bin/python benches/argon2_beside_cffi.py [--core 1] [--rounds 20]
"""

import argparse
import os
import statistics
import subprocess
import time
from pathlib import Path

from argon2.low_level import Type, hash_secret

ROOT = Path(__file__).resolve().parent.parent
OURS = ["cargo", "bench", "--quiet", "--bench", "argon2"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--core", type=int, default=1, help="the core that both run on")
    options.add_argument("--rounds", type=int, default=20, help="how many hashes each makes")
    options = options.parse_args()

    subprocess.run([*OURS, "--no-run"], cwd=ROOT, check=True)
    os.sched_setaffinity(0, {options.core})
    with subprocess.Popen(
        [*OURS, "--", "--on-demand"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        hashers = {
            "testudo": lambda: ours(process),
            "argon2-cffi, p=4": lambda: cffi(lanes=4),
            "argon2-cffi, p=1": lambda: cffi(lanes=1),
        }
        for hash_once in hashers.values():
            hash_once()
        took = {name: [] for name in hashers}
        for _ in range(options.rounds):
            for name, hash_once in hashers.items():
                took[name].append(hash_once())
        process.stdin.close()
    report(took)


def ours(process: subprocess.Popen) -> float:
    """Seconds, as our process measures them."""
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline()) / 1e9


def cffi(lanes: int) -> float:
    """Seconds. With one lane there are no threads: what is left is the computation and the memory."""
    begun = time.perf_counter()
    hash_secret(b"correct horse battery", bytes([7] * 16), 3, 65536, lanes, 32, Type.ID)
    return time.perf_counter() - begun


def report(took: dict[str, list[float]]) -> None:
    least = min(took["testudo"])
    median = statistics.median(took["testudo"])
    print(f"{'':<18} {'least':>9} {'median':>9}   testudo beside it: least, median")
    for name, seconds in took.items():
        of_least, of_median = least / min(seconds), median / statistics.median(seconds)
        milliseconds = [min(seconds) * 1e3, statistics.median(seconds) * 1e3]
        print(
            f"{name:<18} {milliseconds[0]:>6.1f} ms {milliseconds[1]:>6.1f} ms"
            f"   {of_least:>6.2f}x {of_median:>6.2f}x"
        )


if __name__ == "__main__":
    main()
