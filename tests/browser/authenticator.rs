//! An authenticator app.

use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::Totp;

/// An app that holds one key.
pub(crate) struct Authenticator {
    totp: Totp,
    /// The step of the last code that was given out.
    last: u64,
}

const STEP: u64 = 30;

impl Authenticator {
    /// Takes over the key from what the picture says, or the link.
    pub(crate) fn scan(uri: &str) -> Self {
        Self { totp: Totp::from_url(uri).unwrap(), last: 0 }
    }

    /// The key as somebody would type it.
    pub(crate) fn key(&self) -> String {
        self.totp.secret().to_base32()
    }

    /// A code that has not been given out before. A code counts once; the server takes the next one half a minute early,
    /// and so two codes can be had without waiting.
    pub(crate) async fn code(&mut self) -> String {
        let step = now().max(self.last + 1);
        while step > now() + 1 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        self.last = step;
        self.totp.generate(step * STEP).to_string()
    }

    /// A code that is not right, whatever the time is.
    pub(crate) fn wrong_code(&self) -> String {
        let near = (now() - 2)..(now() + 3);
        let right: Vec<_> = near.map(|step| self.totp.generate(step * STEP).to_string()).collect();
        let mut wrong = (0..).map(|number| format!("{number:06}"));
        wrong.find(|code| !right.contains(code)).unwrap()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / STEP
}
