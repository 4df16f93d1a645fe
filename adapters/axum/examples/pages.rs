//! Pages for browsers, without a line of JavaScript: who is not signed in is sent to sign in, and back.
//!
//! ```console
//! cargo run --package testudo-axum --example pages
//! ```
//!
//! Then open <http://localhost:8080/account>: ada@example.com, correct horse battery.

use std::error::Error;
use std::net::SocketAddr;

use axum::extract::{Form, Query, State};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use serde::Deserialize;
use testudo::flow::{Login, RegisterUser};
use testudo::password::{HasherChain, Password};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_axum::{
    AccessToken, Cookies, CurrentUser, OwnPage, Problem, RequestClient, Testudo, renew,
    require_auth, safe_next,
};
use testudo_driver::Auth;
use testudo_memory::MemoryStore;
use testudo_tokio::HashingPool;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
    let settings = Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?;
    let hashing = HashingPool::new(HasherChain::standard());
    let auth = Auth::new(MemoryStore::new(), hashing, settings);
    let ada = RegisterUser::new("ada@example.com", "correct horse battery".into());
    auth.register_user(ada, &Client::unknown()).await?;

    let cookies = Cookies::for_origin("http://localhost:8080")?;
    let testudo = Testudo::new(auth).with_cookies(cookies);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let app = app(testudo).into_make_service_with_connect_info::<SocketAddr>();
    serve(listener, app).await?;
    Ok(())
}

fn app(testudo: Testudo) -> Router {
    let for_users = Router::new()
        .route("/account", get(account))
        .route_layer(require_auth(&testudo).or_redirect("/signin"));
    Router::new()
        .merge(for_users)
        .route("/signin", get(form).post(sign_in))
        .route("/signout", post(sign_out))
        .layer(from_fn_with_state(testudo.clone(), renew))
        .with_state(testudo)
}

async fn account(CurrentUser(user): CurrentUser) -> Html<String> {
    // An address may hold what HTML takes for a mark. Templates escape it by themselves.
    let email = user.email.as_str().replace('&', "&amp;").replace('<', "&lt;");
    page(&format!(
        "<p>{email}</p><form method=post action=/signout><button>Sign out</button></form>"
    ))
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

async fn form(Query(Next { next }): Query<Next>) -> Html<String> {
    // In its normal form it has none of the characters that would end the attribute.
    let next = next.and_then(|next| safe_next(&next)).unwrap_or_else(|| "/account".into());
    page(&format!(
        "<form method=post><input type=hidden name=next value=\"{next}\">\
         <p><label>Address <input name=email type=email autocomplete=username required></label>\
         <p><label>Password <input name=password type=password autocomplete=current-password required></label>\
         <p><button>Sign in</button></form>"
    ))
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
    next: Option<String>,
}

async fn sign_in(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    own_page: OwnPage,
    Form(SignIn { email, password, next }): Form<SignIn>,
) -> Result<Response, Problem> {
    let login = Login::new(email, Password::new(password));
    // Nothing is owed here: nobody enrols a second factor. The feature `pages` has pages that show all steps.
    let sign_in = testudo.auth().login(login, &client).await;
    let Some(signed_in) = sign_in.ok().and_then(|sign_in| sign_in.signed_in().ok()) else {
        return Ok(
            page("<p role=alert>That did not work. <a href=/signin>Try again</a>").into_response()
        );
    };
    if let Some(replaced) = own_page.replaced {
        let _ = testudo.auth().logout(replaced.expose(), &client).await;
    }
    let next = next.and_then(|next| safe_next(&next)).unwrap_or_else(|| "/account".into());
    let mut response = Redirect::to(&next).into_response();
    testudo.set_cookies(&mut response, &signed_in)?;
    Ok(response)
}

async fn sign_out(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    AccessToken(token): AccessToken,
) -> Result<Response, Problem> {
    let _ = testudo.auth().logout(token.expose(), &client).await;
    let mut response = Redirect::to("/signin").into_response();
    testudo.clear_cookies(&mut response)?;
    Ok(response)
}

fn page(body: &str) -> Html<String> {
    let head = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
                <meta name=color-scheme content='light dark'><title>Example</title>";
    Html(format!("{head}<main>{body}</main>"))
}
