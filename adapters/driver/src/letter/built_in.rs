//! The templates that come along.

/// A template by its name.
macro_rules! templates {
    ($($name:literal,)+) => {
        /// The templates that come along, in English, by their names.
        pub(super) const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name)))),+];
    };
}

templates! {
    "_alarm.txt",
    "_ignore.txt",
    "layout.html",
    "layout.txt",
    "account_closed.html",
    "account_closed.subject.txt",
    "account_closed.txt",
    "account_reopened.html",
    "account_reopened.subject.txt",
    "account_reopened.txt",
    "email_change.html",
    "email_change.subject.txt",
    "email_change.txt",
    "email_change_to_taken.html",
    "email_change_to_taken.subject.txt",
    "email_change_to_taken.txt",
    "email_changed.html",
    "email_changed.subject.txt",
    "email_changed.txt",
    "email_restored.html",
    "email_restored.subject.txt",
    "email_restored.txt",
    "email_verification.html",
    "email_verification.subject.txt",
    "email_verification.txt",
    "invitation.html",
    "invitation.subject.txt",
    "invitation.txt",
    "new_device.html",
    "new_device.subject.txt",
    "new_device.txt",
    "password_changed.html",
    "password_changed.subject.txt",
    "password_changed.txt",
    "password_reset.html",
    "password_reset.subject.txt",
    "password_reset.txt",
    "refresh_reused.html",
    "refresh_reused.subject.txt",
    "refresh_reused.txt",
    "registration_of_taken.html",
    "registration_of_taken.subject.txt",
    "registration_of_taken.txt",
}
