#!/usr/bin/env python3
"""Gives ours.json, tokens that this library made with the keys of pyjwt.json, to PyJWT.

Needs `pip install 'PyJWT[crypto]==2.15.1'`. To make ours.json anew, empty it to `{}` and write
into it what `cargo test --features jwt-signatures --test jwt bit_for_bit` says that it should be.
"""

import base64
import json
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.serialization import load_der_private_key

HERE = Path(__file__).parent


def main():
    keys = json.loads((HERE / "pyjwt.json").read_text())["keys"]
    ours = json.loads((HERE / "ours.json").read_text())
    for alg, token in ours.items():
        private = base64.b64decode(keys[alg]["private"])
        key = private if alg.startswith("HS") else load_der_private_key(private, None).public_key()
        # The tokens are of 2023: everything is checked except the moment.
        options = {"verify_exp": False, "require": ["sub", "jti", "iat", "exp", "iss", "aud"]}
        read = jwt.decode_complete(
            token,
            key,
            algorithms=[alg],
            audience="api",
            issuer="https://id.example.com",
            options=options,
        )
        assert read["header"] == {"alg": alg, "typ": "at+jwt", "kid": "key-1"}, read
        assert read["payload"] == {
            "iss": "https://id.example.com",
            "sub": "ada",
            "aud": "api",
            "exp": 1_700_000_900,
            "iat": 1_700_000_000,
            "jti": "token-1",
            "token_type": "access",
        }, read
        print(f"PyJWT {jwt.__version__} takes {alg}")
    assert len(ours) == 6, sorted(ours)


if __name__ == "__main__":
    main()
