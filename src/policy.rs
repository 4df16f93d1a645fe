//! What is allowed, for how long and how often.

use serde::{Deserialize, Serialize};

use crate::model::{AttemptLimit, Lifetime, User};
use crate::time::Duration;

/// The rules that flows decide by. Checked as a whole when it is built.
///
/// ```
/// use testudo::{Duration, Policy};
///
/// let policy = Policy { access_lifetime: Duration::from_minutes(5), ..Policy::default() };
/// assert!(policy.check().is_ok());
/// ```
///
/// Serialised with spans in seconds; what is left out is as in [`Policy::default`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Password guesses at one account. Default: 5 in 300 s, then none for 600 s; and none at all
    /// after 100 without a success between them (NIST SP 800-63B-4 3.2.2).
    pub login_account: AttemptLimit,
    /// Password guesses from one network. Default: 100 in 300 s.
    pub login_network: AttemptLimit,
    /// Guesses at the codes of one account's authenticator app. Default: 5 in 300 s, then none for 600 s; and
    /// none at all after 100 without a success between them (NIST SP 800-63B-4 3.2.2).
    pub totp: AttemptLimit,
    /// Guesses at the recovery codes of one account. Default: as for `totp`.
    pub recovery_code: AttemptLimit,
    /// Guesses at the codes that prove one address, however often another one was sent. Default: 5 in 600 s,
    /// then none for 600 s.
    pub email_code: AttemptLimit,
    /// Onboarding sessions started, and passwords hashed in them, from one network. Default: 60 in 300 s.
    pub onboarding_network: AttemptLimit,
    /// Requests for a link that resets a password, for one address. Default: 3 in 300 s.
    pub password_reset: AttemptLimit,
    /// Requests for a link that proves an address, to one address. Default: 3 in 300 s.
    pub email_proof: AttemptLimit,
    /// Requests for mail from one network without a session. Default: 30 in 300 s.
    pub mail_network: AttemptLimit,
    /// Requests of one user for mail to addresses of their choice. Default: 10 in 300 s.
    pub mail_user: AttemptLimit,
    /// Notices of one user's that a new device signed in. Default: 5 in 3600 s. Sign-ins beyond that go on
    /// without.
    pub device_notice: AttemptLimit,
    /// Service tokens from one network that are not right. Default: 30 in 300 s. Right ones are taken all the
    /// while.
    pub service_network: AttemptLimit,
    /// Who is asked for a second factor. Default: who has enrolled one.
    pub second_factor: SecondFactor,
    /// How many steps of 30 s a code of an authenticator app may be early or late, for clocks that differ: 0 or
    /// 1. Default 1 (RFC 6238 5.2).
    pub totp_skew: u8,
    /// Whether nobody signs in whose address is not verified. Default: no.
    pub require_verified_email: bool,
    /// The version of the terms of service that everybody must have accepted. Default: none.
    pub terms: Option<String>,
    /// Whether starting an onboarding ends the one that was started for the same address before. Default: yes.
    pub one_onboarding_per_email: bool,
    /// Whether somebody who registers is told that the address has an account. Default: no, its owner is told by
    /// mail instead (ASVS 5.0 6.3.8).
    pub tell_taken_addresses: bool,
    /// How long a code that proves an address counts. Default and at most 10 minutes (ASVS 5.0 6.5.5).
    pub email_code_lifetime: Duration,
    /// How long to wait before another code is sent in one onboarding session. Default 30 s.
    pub email_code_cooldown: Duration,
    /// How long somebody may take to register. Default an hour, at most a day.
    pub onboarding_lifetime: Duration,
    /// How long somebody may take to pay what a sign-in owes. Default 10 minutes, at most an hour.
    pub sign_in_lifetime: Duration,
    /// Whether it is recorded when a service is let in, and not only when it is not. Default: yes. Each request
    /// of a service is a row then.
    pub record_service_successes: bool,
    /// Whether accounts marked with
    /// [`PasswordHash::legacy`](crate::password::PasswordHash::legacy) are asked for in the system
    /// that they come from ([`ConsultLegacy`](crate::command::ConsultLegacy)). Default: no. Turn it
    /// off when the last one has moved.
    pub consult_legacy: bool,
    /// Whether an account without a usable password may be given one by a reset link: its owner signs in
    /// with another service so far. Default: yes. Turn it off where passwords are nobody's own choice.
    pub reset_unusable_passwords: bool,
    /// How long a link that resets a password counts. Default 30 minutes, at most a day (NIST SP 800-63B-4
    /// 4.2.1.2).
    pub password_reset_lifetime: Duration,
    /// How long a link that proves an address counts. Default and at most a day.
    pub email_proof_lifetime: Duration,
    /// How long an account may be taken back to the address that it had before. Default 7 days.
    pub email_undo_lifetime: Duration,
    /// How long an account that its owner closed may be opened again before it is removed. Default 30
    /// days.
    pub closing_grace: Duration,
    /// How long ago the sign-in may be at most for what changes how somebody signs in (ASVS 5.0 7.5.1).
    /// Default 10 minutes.
    pub fresh_sign_in: Duration,
    /// How many invitations of one user may be open at once. Default 20, at most 1000.
    pub open_invitations: u32,
    /// How many API keys a user may have at once. Default 50, at most 1000.
    pub api_keys: u32,
    /// How long events are kept. Default 400 days, at least a day.
    pub audit_retention: Duration,
    /// How long an access token lasts. Default 15 minutes.
    pub access_lifetime: Duration,
    /// How long an ordinary session lasts. Default 1 day idle, 7 days in all.
    pub session: Lifetime,
    /// How long a session lasts whose user asked to be remembered. Default 30 days idle, 90 in all.
    pub remembered_session: Lifetime,
    /// How long a spent refresh token is answered with its successor again, for a client whose
    /// response was lost or whose tabs refreshed at once. Default 10 s, at most a minute. With none, two
    /// parallel refreshes of one client are taken for theft and end its session.
    pub refresh_grace: Duration,
    /// How many generations back a spent refresh token is still told from a made-up one. Default
    /// 4096, at most 65 536. One generation costs one HMAC.
    pub reuse_horizon: u32,
}

