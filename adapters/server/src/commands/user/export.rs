//! `testudo user export`

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use futures::FutureExt as _;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;
use tempfile::NamedTempFile;
use testudo::Timestamp;
use testudo::model::{JsonObject, User};

use crate::cli::ExportUsers;
use crate::commands::office::{Office, work_at};
use crate::commands::output::{buffered, grouped, json, print, print_json, unwritten};
use crate::commands::pages::Pages;
use crate::commands::progress;
use crate::failure::{Failure, while_doing};
use crate::shutdown::Signals;

/// Writes all accounts, of which a page at a time is in memory.
pub(super) async fn export(arguments: ExportUsers) -> Result<(), Failure> {
    let ExportUsers { to, output, source } = arguments;
    match to.filter(|path| path.as_path() != Path::new("-")) {
        Some(path) => {
            let count =
                work_at(source, async |office: &Office| to_file(office, &path).await).await?;
            let place = path.display();
            if output.json {
                return print_json(&json!({"exported": count, "file": place.to_string()}));
            }
            print(&format!("exported {count} accounts to {place}: keep it secret"))
        }
        None => work_at(source, to_standard_output).await,
    }
}

async fn to_standard_output(office: &Office) -> Result<(), Failure> {
    let mut out = buffered();
    let mut pages = Pages::of(office);
    while let Some(users) = pages.next().await? {
        write(&users, &mut out).and_then(|()| out.flush().map_err(unwritten))?;
    }
    Ok(())
}

/// Half an export looks like a whole one, so the file gets its name last. Ctrl-C leaves nothing behind.
async fn to_file(office: &Office, path: &Path) -> Result<u64, Failure> {
    let exists = || Failure::new(format!("{} exists already: name another file", path.display()));
    let cannot = || format!("cannot write {}", path.display());
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let mut signals = Signals::listen().map_err(while_doing("cannot listen for Ctrl-C"))?;
    let file = beside(path).map_err(while_doing(cannot()))?;
    let mut out = BufWriter::new(file);
    let progress = progress::spinner("exporting");
    let written = write_all(office, &mut signals, &mut out, &progress).await;
    progress.finish_and_clear();
    let count = written?;
    let file = out.into_inner().map_err(while_doing(cannot()))?;
    file.as_file().sync_all().map_err(while_doing(cannot()))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(count),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists()),
        Err(error) => Err(while_doing(cannot())(error.error)),
    }
}

async fn write_all(
    office: &Office,
    signals: &mut Signals,
    out: &mut impl Write,
    progress: &ProgressBar,
) -> Result<u64, Failure> {
    let mut count: u64 = 0;
    let mut pages = Pages::of(office);
    while let Some(users) = pages.next().await? {
        if signals.next().now_or_never().is_some() {
            return Err(Failure::new("interrupted: nothing was written; run it again"));
        }
        write(&users, out)?;
        count = count.saturating_add(u64::try_from(users.len()).unwrap_or(0));
        progress.set_message(format!("exported {} users", grouped(count)));
    }
    Ok(count)
}

fn write(users: &[User], out: &mut impl Write) -> Result<(), Failure> {
    users.iter().try_for_each(|user| {
        writeln!(out, "{}", json(&ExportedUser::from(user))?).map_err(unwritten)
    })
}

/// A file in the same directory that its owner alone may read.
fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    tempfile::Builder::new().prefix(".testudo-export").tempfile_in(directory)
}

/// An account as `user import` takes it.
#[derive(Serialize)]
struct ExportedUser<'a> {
    email: &'a str,
    password_hash: &'a str,
    is_active: bool,
    is_verified: bool,
    must_change_password: bool,
    created_at: Timestamp,
    last_login: Option<Timestamp>,
    profile: &'a JsonObject,
}

impl<'a> From<&'a User> for ExportedUser<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            email: user.email.as_str(),
            password_hash: user.password.as_stored(),
            is_active: user.is_active,
            is_verified: user.is_verified,
            must_change_password: user.must_change_password,
            created_at: user.created_at,
            last_login: user.last_login,
            profile: &user.profile,
        }
    }
}
