//! Memory that hashing reuses.

use std::fmt;

use argon2::Block;
use zeroize::Zeroize;

use super::HashError;

/// Memory for hashing, kept from one password to the next.
///
/// Argon2id works in tens of megabytes. Taking them fresh from the operating system for every
/// password costs about a third more time, so whoever hashes keeps one buffer per thread that
/// hashes. A buffer starts empty, grows to what the costliest hash so far needed and never shrinks:
/// what a stored hash may ask for is bounded by the hashers, and so is a buffer.
///
/// # Security
///
/// Whatever a hash leaves behind is wiped before the memory is given back, also when the hash fails
/// or panics. Between two hashes, and therefore when dropped, a buffer holds nothing but zeros.
#[derive(Default)]
pub struct WorkBuffer {
    blocks: Vec<Block>,
}

impl WorkBuffer {
    /// A buffer that takes no memory until it is first used.
    #[must_use]
    pub const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// Lends `count` blocks of zeros to `hash` and wipes them afterwards.
    pub(super) fn lend<R>(
        &mut self,
        count: usize,
        hash: impl FnOnce(&mut [Block]) -> R,
    ) -> Result<R, HashError> {
        self.grow(count)?;
        let blocks = self.blocks.get_mut(..count).ok_or(HashError::OutOfMemory { kib: count })?;
        let lent = Lent(blocks);
        Ok(hash(&mut *lent.0))
    }

    fn grow(&mut self, count: usize) -> Result<(), HashError> {
        if self.blocks.len() < count {
            // The old memory holds only zeros: freeing it first spares both a copy and the moment
            // at which the old and the new are held together.
            self.blocks = Vec::new();
            self.blocks
                .try_reserve_exact(count)
                .map_err(|_| HashError::OutOfMemory { kib: count })?;
            self.blocks.resize(count, Block::new());
        }
        Ok(())
    }
}

impl fmt::Debug for WorkBuffer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "WorkBuffer({} KiB)", self.blocks.len())
    }
}

/// Blocks on loan, wiped when the loan ends, however it ends.
struct Lent<'a>(&'a mut [Block]);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.iter_mut().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn dirty(blocks: &mut [Block]) {
        for block in blocks {
            block.as_mut().fill(7);
        }
    }

    fn is_wiped(work: &WorkBuffer) -> bool {
        work.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn what_a_hash_leaves_behind_is_wiped() {
        let mut work = WorkBuffer::new();
        work.lend(8, |blocks| {
            dirty(blocks);
            assert!(blocks.iter().all(|block| block.as_ref()[127] == 7));
        })
        .unwrap();
        assert_eq!(work.blocks.len(), 8);
        assert!(is_wiped(&work));
    }

    #[test]
    fn a_hash_that_fails_is_wiped_too() {
        let mut work = WorkBuffer::new();
        let failed: Result<(), &str> = work
            .lend(8, |blocks| {
                dirty(blocks);
                Err("early")
            })
            .unwrap();
        assert_eq!(failed, Err("early"));
        assert!(is_wiped(&work));
    }

    #[test]
    fn a_hash_that_panics_is_wiped_too() {
        let mut work = WorkBuffer::new();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            work.lend(8, |blocks| {
                dirty(blocks);
                panic!("in the middle of a hash")
            })
        }));
        assert!(panicked.is_err());
        assert!(is_wiped(&work));
    }

    #[test]
    fn a_buffer_grows_and_never_shrinks() {
        let mut work = WorkBuffer::new();
        assert_eq!(format!("{work:?}"), "WorkBuffer(0 KiB)");
        for (asked, held) in [(8, 8), (16, 16), (4, 16)] {
            assert_eq!(work.lend(asked, |blocks| blocks.len()), Ok(asked));
            assert_eq!(work.blocks.len(), held);
        }
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error_and_not_the_end_of_the_process() {
        let mut work = WorkBuffer::new();
        let beyond_any_address_space = usize::MAX / 2048;
        assert_eq!(
            work.lend(beyond_any_address_space, |_| ()),
            Err(HashError::OutOfMemory { kib: beyond_any_address_space })
        );
        assert_eq!(work.lend(8, |blocks| blocks.len()), Ok(8), "and the buffer is still usable");
    }
}
