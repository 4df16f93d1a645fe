//! The ratchet: each refresh secret is a function of the one before it.
//!
//! `next = HMAC(refresh-chain sub-key, session id, generation, secret)`, and the access secret of a
//! generation derives from its refresh secret under a sub-key of its own. Because the successor is
//! determined, a repeated or parallel refresh gets the same pair again and never a second branch;
//! and a spent token is told from a made-up one by walking from it to the digest that is stored
//! (RFC 9700 4.14.2).

use super::{AccessToken, OpaqueToken, RefreshToken};
use crate::keys::{MasterKey, Purpose};
use crate::model::Digest;
use crate::secret::Secret;

impl RefreshToken {
    /// The refresh token that this one is exchanged for; `None` after the last generation.
    pub(crate) fn successor(&self, key: &MasterKey) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        Some(Self::new(self.session, generation, self.derive(key, Purpose::RefreshChain)))
    }

    /// The access token of the same generation.
    pub(crate) fn access(&self, key: &MasterKey) -> AccessToken {
        let secret = self.derive(key, Purpose::AccessSecret);
        OpaqueToken::new(self.session, self.generation, secret)
    }

    /// Whether this token is a genuine forebear of the one whose digest is given: `steps` links
    /// further down the chain.
    pub(crate) fn leads_to(&self, key: &MasterKey, steps: u32, digest: &Digest) -> bool {
        let mut link = self.clone();
        for _ in 0..steps {
            let Some(next) = link.successor(key) else { return false };
            link = next;
        }
        link.digest() == *digest
    }

    fn derive(&self, key: &MasterKey, purpose: Purpose) -> Secret<[u8; 32]> {
        let generation = self.generation.to_be_bytes();
        let parts: [&[u8]; 3] =
            [self.session.as_uuid().as_bytes(), &generation, self.secret().expose()];
        Secret::new(key.mac(purpose, &parts))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::keys::KeyRing;
    use crate::model::SessionId;

    fn ring(secret: &str) -> KeyRing {
        KeyRing::parse(secret).unwrap()
    }

    fn first(session: u128, secret: u8) -> RefreshToken {
        let session = SessionId::from_uuid(Uuid::from_u128(session));
        RefreshToken::new(session, 0, Secret::new([secret; 32]))
    }

    #[test]
    fn a_chain_is_determined_by_session_secret_and_key() {
        let (ring, other) =
            (ring("wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe"), ring("Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh"));
        let next = |token: RefreshToken, ring: &KeyRing| {
            token.successor(ring.newest()).unwrap().reveal().expose().clone()
        };
        assert_eq!(next(first(1, 1), &ring), next(first(1, 1), &ring));
        assert_ne!(next(first(1, 1), &ring), next(first(2, 1), &ring));
        assert_ne!(next(first(1, 1), &ring), next(first(1, 2), &ring));
        assert_ne!(next(first(1, 1), &ring), next(first(1, 1), &other));
    }

    #[test]
    fn every_forebear_leads_to_the_current_token_and_nothing_else_does() {
        let ring = ring("wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe");
        let key = ring.newest();
        let mut chain = vec![first(1, 1)];
        for _ in 0..20 {
            let next = chain.last().unwrap().successor(key).unwrap();
            chain.push(next);
        }
        let current = chain.last().unwrap();
        for (steps, token) in (0..).zip(chain.iter().rev()) {
            assert!(token.leads_to(key, steps, &current.digest()));
            assert!(!token.leads_to(key, steps + 1, &current.digest()));
        }
        assert!(!first(1, 2).leads_to(key, 20, &current.digest()));
    }

    #[test]
    fn the_last_generation_has_no_successor() {
        let ring = ring("wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe");
        let session = SessionId::from_uuid(Uuid::nil());
        let last = RefreshToken::new(session, u32::MAX, Secret::new([1; 32]));
        assert!(last.successor(ring.newest()).is_none());
        assert!(!last.leads_to(ring.newest(), 1, &Digest::of(b"any")));
    }
}
