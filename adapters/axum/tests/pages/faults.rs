//! When the world does not answer.

use axum::Router;
use testudo::command::{HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::password::PasswordHash;
use testudo::{KeyRing, Policy, Settings};
use testudo_axum::{Cookies, Testudo};
use testudo_driver::{Auth, Fault, FaultKind, Hashing};
use testudo_memory::MemoryStore;

use crate::browser::{Browser, ORIGIN};
use crate::site::{EMAIL, PASSWORD, sign_in};

/// Has too much to do.
struct Overloaded;

impl Hashing for Overloaded {
    async fn verify_password(&self, _: VerifyPassword) -> Result<PasswordVerdict, Fault> {
        Err(Fault::new(FaultKind::Overloaded, "the cause, which is nobody's business"))
    }

    async fn hash_password(
        &self,
        _: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Fault> {
        Err(Fault::new(FaultKind::Internal, "the cause, which is nobody's business"))
    }
}

#[tokio::test]
async fn a_fault_is_a_page_that_says_when_to_try_again_and_not_why() {
    let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let testudo = Testudo::new(Auth::new(MemoryStore::new(), Overloaded, settings));
    let app: Router = testudo.pages(Cookies::for_origin(ORIGIN).unwrap());
    let mut browser = Browser::new(&app);
    let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
    assert_eq!((page.status, page.heading().as_str()), (503, "Not available"));
    assert_eq!(page.header("retry-after"), Some("1"));
    assert!(!page.body.contains("nobody's business") && !page.body.contains("&#x27;s business"));

    let page = browser.fill("/signup", "/signup", &[("email", EMAIL)]).await;
    let page = browser.follow(page).await;
    let fill = [("password", PASSWORD), ("password_confirm", PASSWORD)];
    let page = browser.submit(&page, "/signup", &fill).await;
    assert_eq!((page.status, page.header("retry-after")), (503, Some("5")));
    assert_eq!(browser.get("/signup").await.heading(), "Create your account", "nothing is lost");
}
