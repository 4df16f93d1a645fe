//! The races of [`nodes`](crate::nodes), on servers whose clocks are half a minute apart.
//!
//! The clocks are those of libfaketime, which stands before the C library: the servers know nothing of it.

use crate::nodes;
use crate::support::{EMAIL, Nodes, PASSWORD, Site};

const CLOCKS: [&str; 3] = ["", "+15s", "+30s"];

/// The same; here whoever is asked first is ahead of all others.
const THE_FIRST_AHEAD: [&str; 3] = ["+30s", "", "+15s"];

/// The grace covers what clocks differ by, as an operator is told.
const GRACE: [&str; 2] = ["--refresh-grace", "60"];

fn apart() -> (Site, Nodes) {
    let site = Site::with_verified_user();
    let nodes = Nodes::start(&site, &CLOCKS, &GRACE);
    (site, nodes)
}

#[test]
fn the_clocks_are_half_a_minute_apart() {
    let (_site, nodes) = apart();
    let at = |number: usize| {
        let signed_in = nodes.all()[number].login(EMAIL, PASSWORD).json();
        let at = signed_in["user"]["last_login"].as_str().unwrap();
        at.parse::<testudo::Timestamp>().unwrap().as_millis()
    };
    let (right, ahead) = (at(0), at(2));
    assert!((30_000..60_000).contains(&(ahead - right)), "{right} {ahead}");
}

#[test]
fn of_a_thousand_guesses_five_are_looked_at() {
    nodes::of_a_thousand_guesses_five_are_looked_at_by(&apart().1);
}

#[test]
fn a_refresh_has_one_successor() {
    for clocks in [CLOCKS, THE_FIRST_AHEAD] {
        let site = Site::with_verified_user();
        nodes::a_refresh_has_one_successor_on(&Nodes::start(&site, &clocks, &GRACE));
    }
}

#[test]
fn a_link_counts_once() {
    for clocks in [CLOCKS, THE_FIRST_AHEAD] {
        let site = Site::with_verified_user();
        nodes::a_link_counts_once_on(&site, &Nodes::start(&site, &clocks, &[]));
    }
}

#[test]
fn of_accounts_for_one_address_there_is_one() {
    for clocks in [CLOCKS, THE_FIRST_AHEAD] {
        let site = Site::new();
        let nodes = Nodes::start(&site, &clocks, &[]);
        nodes::of_accounts_for_one_address_there_is_one_on(&site, &nodes);
    }
}

#[test]
fn a_code_counts_once() {
    nodes::a_code_counts_once_on(&apart().1);
}

#[test]
fn signing_out_counts_everywhere_at_once_under_every_form_of_tokens() {
    for form in ["opaque", "jwt", "hybrid"] {
        let site = Site::with_verified_user();
        let arguments = [&GRACE[..], &["--tokens", form]].concat();
        nodes::signing_out_counts_everywhere_on(&Nodes::start(&site, &CLOCKS, &arguments));
    }
}

#[test]
fn somebody_signs_up_wherever_each_request_goes() {
    let site = Site::new();
    let nodes = Nodes::start(&site, &CLOCKS, &GRACE);
    nodes::somebody_signs_up_on(&site, &nodes);
}

#[test]
fn without_a_grace_for_it_a_refresh_on_another_clock_ends_the_session_and_opens_nothing() {
    let site = Site::with_verified_user();
    let nodes = Nodes::start(&site, &CLOCKS, &["--refresh-grace", "10"]);
    let [right, _, ahead] = nodes.all() else { panic!("three") };
    let first = right.login(EMAIL, PASSWORD).text("refresh_token");
    let access = right.refresh(&first).text("access_token");
    ahead.refresh(&first).assert_problem(401, "revoked_token");
    for server in nodes.all() {
        server.me(&access).assert_problem(401, "revoked_token");
    }
}
