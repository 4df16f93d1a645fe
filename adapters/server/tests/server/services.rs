//! Other services and their tokens.

use serde_json::json;

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site, complaint};

const ONE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
const OTHER: &str = "Bu4Tg7Rk2Wd9Xe1Qz6Yv3Lp8Sc5Nh0Mj";

fn serve(site: &Site, tokens: &str) -> Server {
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("TESTUDO_SERVICE_TOKENS", tokens);
    Server::start(command)
}

fn whoami(server: &Server, token: &str) -> Answer {
    server.send(Request::new("GET", "/auth/service/whoami").bearer(token))
}

#[test]
fn a_service_is_let_in_by_any_of_its_tokens_under_the_name_that_it_gives() {
    let site = Site::new();
    let server = serve(&site, &format!("{OTHER}, {ONE}"));
    for token in [ONE, OTHER] {
        let answer = whoami(&server, token);
        assert_eq!((answer.status, answer.json()), (200, json!({"service": null})));
        let named = Request::new("GET", "/auth/service/whoami").bearer(token);
        let answer = server.send(named.header("x-service-name", "billing"));
        assert_eq!(answer.json(), json!({"service": "billing"}));
    }
    whoami(&server, &ONE[1..]).assert_problem(401, "invalid_token");
    let nobody = Request::new("GET", "/auth/service/whoami");
    server.send(nobody).assert_problem(401, "unauthenticated");
    let forged = Request::new("GET", "/auth/service/whoami").bearer(ONE);
    server.send(forged.header("x-service-name", "a b")).assert_problem(400, "malformed");
    assert!(!server.kill().contains(&ONE[..12]));
}

#[test]
fn services_and_users_are_not_taken_for_each_other() {
    let site = Site::with_user();
    let server = serve(&site, ONE);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    whoami(&server, &access).assert_problem(401, "invalid_token");
    server.me(ONE).assert_problem(401, "invalid_token");
}

#[test]
fn without_tokens_no_service_is_let_in() {
    let site = Site::new();
    for server in [site.serve(&[]), serve(&site, "")] {
        whoami(&server, ONE).assert_problem(401, "invalid_token");
    }
}

#[test]
fn tokens_that_are_none_are_refused_at_the_start_and_not_repeated() {
    let site = Site::new();
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("TESTUDO_SERVICE_TOKENS", format!("{ONE},short"));
    let complaint = complaint(&crate::support::run(command, ""));
    assert!(complaint.contains("TESTUDO_SERVICE_TOKENS") && complaint.contains('2'), "{complaint}");
    assert!(!complaint.contains("short,") && !complaint.contains(&ONE[..8]));
}
