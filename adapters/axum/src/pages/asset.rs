//! The style sheet.

use std::fmt::Write as _;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

const CSS: &str = include_str!("../../templates/pages.css");

/// Where the style sheet is: its path tells what stands in it, so that it may be kept for ever.
pub(super) struct Style {
    name: String,
}

impl Style {
    pub(super) fn new() -> Self {
        let digest = Sha256::digest(CSS.as_bytes());
        let mut name = String::new();
        for byte in digest.iter().take(8) {
            // Into a text it always goes.
            let _ = write!(name, "{byte:02x}");
        }
        Self { name }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn path(&self) -> String {
        format!("/assets/{}.css", self.name)
    }
}

pub(super) async fn show() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, CSS).into_response()
}
