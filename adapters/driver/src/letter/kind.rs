//! The kinds of letters.

use testudo::message::MessageKind;

/// What all letters of a kind have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// What its templates are called.
    pub(super) name: &'static str,
    /// The page that its link leads to, where it has one.
    pub(super) page: Option<&'static str>,
}

impl Kind {
    /// All kinds that there are letters of.
    pub(super) const ALL: [MessageKind; 18] = [
        MessageKind::PasswordReset,
        MessageKind::PasswordChanged,
        MessageKind::EmailVerification,
        MessageKind::EmailChange,
        MessageKind::EmailChangeToTaken,
        MessageKind::EmailChanged,
        MessageKind::EmailRestored,
        MessageKind::Invitation,
        MessageKind::NewDevice,
        MessageKind::RefreshReused,
        MessageKind::RegistrationOfTaken,
        MessageKind::AccountClosed,
        MessageKind::AccountReopened,
        MessageKind::VerificationCode,
        MessageKind::TotpEnrolled,
        MessageKind::TotpRemoved,
        MessageKind::RecoveryCodesReplaced,
        MessageKind::RecoveryCodeUsed,
    ];

    /// `None` for what goes to nobody, and for kinds that are newer than these words.
    pub(super) const fn of(kind: MessageKind) -> Option<Self> {
        Some(match kind {
            MessageKind::PasswordReset => Self::new("password_reset", Some("reset")),
            MessageKind::PasswordChanged => Self::new("password_changed", None),
            MessageKind::EmailVerification => Self::new("email_verification", Some("verify")),
            MessageKind::EmailChange => Self::new("email_change", Some("email-change")),
            MessageKind::EmailChangeToTaken => Self::new("email_change_to_taken", None),
            MessageKind::EmailChanged => Self::new("email_changed", Some("email-undo")),
            MessageKind::EmailRestored => Self::new("email_restored", None),
            MessageKind::Invitation => Self::new("invitation", Some("invitation")),
            MessageKind::NewDevice => Self::new("new_device", None),
            MessageKind::RefreshReused => Self::new("refresh_reused", None),
            MessageKind::RegistrationOfTaken => Self::new("registration_of_taken", None),
            MessageKind::AccountClosed => Self::new("account_closed", Some("reopen")),
            MessageKind::AccountReopened => Self::new("account_reopened", None),
            MessageKind::VerificationCode => Self::new("verification_code", None),
            MessageKind::TotpEnrolled => Self::new("totp_enrolled", None),
            MessageKind::TotpRemoved => Self::new("totp_removed", None),
            MessageKind::RecoveryCodesReplaced => Self::new("recovery_codes_replaced", None),
            MessageKind::RecoveryCodeUsed => Self::new("recovery_code_used", None),
            _ => return None,
        })
    }

    const fn new(name: &'static str, page: Option<&'static str>) -> Self {
        Self { name, page }
    }

    /// Every kind, by the name of its templates.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter_map(Self::of)
    }
}
