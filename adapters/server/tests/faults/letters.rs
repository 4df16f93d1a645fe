//! What came by mail, by whom it is for.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::asking::World;

/// Longer than a letter is lent to who delivers it, and than the first attempts take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A directory that letters are taken out of as they come.
pub(crate) struct Letters {
    directory: PathBuf,
    taken: Mutex<HashMap<String, Vec<Value>>>,
}

impl Letters {
    pub(crate) fn of(directory: PathBuf) -> Self {
        Self { directory, taken: Mutex::default() }
    }

    /// The secrets in all letters of a kind to somebody, oldest first: the field is `code` or `token`.
    pub(crate) fn secrets(&self, to: &str, kind: &str, field: &str) -> Vec<String> {
        let mut taken = self.taken.lock().unwrap();
        self.take(&mut taken);
        let letters = taken.get(to).into_iter().flatten().filter(|letter| letter["kind"] == kind);
        letters.filter_map(|letter| letter[field].as_str().map(str::to_owned)).collect()
    }

    /// Waits for so many letters; what was promised comes, and be it after a lease and some attempts.
    pub(crate) fn wait_for(&self, world: &World, to: &str, kind: &str, count: usize) {
        let begun = Instant::now();
        let field = if kind == "password_reset" { "token" } else { "code" };
        while self.secrets(to, kind, field).len() < count {
            if begun.elapsed() > PATIENCE {
                return world.find(format!("{to}: a letter is lost: {kind}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn take(&self, taken: &mut HashMap<String, Vec<Value>>) {
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        for path in paths {
            let letter: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let to = letter["to"].as_str().unwrap().to_owned();
            let letters = taken.entry(to).or_default();
            // One that was under way in a crash comes twice.
            if !letters.iter().any(|known| known["id"] == letter["id"]) {
                letters.push(letter);
            }
            std::fs::remove_file(path).unwrap();
        }
    }
}
