//! What is written to standard output: lines, tables, and JSON piece by piece.

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

use serde::Serialize;

use crate::failure::{Failure, while_doing};

/// Prints a line on standard output.
///
/// # Errors
///
/// When nobody takes it.
pub(crate) fn print(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(unwritten)
}

/// Prints a value as a line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&json(value)?)
}

/// Standard output for much of it.
pub(super) fn buffered() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(while_doing("cannot be shown as JSON"))
}

pub(super) fn unwritten(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => while_doing("cannot write the output")(error),
    }
}

/// A JSON array of which there is never more than one item in memory.
pub(super) struct JsonArray<W> {
    out: W,
    separator: &'static str,
}

impl<W: Write> JsonArray<W> {
    pub(super) const fn new(out: W) -> Self {
        Self { out, separator: "[\n" }
    }

    pub(super) fn push(&mut self, item: &impl Serialize) -> Result<(), Failure> {
        let item = json(item)?;
        write!(self.out, "{}{item}", self.separator).map_err(unwritten)?;
        self.separator = ",\n";
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<(), Failure> {
        let end = if self.separator == "[\n" { "[]" } else { "\n]" };
        writeln!(self.out, "{end}").and_then(|()| self.out.flush()).map_err(unwritten)
    }
}

/// A table whose rows come in portions: a column is as wide as its widest cell so far.
pub(super) struct Table<W, const COLUMNS: usize> {
    out: W,
    widths: [usize; COLUMNS],
    head: Option<[&'static str; COLUMNS]>,
}

impl<W: Write, const COLUMNS: usize> Table<W, COLUMNS> {
    /// The head is written with the first rows.
    pub(super) const fn new(out: W, head: [&'static str; COLUMNS]) -> Self {
        Self { out, widths: [0; COLUMNS], head: Some(head) }
    }

    pub(super) fn push(&mut self, rows: &[[String; COLUMNS]]) -> Result<(), Failure> {
        let head = self.head.take().map(|head| head.map(str::to_owned));
        for row in head.iter().chain(rows) {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        head.iter().chain(rows).try_for_each(|row| self.write(row)).map_err(unwritten)
    }

    pub(super) fn end(mut self) -> Result<(), Failure> {
        self.out.flush().map_err(unwritten)
    }

    fn write(&mut self, row: &[String; COLUMNS]) -> io::Result<()> {
        let cells = row.iter().zip(self.widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(self.out, "{}", line.trim_end())
    }
}

pub(super) const fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// A number for people to watch, its digits in groups of three: 99 998. What is there to stay has them as
/// scripts look for them.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_in_groups_of_three() {
        let shown = [0, 999, 1000, 99_998, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1 000", "99 998", "1 234 567"]);
    }

    #[test]
    fn an_array_is_json_however_many_items_it_has() {
        for items in [vec![], vec![1], vec![1, 2, 3]] {
            let mut bytes = Vec::new();
            let mut array = JsonArray::new(&mut bytes);
            items.iter().for_each(|item| array.push(item).unwrap());
            array.end().unwrap();
            assert_eq!(serde_json::from_slice::<Vec<i32>>(&bytes).unwrap(), items);
        }
    }

    #[test]
    fn a_table_is_aligned() {
        let mut bytes = Vec::new();
        let mut table = Table::new(&mut bytes, ["A", "B"]);
        table.push(&[["zoë".into(), "1".into()]]).unwrap();
        table.push(&[["x".into(), "2".into()]]).unwrap();
        table.end().unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "A    B\nzoë  1\nx    2\n");
    }
}
