use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha1::Sha1;
use uuid::Uuid;

use super::{Seed, accept, is_code};
use crate::entropy::Entropy;
use crate::env::{Env, Settings};
use crate::event::TotpFailure;
use crate::keys::KeyRing;
use crate::model::{Client, TotpFactor, UserId};
use crate::policy::Policy;
use crate::sealed::{self, Unopened};
use crate::time::Timestamp;

const ONE: &str = "a-secret-of-the-tests-x7Kq2Wn9Rt4Yb6Zc";
const TWO: &str = "another-secret-of-tests-Lp3Vd8Gh5Jm1Qs";

/// The seed of RFC 4226 appendix D and RFC 6238 appendix B.
const RFC_SEED: [u8; Seed::BYTES] = *b"12345678901234567890";

/// Two steps after one another that have the same code under [`RFC_SEED`].
const TWINS: (u64, u64) = (910_737, 910_738);

fn ring(secrets: &[&str]) -> KeyRing {
    KeyRing::parse(&secrets.join(",")).unwrap()
}

fn env(step: u64, secrets: &[&str]) -> Env {
    let settings = Arc::new(Settings::new(Policy::default(), ring(secrets)).unwrap());
    Env::new(at(step), Entropy::from_seed([7; 32]), Client::unknown(), settings)
}

fn at(step: u64) -> Timestamp {
    Timestamp::from_millis(step * 30_000)
}

fn owner(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn seed(bytes: [u8; Seed::BYTES]) -> Seed {
    let plain = sealed::seal(
        &bytes,
        |keys| &keys.totp_seeds,
        owner(1).as_uuid().as_bytes(),
        &mut env(0, &[ONE]),
    );
    Seed::open(&plain, owner(1), &ring(&[ONE])).unwrap()
}

fn factor(seed: &Seed, last_step: u64) -> TotpFactor {
    let sealed_seed = seed.seal(owner(1), &mut env(0, &[ONE]));
    TotpFactor { sealed_seed, last_step, enrolled_at: at(0) }
}

/// The code of a step, by the letter of RFC 4226 5.3.
fn code(seed: [u8; Seed::BYTES], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&seed).unwrap();
    mac.update(&step.to_be_bytes());
    let mac: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(mac[19] & 0xf);
    let number = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[test]
fn codes_are_those_of_rfc_4226_appendix_d() {
    let codes = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ];
    for (step, expected) in (0..).zip(codes) {
        assert_eq!(seed(RFC_SEED).step_of(expected, at(step), 0), Some(step));
        assert_eq!(code(RFC_SEED, step), expected);
    }
}

#[test]
fn codes_are_those_of_rfc_6238_appendix_b_cut_to_six_digits() {
    let codes = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    for (secs, expected) in codes {
        let now = Timestamp::from_millis(secs * 1000);
        assert_eq!(seed(RFC_SEED).step_of(expected, now, 0), Some(secs / 30));
    }
}

proptest! {
    #[test]
    fn a_code_is_of_the_latest_step_around_now_that_has_it(
        bytes: [u8; Seed::BYTES],
        now in 0..Timestamp::MAX.as_millis() / 30_000,
        within in 0..30_000_u64,
        skew in 0..=1_u8,
        typed in -3..=3_i64,
    ) {
        let typed = code(bytes, now.saturating_add_signed(typed));
        let window = now.saturating_sub(skew.into())..=now + u64::from(skew);
        let expected = window.filter(|step| code(bytes, *step) == typed).max();
        let moment = Timestamp::from_millis(now * 30_000 + within);
        prop_assert_eq!(seed(bytes).step_of(&typed, moment, skew), expected);
    }

    #[test]
    fn a_code_counts_once_and_after_it_only_codes_of_later_steps(
        bytes: [u8; Seed::BYTES],
        start in 1..1_000_000_u64,
        attempts in proptest::collection::vec((-2..=3_i64, -1..=1_i64), 1..20),
    ) {
        let mut factor = factor(&seed(bytes), 0);
        let mut now = start;
        for (moves, off) in attempts {
            now = now.saturating_add_signed(moves).max(1);
            let typed = code(bytes, now.saturating_add_signed(off));
            let latest = (now - 1..=now + 1).filter(|step| code(bytes, *step) == typed).max().unwrap();
            match accept(&factor, owner(1), &typed, &mut env(now, &[ONE])) {
                Ok(next) => {
                    prop_assert!(latest > factor.last_step);
                    prop_assert_eq!(next.last_step, latest);
                    factor = next;
                }
                Err(reason) => {
                    prop_assert!(latest <= factor.last_step);
                    prop_assert_eq!(reason, TotpFailure::UsedCode);
                }
            }
        }
    }
}

