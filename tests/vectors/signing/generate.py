#!/usr/bin/env python3
"""Writes signed.json and verdicts.json, for tests/signing_vectors.rs, with the real package.

Run it without arguments where PyPI can be reached. It makes a virtual environment in a temporary
folder and runs itself in that. Every run writes the same: the clock is set, and nothing is random.
"""

import base64
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from unittest import mock

REQUIREMENT = "tortoise-auth==0.6.0"

SECRETS = [
    "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe",
    "short",
    "Zoë's secret, in UTF-8: 🔑",
    "b" * 63,
    "b" * 64,  # A block of SHA-256.
    "b" * 65,  # HMAC hashes longer ones first.
]
SECRET = SECRETS[0]
SEPARATORS = [":", ".", "~", "=", " ", "::", "a:a", "§", "🔑", "\n", "/?#"]
VALUES = [
    "",
    "ada@example.com",
    "42",
    "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f",
    ":",
    "::",
    "a:b:c",
    ":leading and trailing:",
    "password-reset:42:MTcwMDAwMDAwMA",
    " spaces ",
    "two\nlines\r\n",
    "nul\0inside",
    "Crème brûlée à la Zoë",
    "Cre\u0300me bru\u0302le\u0301e",
    "👩‍👩‍👧‍👦 🔑",
    '{"user": 42, "to": "ada@example.com"}',
    "-_-_",
    "x" * 1000,
]
# Seconds of a clock; the package drops what is below a second.
TIMES = [0, 1, 9.99, 1_000_000_000, 1_700_000_000, 1_700_000_000.999, 4_294_967_296, 253_402_207_200]
NOW = 1_700_000_000


def at(now, call):
    """What the call gives when the clock says `now`."""
    from tortoise_auth import signing

    with mock.patch.object(signing.time, "time", return_value=now):
        return call()


def signed():
    from tortoise_auth import Signer, TimestampSigner, make_token

    def vector(made_by, secret, separator, value, now, text):
        return {
            "made_by": made_by,
            "secret": secret,
            "separator": separator,
            "value": value,
            "millis": None if now is None else round(now * 1000),
            "signed": text,
        }

    def by_signer(secret, separator, value):
        text = Signer(secret, separator=separator).sign(value)
        return vector("Signer", secret, separator, value, None, text)

    def by_timestamp_signer(secret, separator, value, now):
        signer = TimestampSigner(secret, separator=separator)
        text = at(now, lambda: signer.sign_with_timestamp(value))
        return vector("TimestampSigner", secret, separator, value, now, text)

    def by_make_token(secret, value, now):
        text = at(now, lambda: make_token(value, secret))
        return vector("make_token", secret, ":", value, now, text)

    for value in VALUES:
        yield by_signer(SECRET, ":", value)
        yield by_timestamp_signer(SECRET, ":", value, NOW)
        yield by_make_token(SECRET, value, NOW)
    for separator in SEPARATORS:
        for value in ["", "ada", separator, f"a{separator}b{separator}"]:
            yield by_signer(SECRET, separator, value)
            yield by_timestamp_signer(SECRET, separator, value, NOW)
    for secret in SECRETS[1:]:
        yield by_signer(secret, ":", "ada")
        yield by_timestamp_signer(secret, ".", "ada", NOW)
        yield by_make_token(secret, "ada", NOW)
    for now in TIMES:
        yield by_timestamp_signer(SECRET, ":", "ada", now)
        yield by_make_token(SECRET, "ada", now)


