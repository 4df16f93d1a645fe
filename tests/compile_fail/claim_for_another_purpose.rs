//! A link that verifies an address resets no password.

use testudo::signing::{EmailVerification, PasswordReset, SignedClaim};

fn reset_password(_claim: SignedClaim<PasswordReset>) {}

fn mixed_up(claim: SignedClaim<EmailVerification>) {
    reset_password(claim);
}

fn main() {
    let _ = mixed_up;
}
