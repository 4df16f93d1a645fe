//! The elements of a JSON array, one by one and as text.
//!
//! A parser that reads the array as a whole could not go on after an element that is no JSON, or too
//! large. So this only finds where each element ends; what it is, others find out.

use std::io::{self, BufRead};

use zeroize::Zeroizing;

use crate::commands::input::{Line, Unfit};
use crate::failure::{Failure, while_doing};

pub(super) struct Elements<R> {
    input: R,
    /// What the input is called.
    name: String,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    BeforeArray,
    BeforeFirst,
    BeforeNext,
    AfterArray,
}

/// How an element ended.
enum End {
    Comma,
    Bracket,
}

impl<R: BufRead> Elements<R> {
    pub(super) const fn named(input: R, name: String) -> Self {
        Self { input, name, state: State::BeforeArray }
    }

    /// The next element, without the space around it.
    ///
    /// Of an element of more than `most` bytes no more is kept.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<Line>, Failure> {
        if self.state == State::BeforeArray {
            let why = "it is no JSON array, as `manage.py dumpdata` writes it";
            let is_array = self.byte_after_space()? == Some(b'[');
            self.state = if is_array { State::BeforeFirst } else { return Err(self.broken(why)) };
        }
        match self.state {
            State::AfterArray => Ok(None),
            _ => match self.byte_after_space()? {
                None => Err(self.cut_off()),
                Some(b']') if self.state == State::BeforeFirst => self.end().map(|()| None),
                Some(first) => self.element(first, most).map(Some),
            },
        }
    }

    fn element(&mut self, first: u8, most: usize) -> Result<Line, Failure> {
        let mut element = Element::new(most);
        let mut next = first;
        let end = loop {
            if let Some(end) = element.take(next) {
                break end;
            }
            next = self.byte()?.ok_or_else(|| self.cut_off())?;
        };
        match end {
            End::Comma => self.state = State::BeforeNext,
            End::Bracket => self.end()?,
        }
        Ok(element.text())
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.state = State::AfterArray;
        match self.byte_after_space()? {
            None => Ok(()),
            Some(_) => Err(self.broken("something follows the end of its array")),
        }
    }

    fn byte_after_space(&mut self) -> Result<Option<u8>, Failure> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                found => return Ok(found),
            }
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, Failure> {
        let byte = self.try_byte();
        byte.map_err(|error| while_doing(format!("cannot read {}", self.name))(error))
    }

    fn try_byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    fn cut_off(&self) -> Failure {
        self.broken("it ends within its array: it was cut off")
    }

    fn broken(&self, why: &str) -> Failure {
        Failure::new(format!("{} cannot be read on: {why}", self.name))
    }
}

/// An element that is being read.
struct Element {
    bytes: Zeroizing<Vec<u8>>,
    most: usize,
    is_too_long: bool,
    depth: u64,
    is_in_string: bool,
    is_escaped: bool,
}

impl Element {
    fn new(most: usize) -> Self {
        let bytes = Zeroizing::new(Vec::new());
        let (is_too_long, is_in_string, is_escaped) = (false, false, false);
        Self { bytes, most, is_too_long, depth: 0, is_in_string, is_escaped }
    }

    /// Takes a byte, unless the element has ended before it.
    fn take(&mut self, byte: u8) -> Option<End> {
        if self.is_in_string {
            let was_escaped = std::mem::replace(&mut self.is_escaped, false);
            match byte {
                b'\\' => self.is_escaped = !was_escaped,
                b'"' => self.is_in_string = was_escaped,
                _ => {}
            }
        } else {
            match byte {
                b',' if self.depth == 0 => return Some(End::Comma),
                b']' if self.depth == 0 => return Some(End::Bracket),
                b'"' => self.is_in_string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.is_too_long |= self.bytes.len() >= self.most;
        if !self.is_too_long {
            self.bytes.push(byte);
        }
        None
    }

    fn text(self) -> Line {
        if self.is_too_long {
            return Err(Unfit::TooLong { most: self.most });
        }
        let text = std::str::from_utf8(&self.bytes).map(|text| text.trim_ascii_end().to_owned());
        text.map(Zeroizing::new).map_err(|_| Unfit::NotUtf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements, of at most 20 bytes each, and whether the array was whole.
    fn elements(input: &[u8]) -> (Vec<Result<String, Unfit>>, bool) {
        let mut elements = Elements::named(input, "it".into());
        let mut found = Vec::new();
        loop {
            match elements.next(20) {
                Ok(Some(element)) => found.push(element.map(|text| text.to_string())),
                Ok(None) => return (found, true),
                Err(_) => return (found, false),
            }
        }
    }

    fn all(texts: &[&str]) -> (Vec<Result<String, Unfit>>, bool) {
        (texts.iter().map(|text| Ok((*text).to_owned())).collect(), true)
    }

    #[test]
    fn elements_end_where_they_end() {
        assert_eq!(elements(b" [ ] \n"), all(&[]));
        assert_eq!(elements(b"[1, {} ,\n[2,[3]]]"), all(&["1", "{}", "[2,[3]]"]));
        assert_eq!(elements(br#"[{"a": "],\"}\\"}, 2]"#), all(&[r#"{"a": "],\"}\\"}"#, "2"]));
    }

    #[test]
    fn an_element_that_is_unfit_does_not_spoil_the_next() {
        let long = format!("[{{\"a\": \"{}\"}}, 2, \"\u{e9}\"]", "x,".repeat(100));
        let (found, is_whole) = elements(long.as_bytes());
        assert_eq!(found[0], Err(Unfit::TooLong { most: 20 }));
        assert!(found[1..] == [Ok("2".into()), Ok("\"é\"".into())] && is_whole);
        let (found, is_whole) = elements(b"[\"\xff\", nonsense, }, 3]");
        assert_eq!(found[0], Err(Unfit::NotUtf8));
        assert!(found[1..] == all(&["nonsense", "}", "3"]).0 && is_whole);
    }

    #[test]
    fn an_array_that_is_not_whole_is_told() {
        for broken in ["", "{}", "[", "[1", "[1,", "[\"]", "[1] 2", "[1]]"] {
            assert!(!elements(broken.as_bytes()).1, "{broken}");
        }
    }
}
