//! How the browser shows pages, and pictures of what it shows.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::Browser;

impl Browser {
    /// A phone's screen: 360 pixels wide.
    pub(crate) async fn as_phone(&self) {
        let screen = json!({"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Asks for dark pages.
    pub(crate) async fn in_the_dark(&self) {
        let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        self.devtools("Emulation.setEmulatedMedia", dark).await;
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.session.cdp().send_raw(method, parameters).await.unwrap()
    }

    /// Keeps a picture of the page, if anybody wants to look at it.
    pub(super) async fn photograph(&self) {
        static TAKEN: AtomicUsize = AtomicUsize::new(0);
        let Some(album) = std::env::var_os("TESTUDO_SCREENSHOTS").map(PathBuf::from) else {
            return;
        };
        std::fs::create_dir_all(&album).unwrap();
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let page = self.path().await.replace('/', "-");
        let number = TAKEN.fetch_add(1, Ordering::Relaxed);
        let all = json!({"captureBeyondViewport": true});
        let picture = self.devtools("Page.captureScreenshot", all).await;
        let picture = base64(picture["data"].as_str().unwrap());
        std::fs::write(album.join(format!("{test}-{number:02}{page}.png")), picture).unwrap();
    }
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