#[test]
fn two_steps_with_the_same_code_are_both_spent_by_it() {
    let (first, second) = TWINS;
    let twin = code(RFC_SEED, first);
    assert_eq!(twin, code(RFC_SEED, second));
    for now in [first, second] {
        let spent =
            accept(&factor(&seed(RFC_SEED), 0), owner(1), &twin, &mut env(now, &[ONE])).unwrap();
        assert_eq!(spent.last_step, second);
        let again = accept(&spent, owner(1), &twin, &mut env(second, &[ONE]));
        assert_eq!(again, Err(TotpFailure::UsedCode));
    }
    let first_is_spent = factor(&seed(RFC_SEED), first);
    assert!(accept(&first_is_spent, owner(1), &twin, &mut env(second, &[ONE])).is_ok());
}

#[test]
fn after_a_clock_was_set_back_no_code_counts_until_it_has_caught_up() {
    let factor = factor(&seed(RFC_SEED), 1000);
    let try_at = |step| {
        let typed = code(RFC_SEED, step);
        accept(&factor, owner(1), &typed, &mut env(step, &[ONE])).map(|factor| factor.last_step)
    };
    assert_eq!(try_at(10), Err(TotpFailure::UsedCode));
    assert_eq!(try_at(1000), Err(TotpFailure::UsedCode));
    assert_eq!(try_at(1001), Ok(1001));
}

#[test]
fn a_code_is_six_ascii_digits_with_any_spaces() {
    let at_zeros = Timestamp::from_millis(1_111_111_109_000);
    let step_of = |typed: &str| seed(RFC_SEED).step_of(typed, at_zeros, 1);
    for typed in ["081804", "081 804", " 0818\u{a0}04\n", "0\u{2009}8\u{2009}1804"] {
        assert!(step_of(typed).is_some(), "{typed:?}");
        assert!(is_code(typed));
    }
    let long = "081804".repeat(10_000);
    let arabic = "٠٨١٨٠٤";
    let wide = "０８１８０４";
    for typed in
        ["", "81804", "0081804", "+81804", "-81804", "08180x", "081-804", arabic, wide, &long]
    {
        assert_eq!(step_of(typed), None, "{typed:?}");
        assert!(!is_code(typed));
    }
    assert!(is_code("000000"), "the form of one");
    assert_eq!(step_of("000000"), None);
}

#[test]
fn a_sealed_seed_opens_for_its_owner_alone_and_says_nothing() {
    let seed = Seed::new(&mut env(0, &[ONE]));
    let sealed = seed.seal(owner(1), &mut env(0, &[ONE]));
    let opened = Seed::open(&sealed, owner(1), &ring(&[ONE])).unwrap();
    assert!(opened.0.same_as(&seed.0));
    assert_eq!(Seed::open(&sealed, owner(2), &ring(&[ONE])).unwrap_err(), Unopened::Changed);
    assert_eq!(Seed::open(&sealed, owner(1), &ring(&[TWO])).unwrap_err(), Unopened::UnknownKey);
    assert_eq!(format!("{seed:?}"), "Seed([redacted])");
}

#[test]
fn a_seed_of_another_length_or_use_is_never_read() {
    let mut env = env(0, &[ONE]);
    let place = *owner(1).as_uuid().as_bytes();
    for length in [0, 10, 16, 19, 21, 64] {
        let sealed = sealed::seal(&vec![7; length], |keys| &keys.totp_seeds, &place, &mut env);
        assert_eq!(Seed::open(&sealed, owner(1), env.keys()).unwrap_err(), Unopened::Changed);
    }
    let sealed = sealed::seal(&RFC_SEED, |keys| &keys.onboarding, &place, &mut env);
    assert_eq!(Seed::open(&sealed, owner(1), env.keys()).unwrap_err(), Unopened::Changed);
}

