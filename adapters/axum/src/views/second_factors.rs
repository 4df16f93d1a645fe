//! Second factors as clients see them.

use serde::Serialize;
use testudo::flow::SecondFactors;
use testudo::onboarding::RevealedSeed;
use testudo::{Secret, Timestamp};
use utoipa::ToSchema;

/// What second factors an account has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactors)]
pub struct SecondFactorsView {
    /// Whether the account is bound to an authenticator app.
    enrolled: bool,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    enrolled_at: Option<Timestamp>,
    /// How many recovery codes were not used yet.
    recovery_codes_left: usize,
}

impl From<&SecondFactors> for SecondFactorsView {
    fn from(factors: &SecondFactors) -> Self {
        Self {
            enrolled: factors.totp_since.is_some(),
            enrolled_at: factors.totp_since,
            recovery_codes_left: factors.recovery_codes_left,
        }
    }
}

/// The key of an authenticator app. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpSeed)]
pub struct TotpSeedView<'a> {
    /// In base32, to be typed.
    secret: &'a str,
    /// As the address that the picture holds.
    provisioning_uri: &'a str,
    /// A QR code, as a picture in SVG.
    qr_svg: &'a str,
}

impl<'a> From<&'a RevealedSeed> for TotpSeedView<'a> {
    fn from(seed: &'a RevealedSeed) -> Self {
        Self {
            secret: seed.secret.expose(),
            provisioning_uri: seed.provisioning_uri.expose(),
            qr_svg: seed.qr_svg.expose(),
        }
    }
}

/// Recovery codes. They are shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesView<'a> {
    recovery_codes: Vec<&'a str>,
}

impl<'a> From<&'a [Secret<String>]> for RecoveryCodesView<'a> {
    fn from(codes: &'a [Secret<String>]) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose().as_str()).collect() }
    }
}
