//! chromedriver, and the Chromium that it starts.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getuid, kill_process};
use serde_json::json;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities as _;
use thirtyfour::{Capabilities, ChromeCapabilities, LoggingPrefsLogLevel, WebDriver};

use super::Scripts;

/// A driver and its browser. Dropping it kills both, however the test has ended.
pub(super) struct Processes {
    driver: Child,
    browser: Option<Pid>,
    profile: tempfile::TempDir,
}

impl Processes {
    /// Starts both, with a profile that nobody has used.
    pub(super) async fn start(scripts: Scripts) -> (Self, WebDriver) {
        let mut processes = Self { driver: driver(), browser: None, profile: profile() };
        let url = format!("http://127.0.0.1:{}", processes.port());
        let capabilities = capabilities(scripts, processes.profile.path());
        let session = WebDriver::new(url, capabilities).await.expect("Chromium starts");
        let id = session.capabilities().get("goog:processID").and_then(serde_json::Value::as_u64);
        let id = id.expect("the driver tells which process is the browser");
        processes.browser = Pid::from_raw(id.try_into().unwrap());
        (processes, session)
    }

    /// The port that the driver has found free.
    fn port(&mut self) -> String {
        let lines = BufReader::new(self.driver.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok).find_map(|line| {
            line.split_once("successfully on port ").map(|(_, port)| port.to_owned())
        });
        said.expect("chromedriver starts").trim_end_matches('.').to_owned()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if let Some(browser) = self.browser {
            // It may have ended by itself.
            let _ = kill_process(browser, Signal::KILL);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // The browser's own processes follow it, and may write until they do.
        for _ in 0..200 {
            let _ = std::fs::remove_dir_all(self.profile.path());
            if !self.profile.path().exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn profile() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("testudo-browser-").tempdir().unwrap()
}

/// It stays in the test's process group, so that whoever ends the test from outside ends it too.
fn driver() -> Child {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("chromedriver: `tests/run browser` fetches it, or says how to")
}

fn capabilities(scripts: Scripts, profile: &Path) -> Capabilities {
    let mut chrome = ChromeCapabilities::new();
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-GB"];
    for argument in arguments.into_iter().chain(["--window-size=1000,900", &profile]) {
        chrome.add_arg(argument).unwrap();
    }
    // Chromium refuses to build its sandbox for root; here it sees nothing but our own pages.
    if getuid().is_root() {
        chrome.add_arg("--no-sandbox").unwrap();
    }
    if scripts == Scripts::Blocked {
        let blocked = json!({"profile.managed_default_content_settings.javascript": 2});
        chrome.add_experimental_option("prefs", blocked).unwrap();
    }
    chrome.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
    chrome.into()
}