#[test]
fn a_seed_that_does_not_open_is_told_from_a_wrong_code() {
    let factor = factor(&seed(RFC_SEED), 0);
    let right = code(RFC_SEED, 9);
    let rotated_away = accept(&factor, owner(1), &right, &mut env(9, &[TWO]));
    assert_eq!(rotated_away, Err(TotpFailure::UnreadableSeed));
    let wrong = accept(&factor, owner(1), &code(RFC_SEED, 90), &mut env(9, &[ONE]));
    assert_eq!(wrong, Err(TotpFailure::WrongCode));
}

#[test]
fn an_accepted_code_moves_the_seed_to_the_newest_key() {
    let factor = factor(&seed(RFC_SEED), 0);
    let same = accept(&factor, owner(1), &code(RFC_SEED, 9), &mut env(9, &[ONE])).unwrap();
    assert_eq!(same.sealed_seed, factor.sealed_seed, "nothing to do");
    let moved = accept(&factor, owner(1), &code(RFC_SEED, 9), &mut env(9, &[TWO, ONE])).unwrap();
    assert_eq!(moved.enrolled_at, factor.enrolled_at);
    let next = accept(&moved, owner(1), &code(RFC_SEED, 10), &mut env(10, &[TWO])).unwrap();
    assert_eq!(next.last_step, 10);
}

/// What is shown of [`RFC_SEED`]: the text in base 32, the address, the picture.
fn revealed(account: &str, service: &str) -> (String, String, String) {
    let shown = seed(RFC_SEED).reveal(account, service);
    let [secret, uri, svg] = [shown.secret, shown.provisioning_uri, shown.qr_svg];
    (secret.expose().clone(), uri.expose().clone(), svg.expose().clone())
}

#[test]
fn a_seed_is_shown_as_text_as_address_and_as_picture() {
    let (secret, uri, svg) = revealed("Ada+1@example.com", "Gopher & Co: Shop");
    assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(
        uri,
        "otpauth://totp/Gopher%20%26%20Co-%20Shop:Ada%2B1%40example.com\
         ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Gopher%20%26%20Co-%20Shop"
    );
    assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 "#));
    assert!(svg.contains("<title>") && svg.contains(r#"role="img""#), "who cannot see is told");
    assert!(!svg.contains(r#" width="#), "it scales");
}

#[test]
fn the_picture_reads_as_the_address_whatever_the_names_are() {
    let long = format!("{}@example.com", "ä".repeat(60));
    let turtles = "🐢".repeat(300);
    let names = [
        ("ada@example.com", "Testudo"),
        ("\"a:b%3A&?#/\"@example.com", "a:b"),
        ("<script>\"'@example.com", "\u{0}\r\n\"><script>"),
        (long.as_str(), "Größe"),
        (turtles.as_str(), turtles.as_str()),
        ("", " "),
    ];
    for (account, service) in names {
        let (secret, uri, svg) = revealed(account, service);
        assert_eq!(read_svg(&svg), uri);
        let rest = uri.strip_prefix("otpauth://totp/").unwrap();
        let (label, query) = rest.split_once('?').unwrap();
        let (issuer, account) = label.split_once(':').unwrap();
        assert!(!issuer.is_empty() && !account.is_empty());
        assert!(![issuer, account].iter().any(|name| name.contains("%3A") || name.contains(':')));
        assert_eq!(query, format!("secret={secret}&issuer={issuer}"));
    }
}

/// What a camera would make of a picture: rectangles of one module's height, in a viewBox.
fn read_svg(svg: &str) -> String {
    const SCALE: usize = 4;
    let view_box = svg.split("viewBox=\"0 0 ").nth(1).unwrap();
    let side: usize = view_box.split(' ').next().unwrap().parse().unwrap();
    let path = svg.split("fill=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut dark = vec![vec![false; side]; side];
    for run in path.split_terminator('z') {
        let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let width: usize = rest.split_once('v').unwrap().0.parse().unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        dark[y][x..x + width].fill(true);
    }
    assert!(dark[..4].iter().flatten().all(|dark| !dark), "a quiet zone");
    let pixels = side * SCALE;
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| {
        if dark[y / SCALE][x / SCALE] { 0 } else { 255 }
    });
    let grids = picture.detect_grids();
    grids.first().expect("a code").decode().expect("a code that reads").1
}
