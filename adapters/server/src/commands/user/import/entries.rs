//! What a file consists of: lines, or the objects of an array.

use std::io::BufRead;

use super::array::Elements;
use crate::cli::Format;
use crate::commands::input::{Line, Lines};
use crate::failure::{Failure, while_doing};

/// The most bytes of an entry.
const MOST: usize = 1024 * 1024;

/// Windows programs begin UTF-8 with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What an entry is called.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Line,
    Object,
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Object => "object",
        }
    }
}

/// The entries of a file as text, each with its number.
pub(super) enum Entries<R> {
    Lines(Lines<R>, u64),
    /// Fixtures are one long line as often as not, so their objects are numbered.
    Objects(Elements<R>, u64),
}

impl<R: BufRead> Entries<R> {
    /// Looks how the file begins: it is read as what it was said to be, or else as what it looks like.
    pub(super) fn of(
        mut input: R,
        name: String,
        format: Option<Format>,
    ) -> Result<(Self, Format), Failure> {
        let begin = input.fill_buf().map_err(while_doing(format!("cannot read {name}")))?;
        let is_marked = begin.starts_with(BYTE_ORDER_MARK);
        let first = begin.strip_prefix(BYTE_ORDER_MARK).unwrap_or(begin);
        let first = first.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        if is_marked {
            input.consume(BYTE_ORDER_MARK.len());
        }
        let is_array = match format {
            None => first == Some(b'['),
            Some(Format::Jsonl) => false,
            Some(Format::DjangoFixture) => first != Some(b'{'),
        };
        let fallback = if is_array { Format::DjangoFixture } else { Format::Jsonl };
        let entries = if is_array {
            Self::Objects(Elements::named(input, name), 0)
        } else {
            Self::Lines(Lines::named(input, name), 0)
        };
        Ok((entries, format.unwrap_or(fallback)))
    }

    pub(super) const fn unit(&self) -> Unit {
        match self {
            Self::Lines(..) => Unit::Line,
            Self::Objects(..) => Unit::Object,
        }
    }

    /// The next entry; blank lines are none.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Line)>, Failure> {
        loop {
            let (entry, number) = match self {
                Self::Lines(lines, number) => (lines.next(MOST)?, number),
                Self::Objects(elements, number) => (elements.next(MOST)?, number),
            };
            let Some(entry) = entry else { return Ok(None) };
            *number = number.saturating_add(1);
            if !entry.as_ref().is_ok_and(|text| text.trim_ascii().is_empty()) {
                return Ok(Some((*number, entry)));
            }
        }
    }
}
