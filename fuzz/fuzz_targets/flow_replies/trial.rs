//! One flow, begun and answered as the fuzzer's bytes say.

use std::rc::Rc;

use testudo::command::{
    Commit, Conflict, LegacyVerdict, OwnedApiKey, OwnedSession, PasswordVerdict,
};
use testudo::model::{ApiKey, Digest, Invitation, OnboardingSession, Session, User};
use testudo::{Policy, Refusal, Step, Timestamp, respond};
use testudo_fuzz::Choices;

use super::flows::{FLOWS, Run};
use super::genuine::{Genuine, Stage};

/// No flow asks more: sixteen conflicts, and a few questions about each.
const MOST_QUESTIONS: usize = 100;

/// What every password ends with, and what no question, event or message may show.
pub(crate) const CANARY: &str = "\u{2603} canary";

/// A flow under way: what it is told, and what it was told so far.
pub(crate) struct Trial<'a> {
    pub(crate) choices: Choices<'a>,
    pub(crate) genuine: Rc<Genuine>,
    pub(crate) now: Timestamp,
    /// What must not be shown besides the canary: the token that was presented.
    pub(crate) presented: Option<String>,
    /// Whether that token is one that the library never made.
    pub(crate) is_made_up: bool,
    /// What the link that was presented claims, and until when.
    pub(crate) claimed: Option<(String, Timestamp)>,
    /// The digest of the API key that was presented, if one was.
    pub(crate) key_digest: Option<Digest>,
    /// Until when the invitation counts whose link was presented, if one was.
    pub(crate) invited_until: Option<Timestamp>,
    /// Who is at which step of onboarding, if somebody is.
    pub(crate) stage: Option<Stage>,
    /// What was asked for under: the policy of the flow.
    pub(crate) policy: Policy,
    pub(crate) record: Record,
}

/// What the flow was told so far, for the laws.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) questions: usize,
    /// Attempts that were counted and allowed, and those that were not.
    pub(crate) allowed: usize,
    pub(crate) refused: usize,
    /// Everybody who was looked up, in order: nobody is somebody, too.
    pub(crate) looked_up: Vec<Option<User>>,
    /// The last reply of each kind.
    pub(crate) user: Option<User>,
    pub(crate) session: Option<OwnedSession>,
    pub(crate) verdict: Option<PasswordVerdict>,
    pub(crate) api_key: Option<OwnedApiKey>,
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) invitation: Option<Invitation>,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) legacy: Option<LegacyVerdict>,
    pub(crate) onboarding: Option<OnboardingSession>,
    /// The last batch, and how it was answered.
    pub(crate) batch: Option<(Commit, Result<(), Conflict>)>,
}

impl Record {
    /// The last batch, if it was accepted. It is the flow's last question then.
    pub(crate) fn accepted(&self) -> Option<&Commit> {
        self.batch.as_ref().filter(|(_, answer)| answer.is_ok()).map(|(batch, _)| batch)
    }

    /// The session that was found last, if it could be used at all.
    pub(crate) fn live_session(&self) -> Option<&Session> {
        let OwnedSession { session, standing } = self.session.as_ref()?;
        (!session.is_revoked(standing)).then_some(session)
    }
}

impl<'a> Trial<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            choices: Choices::new(input),
            genuine: Genuine::shared(),
            now: Timestamp::from_millis(0),
            presented: None,
            is_made_up: false,
            claimed: None,
            key_digest: None,
            invited_until: None,
            stage: None,
            policy: Policy::default(),
            record: Record::default(),
        }
    }

    pub(crate) fn any_flow(&mut self) -> Run {
        let way = usize::from(self.choices.any::<u8>()) % FLOWS.len();
        FLOWS[way].1
    }

    /// Answers the flow's questions until it ends.
    pub(crate) fn run<T>(&mut self, mut step: Step<T>) -> T {
        loop {
            self.assert_shows_no_secret(&format!("{step:?}"));
            let Ok(next) = respond(step, self);
            step = match next {
                Step::Done(result) => return result,
                next => next,
            };
        }
    }

    /// As [`Trial::run`], for a flow that may refuse. What it says then shows no secret either.
    pub(crate) fn grant<T>(&mut self, step: Step<Result<T, Refusal>>) -> Option<T> {
        let result = self.run(step);
        if let Err(refusal) = &result {
            self.assert_shows_no_secret(&format!("{refusal} {refusal:?}"));
        }
        result.ok()
    }

    /// Counts a question, of which there are never too many.
    pub(crate) fn asked(&mut self) {
        self.record.questions += 1;
        assert!(self.record.questions <= MOST_QUESTIONS, "the flow goes on asking");
    }

    pub(crate) fn assert_shows_no_secret(&self, shown: &str) {
        assert!(!shown.contains(CANARY), "a password is shown: {shown}");
        let token = self.presented.as_deref().filter(|token| token.len() > 40);
        assert!(token.is_none_or(|token| !shown.contains(token)), "a token is shown: {shown}");
    }
}
