//! Layers that look at a request before anything below them does.

use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use tower::Service;

/// What a layer asks of a request.
pub(crate) trait Check: Clone + Send + Sync + 'static {
    /// Lets the request through, or answers it.
    fn check(&self, parts: &mut Parts) -> impl Future<Output = Result<(), Response>> + Send;
}

/// Makes a layer of a type that is a [`Check`].
macro_rules! layer {
    ($type:ty) => {
        impl<S> tower::Layer<S> for $type {
            type Service = $crate::Checked<S, Self>;

            fn layer(&self, inner: S) -> Self::Service {
                $crate::Checked::new(inner, self.clone())
            }
        }
    };
}

pub(crate) use layer;

/// A service behind one of this crate's layers.
#[derive(Clone, Debug)]
pub struct Checked<S, C> {
    inner: S,
    check: C,
}

impl<S, C> Checked<S, C> {
    pub(crate) const fn new(inner: S, check: C) -> Self {
        Self { inner, check }
    }
}

#[allow(private_bounds, reason = "which checks there are is this crate's to say")]
impl<S, C> Service<Request> for Checked<S, C>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
    C: Check,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready is called, and its clone waits for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let check = self.check.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match check.check(&mut parts).await {
                Ok(()) => {
                    let request = Request::from_parts(parts, body);
                    inner.call(request).await.map(IntoResponse::into_response)
                }
                Err(answer) => Ok(answer),
            }
        })
    }
}
