//! The system that accounts come from.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use testudo::command::{ConsultLegacy, LegacyVerdict};

use crate::{Fault, FaultKind};

/// Answers for the system that accounts come from, where passwords of some of them still live.
///
/// It is asked if [`Policy::consult_legacy`](testudo::Policy::consult_legacy) is on, and only for
/// accounts marked with [`PasswordHash::legacy`](testudo::password::PasswordHash::legacy). What an
/// answer must mean stands with [`ConsultLegacy`]. Bound the time that it takes: the sign-in waits.
///
/// ```
/// use testudo::command::{ConsultLegacy, LegacyVerdict};
/// use testudo_driver::{Fault, FaultKind, Legacy};
///
/// /// The shop's old sign-in page, asked over HTTP.
/// struct OldShop;
///
/// impl Legacy for OldShop {
///     async fn consult(&self, question: ConsultLegacy) -> Result<LegacyVerdict, Fault> {
///         # async fn post(_: &str, _: &str) -> std::io::Result<u16> { Ok(200) }
///         let (email, password) = (question.email.as_str(), question.password.expose());
///         match post(email, password).await {
///             Ok(200) => Ok(LegacyVerdict::Right),
///             Ok(401) => Ok(LegacyVerdict::Wrong),
///             Ok(other) => Err(Fault::new(FaultKind::Unavailable, format!("status {other}"))),
///             Err(error) => Err(Fault::new(FaultKind::Unavailable, error)),
///         }
///     }
/// }
/// ```
pub trait Legacy: Send + Sync {
    /// Carries out [`ConsultLegacy`].
    fn consult(
        &self,
        command: ConsultLegacy,
    ) -> impl Future<Output = Result<LegacyVerdict, Fault>> + Send;
}

/// There is no old system: to be asked is a fault.
#[derive(Clone, Copy, Debug)]
pub struct NoLegacy;

impl Legacy for NoLegacy {
    async fn consult(&self, _: ConsultLegacy) -> Result<LegacyVerdict, Fault> {
        let why = "the policy says consult_legacy, and there is no Legacy to consult";
        Err(Fault::new(FaultKind::Internal, why))
    }
}

/// Any [`Legacy`], behind a pointer that is cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedLegacy(Arc<dyn DynLegacy>);

impl SharedLegacy {
    pub(crate) fn new(legacy: impl Legacy + 'static) -> Self {
        Self(Arc::new(legacy))
    }
}

impl Legacy for SharedLegacy {
    fn consult(
        &self,
        command: ConsultLegacy,
    ) -> impl Future<Output = Result<LegacyVerdict, Fault>> + Send {
        self.0.consult_boxed(command)
    }
}

/// The object-safe twin of [`Legacy`].
trait DynLegacy: Send + Sync {
    fn consult_boxed(&self, command: ConsultLegacy) -> BoxFuture<'_, Result<LegacyVerdict, Fault>>;
}

impl<L: Legacy> DynLegacy for L {
    fn consult_boxed(&self, command: ConsultLegacy) -> BoxFuture<'_, Result<LegacyVerdict, Fault>> {
        Box::pin(self.consult(command))
    }
}
