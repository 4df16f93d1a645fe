//! Where to go after signing in.
//!
//! Law: what is kept of a text is, read as browsers read it on any site, a place on that site; it begins with one
//! slash, fits into a header, and is kept again as it is.

#![no_main]

use axum::http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use testudo_axum::safe_next;
use url::Url;

fuzz_target!(|next: &str| {
    let Some(kept) = safe_next(next) else { return };
    assert!(kept.starts_with('/') && !kept.starts_with("//"), "{kept:?}");
    assert!(!kept.contains(['\\', '\t', '\n', '\r']), "{kept:?}");
    assert!(HeaderValue::from_str(&kept).is_ok(), "{kept:?}");
    for site in ["https://app.example.com/deep/er/?x#y", "http://localhost:8080", "https://[::1]/"]
    {
        let site = Url::parse(site).expect("a URL");
        let there = site.join(&kept).expect("a place");
        assert_eq!(there.origin(), site.origin(), "{next:?} became {kept:?}");
        assert!(there.username().is_empty() && there.password().is_none(), "{kept:?}");
    }
    assert_eq!(safe_next(&kept).as_deref(), Some(kept.as_str()));
});
