//! The application, and what its own onboarding steps ask it.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;
use testudo::command::Consult;

use crate::{Fault, FaultKind};

/// Answers what an application's own onboarding steps ask.
///
/// [`Answers`](crate::Answers) is one made of typed functions, and what most applications need. What an answer
/// must mean stands with [`Consult`]. Bound the time that it takes: whoever registers waits.
pub trait Application: Send + Sync {
    /// Carries out [`Consult`].
    fn consult(&self, command: Consult) -> impl Future<Output = Result<Value, Fault>> + Send;
}

/// There is nothing to ask: to be asked is a fault.
#[derive(Clone, Copy, Debug)]
pub struct NoApplication;

impl Application for NoApplication {
    async fn consult(&self, command: Consult) -> Result<Value, Fault> {
        let name = command.name;
        let why = format!("a step asks `{name}`, and there is no Application to answer");
        Err(Fault::new(FaultKind::Internal, why))
    }
}

/// Any [`Application`], behind a pointer that is cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedApplication(Arc<dyn DynApplication>);

impl SharedApplication {
    pub(crate) fn new(application: impl Application + 'static) -> Self {
        Self(Arc::new(application))
    }
}

impl Application for SharedApplication {
    fn consult(&self, command: Consult) -> impl Future<Output = Result<Value, Fault>> + Send {
        self.0.consult_boxed(command)
    }
}

/// The object-safe twin of [`Application`].
trait DynApplication: Send + Sync {
    fn consult_boxed(&self, command: Consult) -> BoxFuture<'_, Result<Value, Fault>>;
}

impl<A: Application> DynApplication for A {
    fn consult_boxed(&self, command: Consult) -> BoxFuture<'_, Result<Value, Fault>> {
        Box::pin(self.consult(command))
    }
}
