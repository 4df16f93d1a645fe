//! Writes, made into other ones.

use testudo::Timestamp;
use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSession, OwnedApiKey, Write,
};
use testudo::model::ApiKey;
use testudo_driver::{Fault, Store as _};

use crate::reading::by_id;
use crate::{Defect, Defective};

impl Defective {
    /// What the defect makes of a text that it should leave alone.
    pub(crate) fn mangled(&self, text: &str) -> String {
        match self.defect {
            Defect::FoldsCase => text.to_lowercase(),
            Defect::TrimsSpace => text.trim_end().to_owned(),
            _ => text.to_owned(),
        }
    }

    pub(crate) fn mangled_write(&self, write: Write) -> Write {
        match (self.defect, write) {
            (Defect::NeverRefunds, Write::RefundAttempt { key, .. }) => {
                Write::RefundAttempt { key, window: Timestamp::from_millis(1) }
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertUser(mut user)) => {
                user.joined_at = Timestamp::from_millis(user.joined_at.as_millis() / 1000 * 1000);
                Write::InsertUser(user)
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertSession(mut session)) => {
                let millis = session.auth_time.as_millis();
                session.auth_time = Timestamp::from_millis(millis / 1000 * 1000);
                Write::InsertSession(session)
            }
            (Defect::ForgetsAFieldWhenReplacing, Write::ReplaceUser { mut user, was }) => {
                user.last_login = None;
                Write::ReplaceUser { user, was }
            }
            (Defect::ForgetsAFieldWhenReplacing, Write::ReplaceSession { mut session, was }) => {
                session.ended = None;
                Write::ReplaceSession { session, was }
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertApiKey(mut key)) => {
                let millis = key.created_at.as_millis();
                key.created_at = Timestamp::from_millis(millis / 1000 * 1000);
                Write::InsertApiKey(key)
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertInvitation(mut invitation)) => {
                let millis = invitation.expires_at.as_millis();
                invitation.expires_at = Timestamp::from_millis(millis / 1000 * 1000);
                Write::InsertInvitation(invitation)
            }
            (Defect::ForgetsAFieldWhenReplacing, Write::ReplaceApiKey { mut key, was }) => {
                key.last_used_at = None;
                Write::ReplaceApiKey { key, was }
            }
            (
                Defect::ForgetsAFieldWhenReplacing,
                Write::ReplaceInvitation { mut invitation, was },
            ) => {
                invitation.data.clear();
                Write::ReplaceInvitation { invitation, was }
            }
            (_, write) => self.mangled_onboarding(self.mangled_factors(write)),
        }
    }

    /// What becomes of onboarding sessions.
    fn mangled_onboarding(&self, mut write: Write) -> Write {
        let (Write::InsertOnboarding(session) | Write::ReplaceOnboarding { session, .. }) =
            &mut write
        else {
            return write;
        };
        let millis = session.created_at.as_millis();
        match self.defect {
            Defect::KeepsWholeSecondsOnly => {
                session.created_at = Timestamp::from_millis(millis / 1000 * 1000);
            }
            Defect::ForgetsAFieldWhenReplacing => session.created_at = Timestamp::from_millis(0),
            Defect::CutsStates => session.sealed.truncate(8192),
            _ => {}
        }
        write
    }

    /// What becomes of second factors, recovery codes and terms.
    fn mangled_factors(&self, mut write: Write) -> Write {
        let (Write::InsertUser(user) | Write::ReplaceUser { user, .. }) = &mut write else {
            return write;
        };
        match self.defect {
            Defect::KeepsOneRecoveryCode => user.recovery_codes.truncate(1),
            Defect::SortsRecoveryCodes => {
                user.recovery_codes.sort_by_key(|digest| *digest.as_bytes());
            }
            Defect::KeepsTermsWithAFactorOnly if user.totp.is_none() => user.terms = None,
            _ => {}
        }
        write
    }

    /// As if `coalesce(?, totp)` stood where `?` should.
    pub(crate) async fn with_factors_for_ever(
        &self,
        mut writes: Vec<Write>,
    ) -> Result<Vec<Write>, Fault> {
        for write in &mut writes {
            let Write::ReplaceUser { user, .. } = write else { continue };
            let stored = self.store.find_user(by_id(user)).await?;
            user.totp = user.totp.take().or(stored.and_then(|stored| stored.totp));
        }
        Ok(writes)
    }

    /// As if `INSERT OR REPLACE` stood where `INSERT` should.
    pub(crate) async fn inserted_over(&self, writes: Vec<Write>) -> Result<Vec<Write>, Fault> {
        let mut over = Vec::new();
        for write in writes {
            over.push(match write {
                Write::InsertOnboarding(session) => {
                    let id = session.id;
                    match self.store.find_onboarding(FindOnboarding { id }).await? {
                        Some(stored) => Write::ReplaceOnboarding { session, was: stored.version },
                        None => Write::InsertOnboarding(session),
                    }
                }
                other => other,
            });
        }
        Ok(over)
    }

    /// As if `ON CONFLICT DO UPDATE` stood where `WHERE version = ?` should.
    pub(crate) async fn upserts(&self, writes: Vec<Write>) -> Result<Vec<Write>, Fault> {
        let mut upserts = Vec::new();
        for write in writes {
            upserts.push(match write {
                Write::ReplaceUser { user, .. } => {
                    match self.store.find_user(by_id(&user)).await? {
                        Some(stored) => Write::ReplaceUser { user, was: stored.version },
                        None => Write::InsertUser(user),
                    }
                }
                Write::ReplaceSession { session, .. } => {
                    match self.store.find_session(FindSession { id: session.id }).await? {
                        Some(owned) => {
                            Write::ReplaceSession { session, was: owned.session.version }
                        }
                        None => Write::InsertSession(session),
                    }
                }
                Write::ReplaceApiKey { key, .. } => {
                    match self.store.find_api_key(FindApiKey { id: key.id }).await? {
                        Some(owned) => Write::ReplaceApiKey { key, was: owned.key.version },
                        None => Write::InsertApiKey(key),
                    }
                }
                Write::ReplaceInvitation { invitation, .. } => {
                    let id = invitation.id;
                    match self.store.find_invitation(FindInvitation { id }).await? {
                        Some(stored) => {
                            Write::ReplaceInvitation { invitation, was: stored.version }
                        }
                        None => Write::InsertInvitation(invitation),
                    }
                }
                Write::ReplaceOnboarding { session, .. } => {
                    let id = session.id;
                    match self.store.find_onboarding(FindOnboarding { id }).await? {
                        Some(stored) => Write::ReplaceOnboarding { session, was: stored.version },
                        None => Write::InsertOnboarding(session),
                    }
                }
                other => other,
            });
        }
        Ok(upserts)
    }

    /// Writes down each use as if it were the whole record that changed.
    pub(crate) async fn touches_as_replacements(
        &self,
        writes: Vec<Write>,
    ) -> Result<Vec<Write>, Fault> {
        let mut replacements = Vec::new();
        for write in writes {
            let found = match write {
                Write::TouchApiKey { id, .. } => self.store.find_api_key(FindApiKey { id }).await?,
                _ => None,
            };
            replacements.push(match (write, found) {
                (Write::TouchApiKey { at, .. }, Some(OwnedApiKey { key, .. })) => {
                    let was = key.version;
                    let version = match self.defect {
                        Defect::TouchesTheVersion => was.next(),
                        _ => was,
                    };
                    let key = Box::new(ApiKey { last_used_at: Some(at), version, ..key });
                    Write::ReplaceApiKey { key, was }
                }
                (write, _) => write,
            });
        }
        Ok(replacements)
    }
}
