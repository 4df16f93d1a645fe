//! The header: `alg`, `typ` and `kid`, and nothing else.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The header of a token, as strict as it can be: nothing that we issue has another parameter, and
/// every other one is an instruction that a stranger gives to the verifier. `crit`, `b64` and `zip`
/// would change what is signed; `jwk`, `jku`, `x5u` and `x5c` would bring their own key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    /// Compared with the key's, and used for nothing.
    #[serde(borrow)]
    pub(super) alg: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) typ: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kid: Cow<'a, str>,
}
