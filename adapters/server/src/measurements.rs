//! Metrics, for whoever scrapes them.

use std::time::Duration;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::failure::{Failure, while_doing};

/// From a keyed read of SQLite to a request that is given up, in seconds.
const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 2.5, 30.0];

/// Everything that was measured since the start.
#[derive(Clone, Debug)]
pub(crate) struct Measurements(PrometheusHandle);

impl Measurements {
    const TIDY_EVERY: Duration = Duration::from_secs(5);

    /// Begins to measure.
    ///
    /// # Errors
    ///
    /// When somebody measures already.
    pub(crate) fn begin() -> Result<Self, Failure> {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS);
        let builder = builder.map_err(while_doing("cannot measure"))?;
        builder.install_recorder().map(Self).map_err(while_doing("cannot measure"))
    }

    /// Keeps what was measured small, until the future is dropped.
    pub(crate) async fn run(&self) {
        loop {
            tokio::time::sleep(Self::TIDY_EVERY).await;
            self.0.run_upkeep();
        }
    }

    /// `GET /metrics`, in the text format of Prometheus.
    pub(crate) fn answer(&self) -> Response {
        let text = "text/plain; version=0.0.4; charset=utf-8";
        ([(header::CONTENT_TYPE, text)], self.0.render()).into_response()
    }
}
