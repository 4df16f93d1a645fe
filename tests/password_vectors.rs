//! Hashes that other systems made sign their users in, and are replaced.
//!
//! `tests/vectors/passwords/generate.py` made them with the packages themselves.

#![allow(clippy::unwrap_used, reason = "tests panic")]

use serde::Deserialize;
use testudo::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
use testudo::password::{Argon2id, HasherChain, Password, PasswordHash, Salt, WorkBuffer};

#[derive(Deserialize)]
struct Vector {
    made_by: String,
    scheme: String,
    default_cost: bool,
    password: String,
    stored: String,
}

const VECTORS: &str = include_str!("vectors/passwords/vectors.json");

#[test]
fn users_of_django_sign_in() {
    sign_in("Django", &["argon2", "bcrypt", "bcrypt_sha256", "scrypt"]);
}

#[test]
fn users_of_django_with_pbkdf2_sign_in() {
    sign_in("Django", &["pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512"]);
}

#[test]
fn users_of_werkzeug_sign_in() {
    sign_in("Werkzeug", &["scrypt", "pbkdf2:sha1", "pbkdf2:sha256", "pbkdf2:sha512"]);
}

#[test]
fn users_of_passlib_sign_in() {
    sign_in("passlib", &["argon2", "bcrypt", "bcrypt_sha256", "scrypt"]);
}

#[test]
fn users_of_passlib_with_pbkdf2_sign_in() {
    sign_in("passlib", &["pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512"]);
}

#[test]
fn users_of_argon2_cffi_sign_in() {
    sign_in("argon2-cffi", &["argon2id", "argon2i", "argon2d"]);
}

#[test]
fn users_of_bcrypt_sign_in() {
    sign_in("bcrypt", &["2a", "2b"]);
}

#[test]
fn users_of_tortoise_auth_sign_in() {
    sign_in("tortoise-auth", &["argon2id", "bcrypt", "pbkdf2_sha256"]);
}

#[test]
fn every_vector_belongs_to_a_test() {
    let systems = ["Django", "Werkzeug", "passlib", "argon2-cffi", "bcrypt", "tortoise-auth"];
    for vector in vectors() {
        let system = vector.made_by.split(' ').next().unwrap();
        assert!(systems.contains(&system), "{}", vector.made_by);
    }
}

#[test]
fn every_hash_tells_what_it_is_without_a_password() {
    let chain = HasherChain::standard();
    for Vector { stored, .. } in vectors() {
        let inspected = chain.inspect(&stored).unwrap();
        assert_eq!(Some(inspected.scheme), chain.identify(&stored), "{stored}");
        assert!(!inspected.parameters.is_empty(), "{stored}");
        let ours = stored.starts_with("$argon2id$v=19$m=65536,t=3,p=4$");
        assert_eq!(inspected.is_current, ours, "{stored}");
    }
}

#[test]
fn the_parameters_of_a_hash_are_those_that_stand_in_it() {
    let chain = HasherChain::standard();
    let of = |stored: &str| chain.inspect(stored).unwrap().parameters;
    let argon2 = "$m=102400,t=2,p=8$";
    let stored = |cost: &str| {
        let is_of = |vector: &Vector| vector.stored.contains(cost);
        vectors().into_iter().find(is_of).unwrap().stored
    };
    assert_eq!(of(&stored(argon2)), [("memory_kib", 102_400), ("passes", 2), ("lanes", 8)]);
    assert_eq!(of(&stored("$2b$12$")), [("cost", 12)]);
    assert_eq!(of(&stored("pbkdf2:sha512:1000$")), [("iterations", 1000)]);
    assert_eq!(of(&stored("scrypt:1024:8:1$")), [("n", 1024), ("r", 8), ("p", 1)]);
}

#[test]
fn what_replaces_an_imported_hash_is_argon2id_and_current() {
    let chain = HasherChain::standard();
    let password = Password::from("cafe\u{301}");
    let salt = Salt::new([7; 16]);
    let mut work = WorkBuffer::new();
    let request = HashPassword { password: password.clone(), salt };
    let replaced = chain.hash(&request, &mut work).unwrap().unwrap();
    assert!(replaced.as_stored().starts_with("$argon2id$v=19$m=65536,t=3,p=4$"));
    let request = VerifyPassword { password, against: Against::Stored(replaced) };
    let verdict = chain.verify(&request, &mut work).unwrap();
    assert_eq!(verdict, PasswordVerdict::Valid { outdated: false });
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(VECTORS).unwrap()
}

/// All vectors that a system made of these schemes, each of which has some.
fn sign_in(system: &str, schemes: &[&str]) {
    let standard = HasherChain::standard();
    // What does not match costs a preferred hash, which says nothing here.
    let cheap = HasherChain::new(Argon2id::cheap_for_tests()).reading_all();
    let mut work = WorkBuffer::new();
    let made = format!("{system} ");
    let vectors: Vec<_> =
        vectors().into_iter().filter(|vector| vector.made_by.starts_with(&made)).collect();
    for scheme in schemes {
        let of_scheme = vectors.iter().filter(|vector| vector.scheme == *scheme);
        assert!(of_scheme.clone().count() >= 10, "{system} {scheme}");
        for vector in of_scheme {
            let verdict = verify(&standard, &vector.password, vector, &mut work);
            let outdated = !is_ours(vector);
            assert_eq!(verdict, PasswordVerdict::Valid { outdated }, "{}", vector.stored);
            for changed in changed(vector) {
                let verdict = verify(&cheap, &changed, vector, &mut work);
                assert_eq!(verdict, PasswordVerdict::Invalid, "{changed:?} {}", vector.stored);
            }
        }
    }
}

fn verify(
    chain: &HasherChain,
    password: &str,
    vector: &Vector,
    work: &mut WorkBuffer,
) -> PasswordVerdict {
    assert!(chain.identify(&vector.stored).is_some(), "{}", vector.stored);
    let against = Against::Stored(PasswordHash::from_stored(vector.stored.clone()));
    chain.verify(&VerifyPassword { password: password.into(), against }, work).unwrap()
}

/// Whether there is nothing to replace: the settings are those of this library, as in argon2-cffi and
/// tortoise-auth, and the text that was hashed is in NFC.
fn is_ours(vector: &Vector) -> bool {
    vector.stored.starts_with("$argon2id$v=19$m=65536,t=3,p=4$")
        && Password::from(&*vector.password).normalized().expose() == &vector.password
}

/// Passwords that are not the one of the vector, though near.
fn changed(vector: &Vector) -> Vec<String> {
    let password = &vector.password;
    if vector.default_cost {
        return vec![format!("{password}!")];
    }
    let mut shorter = password.clone();
    let mut changed = vec![format!("{password}!"), format!(" {password}"), format!("{password}\0")];
    if let Some(last) = shorter.pop() {
        changed.extend([format!("{shorter}{}", if last == '!' { '?' } else { '!' }), shorter]);
    }
    let other_case = password.to_uppercase();
    if other_case != *password {
        changed.push(other_case);
    }
    changed
}
