//! Configuration: options, variables and the TOML file, in this order of precedence.

mod passwords;
mod values;

pub(crate) use passwords::{HashingOptions, PasswordOptions, Passwords};
pub(crate) use values::{
    ContextWords, Database, Invitations, JwtName, ListenAddress, LogFormat, Mail, MailFrom,
    PublicUrl, Scopes, Tokens,
};

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use testudo::password::Argon2id;
use testudo::{Duration, Policy};

use crate::failure::Failure;

/// What `serve` runs by: everything decided, nothing open.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: ListenAddress,
    pub(crate) database: Database,
    pub(crate) mail: Mail,
    pub(crate) mail_from: Option<MailFrom>,
    pub(crate) mail_templates: Option<PathBuf>,
    pub(crate) tokens: Tokens,
    pub(crate) jwt_issuer: Option<String>,
    pub(crate) jwt_audience: Option<String>,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) trusted_proxies: usize,
    pub(crate) invitations: Invitations,
    pub(crate) api_key_scopes: Scopes,
    pub(crate) log_format: LogFormat,
    pub(crate) policy: Policy,
    pub(crate) passwords: Passwords,
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
        let options = given.or(read_file(file)?);
        require_for_smtp(&options)?;
        let passwords = passwords.or(options.passwords()).resolve()?;
        let database = options.database.unwrap_or_default();
        for (name, url) in [("sessions", &options.sessions), ("limits", &options.limits)] {
            same_place(name, url.as_ref(), &database)?;
        }
        let mut policy = Policy::default();
        if let Some(seconds) = options.access_lifetime {
            policy.access_lifetime = Duration::from_secs(seconds);
        }
        if let Some(seconds) = options.refresh_grace {
            policy.refresh_grace = Duration::from_secs(seconds);
        }
        Ok(Self {
            listen: options.listen.unwrap_or_default(),
            database,
            mail: options.mail.unwrap_or_default(),
            mail_from: options.mail_from,
            mail_templates: options.mail_templates,
            tokens: options.tokens.unwrap_or_default(),
            jwt_issuer: options
                .jwt_issuer
                .map(|JwtName(name)| name)
                .or_else(|| options.public_url.as_ref().map(PublicUrl::to_string)),
            jwt_audience: options.jwt_audience.map(|JwtName(name)| name),
            public_url: options.public_url,
            trusted_proxies: options.trusted_proxies.unwrap_or_default(),
            invitations: options.invitations.unwrap_or_default(),
            api_key_scopes: options.api_key_scopes.unwrap_or_default(),
            log_format: options.log_format.unwrap_or_default(),
            policy,
            passwords,
        })
    }
}

/// The database that an administrative command works on.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn database(given: Option<Database>, file: Option<&Path>) -> Result<Database, Failure> {
    Ok(given.or(read_file(file)?.database).unwrap_or_default())
}

/// What a command hashes new passwords with.
///
/// # Errors
///
/// When the file cannot be read, or the settings are too weak or too costly.
pub(crate) fn hasher(given: HashingOptions, file: Option<&Path>) -> Result<Argon2id, Failure> {
    given.or(read_file(file)?.hashing()).hasher()
}

/// What a command judges and hashes new passwords by.
///
/// # Errors
///
/// As [`hasher`].
pub(crate) fn passwords(given: PasswordOptions, file: Option<&Path>) -> Result<Passwords, Failure> {
    given.or(read_file(file)?.passwords()).resolve()
}

