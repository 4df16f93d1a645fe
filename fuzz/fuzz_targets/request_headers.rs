//! Who makes a request, and from where: `Authorization`, `Cookie`, and what browsers add.
//!
//! Law: a request is answered with 200, 400, 401 or 403 and nothing panics. It is a user's only if it presents the
//! token once and whole, in the one `Authorization` header or, without any, in the one cookie; and what changes
//! something relies on a cookie only if a page of the site asks. It is nobody's only if it presents nothing.

#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, ORIGIN};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::routing::any;
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use testudo::flow::{Login, RegisterUser};
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, KeyRing, Policy, Settings, Timestamp};
use testudo_axum::{Cookies, MaybeUser, Testudo};
use testudo_driver::{Auth, Clock, InlineHashing};
use testudo_memory::MemoryStore;
use tower::ServiceExt as _;

const COOKIE_NAME: &str = "__Host-testudo_access";
const ORIGIN_HERE: &str = "https://app.example.com";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// A value of a header, of pieces that mean something and others.
#[derive(Arbitrary, Debug)]
enum Piece {
    Token,
    CsrfToken,
    Bearer,
    CookieName,
    OriginHere,
    SameOrigin,
    CrossSite,
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
struct Asked {
    method: u8,
    authorization: Vec<Vec<Piece>>,
    cookies: Vec<Vec<Piece>>,
    fetch_site: Vec<Vec<Piece>>,
    origin: Vec<Vec<Piece>>,
    csrf_token: Vec<Vec<Piece>>,
}

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }
}

/// An application with one user, who has signed in.
struct Site {
    app: Router,
    token: String,
    csrf_token: String,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let keys = KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").expect("a key");
    let settings = Settings::new(Policy::default(), keys).expect("a policy that holds");
    let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
    let auth = Auth::new(MemoryStore::new(), hashing, settings).with_clock(Arc::new(Stopped));
    let testudo =
        Testudo::new(auth).with_cookies(Cookies::for_origin(ORIGIN_HERE).expect("an origin"));
    let here = Client::unknown();
    let signed_in = block_on(async {
        let ada = RegisterUser::new("ada@example.com", "correct horse".into());
        testudo.auth().register_user(ada, &here).await.expect("a user");
        let login = Login::new("ada@example.com", "correct horse".into());
        let sign_in = testudo.auth().login(login, &here).await.expect("a sign-in");
        sign_in.signed_in().expect("a session")
    });
    let keys = testudo.auth().settings().keys();
    let csrf_token = testudo::token::csrf::token_for(signed_in.session.id, keys).expose().clone();
    let app = Router::new()
        .route("/", any(async |MaybeUser(user): MaybeUser| user.is_some().to_string()))
        .with_state(testudo);
    Site { app, token: signed_in.tokens.access.expose().clone(), csrf_token }
});

fuzz_target!(|asked: Asked| {
    let method = [Method::GET, Method::HEAD, Method::POST, Method::DELETE]
        [usize::from(asked.method % 4)]
    .clone();
    let mut headers = HeaderMap::new();
    for (name, values) in [
        (AUTHORIZATION, &asked.authorization),
        (COOKIE, &asked.cookies),
        (FETCH_SITE, &asked.fetch_site),
        (ORIGIN, &asked.origin),
        (CSRF_TOKEN, &asked.csrf_token),
    ] {
        for value in values.iter().filter_map(|pieces| value_of(pieces)) {
            headers.append(name.clone(), value);
        }
    }
    let mut request =
        Request::builder().method(method.clone()).uri("/").body(Body::empty()).expect("a request");
    *request.headers_mut() = headers.clone();
    let answer = block_on(SITE.app.clone().oneshot(request)).expect("an answer");
    let status = answer.status();
    assert!([200, 400, 401, 403].contains(&status.as_u16()), "{status}");
    // The answer to HEAD has no body, and means what that to GET means.
    if status != StatusCode::OK || method == Method::HEAD {
        return;
    }
    let body = block_on(axum::body::to_bytes(answer.into_body(), 16)).expect("a body");
    if body == "true" {
        assert!(
            by_header(&headers) || (by_cookie(&headers) && may(&method, &headers)),
            "{method} {headers:?}"
        );
    } else {
        let named = headers.get_all(COOKIE).iter().any(|line| names_ours(line.as_bytes()));
        assert!(!headers.contains_key(AUTHORIZATION) && !named, "{method} {headers:?}");
    }
});

fn value_of(pieces: &[Piece]) -> Option<HeaderValue> {
    let mut value: Vec<u8> = Vec::new();
    for piece in pieces {
        let piece: &[u8] = match piece {
            Piece::Token => SITE.token.as_bytes(),
            Piece::CsrfToken => SITE.csrf_token.as_bytes(),
            Piece::Bearer => b"Bearer ",
            Piece::CookieName => b"__Host-testudo_access=",
            Piece::OriginHere => ORIGIN_HERE.as_bytes(),
            Piece::SameOrigin => b"same-origin",
            Piece::CrossSite => b"cross-site",
            Piece::Bytes(bytes) => bytes,
        };
        value.extend_from_slice(piece);
    }
    HeaderValue::from_bytes(&value).ok()
}

fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

fn by_header(headers: &HeaderMap) -> bool {
    let Some(value) = only(headers, AUTHORIZATION) else { return false };
    let Ok(value) = std::str::from_utf8(value) else { return false };
    let Some((scheme, token)) = value.split_once(' ') else { return false };
    scheme.eq_ignore_ascii_case("bearer") && token.trim_start_matches(' ') == SITE.token
}

fn by_cookie(headers: &HeaderMap) -> bool {
    if headers.contains_key(AUTHORIZATION) {
        return false;
    }
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let named: Vec<_> = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.split_once('='))
        .filter(|(name, _)| name.trim() == COOKIE_NAME)
        .collect();
    matches!(named.as_slice(), [(_, value)] if value.trim() == SITE.token)
}

/// Whether a page of the site asks.
fn may(method: &Method, headers: &HeaderMap) -> bool {
    let site = only(headers, FETCH_SITE);
    let origin = only(headers, ORIGIN).and_then(|origin| std::str::from_utf8(origin).ok());
    let origin = origin.and_then(|origin| url::Url::parse(origin).ok());
    let own_origin =
        origin.is_some_and(|origin| origin.origin().ascii_serialization() == ORIGIN_HERE);
    let own_page = only(headers, CSRF_TOKEN) == Some(SITE.csrf_token.as_bytes());
    method.is_safe()
        || matches!(site, Some(b"same-origin" | b"none"))
        || (!headers.contains_key(FETCH_SITE) && own_origin)
        || (!headers.contains_key(FETCH_SITE) && !headers.contains_key(ORIGIN) && own_page)
}

fn names_ours(line: &[u8]) -> bool {
    let pairs = line.split(|byte| *byte == b';');
    let names = pairs.filter_map(|pair| pair.split(|byte| *byte == b'=').next());
    names.map(<[u8]>::trim_ascii).any(|name| name == COOKIE_NAME.as_bytes())
}
