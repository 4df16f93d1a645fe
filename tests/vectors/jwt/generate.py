#!/usr/bin/env python3
"""Writes pyjwt.json: tokens that PyJWT made, for tests/jwt/interop.rs.

Needs `pip install 'PyJWT[crypto]==2.15.1'`. Keys are random: every run makes other ones. They are of
use for these vectors only. After a run, make ours.json anew as well: see check_ours.py.
"""

import base64
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NOW = 1_700_000_000
HMACS = {"HS256": 32, "HS384": 48, "HS512": 64}


def text(raw):
    return base64.b64encode(raw).decode()


def number(value):
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def pkcs8(key):
    return text(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def keys():
    """The keys as PyJWT wants them, and as they are written down."""
    for alg, size in HMACS.items():
        secret = secrets.token_bytes(size)
        yield alg, secret, {"private": text(secret)}
    for alg, key in {
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "ES384": ec.generate_private_key(ec.SECP384R1()),
    }.items():
        yield alg, key, {"private": pkcs8(key)}
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_numbers()
    for alg in ["RS256", "PS256"]:
        yield alg, key, {"n": number(public.n), "e": number(public.e)}


BASE = {"sub": "ada", "jti": "token-1", "iat": NOW, "exp": NOW + 900, "token_type": "access"}
FULL = {
    **BASE,
    "sub": "Zoë 🔑 \"quoted\" \\ \u2028",
    "iss": "https://id.example.com",
    "aud": ["https://other.example.com", "https://api.example.com"],
    "nbf": NOW - 10,
    "extra": {"roles": ["admin"], "limit": 1.5, "nested": {"a": None, "b": True}},
}
REFRESH = {**BASE, "token_type": "refresh", "aud": "https://api.example.com"}
# What PyJWT itself makes of a datetime is an integer; of a float, a float.
DATED = {**BASE, "exp": datetime.fromtimestamp(NOW + 900, UTC)}
REFUSED = [{**BASE, "exp": NOW + 900.5}, {**BASE, "exp": NOW}, {**BASE, "nbf": NOW + 1}]


def token(alg, key, claims, taken, typ, **headers):
    made = jwt.encode(claims, key, algorithm=alg, headers={"kid": "key-1", "typ": typ, **headers})
    plain = json.loads(json.dumps(claims, default=lambda moment: int(moment.timestamp())))
    return {"alg": alg, "taken": taken, "claims": plain, "token": made}


def main():
    written, tokens = {}, []
    for alg, key, parts in keys():
        written[alg] = parts
        tokens.append(token(alg, key, FULL, True, "at+jwt"))
        tokens.append(token(alg, key, REFRESH, True, "application/rt+jwt"))
        tokens.append(token(alg, key, DATED, True, "AT+JWT"))
        tokens.extend(token(alg, key, claims, False, "at+jwt") for claims in REFUSED)
        tokens.append(token(alg, key, BASE, False, "JWT"))
        tokens.append(token(alg, key, BASE, False, "at+jwt", jku="https://evil.example"))
    tokens.append(token("none", None, BASE, False, "at+jwt"))
    vectors = {"made_by": f"PyJWT {jwt.__version__}", "now": NOW, "keys": written, "tokens": tokens}
    path = Path(__file__).with_name("pyjwt.json")
    path.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
