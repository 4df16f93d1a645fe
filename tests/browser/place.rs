//! A server with everything around it.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use crate::support::{Mailbox, Server, Site};

/// A server of its own for one test, with its letters in a directory.
pub(crate) struct Place {
    site: Site,
    address: SocketAddr,
    server: Option<Server>,
    mail: Mailbox,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with_policy("")
    }

    /// With these lines of TOML about the policy.
    pub(crate) fn with_policy(policy: &str) -> Self {
        let site = Site::new();
        let mail = site.mailbox();
        let mut place = Self { site, address: free_address(), server: None, mail };
        place.serve(policy);
        place
    }

    /// Starts the server, once more if it runs, where it was and with what it has.
    pub(crate) fn serve(&mut self, policy: &str) {
        drop(self.server.take());
        self.site.write("policy.toml", format!("[policy]\n{policy}\n"));
        let address = self.address.to_string();
        let arguments =
            ["serve", "--listen", &address, "--mail", "dir:mail", "--config", "policy.toml"];
        self.server = Some(Server::start(self.site.command(&arguments)));
    }

    /// With an account that was made by whoever runs the server.
    pub(crate) fn with_account(self, email: &str, password: &str) -> Self {
        let arguments = ["user", "create", email, "--password-stdin", "--verified"];
        let made = self.site.run(&arguments, password);
        assert!(made.status.success(), "{made:?}");
        self
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// The address of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn mail(&self) -> &Mailbox {
        &self.mail
    }

    /// The code of the newest letter that has one: the `count`th.
    pub(crate) fn code(&self, count: usize) -> String {
        text(&self.mail().letter(count, "verification_code"), "code")
    }

    /// The link of a letter, which leads here.
    pub(crate) fn link(&self, count: usize, kind: &str) -> String {
        let link = text(&self.mail().letter(count, kind), "link");
        assert!(link.starts_with(&self.url("/")), "{link}");
        link
    }

    /// What is known of an account.
    pub(crate) fn user(&self, email: &str) -> Value {
        self.site.user(email)
    }
}

fn text(letter: &Value, field: &str) -> String {
    letter[field].as_str().unwrap_or_else(|| panic!("no {field} in {letter}")).to_owned()
}

/// A server that is started again is found where it was.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
