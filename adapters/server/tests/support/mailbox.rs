//! The letters that a server wrote to a directory.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::{PATIENCE, Server, Site};

/// A directory of letters, oldest first.
pub(crate) struct Mailbox(PathBuf);

impl Site {
    /// Serves, with letters going to a mailbox.
    pub(crate) fn serve_with_mail(&self, arguments: &[&str]) -> (Server, Mailbox) {
        let server = self.serve(&[&["--mail", "dir:mail"], arguments].concat());
        (server, self.mailbox())
    }

    /// The letters of a server that was told `--mail dir:mail`.
    pub(crate) fn mailbox(&self) -> Mailbox {
        Mailbox(self.path("mail"))
    }
}

impl Mailbox {
    /// All letters so far.
    pub(crate) fn letters(&self) -> Vec<Value> {
        let entries = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
        files.sort();
        let read = |path: PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        files.into_iter().map(read).collect()
    }

    /// Waits until there are so many letters of a kind; gives them.
    pub(crate) fn wait_for(&self, count: usize, kind: &str) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let mut letters = self.letters();
            letters.retain(|letter| letter["kind"] == kind);
            if letters.len() >= count {
                return letters;
            }
            assert!(begun.elapsed() < PATIENCE, "no {count} of {kind} in {:?}", self.letters());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The newest letter of a kind, which may still be on its way: the `count`th.
    pub(crate) fn letter(&self, count: usize, kind: &str) -> Value {
        self.wait_for(count, kind).pop().unwrap()
    }

    /// The newest code that was sent to an address, which may still be on its way.
    pub(crate) fn code_to(&self, email: &str) -> String {
        self.codes_to(email, 1).pop().unwrap()
    }

    /// All codes that were sent to an address, oldest first, once there are so many.
    pub(crate) fn codes_to(&self, email: &str, count: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let mut letters = self.letters();
            letters.retain(|it| it["kind"] == "verification_code" && it["to"] == email);
            if letters.len() >= count {
                let code = |letter: &Value| letter["code"].as_str().unwrap().to_owned();
                return letters.iter().map(code).collect();
            }
            assert!(begun.elapsed() < PATIENCE, "no code to {email} in {:?}", self.letters());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What the link of that letter carries.
    pub(crate) fn token(&self, count: usize, kind: &str) -> String {
        self.letter(count, kind)["token"].as_str().unwrap().to_owned()
    }
}
