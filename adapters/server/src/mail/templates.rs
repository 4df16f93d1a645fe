//! Templates of letters, from files.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// The most bytes of a template.
const MAX_BYTES: u64 = 64 * 1024;

/// All templates in a directory, by name: `password_reset.txt`, and `de/password_reset.txt` from a directory in
/// it. Hidden files are passed over.
///
/// # Errors
///
/// When one cannot be read.
pub(crate) fn read(directory: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut templates = Vec::new();
    for (name, path) in entries(directory)? {
        if !path.is_dir() {
            templates.push((name, text(&path)?));
            continue;
        }
        for (file, path) in entries(&path)? {
            templates.push((format!("{name}/{file}"), text(&path)?));
        }
    }
    Ok(templates)
}

fn entries(directory: &Path) -> Result<Vec<(String, std::path::PathBuf)>, Failure> {
    let listed = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|error| unreadable(directory, &error))?;
    let named = listed.into_iter().map(|entry| match entry.file_name().to_str() {
        Some(name) => Ok((name.to_owned(), entry.path())),
        None => Err(unreadable(&entry.path(), &"its name is not UTF-8")),
    });
    let mut named = named.collect::<Result<Vec<_>, _>>()?;
    named.retain(|(name, _)| !name.starts_with('.'));
    named.sort();
    Ok(named)
}

fn text(path: &Path) -> Result<String, Failure> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > MAX_BYTES {
        return Err(unreadable(path, &"it is longer than 64 KiB"));
    }
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let place = path.parent().unwrap_or(path).display();
    Failure::new(format!("the template {name} in {place} cannot be read: {reason}"))
}