/// Who is asked for a second factor.
///
/// Serialised as `"if_enrolled"`, or `{"required_where": {"field": "role", "is": "admin"}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondFactor {
    /// Nobody, enrolled or not. Sessions that begin under it go on with the password alone for as long as they
    /// last: end them ([`end_sessions`](crate::flow::admin::end_sessions)) when turning it off.
    Never,
    /// Who has enrolled one.
    #[default]
    IfEnrolled,
    /// Everybody: who has none enrols one before they are let in.
    Required,
    /// Those whose profile says so, administrators for example, as with `Required`; others, if they have
    /// enrolled one.
    RequiredWhere(ProfileMatch),
}

/// A field of the profile that has a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileMatch {
    /// Which field.
    pub field: String,
    /// Its value; where the field holds a list, one of it.
    pub is: serde_json::Value,
}

impl SecondFactor {
    /// Whether a user must have a second factor.
    #[must_use]
    pub fn is_required_of(&self, user: &User) -> bool {
        match self {
            Self::Never | Self::IfEnrolled => false,
            Self::Required => true,
            Self::RequiredWhere(wanted) => match user.profile.get(&wanted.field) {
                Some(serde_json::Value::Array(values)) => values.contains(&wanted.is),
                value => value == Some(&wanted.is),
            },
        }
    }
}

/// A rule that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {expected}")]
pub struct PolicyError {
    /// The field of [`Policy`].
    pub setting: &'static str,
    /// What it should have been.
    pub expected: &'static str,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            login_account: GUESSES,
            login_network: per_five_minutes(100),
            totp: GUESSES,
            recovery_code: GUESSES,
            email_code: AttemptLimit {
                attempts: 5,
                window: Duration::from_minutes(10),
                lock: Duration::from_minutes(10),
                hard_stop: None,
            },
            onboarding_network: per_five_minutes(60),
            password_reset: per_five_minutes(3),
            email_proof: per_five_minutes(3),
            mail_network: per_five_minutes(30),
            mail_user: per_five_minutes(10),
            device_notice: AttemptLimit {
                window: Duration::from_minutes(60),
                ..per_five_minutes(5)
            },
            service_network: per_five_minutes(30),
            second_factor: SecondFactor::IfEnrolled,
            totp_skew: 1,
            require_verified_email: false,
            terms: None,
            one_onboarding_per_email: true,
            tell_taken_addresses: false,
            email_code_lifetime: Duration::from_minutes(10),
            email_code_cooldown: Duration::from_secs(30),
            onboarding_lifetime: Duration::from_minutes(60),
            sign_in_lifetime: Duration::from_minutes(10),
            record_service_successes: true,
            consult_legacy: false,
            reset_unusable_passwords: true,
            password_reset_lifetime: Duration::from_minutes(30),
            email_proof_lifetime: Duration::from_days(1),
            email_undo_lifetime: Duration::from_days(7),
            closing_grace: Duration::from_days(30),
            fresh_sign_in: Duration::from_minutes(10),
            open_invitations: 20,
            api_keys: 50,
            audit_retention: Duration::from_days(400),
            access_lifetime: Duration::from_minutes(15),
            session: Lifetime { idle: Duration::from_days(1), absolute: Duration::from_days(7) },
            remembered_session: Lifetime {
                idle: Duration::from_days(30),
                absolute: Duration::from_days(90),
            },
            refresh_grace: Duration::from_secs(10),
            reuse_horizon: 4096,
        }
    }
}

