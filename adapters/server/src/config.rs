//! Configuration: options, variables and the TOML file, in this order of precedence.

mod database;
mod passwords;
mod redis;
mod rules;
mod values;

pub(crate) use database::{Database, DatabaseUrl, Places, Stores};
pub(crate) use passwords::{HashingOptions, PasswordOptions};
pub(crate) use redis::RedisPlace;
pub(crate) use rules::{build, hashers};
pub(crate) use values::{
    ContextWords, Invitations, JwtName, ListenAddress, LogFormat, Mail, MailFrom, Pages, PublicUrl,
    Scopes, Tokens, WebhookEvents, Webhooks,
};

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use testudo::Policy;
use testudo::config::{Hashing, OnboardingRules, PasswordRules, TokenForm};
use testudo::password::HasherChain;

use crate::failure::Failure;

/// What `serve` runs by: everything decided, nothing open.
#[derive(Debug)]
pub(crate) struct Config {
    /// What the library is configured with.
    pub(crate) rules: testudo::Config,
    pub(crate) listen: ListenAddress,
    pub(crate) stores: Stores,
    pub(crate) mail: Mail,
    pub(crate) mail_from: Option<MailFrom>,
    pub(crate) mail_templates: Option<PathBuf>,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) trusted_proxies: usize,
    pub(crate) invitations: Invitations,
    pub(crate) pages: Pages,
    pub(crate) log_format: LogFormat,
    pub(crate) webhooks: Webhooks,
    pub(crate) webhook_events: WebhookEvents,
}

impl Config {
    /// Puts what was given over the file, and the file over the defaults.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or this build cannot do what is asked for.
    pub(crate) fn resolve(
        given: Options,
        passwords: PasswordOptions,
        file: Option<&Path>,
    ) -> Result<Self, Failure> {
        let file = read_file(file)?;
        let mut rules = rules::of(&file, &given.short().with(passwords))?;
        let options = given.or(file);
        require_for_smtp(&options)?;
        let stores = options.places.clone().resolve()?;
        rules.tokens = testudo::config::Tokens {
            form: match options.tokens.unwrap_or_default() {
                Tokens::Opaque => TokenForm::Opaque,
                // Every session is recorded, so that the HTTP interface keeps its promises under each form.
                Tokens::Jwt => TokenForm::JwtRecorded,
                Tokens::Hybrid => TokenForm::Hybrid,
            },
            algorithm: "EdDSA".to_owned(),
            issuer: options
                .jwt_issuer
                .map(|JwtName(name)| name)
                .or_else(|| options.public_url.as_ref().map(PublicUrl::to_string)),
            audience: options.jwt_audience.map(|JwtName(name)| name),
        };
        Ok(Self {
            rules,
            listen: options.listen.unwrap_or_default(),
            stores,
            mail: options.mail.unwrap_or_default(),
            mail_from: options.mail_from.or_else(|| sender(options.public_url.as_ref())),
            mail_templates: options.mail_templates,
            public_url: options.public_url,
            trusted_proxies: options.trusted_proxies.unwrap_or_default(),
            invitations: options.invitations.unwrap_or_default(),
            pages: options.pages.unwrap_or_default(),
            log_format: options.log_format.unwrap_or_default(),
            webhooks: options.webhooks.unwrap_or_default(),
            webhook_events: options.webhook_events.unwrap_or_default(),
        })
    }
}

/// The stores that an administrative command works on.
///
/// # Errors
///
/// When the file cannot be read, or the stores cannot be put together.
pub(crate) fn stores(given: Places, file: Option<&Path>) -> Result<Stores, Failure> {
    given.or(read_file(file)?.places()).resolve()
}

/// The rules that a command works by.
///
/// # Errors
///
/// When the file cannot be read, or a variable does not fit.
pub(crate) fn rules(
    given: PasswordOptions,
    file: Option<&Path>,
) -> Result<testudo::Config, Failure> {
    rules::of(&read_file(file)?, &rules::Short::default().with(given))
}

/// The hashers that a command works with.
///
/// # Errors
///
/// As [`rules`], or when the settings are too weak or too costly.
pub(crate) fn hashers_for(
    given: HashingOptions,
    file: Option<&Path>,
) -> Result<HasherChain, Failure> {
    let given = PasswordOptions { hashing: given, context_words: None };
    hashers(&rules(given, file)?.hashing)
}

