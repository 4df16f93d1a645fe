//! What a stored hash is, without a password.

use super::{HasherChain, Peppers, behind};
use crate::password::{HashError, PasswordHash};

/// What a stored hash says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// The name of the scheme, as [`HasherChain::identify`] tells it.
    pub scheme: &'static str,
    /// What the hash costs: the scheme's parameters by name.
    pub parameters: Vec<(&'static str, u64)>,
    /// Whether it was made as new hashes are. One that was not is replaced at the next sign-in.
    pub is_current: bool,
}

impl HasherChain {
    /// Reads a stored hash as [`verify`](Self::verify) does, and does none of its work.
    ///
    /// It is for whoever imports hashes and wants to know, before anybody signs in, which of them
    /// will be of use.
    ///
    /// # Errors
    ///
    /// Why a sign-in could not use it: [`HashError::UnknownScheme`] (also for the mark of an account
    /// without a password, which [`PasswordHash::is_usable`] tells), [`HashError::MissingPepper`],
    /// [`HashError::Malformed`] or [`HashError::TooCostly`]. `Malformed` is also what has control
    /// characters, in its salt perhaps: it [cannot be brought along](PasswordHash::is_storable).
    ///
    /// ```
    /// use testudo::password::{HashError, HasherChain};
    ///
    /// let chain = HasherChain::standard();
    /// let stored = "$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W";
    /// let bcrypt = chain.inspect(stored)?;
    /// assert_eq!((bcrypt.scheme, bcrypt.is_current), ("bcrypt", false));
    /// assert_eq!(bcrypt.parameters, [("cost", 10)]);
    ///
    /// let refused = chain.inspect(&stored.replace("$10$", "$31$"));
    /// assert!(matches!(refused, Err(HashError::TooCostly { asked: 31, .. })));
    /// # Ok::<(), HashError>(())
    /// ```
    ///
    pub fn inspect(&self, stored: &str) -> Result<Inspected, HashError> {
        if !PasswordHash::is_storable(stored) {
            return Err(HashError::Malformed { expected: PasswordHash::STORABLE });
        }
        let missing =
            |(id, _)| self.peppers.as_ref().and_then(|all| Peppers::find(all, id)).is_none();
        if behind(stored).is_some_and(missing) {
            return Err(HashError::MissingPepper);
        }
        let opened = self.open(stored).ok_or(HashError::UnknownScheme)?;
        Ok(Inspected {
            scheme: opened.verifier.name(),
            parameters: opened.verifier.parameters(opened.hash)?,
            is_current: opened.is_current,
        })
    }
}
