#!/usr/bin/env python3
"""Makes the tables of similar and dissimilar passwords from the libraries that testudo agrees with.

    python3.11 -m venv venv
    venv/bin/pip install Django==5.2.19 tortoise-auth==0.6.0
    venv/bin/python generate.py

pairs.jsonl, one object a line, the texts in NFC:
    password, value
    quick_ratio   difflib.SequenceMatcher(None, password, value).quick_ratio()
    similar       whether Django's UserAttributeSimilarityValidator refuses the password for a user
                  with `value` as the only attribute
    email         null, or for addresses two verdicts: Django's with the address, its local part
                  and its domain as attributes; tortoise-auth's with the address

word_characters.json, ranges of code points as [first, last, whether Python's \\w matches], without
those that this Python's Unicode does not assign.
"""

import json
import random
import re
import sys
import unicodedata
from difflib import SequenceMatcher
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings

settings.configure(USE_I18N=False)

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator  # noqa: E402
from django.core.exceptions import FieldDoesNotExist, ValidationError  # noqa: E402
from tortoise_auth.validators.similarity import (  # noqa: E402
    UserAttributeSimilarityValidator as TortoiseValidator,
)

HERE = Path(__file__).parent
random.seed(1815)

ALPHABETS = {
    "two": "ab",
    "few": "abcde",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "ascii": "".join(map(chr, range(32, 127))),
    "separated": "abcABC123_ .-@+'",
    "latin": "abcäöüßéèñÄÖÜÉ́̈ ",
    "greek": "αβγδεζσςΣΑΒΓΔ' ",
    "case": "İıiIſßẞŐ°ΌΣςK ",
    "marks": "कखगिीुंहिन्दी ก้ำ ",
    "cjk": "亜哀愛悪五一二三、ｱア ",
    "emoji": "🐢🐇🦔😀👍🏽‍ a1Ⓐⓐ①²½",
}
NAMES = "ada lovelace grace hopper alan turing edsger dijkstra barbara liskov donald knuth".split()
DOMAINS = "example.com mail.example.org bücher.example acme-corp.co.uk".split()


def main():
    rows, seen = [], set()
    for password, value in pairs():
        password, value = (unicodedata.normalize("NFC", text) for text in (password, value))
        if (password, value) not in seen:
            seen.add((password, value))
            rows.append(row(password, value))
    with open(HERE / "pairs.jsonl", "w", encoding="utf-8", newline="\n") as out:
        for each in rows:
            out.write(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n")
    ranges = word_character_ranges()
    text = ",\n".join(json.dumps(each, separators=(",", ":")) for each in ranges)
    (HERE / "word_characters.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
    refused, addresses = sum(r["similar"] for r in rows), sum(r["email"] is not None for r in rows)
    print(f"{len(rows)} pairs, {refused} similar, {addresses} addresses, {len(ranges)} ranges")


def pairs():
    yield from [("", ""), ("", "ada"), ("ada", ""), ("a", "A"), ("ΣΑΣ", "σας")]
    # Exactly at the threshold and next to it: 7 of 10 on either side, and so on.
    for length in range(1, 41):
        for common in range(length + 1):
            if abs(common / length - 0.7) < 0.06:
                yield "a" * common + "b" * (length - common), "a" * common + "c" * (length - common)
    for alphabet in ALPHABETS.values():
        for _ in range(250):
            yield text(alphabet, 24), text(alphabet, 24)
        for _ in range(150):
            value = text(alphabet, 24)
            yield mutated(value, alphabet), value
    for _ in range(1500):
        value = address()
        parts = re.split(r"\W+", value) + [value, value.split("@")[0], value.split("@")[1]]
        yield mutated(random.choice(parts), ALPHABETS["ascii"]), value
    for _ in range(100):
        value = address()
        yield text(ALPHABETS["ascii"], 16), value
    for size in (100, 1000, 4000):
        for alphabet in ("two", "lower", "emoji") if size < 4000 else ("lower",):
            bytes_each = 4 if alphabet == "emoji" else 1
            long = "".join(random.choices(ALPHABETS[alphabet], k=size // bytes_each))
            yield long, text(ALPHABETS[alphabet], 24)
            yield mutated(long, ALPHABETS[alphabet]), long
            yield long, long[: size // 12]
        yield "a" * size, "a"
        yield "a" * size, "a" * (size // 10)
        yield "a", "a" * size


def text(alphabet, longest):
    return "".join(random.choices(alphabet, k=random.randint(1, longest)))


def address():
    local = random.choice([".", "_", "+", "-", ""]).join(random.sample(NAMES, random.randint(1, 2)))
    return f"{local}{random.choice(['', '', '1815', '+news'])}@{random.choice(DOMAINS)}"


def mutated(value, alphabet):
    """The value with characters added, dropped, swapped or in another case."""
    chars = list(value)
    for _ in range(random.randint(0, max(2, len(chars)))):
        where = random.randint(0, len(chars))
        match random.randint(0, 4):
            case 0 | 1:
                chars.insert(where, random.choice(alphabet))
            case 2 if chars:
                chars.pop(where % len(chars))
            case 3:
                random.shuffle(chars) if len(chars) < 50 else chars.reverse()
            case 4 if chars:
                chars[where % len(chars)] = chars[where % len(chars)].swapcase()
    return "".join(chars)


def row(password, value):
    email = None
    if value.count("@") == 1 and not value.startswith("@") and not value.endswith("@"):
        local, domain = value.split("@")
        email = [django(password, value, local, domain), tortoise_auth(password, value)]
    return {
        "password": password,
        "value": value,
        "quick_ratio": SequenceMatcher(None, password, value).quick_ratio(),
        "similar": django(password, value),
        "email": email,
    }


class User(SimpleNamespace):
    class _meta:  # noqa: N801
        @staticmethod
        def get_field(name):
            raise FieldDoesNotExist(name)


def django(password, *values):
    attributes = {f"value_{index}": value for index, value in enumerate(values)}
    try:
        UserAttributeSimilarityValidator(tuple(attributes)).validate(password, User(**attributes))
    except ValidationError:
        return True
    return False


def tortoise_auth(password, email):
    try:
        TortoiseValidator().validate(password, SimpleNamespace(email=email))
    except ValueError:
        return True
    return False


def word_character_ranges():
    ranges = []
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        if unicodedata.category(char) in ("Cn", "Cs"):
            continue
        is_word = re.match(r"\w", char) is not None
        if ranges and ranges[-1][1] == point - 1 and ranges[-1][2] == is_word:
            ranges[-1][1] = point
        else:
            ranges.append([point, point, is_word])
    return ranges


if __name__ == "__main__":
    main()