/// The options of `serve`, each of which may be left open.
///
/// One table serves the command line, the environment and the file. What other commands take as well
/// is in [`Places`] and [`PasswordOptions`], and here for the file alone.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Options {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "TESTUDO_LISTEN", hide_env_values = true, value_name = "ADDRESS")]
    listen: Option<ListenAddress>,
    #[command(flatten)]
    #[serde(skip)]
    places: Places,
    /// Where mail goes: console; dir:PATH for a JSON file a message; or a mail server,
    /// smtps://user:password@host (TLS) or smtp://user:password@host (STARTTLS, but on this machine). A password is better
    /// kept in the variable or the file, as processes are listed with their options [default: console]
    #[arg(long, env = "TESTUDO_MAIL", hide_env_values = true, value_name = "WHERE")]
    mail: Option<Mail>,
    /// Who mail is from, such as "Example <no-reply@example.com>" [default: no-reply at the public URL's host]
    #[arg(long, env = "TESTUDO_MAIL_FROM", hide_env_values = true, value_name = "SENDER")]
    #[serde(alias = "mail-from")]
    mail_from: Option<MailFrom>,
    /// A directory of templates for mail, in one's own words and languages [default: English]
    #[arg(long, env = "TESTUDO_MAIL_TEMPLATES", hide_env_values = true, value_name = "DIR")]
    #[serde(alias = "mail-templates")]
    mail_templates: Option<PathBuf>,
    /// The kind of tokens: opaque, jwt or hybrid (a JWT for access, opaque for refresh) [default: opaque]
    #[arg(long, env = "TESTUDO_TOKENS", hide_env_values = true, value_name = "KIND")]
    tokens: Option<Tokens>,
    /// The `iss` of JWTs [default: the public URL, if there is one]
    #[arg(long, env = "TESTUDO_JWT_ISSUER", hide_env_values = true, value_name = "NAME")]
    #[serde(alias = "jwt-issuer")]
    jwt_issuer: Option<JwtName>,
    /// The `aud` of JWTs [default: none]
    #[arg(long, env = "TESTUDO_JWT_AUDIENCE", hide_env_values = true, value_name = "NAME")]
    #[serde(alias = "jwt-audience")]
    jwt_audience: Option<JwtName>,
    /// The address that users see in their browsers, such as https://id.example.com
    #[arg(long, env = "TESTUDO_PUBLIC_URL", hide_env_values = true, value_name = "URL")]
    #[serde(alias = "public-url")]
    public_url: Option<PublicUrl>,
    /// How many proxies stand in front, each adding to X-Forwarded-For; clients must then have no way
    /// past them. With 0 the header is ignored [default: 0]
    #[arg(long, env = "TESTUDO_TRUSTED_PROXIES", hide_env_values = true, value_name = "N")]
    #[serde(alias = "trusted-proxies")]
    trusted_proxies: Option<usize>,
    /// How long an access token lasts [default: 900]
    #[arg(long, env = "TESTUDO_ACCESS_LIFETIME", hide_env_values = true, value_name = "SECONDS")]
    #[serde(alias = "access-lifetime")]
    access_lifetime: Option<u64>,
    /// How long a spent refresh token gets its successor again, for answers that were lost; at most
    /// 60 [default: 10]
    #[arg(long, env = "TESTUDO_REFRESH_GRACE", hide_env_values = true, value_name = "SECONDS")]
    #[serde(alias = "refresh-grace")]
    refresh_grace: Option<u64>,
    /// What the service is called, as authenticator apps and pages show it [default: Testudo]
    #[arg(long, env = "TESTUDO_SERVICE_NAME", hide_env_values = true, value_name = "NAME")]
    #[serde(alias = "service-name")]
    service_name: Option<String>,
    /// Require a second factor of everybody: who has none sets up an authenticator app before they are let in,
    /// and nobody can skip it [default: it is offered]
    #[arg(
        long,
        env = "TESTUDO_REQUIRE_TOTP",
        hide_env_values = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    #[serde(alias = "require-totp")]
    require_totp: Option<bool>,
    /// Who may invite others: nobody, or users whose address is verified [default: nobody]
    #[arg(long, env = "TESTUDO_INVITATIONS", hide_env_values = true, value_name = "WHO")]
    invitations: Option<Invitations>,
    /// Whether there are pages for browsers: on or off [default: on]
    #[arg(long, env = "TESTUDO_PAGES", hide_env_values = true, value_name = "WHETHER")]
    pages: Option<Pages>,
    /// What API keys may be used for, separated by commas [default: nothing in particular]
    #[arg(long, env = "TESTUDO_API_KEY_SCOPES", hide_env_values = true, value_name = "SCOPES")]
    #[serde(alias = "api-key-scopes")]
    api_key_scopes: Option<Scopes>,
    /// Where events are sent as signed requests, separated by commas; TESTUDO_WEBHOOK_SECRET signs them
    /// [default: nowhere]
    #[arg(long, env = "TESTUDO_WEBHOOKS", hide_env_values = true, value_name = "URLS")]
    webhooks: Option<Webhooks>,
    /// Which events are sent, separated by commas [default: all]
    #[arg(long, env = "TESTUDO_WEBHOOK_EVENTS", hide_env_values = true, value_name = "TYPES")]
    #[serde(alias = "webhook-events")]
    webhook_events: Option<WebhookEvents>,
    /// How log lines look: text or json [default: text]
    #[arg(long, env = "TESTUDO_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    #[serde(alias = "log-format")]
    log_format: Option<LogFormat>,
    #[arg(skip)]
    database: Option<Database>,
    #[arg(skip)]
    sessions: Option<Database>,
    #[arg(skip)]
    limits: Option<Database>,
    #[arg(skip)]
    #[serde(alias = "onboarding-sessions")]
    onboarding_sessions: Option<Database>,
    #[arg(skip)]
    policy: Option<Policy>,
    #[arg(skip)]
    passwords: Option<PasswordRules>,
    #[arg(skip)]
    hashing: Option<Hashing>,
    #[arg(skip)]
    onboarding: Option<OnboardingRules>,
    #[arg(skip)]
    #[serde(alias = "context-words")]
    context_words: Option<ContextWords>,
    #[arg(skip)]
    #[serde(alias = "argon2-memory")]
    argon2_memory: Option<u32>,
    #[arg(skip)]
    #[serde(alias = "argon2-passes")]
    argon2_passes: Option<u32>,
    #[arg(skip)]
    #[serde(alias = "argon2-lanes")]
    argon2_lanes: Option<u32>,
}

