#!/usr/bin/env python3
"""Writes vectors.json: hashes that other systems really made, for tests/password_vectors.rs.

Run it without arguments where PyPI can be reached. It makes two virtual environments in a temporary
folder, since passlib 1.7.4 does not work with a bcrypt of today, and runs itself in each. Salts are
random: every run makes other hashes of the same passwords.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import unicodedata
from importlib.metadata import version
from pathlib import Path

ENVIRONMENTS = {
    "modern": [
        "argon2-cffi==25.1.0",
        "bcrypt==5.0.0",
        "Django==5.2.19",
        "tortoise-auth==0.6.0",
        "Werkzeug==3.1.9",
    ],
    "passlib": ["argon2-cffi==25.1.0", "bcrypt==4.0.1", "passlib==1.7.4"],
}

SHORT_PASSWORDS = [
    "",
    "correct horse battery staple",
    " leading, trailing and  double spaces ",
    unicodedata.normalize("NFC", "Crème brûlée à la Zoë"),
    unicodedata.normalize("NFD", "Crème brûlée à la Zoë"),
    "\uff46\uff55\uff4c\uff4c width",  # Compatibility characters: NFKC would change them.
    "👩‍👩‍👧‍👦 🔑",
    "a" * 71 + "b",  # 72 bytes, all that bcrypt takes.
    "é" * 36,  # 72 bytes too.
]
LONG_PASSWORDS = ["a" * 72 + "b", "🔑" * 64, "é" * 100, "nul\0inside"]
ORDINARY = "correct horse battery staple"


def vectors(made_by, scheme, hash_password, passwords, default_cost=False):
    """One vector for each password."""
    for password in passwords:
        yield {
            "made_by": made_by,
            "scheme": scheme,
            "default_cost": default_cost,
            "password": password,
            "stored": hash_password(password),
        }


def cheap_and_default(made_by, scheme, cheap, default, passwords):
    """Every password at little cost, and one at the cost that the package sets."""
    yield from vectors(made_by, scheme, cheap, passwords)
    yield from vectors(made_by, scheme, default, [ORDINARY], default_cost=True)


def django():
    import django.conf
    from django.contrib.auth import hashers

    django.conf.settings.configure()
    made_by = f"Django {version('Django')}"

    class PBKDF2SHA512PasswordHasher(hashers.PBKDF2PasswordHasher):
        algorithm = "pbkdf2_sha512"
        digest = hashlib.sha512

    def encoder(hasher, cost):
        for name, value in cost.items():
            setattr(hasher, name, value)
        return lambda password: hasher.encode(password, hasher.salt())

    for hasher, cost, passwords in [
        (hashers.Argon2PasswordHasher, {"time_cost": 1, "memory_cost": 64, "parallelism": 1}, ALL),
        (hashers.BCryptPasswordHasher, {"rounds": 4}, SHORT_PASSWORDS),
        (hashers.BCryptSHA256PasswordHasher, {"rounds": 4}, ALL),
        (hashers.PBKDF2PasswordHasher, {"iterations": 1000}, ALL),
        (hashers.PBKDF2SHA1PasswordHasher, {"iterations": 1000}, ALL),
        (PBKDF2SHA512PasswordHasher, {"iterations": 1000}, ALL),
        (hashers.ScryptPasswordHasher, {"work_factor": 16}, ALL),
    ]:
        cheap, default = encoder(hasher(), cost), encoder(hasher(), {})
        yield from vectors(made_by, hasher.algorithm, cheap, passwords)
        # The two that differ from PBKDF2-SHA256 in nothing but the hash function stay cheap.
        if hasher not in (hashers.PBKDF2SHA1PasswordHasher, PBKDF2SHA512PasswordHasher):
            yield from vectors(made_by, hasher.algorithm, default, [ORDINARY], default_cost=True)


def werkzeug():
    from werkzeug.security import generate_password_hash

    made_by = f"Werkzeug {version('Werkzeug')}"

    def method(name):
        return lambda password: generate_password_hash(password, method=name)

    yield from cheap_and_default(made_by, "scrypt", method("scrypt:1024:8:1"), method("scrypt"), ALL)
    yield from cheap_and_default(
        made_by, "pbkdf2:sha256", method("pbkdf2:sha256:1000"), method("pbkdf2"), ALL
    )
    for name in ["pbkdf2:sha512", "pbkdf2:sha1"]:
        yield from vectors(made_by, name, method(f"{name}:1000"), ALL)


def argon2_cffi():
    from argon2 import PasswordHasher
    from argon2.low_level import Type

    made_by = f"argon2-cffi {version('argon2-cffi')}"
    for kind in [Type.ID, Type.I, Type.D]:
        cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=2, type=kind).hash
        default = PasswordHasher(type=kind).hash
        yield from cheap_and_default(made_by, f"argon2{kind.name.lower()}", cheap, default, ALL)


def bcrypt():
    import bcrypt

    made_by = f"bcrypt {version('bcrypt')}"

    def hashed(prefix, rounds=12):
        salt = lambda: bcrypt.gensalt(rounds, prefix)
        return lambda password: bcrypt.hashpw(password.encode(), salt()).decode()

    for prefix in [b"2a", b"2b"]:
        yield from cheap_and_default(
            made_by, prefix.decode(), hashed(prefix, 4), hashed(prefix), SHORT_PASSWORDS
        )


def tortoise_auth():
    from tortoise_auth.hashers import argon2, bcrypt, make_password, pbkdf2

    made_by = f"tortoise-auth {version('tortoise-auth')}"
    cheap = argon2.default_hasher(time_cost=1, memory_cost=64, parallelism=1).hash
    yield from vectors(made_by, "argon2id", cheap, ALL)
    yield from vectors(made_by, "argon2id", make_password, SHORT_PASSWORDS[:6], default_cost=True)
    cheap, default = bcrypt.default_hasher(rounds=4).hash, bcrypt.default_hasher().hash
    yield from cheap_and_default(made_by, "bcrypt", cheap, default, SHORT_PASSWORDS)
    cheap, default = pbkdf2.PBKDF2Hasher(1000).hash, pbkdf2.PBKDF2Hasher().hash
    yield from cheap_and_default(made_by, "pbkdf2_sha256", cheap, default, ALL)


def passlib():
    from passlib import hash as schemes

    made_by = f"passlib {version('passlib')}"
    for scheme in [schemes.argon2, schemes.bcrypt]:
        scheme.set_backend()  # What is derived from a scheme does not load its backend.
    # passlib refuses NUL in a password of bcrypt_sha256, as in one of bcrypt.
    without_nul = [password for password in ALL if "\0" not in password]
    little_memory = {"rounds": 1, "memory_cost": 64, "parallelism": 1}
    for scheme, cost, passwords in [
        (schemes.argon2.using(type="ID"), little_memory, ALL),
        (schemes.argon2.using(type="I"), little_memory, ALL),
        (schemes.argon2.using(type="D"), little_memory, ALL),
        (schemes.bcrypt, {"rounds": 4}, SHORT_PASSWORDS),
        (schemes.bcrypt.using(ident="2y"), {"rounds": 4}, SHORT_PASSWORDS),
        (schemes.bcrypt_sha256, {"rounds": 4}, without_nul),
        (schemes.bcrypt_sha256.using(version=1), {"rounds": 4}, without_nul),
        (schemes.bcrypt_sha256.using(version=1, ident="2a"), {"rounds": 4}, without_nul),
        (schemes.pbkdf2_sha1, {"rounds": 1000}, ALL),
        (schemes.pbkdf2_sha256, {"rounds": 1000}, ALL),
        (schemes.pbkdf2_sha512, {"rounds": 1000}, ALL),
        (schemes.scrypt, {"rounds": 4}, ALL),
    ]:
        cheap, default = scheme.using(**cost).hash, scheme.hash
        yield from cheap_and_default(made_by, scheme.name, cheap, default, passwords)


ALL = SHORT_PASSWORDS + LONG_PASSWORDS
SYSTEMS = {
    "modern": [django, werkzeug, argon2_cffi, bcrypt, tortoise_auth],
    "passlib": [passlib],
}


def run_in(environment, folder):
    """The vectors of one environment, which is made first."""
    home = Path(folder, environment)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *ENVIRONMENTS[environment]], check=True)
    done = subprocess.run([python, __file__, environment], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    if len(sys.argv) == 2:
        systems = SYSTEMS[sys.argv[1]]
        json.dump([vector for system in systems for vector in system()], sys.stdout)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = [vector for environment in SYSTEMS for vector in run_in(environment, folder)]
    lines = ",\n".join(json.dumps(vector) for vector in made)
    Path(__file__).with_name("vectors.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(made)} vectors", file=sys.stderr)


if __name__ == "__main__":
    main()
