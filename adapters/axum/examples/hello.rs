//! A route for users only. `cargo run -p testudo-axum --example hello`, then:
//!
//! ```console
//! $ curl -s localhost:3000/auth/login --json '{"email": "ada@example.com", "password": "correct horse battery"}'
//! $ curl -s localhost:3000/hello -H "Authorization: Bearer tda_…"
//! ```

use std::net::SocketAddr;

use axum::{Router, routing::get};
use testudo::{Client, KeyRing, Policy, Settings, flow::RegisterUser, password::HasherChain};
use testudo_axum::{CurrentUser, Testudo};
use testudo_driver::Auth;
use testudo_memory::MemoryStore;
use testudo_tokio::HashingPool;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
    let settings = Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?;
    let hashing = HashingPool::new(HasherChain::standard());
    let auth = Auth::new(MemoryStore::new(), hashing, settings);
    let ada = RegisterUser::new("ada@example.com", "correct horse battery".into());
    auth.register_user(ada, &Client::unknown()).await?;

    let testudo = Testudo::new(auth);
    let app = Router::new()
        .route(
            "/hello",
            get(async |CurrentUser(user): CurrentUser| format!("Hello, {}", user.email)),
        )
        .nest("/auth", testudo.routes())
        .with_state(testudo);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
