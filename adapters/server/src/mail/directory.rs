//! Letters as files, for whatever takes them from there.

use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;
use testudo::Timestamp;
use testudo::message::MessageKind;
use testudo::model::MessageId;
use testudo_driver::{Courier, Letter, UndeliveredError};
use tokio::task;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Writes each letter as one JSON file, readable by its owner alone. A file appears whole or not at all, and
/// under the same name if its letter comes twice.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes the directory if there is none.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let unfit = |error| {
            let path = path.display();
            Failure::new(format!(
                "letters cannot be written to {path} ({error}): name another --mail"
            ))
        };
        make(path).map_err(unfit)?;
        // That it can be written is better known now than with the first letter.
        NamedTempFile::new_in(path).map_err(unfit)?;
        Ok(Self(path.to_owned()))
    }
}

impl Courier for Directory {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        let json = serde_json::to_vec_pretty(&LetterFile::of(letter)).map(Zeroizing::new);
        let json = json.map_err(UndeliveredError::new)?;
        // Sorted by name they are sorted by age.
        let name = format!("{:014}-{}.json", letter.created_at.as_millis(), letter.id);
        let directory = self.0.clone();
        let written = task::spawn_blocking(move || write(&directory, &name, &json)).await;
        written.map_err(UndeliveredError::new)?.map_err(UndeliveredError::new)
    }
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Temporary files are readable by their owner alone, and stay so when they get their name.
fn write(directory: &Path, name: &str, json: &[u8]) -> std::io::Result<()> {
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(json)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name))?;
    fs::File::open(directory)?.sync_all()
}

/// What stands in a file.
#[derive(Serialize)]
struct LetterFile<'a> {
    id: MessageId,
    to: &'a str,
    kind: MessageKind,
    subject: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    created_at: Timestamp,
}

impl<'a> LetterFile<'a> {
    fn of(letter: &'a Letter) -> Self {
        let shown = |secret: &'a Option<testudo::Secret<String>>| {
            secret.as_ref().map(|secret| secret.expose().as_str())
        };
        Self {
            id: letter.id,
            to: &letter.to,
            kind: letter.kind,
            subject: &letter.subject,
            text: letter.text.expose(),
            html: shown(&letter.html),
            code: shown(&letter.code),
            token: shown(&letter.token),
            link: shown(&letter.link),
            created_at: letter.created_at,
        }
    }
}
