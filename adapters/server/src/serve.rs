//! `testudo serve`: from a configuration to answers, and to an orderly end.

mod connections;
mod router;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;

use testudo::onboarding::steps::ValidateInvitation;
use testudo_axum::{Cookies, Testudo};
use testudo_driver::{Auth, Fault, Letters};
use testudo_smtp::Encryption;
use testudo_tokio::{EventWorker, HashingPool, MessageWorker, Sweeper};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::{info, warn};
use url::Url;

use crate::audit::AuditLog;
use crate::config::{self, Config, Invitations, ListenAddress, Mail, Pages};
use crate::failure::{Failure, while_doing};
use crate::mail::{self, Post};
use crate::measurements::Measurements;
use crate::secret_file::{self, Origin};
use crate::service_tokens;
use crate::shutdown::Signals;
use crate::store;
use crate::webhooks::Webhooks;

/// How long the last events may take to be delivered. What is not, is after the next start.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How often records that are over are removed.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Serves until it is told to stop.
///
/// # Errors
///
/// When it cannot begin; the message says what to do.
pub(crate) async fn serve(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(while_doing("cannot listen for signals"))?;
    let ListenAddress(address) = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!("cannot listen on {address} ({error}): choose another with --listen"))
    })?;
    secret_file::require(&config.stores)?;
    let measurements = Measurements::begin()?;
    let store = store::open(&config.stores).await?;
    let (keys, origin) = secret_file::load(&config.stores)?;
    let built = config::build(&config.rules, keys)?;
    let hashing = HashingPool::new(built.hashers);
    let auth = Arc::new(Auth::new(store.shared(), hashing, built.settings).shared());
    let testudo = Testudo::from(Arc::clone(&auth))
        .publishing(built.published_keys)
        .services(service_tokens::load()?)
        .users_invite(config.invitations == Invitations::Users)
        .trusted_proxies(config.trusted_proxies);
    let post = Post::open(&config.mail, config.mail_from.as_ref())?;
    let letters = letters(&config, &listener)?;
    let pages = pages(&config, &listener)?;
    let webhooks = Webhooks::begin(&config, &store.shared()).await?;
    announce(&config, &listener, &origin)?;

    let worker = EventWorker::new(store.shared(), "log", AuditLog);
    let messages = MessageWorker::new(Arc::clone(&auth), letters, post);
    let sweeper = Sweeper::new(auth, SWEEP_EVERY);
    let router = router::router(testudo, pages, measurements.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let mut delivery = pin!(messages.run_until(stopped.map(drop)));
    tokio::select! {
        () = measurements.run() => {}
        () = worker.run() => {}
        () = webhooks.run() => {}
        () = &mut delivery => {}
        () = sweeper.run() => {}
        () = connections::serve(listener, router, &mut signals) => {}
    }
    drop(stop);
    let last_messages = async {
        // What is on its way arrives first.
        delivery.await;
        messages.drain().await
    };
    // At once: a delivery that waits for the others would lose its lease.
    tokio::join!(
        drain("events", worker.drain()),
        drain("webhooks", webhooks.drain()),
        drain("messages", last_messages),
    );
    store.close().await;
    info!("stopped");
    Ok(())
}

/// Delivers what is left, in a bounded time.
async fn drain(what: &str, deliver: impl Future<Output = Result<(), Fault>>) {
    match timeout(DRAIN_TIMEOUT, deliver).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => warn!(%fault, "the last {what} will be delivered after the next start"),
        Err(_) => warn!("the last {what} will be delivered after the next start"),
    }
}

/// Letters in the words that are asked for.
fn letters(config: &Config, listener: &TcpListener) -> Result<Letters, Failure> {
    let letters = Letters::new(base(config, listener)?);
    let Some(directory) = &config.mail_templates else { return Ok(letters) };
    let letters = letters.with_templates(mail::read_templates(directory)?);
    letters.map_err(while_doing(format!("templates in {}", directory.display())))
}

/// Where the pages are in the eyes of browsers, and what they keep tokens in, if there are pages.
fn pages(config: &Config, listener: &TcpListener) -> Result<Option<(String, Cookies)>, Failure> {
    if config.pages == Pages::Off {
        return Ok(None);
    }
    let base = base(config, listener)?;
    let url = Url::parse(&base).map_err(while_doing("cannot read the public URL"))?;
    let cookies = Cookies::for_origin(&url.origin().ascii_serialization());
    let cookies = cookies.map_err(while_doing("cannot read the public URL"))?;
    if config.public_url.is_some() {
        return Ok(Some((url.path().to_owned(), cookies)));
    }
    // Who tries it out on this machine may call it by its name.
    let address = listener.local_addr().map_err(while_doing("cannot tell the own address"))?;
    let by_name = cookies.and_origin(&format!("http://localhost:{}", address.port()));
    let cookies = by_name.map_err(while_doing("cannot tell the own address"))?;
    Ok(Some((String::new(), cookies)))
}

/// Links lead to the public URL, or else to where this server listens.
fn base(config: &Config, listener: &TcpListener) -> Result<String, Failure> {
    if let Some(url) = &config.public_url {
        return Ok(url.to_string());
    }
    let address = listener.local_addr().map_err(while_doing("cannot tell the own address"))?;
    let host = if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    Ok(format!("http://{host}"))
}

fn announce(config: &Config, listener: &TcpListener, origin: &Origin) -> Result<(), Failure> {
    let address = listener.local_addr().map_err(while_doing("cannot tell the own address"))?;
    let version = env!("CARGO_PKG_VERSION");
    let database = config.stores.main();
    info!(version, %address, %database, secret = %origin, "listening on http://{address}");
    for (part, database) in config.stores.elsewhere() {
        info!(%database, "{part} are kept in a database of their own");
    }
    if let Some(url) = &config.public_url {
        info!(%url, "users reach this server under its public URL");
    }
    if *origin == Origin::Temporary {
        warn!("without TESTUDO_SECRET all sessions end with this process");
    }
    if config.rules.passwords.context_words.is_empty() {
        info!("name your service in --context-words, so that no password is just that");
    }
    if config.mail == Mail::Console {
        warn!("mail is printed to standard output, with its links: name another --mail");
    }
    if let Mail::Smtp(server) = &config.mail {
        info!(%server, "mail goes to a mail server");
        if server.encryption() == Encryption::None && !server.is_loopback() {
            warn!("mail goes over the network in the clear, with its links: leave out ?tls=none");
        }
    }
    let sign_up = &config.rules.onboarding.sign_up;
    let is_for_guests = sign_up.iter().any(|step| step == ValidateInvitation::NAME);
    if is_for_guests && config.invitations == Invitations::Nobody {
        warn!(
            "nobody can sign up: it takes an invitation, and nobody may invite without --invitations users"
        );
    }
    if config.public_url.is_none() {
        info!("links in mail lead to this machine: name your --public-url");
    }
    Ok(())
}
