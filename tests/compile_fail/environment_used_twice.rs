//! Randomness is for one flow: what carries it is not copied.

use testudo::Env;
use testudo::flow::{Login, login};

fn run_two_flows(env: Env) {
    let _one = login(Login::new("ada@example.com", "correct horse".into()), env);
    let _two = login(Login::new("ada@example.com", "correct horse".into()), env);
}

fn clone_it(env: &Env) -> Env {
    env.clone()
}

fn main() {}
