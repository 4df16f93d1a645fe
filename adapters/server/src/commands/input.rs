//! What is written to standard input, stands in a file or is typed: lines, none longer than it may be.

use std::io::{BufRead, Read as _};

use testudo::password::Password;
use zeroize::Zeroizing;

use crate::failure::{Failure, while_doing};

/// Lines, read one by one. Each may hold a secret and is wiped after use.
pub(super) struct Lines<R> {
    input: R,
    /// What the input is called.
    name: String,
    /// Whether the last line was too long and its rest has not been read.
    is_within_line: bool,
}

/// Why a line was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("too long: expected at most {most} bytes")]
    TooLong { most: usize },
    #[error("not UTF-8: write it in that encoding")]
    NotUtf8,
}

/// Room for a password of any length and its end, and for nearly all lines there are.
const FIRST_ROOM: usize = Password::MAX_BYTES + 2;

pub(super) type Line = Result<Zeroizing<String>, Unfit>;

impl<R: BufRead> Lines<R> {
    /// The lines of standard input.
    pub(super) fn of(input: R) -> Self {
        Self::named(input, "standard input".to_owned())
    }

    /// The lines of an input that is called something else.
    pub(super) const fn named(input: R, name: String) -> Self {
        Self { input, name, is_within_line: false }
    }

    /// The next line without its end, or `None` when there is none.
    ///
    /// Of a line of more than `most` bytes no more is kept, and the rest is skipped only when another
    /// line is asked for.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<Line>, Failure> {
        let line = self.try_next(most);
        line.map_err(|error| Failure::new(format!("cannot read {}: {error}", self.name)))
    }

    /// The next line as a password, which may be empty.
    pub(super) fn password(&mut self) -> Result<Password, Failure> {
        match self.next(Password::MAX_BYTES)? {
            None => Err(no_password()),
            Some(Ok(typed)) => Ok(Password::from(typed.as_str())),
            Some(Err(unfit)) => Err(Failure::new(format!("the password is {unfit}"))),
        }
    }

    fn try_next(&mut self, most: usize) -> std::io::Result<Option<Line>> {
        if self.is_within_line {
            self.skip_line()?;
        }
        let line = self.read_line(most.saturating_add(2))?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = match line.strip_suffix(b"\n") {
            Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
            None => &line,
        };
        if text.len() > most {
            self.is_within_line = !line.ends_with(b"\n");
            return Ok(Some(Err(Unfit::TooLong { most })));
        }
        let text = std::str::from_utf8(text).map(|text| Zeroizing::new(text.to_owned()));
        Ok(Some(text.map_err(|_| Unfit::NotUtf8)))
    }

    /// A line with its end, or so much of it.
    ///
    /// Room for a longer one is made by hand, and the old room wiped, so that growing leaves no copies
    /// behind.
    fn read_line(&mut self, most: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let mut line = Zeroizing::new(Vec::with_capacity(most.min(FIRST_ROOM)));
        loop {
            let room = line.capacity().min(most).saturating_sub(line.len());
            let mut input = self.input.by_ref().take(u64::try_from(room).unwrap_or(u64::MAX));
            let read = input.read_until(b'\n', &mut line)?;
            if read < room || line.ends_with(b"\n") || line.len() >= most {
                return Ok(line);
            }
            let longer = line.len().saturating_mul(2).min(most);
            let mut longer = Zeroizing::new(Vec::with_capacity(longer));
            longer.extend_from_slice(&line);
            line = longer;
        }
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        while self.is_within_line {
            let read = self.input.fill_buf()?;
            let end = read.iter().position(|byte| *byte == b'\n');
            self.is_within_line = end.is_none() && !read.is_empty();
            let skipped = end.map_or(read.len(), |end| end.saturating_add(1));
            self.input.consume(skipped);
        }
        Ok(())
    }
}

pub(super) fn no_password() -> Failure {
    Failure::new("there was no password: write it to standard input, as one line")
}

/// Asks at the terminal, without showing what is typed.
pub(super) fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(while_doing("cannot ask at the terminal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines, of at most three bytes each.
    fn lines(input: &[u8]) -> Vec<Result<String, Unfit>> {
        // A buffer of two bytes, so that no line comes in one piece.
        let mut lines = Lines::of(std::io::BufReader::with_capacity(2, input));
        let next = || lines.next(3).unwrap().map(|line| line.map(|text| text.to_string()));
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_line_ends_with_a_line_feed_and_perhaps_a_carriage_return() {
        let ok =
            |texts: &[&str]| texts.iter().map(|text| Ok((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n\r\n"), ok(&["", ""]));
        assert_eq!(lines(b"abc\n abc"[..4].as_ref()), ok(&["abc"]));
        assert_eq!(lines(b"abc\r\nde"), ok(&["abc", "de"]));
        assert_eq!(lines(b"a\rb\n\xc3\xa9\r"), ok(&["a\rb", "é\r"]));
    }

    #[test]
    fn a_long_line_is_whole() {
        for length in [FIRST_ROOM - 1, FIRST_ROOM, FIRST_ROOM + 1, 5 * FIRST_ROOM, 100_000] {
            let input = format!("{}\nnext\n", "x".repeat(length));
            let mut lines = Lines::of(input.as_bytes());
            let line = lines.next(100_000).unwrap().unwrap().unwrap();
            assert!(line.len() == length && line.bytes().all(|byte| byte == b'x'), "{length}");
            assert_eq!(*lines.next(100_000).unwrap().unwrap().unwrap(), "next");
        }
    }

    #[test]
    fn a_line_that_is_unfit_does_not_spoil_the_next() {
        let too_long = Err(Unfit::TooLong { most: 3 });
        for long in ["abcd", "abcde", "abcd\r", "abcdefghijklm"] {
            let input = format!("{long}\nxyz\n{long}\n\n{long}");
            let (xyz, empty) = (Ok("xyz".to_owned()), Ok(String::new()));
            let expected = [too_long.clone(), xyz, too_long.clone(), empty, too_long.clone()];
            assert_eq!(lines(input.as_bytes()), expected, "{long}");
        }
        assert_eq!(lines(b"\xff\nabc"), [Err(Unfit::NotUtf8), Ok("abc".to_owned())]);
    }
}
