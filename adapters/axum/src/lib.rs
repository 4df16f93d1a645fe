//! Testudo over HTTP, for [axum]: the ready routes, what protects routes of your own, and what all answers
//! have in common.
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//! use testudo::password::HasherChain;
//! use testudo::{KeyRing, Policy, Settings};
//! use testudo_axum::{CurrentUser, Testudo};
//! use testudo_driver::{Auth, InlineHashing};
//! use testudo_memory::MemoryStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
//! let settings = Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?;
//! let hashing = InlineHashing::new(HasherChain::standard()); // in a server: testudo_tokio::HashingPool
//! let testudo = Testudo::new(Auth::new(MemoryStore::new(), hashing, settings));
//!
//! let app: Router = Router::new()
//!     .route("/hello", get(async |CurrentUser(user): CurrentUser| format!("Hello, {}", user.email)))
//!     .nest("/auth", testudo.routes())
//!     .with_state(testudo);
//! # Ok(())
//! # }
//! ```
//!
//! * [`Testudo`] is the state: cheap to clone, and part of a state of your own by
//!   [`FromRef`](axum::extract::FromRef). A router without it does not compile.
//! * [`Testudo::routes`] are the routes below `/auth`, to nest anywhere.
//! * [`CurrentUser`], [`MaybeUser`], [`CurrentSession`], [`Claims`], [`CurrentApiKey`], [`CurrentService`],
//!   [`AccessToken`], [`OwnPage`] and [`RequestClient`] are extractors: a route that takes [`CurrentUser`] is open to nobody but users.
//! * [`require_auth`], [`require_fresh`], [`require_scope`], [`require_service`] and [`limit`](limit()) are
//!   layers for whole routers. What they found costs the extractors below them no second read.
//! * [`Cookies`] carry the tokens of browsers ([`Testudo::with_cookies`]), and [`renew`](renew()) keeps them fresh;
//!   [`safe_next`] says where a sign-in page may lead to.
//! * With the feature `pages`, `Testudo::pages` are pages for browsers, without JavaScript: to register, to sign in, and
//!   to look after one's account. They show whatever a step of onboarding asks for, the application's own included.
//! * [`envelope`] gives every answer a request id, a bound on its time and safe headers, and panics an answer.
//! * [`Problem`] is what goes wrong, as `application/problem+json` (RFC 9457).
//! * [`views`] are the records as clients see them.
//!
//! # Security
//!
//! Limits go by the client's address. Serve with
//! [`into_make_service_with_connect_info::<SocketAddr>()`](axum::Router::into_make_service_with_connect_info),
//! and behind proxies say how many with [`Testudo::trusted_proxies`]. Without either there are no limits for
//! each network, and a warning in the log says so.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod api_key;
mod bearer;
mod body;
mod claims;
mod client;
mod cookies;
mod credentials;
mod csrf;
mod current;
mod envelope;
mod in_path;
mod issued;
mod kept;
mod layer;
mod limit;
pub mod metrics;
mod next;
mod openapi;
#[cfg(feature = "pages")]
mod pages;
mod problem;
mod renew;
mod require_auth;
mod require_fresh;
mod routes;
mod service;
pub mod strict_json;
mod testudo;
pub mod views;
mod well_known;

pub use self::api_key::{CurrentApiKey, RequireScope, require_scope};
pub use self::claims::Claims;
pub use self::client::RequestClient;
pub use self::cookies::{Cookies, NotAnOrigin};
pub use self::credentials::{AccessToken, OwnPage};
pub use self::current::{CurrentSession, CurrentUser, MaybeUser};
pub use self::envelope::envelope;
pub use self::layer::Checked;
pub use self::limit::{Limit, limit};
pub use self::next::safe_next;
pub use self::openapi::openapi;
pub use self::problem::{Code, Problem, WrongField};
pub use self::renew::renew;
pub use self::require_auth::{RequireAuth, require_auth};
pub use self::require_fresh::{RequireFresh, require_fresh};
pub use self::service::{CurrentService, RequireService, require_service};
pub use self::testudo::{SharedAuth, Testudo};
pub use self::well_known::healthz;
#[cfg(feature = "jwt-signatures")]
pub use self::well_known::published_keys;