/// Guesses at a secret of an account.
const GUESSES: AttemptLimit = AttemptLimit {
    attempts: 5,
    window: Duration::from_secs(300),
    lock: Duration::from_secs(600),
    hard_stop: Some(100),
};

const fn per_five_minutes(attempts: u32) -> AttemptLimit {
    let window = Duration::from_secs(300);
    AttemptLimit { attempts, window, lock: Duration::ZERO, hard_stop: None }
}

impl Policy {
    /// The most that [`Policy::open_invitations`] and [`Policy::api_keys`] may say.
    pub(crate) const MOST_AT_ONCE: u32 = 1000;

    /// Checks every rule.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn check(&self) -> Result<(), Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut require = |holds: bool, setting, expected| {
            if !holds {
                errors.push(PolicyError { setting, expected });
            }
        };
        let second = Duration::from_secs(1);
        for (setting, limit) in [
            ("login_account", &self.login_account),
            ("login_network", &self.login_network),
            ("totp", &self.totp),
            ("recovery_code", &self.recovery_code),
            ("email_code", &self.email_code),
            ("onboarding_network", &self.onboarding_network),
            ("password_reset", &self.password_reset),
            ("email_proof", &self.email_proof),
            ("mail_network", &self.mail_network),
            ("mail_user", &self.mail_user),
            ("device_notice", &self.device_notice),
            ("service_network", &self.service_network),
        ] {
            require(limit.attempts >= 1, setting, "expected at least one attempt");
            require(limit.window >= second, setting, "expected a window of at least a second");
        }
        for (setting, limit) in [
            ("login_account", &self.login_account),
            ("totp", &self.totp),
            ("recovery_code", &self.recovery_code),
        ] {
            require(
                limit.hard_stop.is_some_and(|stop| (1..=100).contains(&stop)),
                setting,
                "expected a hard stop after at most 100 attempts",
            );
        }
        for (setting, lifetime, longest, expected) in [
            (
                "email_code_lifetime",
                self.email_code_lifetime,
                Duration::from_minutes(10),
                "expected a second to ten minutes",
            ),
            (
                "onboarding_lifetime",
                self.onboarding_lifetime,
                Duration::from_days(1),
                "expected a second to a day",
            ),
            (
                "sign_in_lifetime",
                self.sign_in_lifetime,
                Duration::from_minutes(60),
                "expected a second to an hour",
            ),
        ] {
            require((second..=longest).contains(&lifetime), setting, expected);
        }
        require(self.totp_skew <= 1, "totp_skew", "expected 0 or 1");
        let terms = self.terms.as_ref().is_none_or(|terms| (1..=64).contains(&terms.len()));
        require(terms, "terms", "expected a version of 1 to 64 bytes");
        for (setting, lifetime) in [
            ("password_reset_lifetime", self.password_reset_lifetime),
            ("email_proof_lifetime", self.email_proof_lifetime),
        ] {
            let fits = (second..=Duration::from_days(1)).contains(&lifetime);
            require(fits, setting, "expected a second to a day");
        }
        require(
            self.audit_retention >= Duration::from_days(1),
            "audit_retention",
            "expected at least a day",
        );
        require(self.access_lifetime >= second, "access_lifetime", "expected at least a second");
        for (setting, lifetime) in
            [("session", &self.session), ("remembered_session", &self.remembered_session)]
        {
            require(lifetime.idle <= lifetime.absolute, setting, "expected idle <= absolute");
        }
        require(
            self.access_lifetime <= self.session.idle.min(self.remembered_session.idle),
            "access_lifetime",
            "expected at most the time that a session may be idle",
        );
        for (setting, count) in
            [("open_invitations", self.open_invitations), ("api_keys", self.api_keys)]
        {
            require(count <= Self::MOST_AT_ONCE, setting, "expected at most 1000");
        }
        require(
            self.refresh_grace <= Duration::from_minutes(1),
            "refresh_grace",
            "expected at most a minute",
        );
        require(self.reuse_horizon <= 65_536, "reuse_horizon", "expected at most 65536");
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold() {
        assert_eq!(Policy::default().check(), Ok(()));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let (api_keys, reuse_horizon) = (1001, 1_000_000);
        let mut policy = Policy { api_keys, reuse_horizon, ..Policy::default() };
        policy.login_account.hard_stop = None;
        policy.session.idle = Duration::from_days(8);
        let wrong: Vec<_> = policy.check().unwrap_err().iter().map(|error| error.setting).collect();
        assert_eq!(wrong, ["login_account", "session", "api_keys", "reuse_horizon"]);
        let policy = Policy { access_lifetime: Duration::from_days(2), ..Policy::default() };
        assert_eq!(policy.check().unwrap_err()[0].setting, "access_lifetime");
    }
}