impl Options {
    /// These options, and `other`'s where these leave something open.
    fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            places: self.places.or(other.places()),
            mail: self.mail.or(other.mail),
            mail_from: self.mail_from.or(other.mail_from),
            mail_templates: self.mail_templates.or(other.mail_templates),
            tokens: self.tokens.or(other.tokens),
            jwt_issuer: self.jwt_issuer.or(other.jwt_issuer),
            jwt_audience: self.jwt_audience.or(other.jwt_audience),
            public_url: self.public_url.or(other.public_url),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            invitations: self.invitations.or(other.invitations),
            pages: self.pages.or(other.pages),
            log_format: self.log_format.or(other.log_format),
            webhooks: self.webhooks.or(other.webhooks),
            webhook_events: self.webhook_events.or(other.webhook_events),
            // What the library is configured with goes its own way.
            ..other
        }
    }

    /// The databases that the file names.
    fn places(&self) -> Places {
        Places {
            database: self.database.clone(),
            sessions: self.sessions.clone(),
            limits: self.limits.clone(),
            onboarding_sessions: self.onboarding_sessions.clone(),
        }
    }

    /// What these options say about the library's own settings.
    fn short(&self) -> rules::Short {
        rules::Short {
            access_lifetime: self.access_lifetime,
            refresh_grace: self.refresh_grace,
            api_key_scopes: self.api_key_scopes.clone(),
            service_name: self.service_name.clone(),
            require_totp: self.require_totp,
            passwords: PasswordOptions {
                hashing: HashingOptions {
                    argon2_memory: self.argon2_memory,
                    argon2_passes: self.argon2_passes,
                    argon2_lanes: self.argon2_lanes,
                },
                context_words: self.context_words.clone(),
            },
        }
    }
}

fn read_file(path: Option<&Path>) -> Result<Options, Failure> {
    let Some(path) = path else { return Ok(Options::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("cannot read the configuration {}: {error}", path.display()))
    })?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count().saturating_add(1));
        Failure::new(format!("{}, line {line}: {}", path.display(), error.message()))
    })
}

/// Who mail is from where nobody says it.
fn sender(public_url: Option<&PublicUrl>) -> Option<MailFrom> {
    let host = public_url.and_then(PublicUrl::domain).unwrap_or_else(|| "localhost".to_owned());
    format!("no-reply@{host}").parse().ok()
}

/// What is mailed must come from somebody, and its links lead to where its readers are.
fn require_for_smtp(options: &Options) -> Result<(), Failure> {
    let Some(Mail::Smtp(server)) = &options.mail else { return Ok(()) };
    if options.public_url.is_none() && !server.is_loopback() {
        return Err(Failure::new(
            "links in mail would lead to this machine: name the address that users see with --public-url",
        ));
    }
    Ok(())
}
