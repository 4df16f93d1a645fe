//! What a page says about what was just done elsewhere.

/// The words for a name. The names are all that stands in addresses, so nobody can put words into this site's mouth.
pub(super) fn words(name: &str) -> Option<&'static str> {
    Some(match name {
        "signed-out" => "You are signed out.",
        "reset" => "Your new password is set. Sign in with it.",
        "verified" => "Your e-mail address is verified.",
        "verification-sent" => "A letter with a link is on its way to your e-mail address.",
        "email-change-sent" => "A letter with a link is on its way to the new address.",
        "moved" => "Your account has moved to the new e-mail address. Sign in with that.",
        "restored" => {
            "Your account has its former address again, and its password works no longer. Choose a new one: enter your \
             address, and follow the link that you get."
        }
        "reopened" => "Your account is open again. Sign in.",
        "unsubscribed" => "You will get no more such mail.",
        "closed" => {
            "Your account is closed. If you change your mind, follow the link in the letter that you get."
        }
        "invited" => "Your account is ready. Sign in.",
        "expired" => "Too much time has passed. Please start again.",
        "complete" => "All is done. Sign in.",
        "password" => "Your password is changed. All your other sessions have ended.",
        "profile" => "Your profile is saved.",
        "session-ended" => "The session has ended.",
        "others-ended" => "All other sessions have ended.",
        "totp-removed" => "Your authenticator app is no longer asked for.",
        _ => return None,
    })
}
