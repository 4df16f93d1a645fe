//! The library on a runtime other than tokio: smol, with its pool of blocking threads for hashing.
//!
//! ```console
//! cargo run --release -p testudo-driver --example smol
//! ```

use std::error::Error;
use std::sync::Arc;

use testudo::command::{HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::flow::{Login, RegisterUser};
use testudo::password::{HasherChain, PasswordHash, WorkBuffer};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, Fault, FaultKind, Hashing};
use testudo_memory::MemoryStore;

/// Two hashes at once, each with a buffer of its own; whoever comes next waits for a buffer.
struct SmolHashing {
    chain: Arc<HasherChain>,
    returned: smol::channel::Sender<WorkBuffer>,
    free: smol::channel::Receiver<WorkBuffer>,
}

impl SmolHashing {
    fn new(chain: HasherChain) -> Result<Self, Box<dyn Error>> {
        let (returned, free) = smol::channel::bounded(2);
        returned.try_send(WorkBuffer::new())?;
        returned.try_send(WorkBuffer::new())?;
        Ok(Self { chain: Arc::new(chain), returned, free })
    }

    /// Runs a hash on a blocking thread, which gives the buffer back also when nobody waits for the
    /// result any more.
    async fn run<R: Send + 'static>(
        &self,
        hash: impl FnOnce(&HasherChain, &mut WorkBuffer) -> R + Send + 'static,
    ) -> Result<R, Fault> {
        let gone = |error| Fault::new(FaultKind::Internal, error);
        let mut work = self.free.recv().await.map_err(gone)?;
        let (chain, returned) = (Arc::clone(&self.chain), self.returned.clone());
        let hashed = smol::unblock(move || {
            let result = hash(&chain, &mut work);
            let _ = returned.try_send(work);
            result
        });
        Ok(hashed.await)
    }
}

impl Hashing for SmolHashing {
    async fn verify_password(&self, command: VerifyPassword) -> Result<PasswordVerdict, Fault> {
        Ok(self.run(move |chain, work| chain.verify(&command, work)).await??)
    }

    async fn hash_password(
        &self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Fault> {
        Ok(self.run(move |chain, work| chain.hash(&command, work)).await??)
    }
}

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let keys = KeyRing::parse("an-example-only-3f9Qk2xVb7Lw8Zr5Tn1Y")?;
        let settings = Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?;
        let hashing = SmolHashing::new(HasherChain::standard())?;
        let auth = Auth::new(MemoryStore::new(), hashing, settings);
        let here = Client::unknown();

        let password = "correct horse";
        auth.register_user(RegisterUser::new("ada@example.com", password.into()), &here).await?;
        let mut tokens = auth
            .login(Login::new("ada@example.com", password.into()), &here)
            .await?
            .signed_in()?
            .tokens;
        for _ in 0..3 {
            tokens = auth.refresh(tokens.refresh.expose(), &here).await?.tokens;
        }
        let (session, user) = auth.authenticate_user(tokens.access.expose()).await?;
        println!(
            "{} is signed in; the session was refreshed {} times",
            user.email, session.generation
        );

        auth.logout_all(tokens.access.expose(), &here).await?;
        let refusal = auth.authenticate(tokens.access.expose()).await.err();
        println!("after signing out everywhere: {}", refusal.ok_or("still signed in")?);
        Ok(())
    })
}
