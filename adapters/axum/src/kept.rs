//! What was found out about a request, kept for whoever asks next: a route below a layer costs no second read.

use axum::http::request::Parts;

use crate::Testudo;

/// Something that was found out, and who found it: what one [`Testudo`] takes for true, another need not.
#[derive(Clone)]
struct Kept<T> {
    by: Testudo,
    found: T,
}

/// Keeps what `testudo` found out.
pub(crate) fn keep<T: Clone + Send + Sync + 'static>(
    parts: &mut Parts,
    testudo: &Testudo,
    found: T,
) {
    parts.extensions.insert(Kept { by: testudo.clone(), found });
}

/// What `testudo` found out before, if it did.
pub(crate) fn kept<T: Clone + Send + Sync + 'static>(
    parts: &Parts,
    testudo: &Testudo,
) -> Option<T> {
    let kept = parts.extensions.get::<Kept<T>>()?;
    kept.by.is_same(testudo).then(|| kept.found.clone())
}
