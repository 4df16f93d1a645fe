//! The kinds of tokens are different types.

use testudo::token::{AccessToken, RefreshToken};

fn take_an_access_token(_: AccessToken) {}

fn pass_a_refresh_token(token: RefreshToken) {
    take_an_access_token(token);
}

fn main() {}