/// The options of `serve`, each of which may be left open.
///
/// One table serves the command line, the environment and the file. What other commands take as well
/// is in [`PasswordOptions`], and here for the file alone.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Options {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "TESTUDO_LISTEN", hide_env_values = true, value_name = "ADDRESS")]
    listen: Option<ListenAddress>,
    /// Where records are kept: sqlite:PATH, or memory: to forget them at the end [default:
    /// sqlite:testudo.db]
    #[arg(long, env = "TESTUDO_DATABASE", hide_env_values = true, value_name = "URL")]
    database: Option<Database>,
    /// Where sessions are kept; in this build the same as --database
    #[arg(long, env = "TESTUDO_SESSIONS", hide_env_values = true, value_name = "URL")]
    sessions: Option<Database>,
    /// Where attempts are counted; in this build the same as --database
    #[arg(long, env = "TESTUDO_LIMITS", hide_env_values = true, value_name = "URL")]
    limits: Option<Database>,
    /// Where mail goes: console; dir:PATH for a JSON file a message; or a mail server,
    /// smtps://user:password@host (TLS) or smtp://user:password@host (STARTTLS). A password is better
    /// kept in the variable or the file, as processes are listed with their options [default: console]
    #[arg(long, env = "TESTUDO_MAIL", hide_env_values = true, value_name = "WHERE")]
    mail: Option<Mail>,
    /// Who mail is from, such as "Example <no-reply@example.com>"; a mail server needs it
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
    /// Who may invite others: nobody, or users whose address is verified [default: nobody]
    #[arg(long, env = "TESTUDO_INVITATIONS", hide_env_values = true, value_name = "WHO")]
    invitations: Option<Invitations>,
    /// What API keys may be used for, separated by commas [default: nothing in particular]
    #[arg(long, env = "TESTUDO_API_KEY_SCOPES", hide_env_values = true, value_name = "SCOPES")]
    #[serde(alias = "api-key-scopes")]
    api_key_scopes: Option<Scopes>,
    /// How log lines look: text or json [default: text]
    #[arg(long, env = "TESTUDO_LOG_FORMAT", hide_env_values = true, value_name = "FORMAT")]
    #[serde(alias = "log-format")]
    log_format: Option<LogFormat>,
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
            database: self.database.or(other.database),
            sessions: self.sessions.or(other.sessions),
            limits: self.limits.or(other.limits),
            mail: self.mail.or(other.mail),
            mail_from: self.mail_from.or(other.mail_from),
            mail_templates: self.mail_templates.or(other.mail_templates),
            tokens: self.tokens.or(other.tokens),
            jwt_issuer: self.jwt_issuer.or(other.jwt_issuer),
            jwt_audience: self.jwt_audience.or(other.jwt_audience),
            public_url: self.public_url.or(other.public_url),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            access_lifetime: self.access_lifetime.or(other.access_lifetime),
            refresh_grace: self.refresh_grace.or(other.refresh_grace),
            invitations: self.invitations.or(other.invitations),
            api_key_scopes: self.api_key_scopes.or(other.api_key_scopes),
            context_words: self.context_words.or(other.context_words),
            log_format: self.log_format.or(other.log_format),
            argon2_memory: self.argon2_memory.or(other.argon2_memory),
            argon2_passes: self.argon2_passes.or(other.argon2_passes),
            argon2_lanes: self.argon2_lanes.or(other.argon2_lanes),
        }
    }

    fn passwords(&self) -> PasswordOptions {
        PasswordOptions { hashing: self.hashing(), context_words: self.context_words.clone() }
    }

    fn hashing(&self) -> HashingOptions {
        HashingOptions {
            argon2_memory: self.argon2_memory,
            argon2_passes: self.argon2_passes,
            argon2_lanes: self.argon2_lanes,
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

/// What is mailed must come from somebody, and its links lead to where its readers are.
fn require_for_smtp(options: &Options) -> Result<(), Failure> {
    if !matches!(options.mail, Some(Mail::Smtp(_))) {
        return Ok(());
    }
    if options.mail_from.is_none() {
        return Err(Failure::new("a mail server needs a sender: name one with --mail-from"));
    }
    if options.public_url.is_none() {
        return Err(Failure::new(
            "links in mail would lead to this machine: name the address that users see with --public-url",
        ));
    }
    Ok(())
}

fn same_place(name: &str, url: Option<&Database>, database: &Database) -> Result<(), Failure> {
    match url {
        Some(url) if url != database => Err(Failure::new(format!(
            "this build keeps everything in one database: leave {name} out, or set it to {database}",
        ))),
        _ => Ok(()),
    }
}
