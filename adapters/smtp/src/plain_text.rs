//! What may stand in a header.

/// Whether a text holds what could end its line or turn its direction (U+202E and its kin): neither is in a
/// name, an address or a subject by accident.
pub(crate) fn misleads(text: &str) -> bool {
    text.contains(|c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}
