//! What verifying and making a JWT costs, beside the crate `jsonwebtoken` (11.1, on AWS-LC) with a key
//! that was prepared beforehand: HS256, a token of seven claims.
//!
//! Both check signature, `exp`, `iss` and `aud`, and give owned claims. `jsonwebtoken` asks the system's
//! clock besides, which is a few tens of nanoseconds; ours is told the time.
//!
//! ```console
//! cargo bench --features jwt-signatures --bench jwt
//! ```

#![allow(clippy::panic, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::unwrap_used, reason = "the same")]

use std::hint::black_box;

use criterion::Criterion;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use testudo::token::jwt::{Claims, KeySet, Profile, SigningKey, TokenType, issue, verify};
use testudo::{Duration, Secret, Timestamp};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";

/// What the other library reads the same token into.
#[derive(Debug, Serialize, Deserialize)]
struct TheirClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    token_type: String,
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let secret: Vec<u8> = (0..32).map(|byte: u8| byte.wrapping_mul(73)).collect();
    let keys = KeySet::new(SigningKey::hs256(&Secret::new(secret.clone())).unwrap());
    let profile = Profile::new(TokenType::AccessJwt).issuer(ISSUER).audience(AUDIENCE);
    // The other library cannot be told the time: the token outlives whoever runs this.
    let now = Timestamp::from_millis(1_700_000_000_000);
    let claims = Claims {
        subject: "0198c0de-7a5b-7c3e-9d42-3f1e2d4c5b6a".into(),
        id: "0198c0de-7a5b-7c3e-9d42-000000000001".into(),
        issued_at: now,
        expires_at: now + Duration::from_days(365 * 200),
        not_before: None,
        extra: serde_json::Map::new(),
    };
    let token = issue(&claims, &profile, keys.signing()).unwrap();
    let text = token.expose().as_str();

    let decoding = DecodingKey::from_secret(&secret);
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    let theirs = jsonwebtoken::decode::<TheirClaims>(text, &decoding, &validation).unwrap().claims;
    assert_eq!(theirs.sub, claims.subject);

    let mut group = criterion.benchmark_group("verify HS256");
    group.bench_function("testudo", |bencher| {
        bencher.iter(|| verify(black_box(text), &profile, keys.verifying(), now).unwrap());
    });
    group.bench_function("jsonwebtoken", |bencher| {
        let run = || jsonwebtoken::decode::<TheirClaims>(black_box(text), &decoding, &validation);
        bencher.iter(|| run().unwrap());
    });
    group.finish();

    let encoding = EncodingKey::from_secret(&secret);
    let header = Header { kid: Some(keys.signing().id().into()), ..Header::default() };
    let mut group = criterion.benchmark_group("make HS256");
    group.bench_function("testudo", |bencher| {
        bencher.iter(|| issue(black_box(&claims), &profile, keys.signing()).unwrap());
    });
    group.bench_function("jsonwebtoken", |bencher| {
        let run = || jsonwebtoken::encode(&header, black_box(&theirs), &encoding);
        bencher.iter(|| run().unwrap());
    });
    group.finish();
    criterion.final_summary();
}
