//! Choices taken from the fuzzer's bytes.

use arbitrary::{Arbitrary, Unstructured};

/// The fuzzer's bytes, as one choice after the other.
///
/// When they run out, every choice is the first one, `false`, zero or empty: whatever is chosen from
/// them comes to an end.
pub struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    /// The choices that `bytes` make.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// Anything of this type.
    pub fn any<T: Arbitrary<'a> + Default>(&mut self) -> T {
        self.0.arbitrary().unwrap_or_default()
    }

    /// A number below `ways`.
    pub fn way(&mut self, ways: u8) -> u8 {
        self.any::<u8>() % ways
    }

    /// One of these; the first one most often.
    pub fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let way = usize::from(self.any::<u8>() % 16);
        way.checked_sub(16 - others.len().min(15))
            .and_then(|other| others.get(other))
            .copied()
            .unwrap_or(first)
    }

    /// The same of what is cloned.
    pub fn pick_clone<T: Clone>(&mut self, first: T, others: &[T]) -> T {
        let way = usize::from(self.any::<u8>() % 16);
        let other = way.checked_sub(16 - others.len().min(15)).and_then(|other| others.get(other));
        other.cloned().unwrap_or(first)
    }

    /// `true` rarely: something is out of the ordinary.
    pub fn rarely(&mut self) -> bool {
        self.any::<u8>() >= 240
    }
}
