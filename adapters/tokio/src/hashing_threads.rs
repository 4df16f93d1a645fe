//! The threads that hash, giving way to all others.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What a thread is to do.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// So many threads, begun when they are first needed. They end when this is dropped and all that was
/// asked of them is done.
pub(crate) struct HashingThreads {
    most: usize,
    begun: Mutex<usize>,
    jobs: Sender<Job>,
    queue: Arc<Mutex<Receiver<Job>>>,
}

impl HashingThreads {
    pub(crate) fn new(most: usize) -> Self {
        let (jobs, queue) = channel();
        Self { most, begun: Mutex::new(0), jobs, queue: Arc::new(Mutex::new(queue)) }
    }

    /// Has a job done. A job that panics is dropped, and its thread goes on with the next.
    ///
    /// # Errors
    ///
    /// When the operating system gives us no thread at all.
    pub(crate) fn run(&self, job: Job) -> io::Result<()> {
        self.begin_another()?;
        self.jobs.send(job).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn begin_another(&self) -> io::Result<()> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if *begun == self.most {
            return Ok(());
        }
        let queue = Arc::clone(&self.queue);
        match thread::Builder::new().name("hashing".to_owned()).spawn(move || work(&queue)) {
            Ok(_) => *begun = begun.saturating_add(1),
            Err(error) if *begun == 0 => return Err(error),
            // Those there are will do it, and the next job tries again.
            Err(error) => tracing::warn!(%error, "cannot begin a thread for hashing"),
        }
        Ok(())
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    give_way();
    // One waits for a job and the others for their turn to wait.
    while let Ok(job) = next(queue) {
        // The panic hook has told what happened, and whoever asked sees that there is no answer.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

fn next(queue: &Mutex<Receiver<Job>>) -> Result<Job, RecvError> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv()
}

/// Lets every other thread go first. Hashing takes all cores that nobody needs; a request that needs
/// one for some microseconds must not wait until the scheduler takes it from a hash.
///
/// On Linux niceness is a thread's own. Elsewhere it is the whole process's, and nothing is done.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "hashing runs at the priority of everything else");
    }
}

/// A tenth of a share beside a thread that is busy, too, so that hashing goes on whatever comes.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
