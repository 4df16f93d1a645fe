//! Why a token is refused, and why one is not made.

/// Why a token was refused. For logs and tests: it carries nothing of the token.
///
/// # Security
///
/// Never tell a client which of these it was (RFC 6750 3.1 knows `invalid_token` only): the difference
/// between a wrong key and a wrong signature, or a wrong claim, helps nobody but who is trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// It is longer than [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES).
    #[error("the token is too long")]
    TooLong,
    /// It is not three texts with two dots between them.
    #[error("expected three parts with two dots between them")]
    NotThreeParts,
    /// A part is not canonical base64url without padding.
    #[error("a part is not canonical base64url without padding")]
    Encoding,
    /// The header is not a JSON object of `alg`, `typ` and `kid`, each once and a string. Whatever
    /// else it has (`crit`, `b64`, `zip`, `jwk`, `jku`, `x5u`, `x5c` …) is refused unread.
    #[error("the header is not exactly `alg`, `typ` and `kid`")]
    Header,
    /// No key has the `kid` of the header.
    #[error("no key has this `kid`")]
    UnknownKey,
    /// The header names another algorithm than that of the key.
    #[error("the header's `alg` is not that of the key")]
    Algorithm,
    /// The signature or MAC does not match.
    #[error("the signature does not match")]
    Signature,
    /// `typ` or `token_type` is that of another kind of token.
    #[error("a token of another type")]
    TokenType,
    /// The claims are not a JSON object, a required one is missing, one has the wrong JSON type, or a
    /// key stands twice.
    #[error("the claims are malformed")]
    Claims,
    /// `iss` is another, missing though expected, or there though none is.
    #[error("another issuer")]
    Issuer,
    /// `aud` does not name us, is missing though expected, or there though none is.
    #[error("another audience")]
    Audience,
    /// The moment is `exp` plus the leeway, or later.
    #[error("expired")]
    Expired,
    /// The moment is before `nbf` less the leeway.
    #[error("not valid yet")]
    NotYetValid,
    /// `iat` is after the moment plus the leeway.
    #[error("issued in the future")]
    IssuedInFuture,
}

/// Why no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// It would be longer than [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES), and refused everywhere.
    #[error("the token would be too long; put less into `extra`")]
    TooLong,
    /// The claims do not go into JSON.
    #[error("the claims do not go into JSON")]
    Claims,
    /// The key could not sign.
    #[error("the key could not sign")]
    Signature,
}

/// Why a key was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An HMAC secret is shorter than the output of its hash (RFC 7518 3.2).
    #[error("the secret is shorter than {at_least} bytes")]
    TooShort {
        /// The fewest bytes that it may have.
        at_least: usize,
    },
    /// An HMAC secret is obviously not random, or is the text of a public key.
    #[error("the secret is not random")]
    Weak,
    /// A public or private key is not one of the algorithm, or its numbers are out of bounds.
    #[error("not a key for this algorithm")]
    Malformed,
    /// An id is empty, too long, or not printable ASCII.
    #[error("a key's id is 1 to 128 printable ASCII characters")]
    Id,
    /// Two keys have the same id.
    #[error("two keys have the same id")]
    Repeated,
}
