//! The bundled list: look-up in a sorted, front-coded table.
//!
//! The table stays as it is in the binary; nothing is unpacked. Its layout is described where it is
//! made, in `generate.py`.

/// Whether the list has this skeleton.
pub(super) fn contains(skeleton: &str) -> bool {
    LIST.contains(skeleton.as_bytes())
}

const LIST: FrontCoded<'static> = FrontCoded(include_bytes!("list.bin"));

/// Sorted entries in blocks. A binary search over the first entries finds the only block that may
/// hold one, and 16 steps at most find it there.
struct FrontCoded<'a>(&'a [u8]);

impl<'a> FrontCoded<'a> {
    fn contains(&self, wanted: &[u8]) -> bool {
        let (mut low, mut high) = (0, self.blocks());
        while low < high {
            let middle = low.midpoint(high);
            if self.block(middle).first() <= Some(wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(last_not_after) = low.checked_sub(1) else {
            return false;
        };
        let mut block = self.block(last_not_after);
        while let Some(entry) = block.next() {
            if entry == wanted {
                return true;
            }
        }
        false
    }

    fn blocks(&self) -> usize {
        self.number(0).unwrap_or(0)
    }

    /// A block; empty past the last.
    fn block(&self, index: usize) -> Block<'a> {
        let bytes = self.number(index + 1).and_then(|start| {
            let end = self.number(index + 2).filter(|_| index + 1 < self.blocks());
            self.0.get(start..end.unwrap_or(self.0.len()))
        });
        Block { rest: bytes.unwrap_or_default(), entry: Vec::new() }
    }

    /// The `index`th number at the start of the table.
    fn number(&self, index: usize) -> Option<usize> {
        let (bytes, _) = self.0.get(index * 4..)?.split_first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }
}

/// Reads the entries of a block one after the other.
struct Block<'a> {
    rest: &'a [u8],
    entry: Vec<u8>,
}

impl<'a> Block<'a> {
    /// The next entry, made from the previous one in place.
    fn next(&mut self) -> Option<&[u8]> {
        let (shared, suffix, rest) = take(self.rest)?;
        self.entry.truncate(shared);
        self.entry.extend_from_slice(suffix);
        self.rest = rest;
        Some(&self.entry)
    }

    /// The first entry of a block that is not read yet: it shares nothing.
    fn first(&self) -> Option<&'a [u8]> {
        take(self.rest).map(|(_, suffix, _)| suffix)
    }
}

/// How much the next entry shares with the previous one, what it adds, and what comes after it.
fn take(bytes: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let (shared, short) = (head >> 4, head & 0x0f);
    let (length, rest) = if short == 0x0f { rest.split_first()? } else { (&short, rest) };
    let (suffix, rest) = rest.split_at_checked((*length).into())?;
    Some((shared.into(), suffix, rest))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::super::look_alike::skeleton;
    use super::*;

    fn entries() -> Vec<String> {
        let mut entries = Vec::new();
        for index in 0..LIST.blocks() {
            let mut block = LIST.block(index);
            while let Some(entry) = block.next() {
                entries.push(String::from_utf8(entry.to_vec()).unwrap());
            }
        }
        entries
    }

    #[test]
    fn the_list_is_long_enough_for_every_preset() {
        let entries = entries();
        assert_eq!(entries.len(), 21_973);
        assert_eq!(entries.iter().filter(|entry| entry.len() >= 15).count(), 5924);
        assert!(entries.iter().all(|entry| entry.len() >= 8));
        assert_eq!(LIST.0.len(), 140_260);
    }

    #[test]
    fn every_entry_is_a_skeleton_and_they_are_sorted() {
        let entries = entries();
        assert!(entries.is_sorted_by(|one, next| one < next));
        for entry in &entries {
            assert_eq!(*skeleton(entry), *entry);
        }
    }

    #[test]
    fn every_entry_is_found_and_its_neighbours_are_not() {
        let known: BTreeSet<_> = entries().into_iter().collect();
        for entry in &known {
            assert!(contains(entry), "{entry}");
            let shorter = entry.chars().rev().skip(1).collect::<Vec<_>>().into_iter().rev();
            for neighbour in [format!("{entry}\0"), format!("{entry}~"), shorter.collect()] {
                assert_eq!(contains(&neighbour), known.contains(&neighbour), "{neighbour}");
            }
        }
    }

    #[test]
    fn what_sorts_before_and_after_all_is_not_in_it() {
        for text in ["", "\0", "\u{10ffff}", "~~~~~~~~~~"] {
            assert!(!contains(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_table_makes_no_look_up_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            blocks in 0_u32..20,
            wanted in "\\PC{0,20}",
        ) {
            let table: Vec<u8> = blocks.to_le_bytes().into_iter().chain(bytes).collect();
            let _ = FrontCoded(&table).contains(wanted.as_bytes());
        }
    }
}
