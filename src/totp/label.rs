//! The names under which an authenticator app shows a seed.

/// The name of an account. It is cut where it is long: the picture with it in it must stay readable.
pub(super) fn account(name: &str) -> String {
    label(name, 64)
}

/// The name of a service.
pub(super) fn issuer(name: &str) -> String {
    label(name, 32)
}

/// A name that goes into the address of a seed, which is percent-encoded there.
///
/// A colon would still be taken for the one that parts issuer and account, encoded or not (Key Uri Format of
/// Google Authenticator, "Label").
fn label(name: &str, most_chars: usize) -> String {
    let shown = name.chars().filter(|char| !char.is_control());
    let label: String = shown.map(|char| if char == ':' { '-' } else { char }).collect();
    let label = label.trim();
    match label.char_indices().nth(most_chars) {
        _ if label.is_empty() => "-".to_owned(),
        None => label.to_owned(),
        Some(_) => label.chars().take(most_chars.saturating_sub(1)).chain(['…']).collect(),
    }
}
