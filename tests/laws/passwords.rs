//! What holds of every hasher that hashes can be made with, and of every password.

use proptest::prelude::*;
use testudo::command::{Against, HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::password::{
    Argon2id, Bcrypt, HasherChain, Password, PasswordHash, Pbkdf2Sha256, Pepper, Peppers, Salt,
    WorkBuffer,
};
use testudo::testing::InsecureHasher;

const VALID: PasswordVerdict = PasswordVerdict::Valid { outdated: false };

/// A chain for each hasher, without a pepper and with one.
fn every_chain() -> Vec<HasherChain> {
    let chains = || {
        [
            HasherChain::new(Argon2id::cheap_for_tests()),
            HasherChain::new(Bcrypt::cheap_for_tests()),
            HasherChain::new(Pbkdf2Sha256::cheap_for_tests()),
            HasherChain::new(InsecureHasher::current()),
        ]
    };
    let peppered = chains().map(|chain| {
        let pepper = Pepper::new("p1", b"wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe").unwrap();
        chain.reading_all().peppered(Peppers::new(pepper))
    });
    chains().map(HasherChain::reading_all).into_iter().chain(peppered).collect()
}

fn hash(chain: &HasherChain, password: &str, salt: [u8; 16]) -> Result<PasswordHash, Unhashable> {
    let request = HashPassword { password: password.into(), salt: Salt::new(salt) };
    chain.hash(&request, &mut WorkBuffer::new()).unwrap()
}

fn verify(chain: &HasherChain, password: &str, stored: &PasswordHash) -> PasswordVerdict {
    let against = Against::Stored(stored.clone());
    let request = VerifyPassword { password: password.into(), against };
    chain.verify(&request, &mut WorkBuffer::new()).unwrap()
}

fn is_same(one: &str, other: &str) -> bool {
    Password::from(one).is_same_as(&Password::from(other))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_password_matches_the_hash_that_was_made_of_it_and_no_other_password_does(
        password in "(?s:.{0,24})",
        other in "(?s:.{0,24})",
        behind: char,
        salt: [u8; 16],
    ) {
        for chain in every_chain() {
            // bcrypt and HMAC refuse what they would not tell from another password.
            let Ok(stored) = hash(&chain, &password, salt) else { continue };
            prop_assert_eq!(verify(&chain, &password, &stored), VALID, "{:?}", chain);
            let longer = format!("{password}{behind}");
            let with_nul = format!("{password}\0");
            let shorter: String = password.chars().skip(1).collect();
            for other in [&other, &longer, &with_nul, &shorter] {
                let matches = verify(&chain, other, &stored) == VALID;
                prop_assert_eq!(matches, is_same(&password, other), "{:?} {:?}", chain, other);
            }
        }
    }

    #[test]
    fn a_password_without_nul_is_taken_by_every_hasher_up_to_72_bytes(
        password in r"[^\x00]{0,18}",
        salt: [u8; 16],
    ) {
        prop_assume!(Password::from(password.as_str()).normalized().expose().len() <= 72);
        for chain in every_chain() {
            let stored = hash(&chain, &password, salt).unwrap();
            prop_assert_eq!(verify(&chain, &password, &stored), VALID, "{:?}", chain);
        }
    }
}
