//! Values that must not be seen: redacted when printed, wiped when dropped.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A value that prints as `[redacted]` and is wiped from memory when dropped.
///
/// # Security
///
/// [`expose`](Self::expose) is the only way in; search for it to audit every use. There is
/// deliberately no `Display`, no `Serialize` and no `PartialEq`: compare with [`Secret::same_as`].
///
/// ```
/// use testudo::Secret;
///
/// let secret = Secret::new(String::from("hunter2"));
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes charge of `value`. Copies made before this call are the caller's to wipe.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + AsRef<[u8]>> Secret<T> {
    /// Whether both hold the same bytes, in time that depends on their lengths alone.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let (own, other): (&[u8], &[u8]) = ((*self.0).as_ref(), (*other.0).as_ref());
        own.ct_eq(other).into()
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_by_content() {
        let one = Secret::new(b"same".to_vec());
        assert!(one.same_as(&Secret::new(b"same".to_vec())));
        assert!(!one.same_as(&Secret::new(b"other".to_vec())));
        assert!(!one.same_as(&Secret::new(b"sam".to_vec())));
    }
}
