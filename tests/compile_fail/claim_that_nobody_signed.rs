//! Only verifying makes a signed claim.

use testudo::Timestamp;
use testudo::signing::{Claim, PasswordReset, SignedClaim};

fn reset_password(_claim: SignedClaim<PasswordReset>) {}

fn main() {
    let claim = Claim::new("ada@example.com", Timestamp::MAX).unwrap();
    reset_password(claim);
}