def verdicts():
    """What the package says to texts that were tampered with, are too old, or are odd."""
    from tortoise_auth import Signer, TimestampSigner, make_token, verify_token
    from tortoise_auth.exceptions import BadSignatureError, SignatureExpiredError

    def verdict(about, signed, check, now, max_age=None):
        try:
            says, value = "value", at(now, check)
        except SignatureExpiredError as error:
            says, value = "future" if "future" in str(error) else "expired", None
        except BadSignatureError:
            says, value = "bad", None
        except TypeError:  # hmac.compare_digest takes ASCII only.
            says, value = "crash", None
        return {
            "about": about,
            "signed": signed,
            "millis": round(now * 1000),
            "max_age_millis": None if max_age is None else round(max_age * 1000),
            "says": says,
            "value": value,
        }

    def of_signer(about, text):
        return verdict(f"Signer: {about}", text, lambda: Signer(SECRET).unsign(text), NOW)

    def of_token(about, text, now, max_age):
        check = lambda: verify_token(text, max_age=max_age, secret=SECRET)
        return verdict(f"verify_token: {about}", text, check, now, max_age)

    def dated(time):
        """A genuine signature on whatever stands in the place of the time."""
        return Signer(SECRET).sign(f"ada:{time}")

    def encoded(digits):
        return base64.urlsafe_b64encode(digits.encode()).rstrip(b"=").decode()

    genuine = Signer(SECRET).sign("ada")
    value, signature = genuine.rsplit(":", 1)
    for about, text in [
        ("genuine", genuine),
        ("no separator", "ada"),
        ("nothing", ""),
        ("no signature", "ada:"),
        ("another value", f"bob:{signature}"),
        ("another secret", Signer(SECRETS[1]).sign("ada")),
        ("another separator", Signer(SECRET, separator=".").sign("ada")),
        ("padded", f"{genuine}="),
        ("cut", genuine[:-1]),
        ("extended", f"{genuine}A"),
        ("other case", f"{value}:{signature.swapcase()}"),
        ("space behind it", f"{genuine} "),
        ("space before it", f" {genuine}"),
        ("a signature that is not ASCII", "ada:é"),
        ("a dated value", at(NOW, lambda: make_token("ada", SECRET))),
    ]:
        yield of_signer(about, text)

    token = at(NOW, lambda: make_token("ada", SECRET))
    for max_age in [0, 1, 60, 86_400]:
        for now in [NOW, NOW + max_age, NOW + max_age + 0.999, NOW + max_age + 1, NOW + 100_000]:
            yield of_token(f"{now - NOW:.3f} s old, of {max_age} s", token, now, max_age)
        yield of_token("from the next second", token, NOW - 0.001, max_age)
    yield of_token("from the future, of any age", token, 0, None)
    yield of_token("old, of any age", token, NOW * 2, None)
    yield of_token("parts of a second", token, NOW + 1.999, 1.5)
    yield of_token("parts of a second", token, NOW + 2, 1.5)
    yield of_token("undated", genuine, NOW, 60)
    yield of_token("another signature", f"{token.rsplit(':', 1)[0]}:{signature}", NOW, 60)
    for max_age in [60, None]:
        for digits in [
            *["", "one", "1.0", "1e3", "0x1"],
            *["9" * 30, "9" * 5000, "-1", "+1700000000", " 1700000000", "1700000000\n"],
            *["1_700_000_000", "01700000000", "253402207201"],
        ]:
            shown = digits if len(digits) < 40 else f"{digits[:8]}…"
            yield of_token(f"time {shown!r}", dated(encoded(digits)), NOW, max_age)
        for time in ["M", "é", "MTcwMDAwMDAwMA==", "MTcw MDAwMDAwMA", "MTcwMDAwMDAwMB", "MR"]:
            yield of_token(f"time as {time!r}", dated(time), NOW, max_age)


def write(name, rows):
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_name(name).write_text(f"[\n{lines}\n]\n")
    print(f"{name}: {len(rows)}", file=sys.stderr)


def main():
    if sys.argv[1:] == ["here"]:
        print(f"tortoise-auth {version('tortoise-auth')}", file=sys.stderr)
        write("signed.json", list(signed()))
        write("verdicts.json", list(verdicts()))
        return
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        python = Path(home, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "-q", REQUIREMENT], check=True)
        subprocess.run([python, __file__, "here"], check=True)


if __name__ == "__main__":
    main()
