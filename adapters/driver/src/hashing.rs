//! Where passwords are hashed.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use testudo::command::{HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::password::{HashError, HasherChain, PasswordHash, WorkBuffer};

use crate::{Fault, FaultKind};

/// Runs a [`HasherChain`] somewhere. It decides nothing: what comes out is the chain's answer, or a
/// fault.
///
/// A hash takes a tenth of a second and 64 MiB. An implementation keeps that off the threads that
/// serve requests, bounds how many run at once, and answers [`FaultKind::Overloaded`] rather than
/// queueing without end (ASVS 5.0 15.2.2). `testudo-tokio` has one.
pub trait Hashing: Send + Sync {
    /// Carries out [`VerifyPassword`] by [`HasherChain::verify`].
    fn verify_password(
        &self,
        command: VerifyPassword,
    ) -> impl Future<Output = Result<PasswordVerdict, Fault>> + Send;

    /// Carries out [`HashPassword`] by [`HasherChain::hash`].
    fn hash_password(
        &self,
        command: HashPassword,
    ) -> impl Future<Output = Result<Result<PasswordHash, Unhashable>, Fault>> + Send;
}

/// Hashes right where it is called, one at a time: for command-line tools and tests.
///
/// It blocks its thread meanwhile. A server wants a pool.
#[derive(Debug)]
pub struct InlineHashing {
    chain: HasherChain,
    work: Mutex<WorkBuffer>,
}

impl InlineHashing {
    /// Hashes with this chain.
    #[must_use]
    pub fn new(chain: HasherChain) -> Self {
        Self { chain, work: Mutex::new(WorkBuffer::new()) }
    }
}

impl Hashing for InlineHashing {
    async fn verify_password(&self, command: VerifyPassword) -> Result<PasswordVerdict, Fault> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.chain.verify(&command, &mut work)?)
    }

    async fn hash_password(
        &self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Fault> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.chain.hash(&command, &mut work)?)
    }
}

impl From<HashError> for Fault {
    fn from(error: HashError) -> Self {
        Self::new(FaultKind::Internal, error)
    }
}
