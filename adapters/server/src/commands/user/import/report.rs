//! What became of the entries of a file.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

use super::entries::Unit;
use crate::cli::Output;
use crate::commands::output::{json, print, unwritten};
use crate::failure::Failure;

/// How many names of ignored fields are told apart, and how much of each is shown.
const IGNORED_NAMES: usize = 100;
const IGNORED_NAME_CHARS: usize = 64;

/// Counts as it goes, and tells what is refused at once: of that there may be more than memory holds.
pub(super) struct Report {
    unit: Unit,
    output: Output,
    imported: u64,
    existed: u64,
    refused: u64,
    passed_over: u64,
    /// For programs alone.
    for_programs: ForPrograms<BufWriter<Stdout>>,
    ignored: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Refused {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<u64>,
    reason: String,
}

/// The end of the report for programs, which begins with the refusals.
#[derive(Serialize)]
struct View<'a> {
    imported: u64,
    existed: u64,
    refused: u64,
    /// Objects that are no users.
    passed_over: u64,
    /// Whether the file was read to its end.
    complete: bool,
    ignored_fields: &'a BTreeMap<String, u64>,
}

impl Report {
    pub(super) fn new(unit: Unit, output: Output) -> Self {
        let for_programs = ForPrograms::new(BufWriter::new(io::stdout()));
        let (imported, existed, refused, passed_over) = (0, 0, 0, 0);
        let ignored = BTreeMap::new();
        Self { unit, output, imported, existed, refused, passed_over, for_programs, ignored }
    }

    pub(super) const fn imported(&mut self) {
        self.imported = self.imported.saturating_add(1);
    }

    pub(super) const fn existed(&mut self) {
        self.existed = self.existed.saturating_add(1);
    }

    pub(super) const fn passed_over(&mut self, count: u64) {
        self.passed_over = self.passed_over.saturating_add(count);
    }

    pub(super) fn refused(&mut self, number: u64, reason: String) {
        self.refused = self.refused.saturating_add(1);
        if self.output.json {
            let (line, object) = match self.unit {
                Unit::Line => (Some(number), None),
                Unit::Object => (None, Some(number)),
            };
            self.for_programs.refused(&Refused { line, object, reason });
        } else {
            note(&format!("{} {number}: {reason}", self.unit.name()));
        }
    }

    pub(super) fn ignored(&mut self, fields: BTreeMap<String, u64>) {
        for (name, more) in fields {
            let name: String = name.chars().take(IGNORED_NAME_CHARS).collect();
            if self.ignored.len() < IGNORED_NAMES || self.ignored.contains_key(&name) {
                let count = self.ignored.entry(name).or_default();
                *count = count.saturating_add(more);
            }
        }
    }

    /// How many accounts there are of those that were read.
    pub(super) const fn accounts(&self) -> u64 {
        self.imported.saturating_add(self.existed)
    }

    /// Says what came of it all, and then why it is not as it should be.
    pub(super) fn finish(self, ended: Result<(), Failure>) -> Result<(), Failure> {
        let Self { imported, existed, refused, passed_over, .. } = self;
        let shown = if self.output.json {
            let (complete, ignored_fields) = (ended.is_ok(), &self.ignored);
            let end = View { imported, existed, refused, passed_over, complete, ignored_fields };
            self.for_programs.end(&end)
        } else {
            self.tell()
        };
        // What was not done is the status, whether or not anybody reads the report.
        ended?;
        match refused {
            0 => shown,
            refused => Err(Failure::new(format!(
                "refused {}: correct what is wrong there and run it again; all others are done",
                counted(refused, self.unit)
            ))),
        }
    }

    fn tell(&self) -> Result<(), Failure> {
        for (name, count) in &self.ignored {
            let (name, entries) = (name.escape_debug(), counted(*count, self.unit));
            note(&format!("ignored the field `{name}` in {entries}"));
        }
        if self.passed_over > 0 {
            note(&format!(
                "passed over {} that are no users",
                counted(self.passed_over, self.unit)
            ));
        }
        print(&format!(
            "imported {}, existed already {}, refused {}",
            self.imported, self.existed, self.refused
        ))
    }
}

fn counted(count: u64, unit: Unit) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", unit.name())
}

/// One JSON object, of which every refusal is written as it comes.
struct ForPrograms<W> {
    out: W,
    separator: &'static str,
    /// The accounts matter more than the report: that nobody takes it shows at the end.
    written: Result<(), Failure>,
}

impl<W: Write> ForPrograms<W> {
    const fn new(out: W) -> Self {
        Self { out, separator: BEGIN, written: Ok(()) }
    }

    fn refused(&mut self, refusal: &Refused) {
        if self.written.is_ok() {
            self.written = self.write(refusal);
        }
    }

    fn write(&mut self, refusal: &Refused) -> Result<(), Failure> {
        write!(self.out, "{}{}", self.separator, json(refusal)?).map_err(unwritten)?;
        self.separator = ",";
        Ok(())
    }

    fn end(mut self, view: &View<'_>) -> Result<(), Failure> {
        self.written?;
        let view = json(view)?;
        let members = view.strip_prefix('{').unwrap_or(&view);
        let begin = if self.separator == BEGIN { BEGIN } else { "" };
        writeln!(self.out, "{begin}],{members}").and_then(|()| self.out.flush()).map_err(unwritten)
    }
}

const BEGIN: &str = "{\"refusals\":[";

/// A line on standard error. When even that cannot be written, the counts still say it.
fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
