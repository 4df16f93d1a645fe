//! Reading the JSON object that a request carries.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::problem::{Code, Problem, WrongField};
use crate::strict_json;

/// The most bytes a body may have.
const LIMIT: usize = 64 * 1024;

/// So many more are read and thrown away before a body is refused for its length: a client that is
/// still writing when the connection closes would not see the answer.
const DISCARDED: usize = 2 * 1024 * 1024;

/// How long a client may take to send its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// The token of a link in a mail.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(crate) struct LinkBody {
    token: String,
}

/// The fields of a JSON object. They are taken one by one; what is wrong with each is collected, so
/// that the client is told everything at once. Fields that nobody asks for are ignored.
pub(crate) struct Fields {
    object: Map<String, Value>,
    errors: Vec<WrongField>,
}

impl Fields {
    /// Takes what `read` takes, if all of it was acceptable.
    ///
    /// # Errors
    ///
    /// All fields that are not.
    pub(crate) fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, Problem> {
        let taken = read(&mut self);
        if self.errors.is_empty() { Ok(taken) } else { Err(Problem::invalid(self.errors)) }
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, field: &'static str) -> String {
        match self.object.remove(field) {
            Some(Value::String(text)) => return text,
            Some(_) => self.wrong(field, "wrong_type", "expected a string"),
            None => self.wrong(field, "required", "expected a string, and found nothing"),
        }
        String::new()
    }

    /// A text that may be left out.
    pub(crate) fn optional_text(&mut self, field: &'static str) -> Option<String> {
        match self.object.remove(field) {
            Some(Value::String(text)) => return Some(text),
            Some(Value::Null) | None => {}
            Some(_) => self.wrong(field, "wrong_type", "expected a string"),
        }
        None
    }

    /// A yes or no that may be left out: then it is no.
    pub(crate) fn flag(&mut self, field: &'static str) -> bool {
        match self.object.remove(field) {
            Some(Value::Bool(flag)) => return flag,
            Some(_) => self.wrong(field, "wrong_type", "expected true or false"),
            None => {}
        }
        false
    }

    /// A whole number that may be left out.
    pub(crate) fn optional_number(&mut self, field: &'static str) -> Option<u64> {
        match self.object.remove(field) {
            Some(Value::Null) | None => None,
            Some(value) => {
                if value.as_u64().is_none() {
                    self.wrong(field, "wrong_type", "expected a whole number, 0 or more");
                }
                value.as_u64()
            }
        }
    }

    /// A small whole number that may be left out.
    pub(crate) fn optional_count(&mut self, field: &'static str) -> Option<u32> {
        let number = self.optional_number(field)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            self.wrong(field, "too_large", "expected a smaller number");
        }
        count
    }

    /// A list of texts that may be left out: then it is empty.
    pub(crate) fn texts(&mut self, field: &'static str) -> Vec<String> {
        let texts = match self.object.remove(field) {
            Some(Value::Null) | None => return Vec::new(),
            Some(Value::Array(values)) => values.into_iter().map(text).collect(),
            Some(_) => None,
        };
        texts.unwrap_or_else(|| {
            self.wrong(field, "wrong_type", "expected a list of strings");
            Vec::new()
        })
    }

    /// An object that must be there.
    pub(crate) fn required_object(&mut self, field: &'static str) -> Map<String, Value> {
        match self.object.remove(field) {
            Some(Value::Object(object)) => return object,
            Some(_) => self.wrong(field, "wrong_type", "expected an object"),
            None => self.wrong(field, "required", "expected an object, and found nothing"),
        }
        Map::new()
    }

    /// An object that may be left out: then it is empty.
    pub(crate) fn object(&mut self, field: &'static str) -> Map<String, Value> {
        match self.object.remove(field) {
            Some(Value::Object(object)) => return object,
            Some(Value::Null) | None => {}
            Some(_) => self.wrong(field, "wrong_type", "expected an object"),
        }
        Map::new()
    }

    fn wrong(&mut self, field: &'static str, code: &'static str, message: &str) {
        self.errors.push(WrongField::new(field, code, message));
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            let detail = "expected the header Content-Type: application/json";
            return Err(Problem::malformed_as(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let text = read_in_time(body).await?;
        match strict_json::parse(&text) {
            Ok(Value::Object(object)) => Ok(Self { object, errors: Vec::new() }),
            Ok(_) => {
                let error = WrongField::new("body", "wrong_type", "expected a JSON object");
                Err(Problem::invalid(vec![error]))
            }
            Err(error) => Err(Problem::new(Code::Malformed, format!("expected JSON: {error}"))),
        }
    }
}

/// Nothing but JSON is read, so that no HTML form of another site can send a request without asking
/// first (ASVS 5.0 3.5.2).
fn is_json(headers: &HeaderMap) -> bool {
    is_of_type("application/json", headers)
}

/// Whether a body says of itself, once, that it is of this type.
pub(crate) fn is_of_type(expected: &str, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(expected)
}

/// The whole body, if it comes within ten seconds and is short enough.
pub(crate) async fn read_in_time(body: Body) -> Result<Zeroizing<Vec<u8>>, Problem> {
    tokio::time::timeout(PATIENCE, read_all(body)).await.map_err(|_| {
        let detail = "the body did not arrive in time";
        Problem::malformed_as(StatusCode::REQUEST_TIMEOUT, detail)
    })?
}

/// The whole body, wiped when dropped: it holds passwords and tokens.
async fn read_all(mut body: Body) -> Result<Zeroizing<Vec<u8>>, Problem> {
    // As much as there may be, at once: growing would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(Code::Malformed, "the body broke off"))?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= LIMIT {
            text.extend_from_slice(data);
        } else if length > LIMIT.saturating_add(DISCARDED) {
            break;
        }
    }
    if length > LIMIT {
        let detail = "expected a body of at most 65536 bytes";
        return Err(Problem::malformed_as(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures::{StreamExt as _, stream};

    use super::*;

    async fn status(body: Body) -> Result<(), StatusCode> {
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/json");
        let read = Fields::from_request(request.body(body).unwrap(), &()).await;
        read.map(drop).map_err(|problem| problem.status())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_not_waited_for() {
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let body = Body::from_stream(begun.chain(stream::pending()));
        let asked = tokio::time::Instant::now();
        assert_eq!(status(body).await, Err(StatusCode::REQUEST_TIMEOUT));
        assert_eq!(asked.elapsed().as_secs(), 10);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_malformed() {
        let broken = stream::iter([Ok(Bytes::from_static(b"{}")), Err(std::io::Error::other("x"))]);
        assert_eq!(status(Body::from_stream(broken)).await, Err(StatusCode::BAD_REQUEST));
        assert_eq!(status(Body::from("{}")).await, Ok(()));
    }

    #[test]
    fn what_is_taken_wrongly_is_not_given() {
        let object = strict_json::parse(br#"{"a": 1, "b": "x"}"#).unwrap();
        let Value::Object(object) = object else { panic!("it is an object") };
        let fields = Fields { object, errors: Vec::new() };
        let taken = fields.read(|fields| (fields.text("a"), fields.text("b"), fields.flag("c")));
        assert!(taken.is_err());
    }
}
