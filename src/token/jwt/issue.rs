//! Making tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::MAX_TOKEN_BYTES;
use super::claims::{Claims, Outgoing};
use super::error::IssueError;
use super::header::Header;
use super::key::SigningKey;
use super::profile::Profile;
use super::session::SessionClaims;
use crate::secret::Secret;

/// Makes a token.
///
/// # Errors
///
/// When it would be too long to be taken by anybody, or the key cannot sign.
pub fn issue(
    claims: &Claims,
    profile: &Profile,
    key: &SigningKey,
) -> Result<Secret<String>, IssueError> {
    sign(&Outgoing { claims, session: None, profile }, key)
}

/// Makes a token of a session.
pub(crate) fn issue_session(
    claims: &Claims,
    session: &SessionClaims,
    profile: &Profile,
    key: &SigningKey,
) -> Result<Secret<String>, IssueError> {
    sign(&Outgoing { claims, session: Some(session), profile }, key)
}

fn sign(outgoing: &Outgoing<'_>, key: &SigningKey) -> Result<Secret<String>, IssueError> {
    let header = Header {
        alg: key.algorithm().name().into(),
        typ: outgoing.profile.token_type.typ().into(),
        kid: key.id().into(),
    };
    let header = serde_json::to_vec(&header).map_err(|_| IssueError::Claims)?;
    let payload = serde_json::to_vec(outgoing).map_err(|_| IssueError::Claims)?;
    let mut text = String::with_capacity(512);
    URL_SAFE_NO_PAD.encode_string(header, &mut text);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut text);
    let signature = key.sign(text.as_bytes()).ok_or(IssueError::Signature)?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    if text.len() > MAX_TOKEN_BYTES {
        return Err(IssueError::TooLong);
    }
    Ok(Secret::new(text))
}
