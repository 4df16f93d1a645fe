//! One type for every hasher, as [`SharedStore`](crate::SharedStore) is one for every store.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use testudo::command::{HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::password::PasswordHash;

use crate::{Fault, Hashing};

/// Any [`Hashing`], behind a pointer that is cheap to clone. Each hash costs one allocation more.
#[derive(Clone)]
pub struct SharedHashing(Arc<dyn DynHashing>);

impl SharedHashing {
    /// Wraps a hasher.
    pub fn new(hashing: impl Hashing + 'static) -> Self {
        Self(Arc::new(hashing))
    }
}

impl Hashing for SharedHashing {
    async fn verify_password(&self, command: VerifyPassword) -> Result<PasswordVerdict, Fault> {
        self.0.verify_password(command).await
    }

    async fn hash_password(
        &self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Fault> {
        self.0.hash_password(command).await
    }
}

impl fmt::Debug for SharedHashing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SharedHashing")
    }
}

/// The object-safe twin of [`Hashing`].
trait DynHashing: Send + Sync {
    fn verify_password(
        &self,
        command: VerifyPassword,
    ) -> BoxFuture<'_, Result<PasswordVerdict, Fault>>;

    fn hash_password(
        &self,
        command: HashPassword,
    ) -> BoxFuture<'_, Result<Result<PasswordHash, Unhashable>, Fault>>;
}

impl<H: Hashing> DynHashing for H {
    fn verify_password(
        &self,
        command: VerifyPassword,
    ) -> BoxFuture<'_, Result<PasswordVerdict, Fault>> {
        Box::pin(Hashing::verify_password(self, command))
    }

    fn hash_password(
        &self,
        command: HashPassword,
    ) -> BoxFuture<'_, Result<Result<PasswordHash, Unhashable>, Fault>> {
        Box::pin(Hashing::hash_password(self, command))
    }
}
