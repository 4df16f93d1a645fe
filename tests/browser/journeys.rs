//! What many stories have in common.

use crate::authenticator::Authenticator;
use crate::browser::{Browser, Role, scan};
use crate::place::Place;

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

impl Browser {
    /// Signs up as far as the code that comes by mail.
    pub(crate) async fn begin_sign_up(&self, place: &Place, email: &str, password: &str) {
        self.open(&place.url("/")).await;
        self.follow("Create an account").await;
        self.fill("E-mail address", email).await;
        self.press("Continue").await;
        self.is_at("Create your account").await;
        self.fill("Password", password).await;
        self.fill("Password, once more", password).await;
        self.press("Continue").await;
        self.is_at("Verify your e-mail address").await;
    }

    /// Signs up as far as the offer to enrol an authenticator app.
    pub(crate) async fn sign_up_to_the_offer(&self, place: &Place, email: &str, password: &str) {
        self.begin_sign_up(place, email, password).await;
        self.fill("Code from the e-mail", &place.code(1)).await;
        self.press("Continue").await;
        self.is_at("Protect your account").await;
    }

    /// Signs in as far as the password leads.
    pub(crate) async fn sign_in(&self, place: &Place, email: &str, password: &str) {
        self.open(&place.url("/signin")).await;
        self.enter(email, password).await;
    }

    /// Fills in what signing in asks for, and sends it.
    pub(crate) async fn enter(&self, email: &str, password: &str) {
        self.fill("E-mail address", email).await;
        self.fill("Password", password).await;
        self.press("Sign in").await;
    }

    /// Signs in, to the account.
    pub(crate) async fn sign_in_wholly(&self, place: &Place, email: &str, password: &str) {
        self.sign_in(place, email, password).await;
        self.is_at("Your account").await;
    }

    pub(crate) async fn sign_out(&self) {
        self.press("Sign out").await;
        assert!(self.shows("You are signed out.").await);
    }

    /// Takes the key that the page shows into an app. Picture, link and text say the same.
    pub(crate) async fn scan_key(&self) -> Authenticator {
        let pictures = self.all(".qr").await;
        let scanned = scan(&pictures[0]).await;
        let link = self.the(Role::Link, "Open it in an app on this device").await;
        assert_eq!(link.attr("href").await.unwrap().as_deref(), Some(&*scanned));
        let app = Authenticator::scan(&scanned);
        let text = self.text().await.replace(' ', "");
        assert!(text.contains(&app.key()), "the key to be typed");
        app
    }

    /// The recovery codes that the page shows.
    pub(crate) async fn recovery_codes(&self) -> Vec<String> {
        let mut codes = Vec::new();
        for code in self.all("ol li code").await {
            codes.push(code.text().await.unwrap());
        }
        codes
    }

    /// Sets up an app on the account's pages; gives it and the recovery codes.
    pub(crate) async fn set_up_app(&self, place: &Place) -> (Authenticator, Vec<String>) {
        self.open(&place.url("/account")).await;
        self.follow("Set up an app").await;
        self.press("Show a key").await;
        let mut app = self.scan_key().await;
        self.fill("Code from the app", &app.code().await).await;
        self.press("Confirm").await;
        self.is_at("Keep your recovery codes").await;
        let codes = self.recovery_codes().await;
        self.follow("I have kept them").await;
        (app, codes)
    }

    /// Is on the page of this heading.
    pub(crate) async fn is_at(&self, heading: &str) {
        assert_eq!(self.heading().await, heading, "{}", self.text().await);
    }
}
