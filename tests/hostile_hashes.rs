//! Stored hashes and passwords that are meant to do harm.
//!
//! A stored hash may have been imported or tampered with. One that cannot be read, or that asks for
//! more than is done for anybody, counts as a wrong password, costs what a wrong password costs and
//! nothing more, and brings nothing down.

#![allow(clippy::unwrap_used, reason = "tests panic")]

use testudo::command::{Against, HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::password::{
    Argon2id, Bcrypt, HashError, HasherChain, PasswordHash, Pbkdf2Sha256, Salt, WorkBuffer,
};
use testudo::testing::InsecureHasher;

const ARGON2: &str = "$argon2id$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                      $L2YDcuF5E62TO2oRzXbpgOtRQU6DZAVz+marhGifmRs";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq";
const SEVENTY_TWO: &str = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
const BCRYPT_SHA256: &str =
    "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuQx/MB7qdtsyUIWL3PtBt1gDTOfutTSS";
const BCRYPT_HMAC: &str =
    "$bcrypt-sha256$v=2,t=2b,r=4$abcdefghijklmnopqrstuu$wWGPLHsTsvhLNWKaF70/PMvqssxkSXe";
const PBKDF2: &str = "pbkdf2_sha256$1000$seasalt$JqX3GXFiu9jfHIHiot0rqlJUbmTXbK0fgff0kIvaCW4=";
const PBKDF2_PHC: &str = "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw\
                          $+CxwjCKY4Tvu/wZRib8Drnzwvqpm0wLjzWp/8Enovc4";
const PBKDF2_PASSLIB: &str = "$pbkdf2-sha512$1000$AAECAwQFBgcICQoLDA0ODw\
    $8wdAPRY0tqYtf2WLR1IVnRsQhxevulMX/QqzzmM.bayJWVUaQdMSA1VfHZ2BDFuJ7AcPXmBluyWScJALuOYNuQ";
const PBKDF2_WERKZEUG: &str =
    "pbkdf2:sha1:1000$somesaltsomesalt$152becf78b632f58295c8a62e646e5a8489ef0f5";
const SCRYPT: &str = "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw\
                      $TW18yf/IsjVdAZlRjYZe+e3qNB4PidwlQmzxGe0tHh8";
const SCRYPT_DJANGO: &str = "scrypt$16$seasalt$8$1$DYqoJvMZZ8DxbgCVUOtL8DpW+JWje8lZ+apNNFnEqlI61ypG\
                             Gmy5HT1OpsDq5H6ISTxmmfGz284rWUbkYq16oA==";
const SCRYPT_WERKZEUG: &str = "scrypt:1024:8:1$somesaltsomesalt$f88d5744a4bd6bec3f7b308212d391ab8b7e\
    863998e93ea4479d558f13309bb9a809bbf6a95cb004da25a0e70ee70ee017dd5edaeb321bfe3c9e8787f269fadd";

/// One hash in each form that is read.
const EVERY_FORM: [&str; 12] = [
    ARGON2,
    BCRYPT,
    SEVENTY_TWO,
    BCRYPT_SHA256,
    BCRYPT_HMAC,
    PBKDF2,
    PBKDF2_PHC,
    PBKDF2_PASSLIB,
    PBKDF2_WERKZEUG,
    SCRYPT,
    SCRYPT_DJANGO,
    SCRYPT_WERKZEUG,
];

#[test]
fn a_bcrypt_password_whose_seventy_third_byte_differs_is_refused() {
    assert!(matches!(verify(&"a".repeat(72), SEVENTY_TWO), PasswordVerdict::Valid { .. }));
    for beyond in ["a".repeat(73), format!("{}b", "a".repeat(72)), "a".repeat(4096)] {
        assert_eq!(verify(&beyond, SEVENTY_TWO), PasswordVerdict::Invalid, "{}", beyond.len());
    }
}

#[test]
fn bcrypt_counts_bytes_and_not_characters() {
    let chain = HasherChain::new(Bcrypt::cheap_for_tests());
    let request = |password: &str| HashPassword { password: password.into(), salt: SALT };
    let mut work = WorkBuffer::new();
    let mut hash = |password: &str| chain.hash(&request(password), &mut work).unwrap();
    let stored = hash(&"é".repeat(36)).unwrap();
    for beyond in ["é".repeat(37), "🔑".repeat(19)] {
        assert_eq!(hash(&beyond), Err(Unhashable::TooLong { most: 72 }));
    }
    let longer = format!("{}a", "é".repeat(36));
    assert_eq!(verify(&longer, stored.as_stored()), PasswordVerdict::Invalid);
}

#[test]
fn a_prefix_that_fills_what_bcrypt_sees_hides_nothing_behind_it() {
    let prefix = "account-name-chosen-by-the-attacker".repeat(3);
    let chain = HasherChain::new(Bcrypt::cheap_for_tests());
    let password = format!("{prefix}secret").as_str().into();
    let refused = chain.hash(&HashPassword { password, salt: SALT }, &mut WorkBuffer::new());
    assert_eq!(refused, Ok(Err(Unhashable::TooLong { most: 72 })));
    assert_eq!(verify(&prefix, SEVENTY_TWO), PasswordVerdict::Invalid);
}

#[test]
fn a_nul_inside_a_password_hides_nothing_behind_it_from_any_hasher() {
    let mut work = WorkBuffer::new();
    for chain in [
        HasherChain::new(Argon2id::cheap_for_tests()),
        HasherChain::new(Pbkdf2Sha256::cheap_for_tests()),
        HasherChain::new(Bcrypt::cheap_for_tests()),
    ] {
        let request = HashPassword { password: "a\0b".into(), salt: SALT };
        // bcrypt refuses it.
        let Ok(stored) = chain.hash(&request, &mut work).unwrap() else { continue };
        for other in ["a", "a\0", "a\0c", "a\0b\0", "\0b"] {
            let against = Against::Stored(stored.clone());
            let request = VerifyPassword { password: other.into(), against };
            let verdict = chain.verify(&request, &mut work).unwrap();
            assert_eq!(verdict, PasswordVerdict::Invalid, "{chain:?} {other:?}");
        }
    }
}

#[test]
fn a_nul_in_what_is_typed_matches_no_imported_hash() {
    for stored in EVERY_FORM {
        for typed in ["\0", "\0\0", "password\0", "pass\0word"] {
            assert_eq!(verify(typed, stored), PasswordVerdict::Invalid, "{typed:?} {stored}");
        }
    }
}

#[test]
fn a_hash_with_a_control_character_is_no_hash_to_whoever_inspects_it() {
    let chain = HasherChain::standard();
    for salt in ["sea\0salt", "sea\nsalt", "sea\u{7f}salt", "sea\u{85}salt"] {
        let stored = PBKDF2.replace("seasalt", salt);
        let malformed = HashError::Malformed { expected: "no control characters" };
        assert_eq!(chain.inspect(&stored), Err(malformed), "{stored:?}");
    }
    assert!(chain.inspect(&PBKDF2.replace("seasalt", "sea sält")).is_ok());
}

#[test]
fn a_digest_before_bcrypt_is_text_in_which_no_nul_can_be() {
    // Made by Django 5.2 of `nul-5`, whose SHA-256 begins with a zero byte: handed over as bytes,
    // it would be the digest of nothing, and so would every other password of that kind.
    let stored = "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuufh0I8jojNd03ZOPwv/kVXWOVzfy..8C";
    assert!(matches!(verify("nul-5", stored), PasswordVerdict::Valid { .. }));
    assert_eq!(verify("nul-205", stored), PasswordVerdict::Invalid);
}

#[test]
fn argon2_of_four_tebibytes_is_refused() {
    costs_no_more_than_a_wrong_password(&of_argon2(ARGON2.replace("m=32", "m=4294967295")));
}

#[test]
fn argon2_of_four_billion_passes_is_refused() {
    costs_no_more_than_a_wrong_password(&of_argon2(ARGON2.replace("t=1", "t=4294967295")));
}

#[test]
fn argon2_of_sixteen_million_lanes_is_refused() {
    costs_no_more_than_a_wrong_password(&of_argon2(ARGON2.replace("p=1", "p=16777216")));
}

#[test]
fn pbkdf2_of_two_billion_iterations_is_refused() {
    costs_no_more_than_a_wrong_password(&[
        PBKDF2.replace("1000", "2147483648"),
        PBKDF2.replace("1000", "2147483648").replace("sha256", "sha1"),
        PBKDF2_PHC.replace("1000", "2147483648"),
        PBKDF2_PASSLIB.replace("1000", "2147483648"),
        PBKDF2_WERKZEUG.replace("1000", "2147483648"),
    ]);
}

#[test]
fn scrypt_of_two_to_the_power_of_thirty_is_refused() {
    costs_no_more_than_a_wrong_password(&[
        SCRYPT.replace("ln=4", "ln=30"),
        SCRYPT_DJANGO.replace("$16$", "$1073741824$"),
        SCRYPT_WERKZEUG.replace(":1024:", ":1073741824:"),
    ]);
}

#[test]
fn scrypt_whose_parameters_overflow_when_multiplied_is_refused() {
    costs_no_more_than_a_wrong_password(&[
        SCRYPT.replace("ln=4,r=8,p=1", "ln=4,r=65536,p=65536"),
        SCRYPT.replace("ln=4,r=8,p=1", "ln=1,r=4294967295,p=4294967295"),
        SCRYPT.replace("ln=4,r=8,p=1", "ln=255,r=8,p=1"),
        SCRYPT_DJANGO.replace("$8$1$", "$65536$65536$"),
        SCRYPT_WERKZEUG.replace(":8:1$", ":4294967295:4294967295$"),
    ]);
}

#[test]
fn bcrypt_of_cost_thirty_one_is_refused() {
    costs_no_more_than_a_wrong_password(&[
        BCRYPT.replace("$04$", "$31$"),
        format!("bcrypt${}", BCRYPT.replace("$04$", "$31$")),
        BCRYPT_SHA256.replace("$04$", "$31$"),
        BCRYPT_HMAC.replace("r=4", "r=31"),
        "$bcrypt-sha256$2b,31$abcdefghijklmnopqrstuu$KPLMmERjQV6WEN49KZr59v3hQBI.KXm".into(),
    ]);
}

#[test]
fn a_costly_hash_behind_a_pepper_is_refused() {
    costs_no_more_than_a_wrong_password(&[
        format!("$pepper$a{}", ARGON2.replace("m=32", "m=4294967295")),
        format!("$pepper$a{}", BCRYPT.replace("$04$", "$31$")),
    ]);
}

#[test]
fn a_multi_byte_character_at_any_place_is_malformed() {
    for stored in EVERY_FORM {
        // In Django's and Werkzeug's salts it may stand, and makes another salt of them.
        let text_salt = stored.find("seasalt").or(stored.find("somesaltsomesalt"));
        for place in 0..stored.len() {
            let mut changed = stored.to_owned();
            changed.replace_range(place..=place, "é");
            let verdict = verify("password", &changed);
            let in_salt = text_salt.is_some_and(|start| (start..start + 16).contains(&place));
            if !(in_salt && verdict == PasswordVerdict::Invalid) {
                assert_eq!(verdict, PasswordVerdict::Unreadable, "{changed}");
            }
        }
    }
}

#[test]
fn a_hash_that_is_cut_off_anywhere_matches_no_other_password() {
    for stored in EVERY_FORM {
        for end in 0..stored.len() {
            let (cut_off, _) = stored.split_at(end);
            let verdict = verify("password", cut_off);
            let refused = [PasswordVerdict::Invalid, PasswordVerdict::Unreadable];
            assert!(refused.contains(&verdict), "{cut_off}");
        }
    }
}

#[test]
fn a_missing_dollar_sign_is_malformed() {
    for stored in EVERY_FORM {
        for (place, _) in stored.match_indices('$') {
            let mut changed = stored.to_owned();
            changed.remove(place);
            assert_eq!(verify("password", &changed), PasswordVerdict::Unreadable, "{changed}");
        }
    }
}

#[test]
fn base64_that_is_none_is_malformed() {
    for stored in EVERY_FORM {
        for bad in ["!", "=", "\n", " ", "_", "\0"] {
            let end = stored.trim_end_matches('=').len() - 1;
            let mut changed = stored.to_owned();
            changed.replace_range(end..=end, bad);
            assert_eq!(verify("password", &changed), PasswordVerdict::Unreadable, "{changed:?}");
        }
    }
}

#[test]
fn an_empty_salt_is_malformed() {
    let salts = ["AAECAwQFBgcICQoLDA0ODw", "somesaltsomesalt", "seasalt", "abcdefghijklmnopqrstuu"];
    for stored in EVERY_FORM {
        let without = salts.iter().fold(stored.to_owned(), |stored, salt| stored.replace(salt, ""));
        assert_ne!(without, stored);
        assert_eq!(verify("password", &without), PasswordVerdict::Unreadable, "{without}");
    }
}

#[test]
fn an_empty_hash_matches_no_password() {
    for stored in EVERY_FORM {
        let (without, _) = stored.split_at(stored.rfind('$').unwrap() + 1);
        for password in ["", "password"] {
            assert_eq!(verify(password, without), PasswordVerdict::Unreadable, "{without}");
        }
    }
}

#[test]
fn bcrypt_of_the_faulty_implementation_is_refused() {
    let stored = "$2x$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC";
    costs_no_more_than_a_wrong_password(&[
        stored.into(),
        format!("bcrypt${stored}"),
        format!("bcrypt_sha256${stored}"),
        BCRYPT_HMAC.replace("t=2b", "t=2x"),
    ]);
}

#[test]
fn bcrypt_of_the_first_version_is_refused() {
    costs_no_more_than_a_wrong_password(&[
        BCRYPT.replace("$2b$", "$2$"),
        BCRYPT_SHA256.replace("$2b$", "$2$"),
    ]);
}

#[test]
fn unknown_schemes_are_refused() {
    costs_no_more_than_a_wrong_password(
        &[
            "password",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "md5$salt$67a1e09bb1f83f5007dc119c14d663aa",
            "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
            "$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1",
            "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3",
            "$argon2$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
            "bcrypt_sha512$$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq",
            "pbkdf2:md5:1000$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "$pepper$unknown$argon2id$v=19",
        ]
        .map(str::to_owned),
    );
}

#[test]
fn a_stored_hash_of_a_million_characters_is_malformed() {
    for stored in EVERY_FORM {
        let long = "A".repeat(1_000_000);
        let verdict = verify("password", &format!("{stored}{long}"));
        assert_eq!(verdict, PasswordVerdict::Unreadable, "{stored}");
        let verdict = verify("password", &format!("{stored}{}", "$".repeat(1_000_000)));
        assert_eq!(verdict, PasswordVerdict::Unreadable, "{stored}");
    }
}

const SALT: Salt = Salt::new(*b"sixteen bytes...");

fn of_argon2(argon2id: String) -> [String; 5] {
    let other = |variant| argon2id.replace("argon2id", variant);
    [
        other("argon2i"),
        other("argon2d"),
        format!("argon2{argon2id}"),
        argon2id.replace("$v=19", ""),
        argon2id,
    ]
}

fn verify(password: &str, stored: &str) -> PasswordVerdict {
    let chain = HasherChain::new(InsecureHasher::current()).reading_all();
    let against = Against::Stored(PasswordHash::from_stored(stored.into()));
    let request = VerifyPassword { password: password.into(), against };
    chain.verify(&request, &mut WorkBuffer::new()).unwrap()
}

/// Each of `hashes` is unreadable, takes no memory, and costs one preferred hash.
fn costs_no_more_than_a_wrong_password(hashes: &[String]) {
    for stored in hashes {
        let preferred = InsecureHasher::current();
        let chain = HasherChain::new(preferred.clone()).reading_all();
        let mut work = WorkBuffer::new();
        let against = Against::Stored(PasswordHash::from_stored(stored.clone()));
        let request = VerifyPassword { password: "password".into(), against };
        let verdict = chain.verify(&request, &mut work);
        assert_eq!(verdict, Ok(PasswordVerdict::Unreadable), "{stored}");
        let inspected = chain.inspect(stored);
        assert!(inspected.is_err(), "{stored}: {inspected:?}");
        assert_eq!(preferred.computed(), 1, "{stored}");
        assert_eq!(format!("{work:?}"), "WorkBuffer(0 KiB)", "{stored}");
    }
}
