//! The hashing pool: so many hashes at once, so many waiting, and no more.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use testudo::command::{HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::password::{HasherChain, PasswordHash, WorkBuffer};
use testudo_driver::{Fault, FaultKind, Hashing};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::hashing_threads::HashingThreads;

/// Hashes passwords on threads of its own.
///
/// At most `permits` hashes run at once, each in a work buffer that is kept, wiped and used again, so
/// that memory stays within `permits` × 64 MiB whatever comes in. At most `queue` more wait; beyond
/// that the answer is [`Overloaded`] at once. A caller who goes away leaves the queue, and a hash
/// that has begun keeps its permit until it ends.
///
/// On Linux the threads give way to all others, so that a flood of logins on every core keeps no other
/// request waiting.
#[derive(Clone)]
pub struct HashingPool(Arc<Pool>);

struct Pool {
    chain: HasherChain,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    buffers: Mutex<Vec<WorkBuffer>>,
    threads: HashingThreads,
}

/// The hashing queue is full. Nothing was begun; try again in a second or so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password hashing queue is full")]
pub struct Overloaded;

impl HashingPool {
    /// Waiting places for each permit, by default: at a tenth of a second a hash, the last in the
    /// queue waits some seconds, which is as long as a person does.
    pub const DEFAULT_QUEUE_PER_PERMIT: usize = 32;

    /// A pool with a permit for each core.
    #[must_use]
    pub fn new(chain: HasherChain) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let queue = cores.get().saturating_mul(Self::DEFAULT_QUEUE_PER_PERMIT);
        Self::with_bounds(chain, cores, queue)
    }

    /// A pool with these bounds.
    #[must_use]
    pub fn with_bounds(chain: HasherChain, permits: NonZeroUsize, queue: usize) -> Self {
        let permits = permits.get().min(Semaphore::MAX_PERMITS);
        let admitted = permits.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Pool {
            chain,
            running: Arc::new(Semaphore::new(permits)),
            admitted: Arc::new(Semaphore::new(admitted)),
            buffers: Mutex::new(Vec::new()),
            threads: HashingThreads::new(permits),
        }))
    }

    async fn run<R: Send + 'static>(
        &self,
        hash: impl FnOnce(&HasherChain, &mut WorkBuffer) -> R + Send + 'static,
    ) -> Result<R, Fault> {
        let closed = |error| Fault::new(FaultKind::Internal, error);
        let place = Arc::clone(&self.0.admitted)
            .try_acquire_owned()
            .map_err(|_| Fault::new(FaultKind::Overloaded, Overloaded))?;
        let permit = Arc::clone(&self.0.running).acquire_owned().await.map_err(closed)?;
        let (reply, hashed) = oneshot::channel();
        let pool = Arc::clone(&self.0);
        let job = move || {
            // Dropped last to first, also when the hash panics: who has the answer finds a permit free.
            let (reply, mut work) = (reply, Loan::new(&pool, (place, permit)));
            let result = hash(&pool.chain, &mut work.buffer);
            drop(work);
            // The caller may have left.
            let _ = reply.send(result);
        };
        let internal = |error| Fault::new(FaultKind::Internal, error);
        self.0.threads.run(Box::new(job)).map_err(internal)?;
        hashed.await.map_err(|_| Fault::new(FaultKind::Internal, "a hasher panicked"))
    }
}

impl Hashing for HashingPool {
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

impl fmt::Debug for HashingPool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.0.running.available_permits();
        write!(out, "HashingPool({:?}, {free} free)", self.0.chain)
    }
}

/// A work buffer on loan. It goes back to the pool before the permit does, also when a hash panics,
/// so that there are never more buffers than permits.
struct Loan<'a> {
    buffer: WorkBuffer,
    pool: &'a Pool,
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl<'a> Loan<'a> {
    fn new(pool: &'a Pool, permits: (OwnedSemaphorePermit, OwnedSemaphorePermit)) -> Self {
        let kept = pool.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { buffer: kept.unwrap_or_default(), pool, _permits: permits }
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.pool.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
