//! What the administrative commands work with: the records, and the flows over them.

use testudo::command::UserKey;
use testudo::flow::SessionPage;
use testudo::model::{Email, Session, User};
use testudo::{Client, Config, KeyRing, Refusal};
use testudo_driver::{Admin, Auth, AuthError, InlineHashing, SharedStore};

use crate::cli::Source;
use crate::config::{self, Database, PasswordOptions, Stores};
use crate::failure::{Failure, while_doing};
use crate::secret_file;
use crate::store::{self, Opened};

/// Where an administrative command works: known before anything is asked for or opened.
pub(super) struct Place {
    stores: Stores,
    rules: Config,
    keys: KeyRing,
}

impl Place {
    /// The database that is named, with the settings for new passwords. It must be there: who looks for something in
    /// one that was just made finds nothing, and leaves an empty file behind.
    pub(super) fn of(source: Source, passwords: PasswordOptions) -> Result<Self, Failure> {
        let place = Self::there_or_made(source, passwords)?;
        for database in place.stores.all() {
            if matches!(database, Database::Sqlite(path) if !path.exists()) {
                return Err(Failure::new(format!(
                    "there is no database {database}: name another with --database, or make this one with \
                     `testudo serve` or `testudo user create`",
                )));
            }
        }
        Ok(place)
    }

    /// The same where it is made if it is not there: for what begins with accounts.
    pub(super) fn there_or_made(
        source: Source,
        passwords: PasswordOptions,
    ) -> Result<Self, Failure> {
        let file = source.file.config.as_deref();
        let rules = config::rules(passwords, file)?;
        let stores = config::stores(source.places, file)?;
        if stores.forget() {
            return Err(Failure::new(
                "memory: forgets everything when this command ends: name a database that keeps it",
            ));
        }
        Ok(Self { stores, rules, keys: passing_keys()? })
    }

    /// The same with the keys of the server: for what tells somebody something by mail, which the server
    /// is to open and send.
    pub(super) fn with_the_servers_keys(self) -> Result<Self, Failure> {
        let (keys, _) = secret_file::load(&self.stores)?;
        Ok(Self { keys, ..self })
    }

    /// Does some work in the office, and leaves the database tidy however that went.
    pub(super) async fn work<T>(
        self,
        work: impl AsyncFnOnce(&Office) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let store = store::open(&self.stores).await?;
        let done = match Office::new(&store, &self.rules, self.keys) {
            Ok(office) => work(&office).await,
            Err(failure) => Err(failure),
        };
        store.close().await;
        done
    }
}

/// Opens the database that is named and does some work there, which hashes no passwords.
pub(super) async fn work_at<T>(
    source: Source,
    work: impl AsyncFnOnce(&Office) -> Result<T, Failure>,
) -> Result<T, Failure> {
    Place::of(source, PasswordOptions::default())?.work(work).await
}

/// The flows over an open store.
pub(super) struct Office {
    auth: Auth<SharedStore, InlineHashing>,
}

impl Office {
    fn new(store: &Opened, rules: &Config, keys: KeyRing) -> Result<Self, Failure> {
        let built = config::build(rules, keys)?;
        let hashing = InlineHashing::new(built.hashers);
        Ok(Self { auth: Auth::new(store.shared(), hashing, built.settings) })
    }

    pub(super) const fn auth(&self) -> &Auth<SharedStore, InlineHashing> {
        &self.auth
    }

    pub(super) const fn admin(&self) -> Admin<'_, SharedStore, InlineHashing> {
        self.auth.admin()
    }

    /// The account that somebody named.
    pub(super) async fn find(&self, whose: &str) -> Result<User, Failure> {
        let found = self.admin().find_user(key(whose)?).await;
        found.map_err(|error| explain(error, whose))
    }

    /// Goes through the live sessions of an account, a page at a time, newest first.
    pub(super) async fn each_session(
        &self,
        user: &User,
        mut on_page: impl FnMut(&[Session]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut page = SessionPage::default();
        loop {
            let found = self.admin().user_sessions(UserKey::Id(user.id), page).await;
            let found = found.map_err(|error| explain(error, user.email.as_str()))?;
            on_page(&found)?;
            page.before = found.last().map(|session| session.id);
            if !usize::try_from(page.limit).is_ok_and(|limit| found.len() >= limit) {
                return Ok(());
            }
        }
    }

    /// How many live sessions an account has.
    pub(super) async fn count_sessions(&self, user: &User) -> Result<usize, Failure> {
        let mut count: usize = 0;
        let add = |page: &[Session]| {
            count = count.saturating_add(page.len());
            Ok(())
        };
        self.each_session(user, add).await?;
        Ok(count)
    }
}

/// Who administers is at the machine itself.
pub(super) const HERE: Client = Client::unknown();

/// An account by its address or its id.
pub(super) fn key(whose: &str) -> Result<UserKey, Failure> {
    if let Ok(id) = whose.parse() {
        return Ok(UserKey::Id(id));
    }
    let email: Email = whose.parse().map_err(|_| unknown(whose))?;
    Ok(UserKey::Email(email.key().clone()))
}

/// Says why something was not done with an account.
pub(super) fn explain(error: AuthError, whose: &str) -> Failure {
    match error {
        AuthError::Refused(Refusal::NotFound) => unknown(whose),
        AuthError::Refused(Refusal::EmailTaken) => {
            Failure::new(format!("an account for {whose} exists already; choose another address"))
        }
        AuthError::Refused(Refusal::Invalid(errors)) => {
            let wrong: Vec<_> =
                errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
            Failure::new(wrong.join("; "))
        }
        other => while_doing("nothing was done")(other),
    }
}

fn unknown(whose: &str) -> Failure {
    Failure::new(format!("no account for {whose}: `testudo user list` shows which there are"))
}

/// Most of what is administered signs and seals nothing, so it needs no key that lasts.
fn passing_keys() -> Result<KeyRing, Failure> {
    KeyRing::parse(&secret_file::random()?).map_err(while_doing("cannot make a key"))
}
