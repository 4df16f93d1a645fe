//! What became of the entries of a file.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::Serialize;

use super::entries::Unit;
use crate::cli::Output;
use crate::commands::output::{grouped, print, print_json};
use crate::failure::Failure;

/// How many refusals are shown to a person, and told to a program.
const SHOWN: usize = 20;
const TOLD: usize = 1000;
/// How many names of ignored fields are told apart, and how much of each is shown.
const IGNORED_NAMES: usize = 100;
const IGNORED_NAME_CHARS: usize = 64;

/// Counts as it goes, and shows what is refused at once.
pub(super) struct Report {
    unit: Unit,
    output: Output,
    imported: u64,
    existed: u64,
    refused: u64,
    passed_over: u64,
    /// The first of those that were refused; kept for programs alone.
    refusals: Vec<Refused>,
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

/// The report for programs.
#[derive(Serialize)]
struct View<'a> {
    imported: u64,
    existed: u64,
    refused: u64,
    /// Objects that are no users.
    passed_over: u64,
    /// Whether the file was read to its end.
    complete: bool,
    refusals: &'a [Refused],
    ignored_fields: &'a BTreeMap<String, u64>,
}

impl Report {
    pub(super) fn new(unit: Unit, output: Output) -> Self {
        let (refusals, ignored) = (Vec::new(), BTreeMap::new());
        let (imported, existed, refused, passed_over) = (0, 0, 0, 0);
        Self { unit, output, imported, existed, refused, passed_over, refusals, ignored }
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
        let before = usize::try_from(self.refused).unwrap_or(usize::MAX);
        self.refused = self.refused.saturating_add(1);
        if self.output.json {
            if before < TOLD {
                let (line, object) = match self.unit {
                    Unit::Line => (Some(number), None),
                    Unit::Object => (None, Some(number)),
                };
                self.refusals.push(Refused { line, object, reason });
            }
        } else if before < SHOWN {
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
        let shown = if self.output.json { self.print_view(ended.is_ok()) } else { self.tell() };
        // What was not done is the status, whether or not anybody reads the report.
        ended?;
        match self.refused {
            0 => shown,
            refused => Err(Failure::new(format!(
                "refused {}: correct what is wrong there and run it again; all others are done",
                counted(refused, self.unit)
            ))),
        }
    }

    fn print_view(&self, complete: bool) -> Result<(), Failure> {
        let Self { imported, existed, refused, passed_over, .. } = *self;
        let (refusals, ignored_fields) = (self.refusals.as_slice(), &self.ignored);
        print_json(&View {
            imported,
            existed,
            refused,
            passed_over,
            complete,
            refusals,
            ignored_fields,
        })
    }

    fn tell(&self) -> Result<(), Failure> {
        let more = self.refused.saturating_sub(u64::try_from(SHOWN).unwrap_or(u64::MAX));
        if more > 0 {
            note(&format!("and {} more", grouped(more)));
        }
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
            grouped(self.imported),
            grouped(self.existed),
            grouped(self.refused)
        ))
    }
}

fn counted(count: u64, unit: Unit) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {}{plural}", grouped(count), unit.name())
}

/// A line on standard error. When even that cannot be written, the counts still say it.
fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
