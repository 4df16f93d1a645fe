//! Imports that end before their file does, and what goes on beside them.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::imports::{email, many};
use crate::support::{EMAIL, PASSWORD, Site, printed, printed_json, signal};

/// An import that is on its way.
pub(crate) struct Underway<'a> {
    site: &'a Site,
    pub(crate) process: Child,
}

impl<'a> Underway<'a> {
    fn begin(site: &'a Site, written: &str) -> Self {
        let mut underway = Self::spawn(site, &[]);
        underway.process.stdin.as_mut().unwrap().write_all(written.as_bytes()).unwrap();
        underway
    }

    /// Of a file that ends; it is written meanwhile.
    pub(crate) fn begin_with(site: &'a Site, arguments: &[&str], file: String) -> Self {
        let mut underway = Self::spawn(site, arguments);
        let mut input = underway.process.stdin.take().unwrap();
        thread::spawn(move || input.write_all(file.as_bytes()).unwrap());
        underway
    }

    fn spawn(site: &'a Site, arguments: &[&str]) -> Self {
        let mut command = site.command(&[&["user", "import", "-"], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { site, process: command.spawn().unwrap() }
    }

    /// Waits until so many accounts are there.
    pub(crate) fn wait_for(&self, count: usize) {
        for _ in 0..1200 {
            // At first there may be no database to look into.
            let listed = self.site.run(&["user", "list", "--json"], "");
            if listed.status.success() && printed_json(&listed).as_array().unwrap().len() >= count {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the accounts did not come");
    }
}

/// The rest goes in with a second run, and nobody twice.
fn resume(site: &Site, file: &str, count: usize) {
    let before = site.users();
    let done = printed_json(&site.run(&["user", "import", "-", "--json"], file));
    assert_eq!(done["existed"], before.len());
    assert_eq!(done["imported"], count - before.len());
    let after = site.users();
    assert_eq!(after[..before.len()], before);
    let emails: Vec<_> = after.iter().map(|user| user["email"].as_str().unwrap()).collect();
    assert_eq!(emails, (0..count).map(email).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn an_import_that_is_interrupted_ends_in_order_and_goes_on_when_run_again() {
    for name in ["INT", "TERM"] {
        let site = Site::new();
        let import = Underway::begin(&site, &many(1700));
        import.wait_for(1500);
        signal(import.process.id(), name);
        // Not waiting for the end of its input, which is still open.
        let Underway { mut process, .. } = import;
        let input = process.stdin.take();
        let output = process.wait_with_output().unwrap();
        drop(input);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "imported 1500, existed already 0, refused 0\n"
        );
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.contains("interrupted") && told.contains("run the same command again"),
            "{told}"
        );
        assert_eq!(told.lines().count(), 1);
        resume(&site, &many(3000), 3000);
    }
}

#[test]
fn an_import_that_is_killed_goes_on_when_run_again() {
    let site = Site::new();
    // Between two batches, and then wherever it happens to be.
    let mut import = Underway::begin(&site, &many(1700));
    import.wait_for(1500);
    import.process.kill().unwrap();
    import.process.wait().unwrap();
    assert_eq!(site.users().len(), 1500);
    let file = many(6000);
    for milliseconds in [150, 400, 700] {
        let mut import = Underway::begin(&site, &file[..file.len() / 2]);
        thread::sleep(Duration::from_millis(milliseconds));
        import.process.kill().unwrap();
        import.process.wait().unwrap();
        assert_eq!(site.users().len() % 500, 0, "part of a batch");
    }
    resume(&site, &file, 6000);
}

#[test]
fn accounts_are_imported_beside_a_running_server() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let import = Underway::begin(&site, &many(2000));
    for _ in 0..5 {
        assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    }
    let output = import.process.wait_with_output().unwrap();
    assert_eq!(printed(&output), "imported 2000, existed already 0, refused 0\n");
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
}
