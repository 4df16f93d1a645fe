//! Reading a file on a thread of its own, so that waiting for input does not keep Ctrl-C waiting.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use testudo::flow::admin::ImportUser;
use testudo::password::HasherChain;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::account::{self, Found};
use super::entries::{Entries, Unit};
use crate::cli::Format;
use crate::failure::{Failure, while_doing};

/// How many entries of the file are made one commit.
const BATCH: usize = 500;
/// A batch of long entries is smaller: so many bytes, and the entry that goes beyond.
const BATCH_BYTES: usize = 1024 * 1024;
/// How many names of ignored fields are told apart in a batch.
const IGNORED_NAMES: usize = 100;

/// What became of some entries of the file, by their number.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) accounts: Vec<(u64, ImportUser)>,
    /// What cannot be an account, and why.
    pub(super) refused: Vec<(u64, String)>,
    /// How many are something else than users.
    pub(super) passed_over: u64,
    /// Fields that nobody asked for, and how often.
    pub(super) ignored: BTreeMap<String, u64>,
    /// How much of the file was read by now.
    pub(super) read_bytes: u64,
    pub(super) is_last: bool,
    entries: usize,
    bytes: usize,
}

impl Batch {
    const fn is_full(&self) -> bool {
        self.entries >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn ignore(&mut self, name: String) {
        if self.ignored.len() < IGNORED_NAMES || self.ignored.contains_key(&name) {
            let count = self.ignored.entry(name).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// Where accounts come from: a file, or standard input.
pub(super) struct Source {
    name: String,
    input: Box<dyn Read + Send>,
    /// `None` where the end is not known.
    pub(super) length: Option<u64>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let (name, input) = ("standard input".to_owned(), Box::new(std::io::stdin()));
            return Ok(Self { name, input, length: None });
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(while_doing(format!("cannot read {name}")))?;
        let about = file.metadata().map_err(while_doing(format!("cannot read {name}")))?;
        let length = about.is_file().then_some(about.len());
        Ok(Self { name, input: Box::new(file), length })
    }

    /// Begins to read; gives what the file consists of, and the batches as they come. The file is read
    /// no further than one batch ahead.
    pub(super) fn read(
        self,
        format: Option<Format>,
    ) -> Result<(Unit, Receiver<Result<Batch, Failure>>), Failure> {
        let Self { name, input, .. } = self;
        let (sender, batches) = mpsc::channel(1);
        let read_bytes = Arc::new(AtomicU64::new(0));
        let counted = Counted { input, read_bytes: Arc::clone(&read_bytes) };
        let (entries, format) = Entries::of(BufReader::new(counted), name, format)?;
        let unit = entries.unit();
        let hashers = HasherChain::standard();
        let reader = Reader { entries, format, hashers, read_bytes };
        thread::spawn(move || reader.run(&sender));
        Ok((unit, batches))
    }
}

struct Reader<R> {
    entries: Entries<R>,
    format: Format,
    hashers: HasherChain,
    read_bytes: Arc<AtomicU64>,
}

impl Reader<BufReader<Counted>> {
    /// Reads until the end, or until nobody wants any more.
    fn run(mut self, sender: &Sender<Result<Batch, Failure>>) {
        loop {
            let mut batch = Batch::default();
            let filled = self.fill(&mut batch);
            batch.read_bytes = self.read_bytes.load(Ordering::Relaxed);
            let is_last = batch.is_last;
            // What was read before the file turned out to be broken goes in.
            let is_wanted = sender.blocking_send(Ok(batch)).is_ok();
            if let Err(failure) = filled {
                // Whoever stopped listening does not want to know either.
                let _ = sender.blocking_send(Err(failure));
                return;
            }
            if is_last || !is_wanted {
                return;
            }
        }
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        while !batch.is_full() {
            let Some((number, text)) = self.entries.next()? else {
                batch.is_last = true;
                return Ok(());
            };
            batch.entries = batch.entries.saturating_add(1);
            let text = match text {
                Ok(text) => text,
                Err(unfit) => {
                    batch.refused.push((number, unfit.to_string()));
                    continue;
                }
            };
            batch.bytes = batch.bytes.saturating_add(text.len());
            let found = account::read(&text, self.format, &self.hashers);
            match found {
                Ok(Found::Account { account, ignored }) => {
                    batch.accounts.push((number, *account));
                    ignored.into_iter().for_each(|name| batch.ignore(name));
                }
                Ok(Found::SomethingElse) => batch.passed_over = batch.passed_over.saturating_add(1),
                Err(reason) => batch.refused.push((number, reason)),
            }
        }
        Ok(())
    }
}

/// Counts what is read, to know how far it is.
struct Counted {
    input: Box<dyn Read + Send>,
    read_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read_bytes.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}
