//! The recipes of `docs/cookbook`, and the page for who comes from tortoise-auth, as documentation: each code block
//! compiles and runs as a doc test.

/// Includes pages, by a name and their path below `docs`.
macro_rules! pages {
    ($($name:ident: $path:literal,)+) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("../../../docs/", $path))]
        struct $name;
    )+};
}

pages! {
    Readme: "../README.md",
    AuditLog: "cookbook/audit-log.md",
    Browsers: "cookbook/browsers.md",
    ChoosingTokens: "cookbook/choosing-tokens.md",
    Configuration: "cookbook/configuration.md",
    EmailVerification: "cookbook/email-verification.md",
    ExistingUserTable: "cookbook/existing-user-table.md",
    FromDjango: "cookbook/from-django.md",
    FromTortoiseAuth: "cookbook/from-tortoise-auth.md",
    InviteLinks: "cookbook/invite-links.md",
    Lockout: "cookbook/lockout.md",
    LogoutEverywhere: "cookbook/logout-everywhere.md",
    Mail: "cookbook/mail.md",
    MfaForAdministrators: "cookbook/mfa-for-administrators.md",
    MfaForAll: "cookbook/mfa-for-all.md",
    MetricsAndLogs: "cookbook/metrics-and-logs.md",
    NativeClient: "cookbook/native-client.md",
    Onboarding: "cookbook/onboarding.md",
    OwnHasher: "cookbook/own-hasher.md",
    OwnPipeline: "cookbook/own-pipeline.md",
    OwnRuntime: "cookbook/own-runtime.md",
    OwnStep: "cookbook/own-step.md",
    OwnTokenBackend: "cookbook/own-token-backend.md",
    OwnUserTable: "cookbook/own-user-table.md",
    OwnValidator: "cookbook/own-validator.md",
    PasswordChangeNotice: "cookbook/password-change-notice.md",
    PasswordReset: "cookbook/password-reset.md",
    RegistrationAndLogin: "cookbook/registration-and-login.md",
    RememberMe: "cookbook/remember-me.md",
    RestApi: "cookbook/rest-api.md",
    SocialSignIn: "cookbook/social-sign-in.md",
    Sweep: "cookbook/sweep.md",
    Tenants: "cookbook/tenants.md",
    Testing: "cookbook/testing.md",
    UnsubscribeLinks: "cookbook/unsubscribe-links.md",
    Webhooks: "cookbook/webhooks.md",
    Index: "cookbook/README.md",
    TheirNamesAndOurs: "from-tortoise-auth.md",
}
