//! What a flow over this store takes where it is awaited.

use testudo::flow::Login;
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing, Store};

use crate::support::{fresh, run, server};

/// A caller holds each flow that it awaits several times over where nothing is optimised, and a worker of tokio has
/// 2 MiB for all of them: what a command takes must not be part of it.
#[test]
fn a_flow_is_small_however_much_its_commands_take() {
    run(async {
        let store = fresh(server(), 1).await;
        let keys = KeyRing::parse("wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe").unwrap();
        let settings = Settings::new(Policy::default(), keys).unwrap();
        let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
        let auth = Auth::new(store.clone(), hashing, settings);
        let client = Client::unknown();

        let command = size_of_val(&store.ping());
        assert!(command > 1024, "a command takes {command} bytes: this shows nothing any more");
        let login = Login::new("ada@example.com", "correct horse".into());
        for flow in [
            size_of_val(&auth.login(login, &client)),
            size_of_val(&auth.refresh("token", &client)),
            size_of_val(&auth.authenticate("token")),
        ] {
            assert!(flow < 6 * 1024, "{flow} bytes");
        }
    });
}
