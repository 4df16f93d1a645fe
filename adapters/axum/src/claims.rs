//! What an application lets travel with a session.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Testudo;
use crate::current::authenticate;
use crate::problem::{Code, Problem};

/// The [claims](testudo::model::Session::claims) of the session that the request is made in, as a type of yours.
///
/// Who has a session with other claims than the type asks for is 403 `forbidden`: it is known who asks, and
/// this session does not let them. Without a session it is refused as
/// [`CurrentSession`](crate::CurrentSession) is.
///
/// ```
/// use testudo_axum::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant: u64,
/// }
///
/// async fn invoices(Claims(Tenant { tenant }): Claims<Tenant>) -> String {
///     format!("the invoices of tenant {tenant}")
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Claims<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T>
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let session = authenticate(parts, &Testudo::from_ref(state)).await?;
        serde_json::from_value(Value::Object(session.claims)).map(Self).map_err(|_| {
            let detail = "expected other claims than this session has: sign in for what you want";
            Problem::new(Code::Forbidden, detail)
        })
    }
}
