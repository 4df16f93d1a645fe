//! Where to go after signing in.

use url::Url;

/// A place on this site, from what a request names as `next`; `None` if that is anywhere else, or nowhere.
///
/// It begins with one `/`, is in the normal form that browsers give it, and is fit for a `Location` header.
///
/// ```
/// use testudo_axum::safe_next;
///
/// assert_eq!(safe_next("/account?tab=2").as_deref(), Some("/account?tab=2"));
/// assert_eq!(safe_next("https://evil.example/"), None);
/// assert_eq!(safe_next("//evil.example"), None);
/// assert_eq!(safe_next("/\\evil.example"), None);
/// ```
///
/// # Security
///
/// A sign-in page that leads to another site lends it its trust (CWE-601, ASVS 5.0 3.7.2). The text is read as
/// browsers read it, by the `url` crate, and what a browser reads as another site is refused, whatever it looks like.
#[must_use]
pub fn safe_next(next: &str) -> Option<String> {
    let is_plain = |c: char| !c.is_control() && c != '\\';
    if next.len() > MOST_BYTES || !next.starts_with('/') || !next.chars().all(is_plain) {
        return None;
    }
    // No name of a real site: whatever leads away from it, leads away from the real one.
    let here = Url::parse("https://here.invalid").ok()?;
    let there = here.join(next).ok()?;
    if there.origin() != here.origin() || !there.username().is_empty() {
        return None;
    }
    let path = there.path();
    let query = there.query().map(|query| format!("?{query}")).unwrap_or_default();
    let fragment = there.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    let normal = format!("{path}{query}{fragment}");
    // `/.//x` is `//x` once it is in normal form, and what is escaped is longer.
    (!normal.starts_with("//") && normal.len() <= MOST_BYTES).then_some(normal)
}

/// Longer ones are no places that people go to.
const MOST_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_this_site_are_kept() {
        for next in [
            "/",
            "/account",
            "/a/b?c=d&e=%2F%2Fx#f",
            "/search?q=https://evil.example/",
            "/@user",
            "/a//b",
        ] {
            assert_eq!(safe_next(next).as_deref(), Some(next));
        }
        assert_eq!(safe_next("/caf\u{e9} 1").as_deref(), Some("/caf%C3%A9%201"));
        assert_eq!(safe_next("/a/../b").as_deref(), Some("/b"));
    }

    #[test]
    fn whatever_a_browser_may_read_as_another_site_is_refused() {
        for next in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/\u{0}/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/x/..//evil.example",
            "/%2e//evil.example",
            "https://evil.example",
            "https:evil.example",
            "https:/evil.example",
            "http://here.invalid@evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "?next=/",
            "#x",
            "/a\r\nSet-Cookie: x=y",
        ] {
            assert_eq!(safe_next(next), None, "{next:?}");
        }
        for long in ["a".repeat(2048), "\u{e9}".repeat(400)] {
            assert_eq!(
                safe_next(&format!("/{long}")),
                None,
                "it is too long, at least once it is escaped"
            );
        }
        assert!(safe_next(&format!("/{}", "a".repeat(2047))).is_some());
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_stays_on_any_site(next in "/?[/\\\\.:@?#%a-z0-9\t\n \u{e9}]{0,30}") {
            for base in ["https://app.example.com/deep/er?x", "http://localhost:8080"] {
                let base = Url::parse(base).unwrap();
                if let Some(kept) = safe_next(&next) {
                    let there = base.join(&kept).unwrap();
                    proptest::prop_assert_eq!(there.origin(), base.origin(), "{:?} became {:?}", next, kept);
                    proptest::prop_assert!(axum::http::HeaderValue::from_str(&kept).is_ok());
                    proptest::prop_assert_eq!(safe_next(&kept), Some(kept.clone()));
                }
            }
        }
    }
}
