//! Secrets are gone from memory when their owners are: the heap is searched for them.

#![cfg(target_os = "linux")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these are tests, and look at their own process"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use testudo::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
use testudo::flow::{
    Login, RegisterUser, advance_onboarding, login, refresh, register_user, start_onboarding,
};
use testudo::model::JsonObject;
use testudo::onboarding::{Advance, Answers, StartOnboarding};
use testudo::password::{Argon2id, HasherChain, Password, Salt, WorkBuffer};
use testudo::testing::World;
use testudo::{Secret, Step};

/// What is looked for, byte by byte behind a mask: it stands nowhere in the clear but where a test puts it.
const MASKED: [u8; 24] = *b"\x2b\x30\x29\x29\x3e\x3b\x25\x33\x3c\x29\x2e\x35\x34\x3f\x2d\x35\x28\x3e\x35\x3c\x38\x28\x35\x2d";
const MASK: u8 = 0x5a;

/// What stands in front of it: an allocator writes its own into the beginning of what was freed.
const FILLER: &str = "as long as what an allocator writes there ";

/// It, at the end of a text that was never any longer.
fn canary() -> String {
    let mut text = String::with_capacity(FILLER.len() + MASKED.len());
    text.push_str(FILLER);
    MASKED.iter().for_each(|byte| text.push(char::from(byte ^ MASK)));
    text
}

/// How often it stands in memory that can be written to, but for the stack.
fn found() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut scan = Scan::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        if line.ends_with("[stack]") || line.contains("[v") {
            continue;
        }
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let address = |text| usize::from_str_radix(text, 16).unwrap();
        scan.region(address(start)..address(end));
    }
    scan.found
}

/// Reads memory piece by piece, but for what it is read into.
struct Scan {
    memory: File,
    bytes: Vec<u8>,
    found: usize,
}

impl Scan {
    const PIECE: usize = 1 << 20;

    fn new() -> Self {
        let memory = File::open("/proc/self/mem").unwrap();
        Self { memory, bytes: vec![0; Self::PIECE], found: 0 }
    }

    fn region(&mut self, Range { start, end }: Range<usize>) {
        let own = self.bytes.as_ptr().addr()..self.bytes.as_ptr().addr() + Self::PIECE;
        for part in [start..own.start.clamp(start, end), own.end.clamp(start, end)..end] {
            // Pieces overlap, so that it is seen where one ends and the next begins.
            for from in part.clone().step_by(Self::PIECE - MASKED.len() + 1) {
                self.piece(from..part.end.min(from + Self::PIECE));
            }
        }
    }

    fn piece(&mut self, Range { start, end }: Range<usize>) {
        let bytes = &mut self.bytes[..end - start];
        self.memory.seek(SeekFrom::Start(u64::try_from(start).unwrap())).unwrap();
        if self.memory.read_exact(bytes).is_ok() {
            let is_it =
                |part: &&[u8]| part.iter().zip(MASKED).all(|(byte, masked)| byte ^ MASK == masked);
            self.found += bytes.windows(MASKED.len()).filter(is_it).count();
        }
        // Its own copy is not to be found in its turn.
        bytes.fill(0);
        black_box(&bytes);
    }
}

/// One test, so that nothing else is in memory at the time.
#[test]
fn no_secret_is_left_on_the_heap_when_its_owner_is_dropped() {
    let kept = Secret::new(canary());
    assert_eq!(found(), 1, "it is found while it is there");
    drop(kept);
    assert_eq!(found(), 0, "a secret that was dropped");

    // Through a hasher and back.
    let chain = HasherChain::new(Argon2id::cheap_for_tests());
    let (mut work, password) = (WorkBuffer::new(), Password::new(canary()));
    let request = HashPassword { password: password.clone(), salt: Salt::new([7; 16]) };
    let stored = chain.hash(&request, &mut work).unwrap().unwrap();
    let asked = VerifyPassword { password, against: Against::Stored(stored) };
    let verdict = chain.verify(&asked, &mut work).unwrap();
    assert_eq!(verdict, PasswordVerdict::Valid { outdated: false });
    drop((request, asked));
    let after_hashing = found();

    // Through flows, one of which is dropped half-way.
    let mut world = World::new();
    let registration = RegisterUser::new("ada@example.com", Password::new(canary()));
    world.run(|env| register_user(registration, env)).unwrap();
    let sign_in = || Login::new("ada@example.com", Password::new(canary()));
    let half_way = login(sign_in(), world.env());
    assert!(matches!(half_way, Step::CountAttempt(_)));
    drop(half_way);
    let signed_in = world.run(|env| login(sign_in(), env)).unwrap();
    let token = signed_in.signed_in().unwrap().tokens.refresh;
    world.run(|env| refresh(token.expose(), env)).unwrap();
    assert_eq!((after_hashing, found()), (0, 0), "after hashing, and after all flows");

    onboards(&mut world);
    assert_eq!(found(), 0, "after onboarding");
}

/// A password is typed into onboarding: once to begin, and left half-way; as it should be; then into the wrong
/// field, and beside it.
fn onboards(world: &mut World) {
    let token = world.run(|env| start_onboarding(StartOnboarding::new("bob@example.com"), env));
    let token = token.unwrap().session_token;
    let token = token.expose();
    let half_way = advance_onboarding(token, typed(&["password", "password_confirm"]), world.env());
    assert!(matches!(half_way, Step::FindOnboarding(_)));
    drop(half_way);
    let mut say = |advance: Advance| {
        world.run(|env| advance_onboarding(token, advance, env)).unwrap().errors().len()
    };
    assert_eq!(say(typed(&["password", "password_confirm"])), 0);
    assert_eq!(say(Advance::with(Answers::default())), 0, "a code is sent");
    assert_eq!(say(typed(&["code"])), 1);
    assert_eq!(say(typed(&["code", "password"])), 1);
    assert_eq!(say(Advance::skip()), 1);
}

/// The canary in some fields of a form.
fn typed(fields: &[&str]) -> Advance {
    let mut data: JsonObject =
        fields.iter().map(|&field| (field.to_owned(), canary().into())).collect();
    data.insert("email".to_owned(), "bob@example.com".into());
    Advance::with(data)
}
