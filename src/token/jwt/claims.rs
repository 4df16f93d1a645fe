//! The claims of a token, and how they stand in JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::profile::Profile;
use super::session::{SessionClaims, SessionState};
use super::strict_json::{StrictObject, StrictValue};
use crate::model::{Method, SessionId};
use crate::time::Timestamp;

/// What a token says, besides what its [`Profile`] does (`iss`, `aud`, `token_type`).
///
/// In the token moments are whole seconds; fractions are cut off when one is made. `Debug` is whole:
/// claims are no secret to whoever holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: whom it is about.
    pub subject: String,
    /// `jti`: names this token and no other, to revoke it or to take it once only.
    pub id: String,
    /// `iat`: when it was made.
    pub issued_at: Timestamp,
    /// `exp`: from when on it is no longer valid.
    pub expires_at: Timestamp,
    /// `nbf`: from when on it is valid, if not from the beginning.
    pub not_before: Option<Timestamp>,
    /// `extra`: the application's own, in an object of their own, so that none is taken for one of
    /// those above. Left out when empty. Fractions are read to the last bit but one.
    pub extra: Map<String, Value>,
}

/// Claims as they go into a token of a profile.
pub(super) struct Outgoing<'a> {
    pub(super) claims: &'a Claims,
    pub(super) session: Option<&'a SessionClaims>,
    pub(super) profile: &'a Profile,
}

impl Serialize for Outgoing<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self { claims, session, profile } = self;
        let mut map = out.serialize_map(None)?;
        if let Some(issuer) = &profile.issuer {
            map.serialize_entry("iss", issuer)?;
        }
        map.serialize_entry("sub", &claims.subject)?;
        if let Some(audience) = &profile.audience {
            map.serialize_entry("aud", audience)?;
        }
        map.serialize_entry("exp", &seconds(claims.expires_at))?;
        if let Some(not_before) = claims.not_before {
            map.serialize_entry("nbf", &seconds(not_before))?;
        }
        map.serialize_entry("iat", &seconds(claims.issued_at))?;
        map.serialize_entry("jti", &claims.id)?;
        map.serialize_entry("token_type", profile.token_type.claim())?;
        if let Some(session) = session {
            map.serialize_entry("sid", &session.sid)?;
            map.serialize_entry("auth_time", &seconds(session.state.auth_time()))?;
            map.serialize_entry("amr", &session.amr)?;
            map.serialize_entry("session", &session.state)?;
        }
        if !claims.extra.is_empty() {
            map.serialize_entry("extra", &claims.extra)?;
        }
        map.end()
    }
}

const fn seconds(moment: Timestamp) -> u64 {
    moment.as_millis() / 1000
}

/// Claims as they come out of a token, not yet held against a profile.
pub(super) struct Incoming<'a> {
    pub(super) claims: Claims,
    pub(super) session: Option<SessionClaims>,
    pub(super) issuer: Option<Cow<'a, str>>,
    pub(super) audience: Option<Audience<'a>>,
    pub(super) token_type: Cow<'a, str>,
}

impl<'de> Deserialize<'de> for Incoming<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(IncomingVisitor)
    }
}

struct IncomingVisitor;

impl<'de> Visitor<'de> for IncomingVisitor {
    type Value = Incoming<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Self::Value, A::Error> {
        let mut subject: Option<String> = None;
        let mut id: Option<String> = None;
        let mut issued_at: Option<NumericDate> = None;
        let mut expires_at: Option<NumericDate> = None;
        let mut not_before: Option<NumericDate> = None;
        let mut issuer: Option<Text<'de>> = None;
        let mut audience: Option<Audience<'de>> = None;
        let mut token_type: Option<Text<'de>> = None;
        let mut sid: Option<SessionId> = None;
        let mut amr: Option<Vec<Method>> = None;
        let mut auth_time: Option<NumericDate> = None;
        let mut state: Option<SessionState> = None;
        let mut extra: Option<StrictObject> = None;
        // RFC 7519 4: claims that are not understood are ignored. Twice they are not even that.
        let mut ignored: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(key)) = input.next_key()? {
            match key.as_ref() {
                "sub" => once(&mut subject, &mut input)?,
                "jti" => once(&mut id, &mut input)?,
                "iat" => once(&mut issued_at, &mut input)?,
                "exp" => once(&mut expires_at, &mut input)?,
                "nbf" => once(&mut not_before, &mut input)?,
                "iss" => once(&mut issuer, &mut input)?,
                "aud" => once(&mut audience, &mut input)?,
                "token_type" => once(&mut token_type, &mut input)?,
                "sid" => once(&mut sid, &mut input)?,
                "amr" => once(&mut amr, &mut input)?,
                "auth_time" => once(&mut auth_time, &mut input)?,
                "session" => once(&mut state, &mut input)?,
                "extra" => once(&mut extra, &mut input)?,
                _ if ignored.contains(&key) => return Err(A::Error::custom(TWICE)),
                _ => {
                    input.next_value::<StrictValue>()?;
                    ignored.push(key);
                }
            }
        }
        let session = match (sid, amr, auth_time, state) {
            (Some(sid), Some(amr), Some(_), Some(state)) => Some(SessionClaims { sid, amr, state }),
            _ => None,
        };
        Ok(Incoming {
            session,
            claims: Claims {
                subject: subject.ok_or_else(|| A::Error::missing_field("sub"))?,
                id: id.ok_or_else(|| A::Error::missing_field("jti"))?,
                issued_at: issued_at.ok_or_else(|| A::Error::missing_field("iat"))?.0,
                expires_at: expires_at.ok_or_else(|| A::Error::missing_field("exp"))?.0,
                not_before: not_before.map(|moment| moment.0),
                extra: extra.map(|object| object.0).unwrap_or_default(),
            },
            issuer: issuer.map(|text| text.0),
            audience,
            token_type: token_type.ok_or_else(|| A::Error::missing_field("token_type"))?.0,
        })
    }
}

const TWICE: &str = "a claim stands twice";

/// Reads a value into a place that is still empty.
fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    place: &mut Option<T>,
    input: &mut A,
) -> Result<(), A::Error> {
    let value = input.next_value()?;
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(A::Error::custom(TWICE)),
    }
}

/// A text that is borrowed from the token unless it has escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Seconds since 1970, as a JSON integer.
///
/// RFC 7519 allows fractions; no issuer that we know of writes them unless told to, and taking integers
/// only (not even `1.0`) leaves no question of rounding. What is beyond [`Timestamp::MAX`] is refused
/// and not cut to it.
struct NumericDate(Timestamp);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let millis = u64::deserialize(input)?.checked_mul(1000);
        millis
            .filter(|millis| *millis <= Timestamp::MAX.as_millis())
            .map(|millis| Self(Timestamp::from_millis(millis)))
            .ok_or_else(|| D::Error::custom("a moment beyond the year 9999"))
    }
}

/// `aud`: a text or an array of them (RFC 7519 4.1.3).
pub(super) struct Audience<'a>(Vec<Cow<'a, str>>);

impl Audience<'_> {
    pub(super) fn names(&self, audience: &str) -> bool {
        self.0.iter().any(|member| member == audience)
    }
}

impl<'de> Deserialize<'de> for Audience<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(AudienceVisitor).map(Self)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Vec<Cow<'de, str>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string or an array of strings")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(vec![Cow::Borrowed(text)])
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![Cow::Owned(text.to_owned())])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Text(member)) = input.next_element()? {
            members.push(member);
        }
        Ok(members)
    }
}
