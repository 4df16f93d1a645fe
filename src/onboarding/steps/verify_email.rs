//! Showing that an address is one's own.

use super::super::{ClientHint, Need, OnboardingStep, Progress, Turn, Turned};
use super::email_code::SentCode;
use super::{CODE, displace_unproven, note_limit, six_digits, wrong_code};
use crate::command::{FindUser, UserKey};
use crate::event::{Event, LimitName};
use crate::flow::attempts::{Reached, Reservation};
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, User};
use crate::refusal::FieldError;
use crate::step::{Step, ask};

/// A code goes to the address, and comes back.
///
/// Said nothing, it sends a code; said a code, it looks at that. Guesses are counted by address, in whatever
/// session and however often another code was sent, before the code is looked at.
///
/// Somebody who registers with an address that has an account is sent no code: its owner is told instead. All
/// else looks the same, and no code is right. An account whose owner never showed that the address is theirs is
/// no obstacle: who verifies the address gets it, and nothing of what was left behind there.
#[derive(Clone, Copy, Debug)]
pub struct VerifyEmail;

impl VerifyEmail {
    /// Its name.
    pub const NAME: &str = "verify_email";
}

impl OnboardingStep for VerifyEmail {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.user().is_verified { Need::No } else { Need::Required }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        let email = progress.email().as_str();
        let hint = match progress.kept::<SentCode>() {
            None => ClientHint::new(
                "Verify your e-mail address",
                "A code will be sent to your e-mail address.",
            ),
            Some(sent) => ClientHint::new(
                "Verify your e-mail address",
                "Enter the code that was sent to your e-mail address. If none arrives, \
                 look among unwanted mail, or have another one sent.",
            )
            .field(six_digits("Code from the e-mail"))
            .again("Send another code")
            .extra("resend_after", sent.wait(progress).as_secs_rounded_up()),
        };
        hint.extra("email", email)
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let code = match turn.answers().text(CODE) {
            Ok(code) => code.map(str::to_owned).map(zeroize::Zeroizing::new),
            Err(error) => return turn.fail([error]),
        };
        match (code, turn.kept::<SentCode>()) {
            (None, sent) => send_again(turn, sent),
            (Some(code), Some(sent)) => count_guess(turn, code, sent),
            (Some(_), None) => {
                let first = "expected nothing yet: have a code sent first";
                turn.fail([FieldError::new(CODE, "no_code_sent", first)])
            }
        }
    }
}

type Typed = zeroize::Zeroizing<String>;

fn send_again(turn: Turn, sent: Option<SentCode>) -> Step<Turned> {
    let wait = sent.map(|sent| sent.wait(&turn.progress())).unwrap_or_default();
    if wait.is_zero() {
        return count_network(turn);
    }
    let message =
        format!("a code was just sent; another one can be in {} s", wait.as_secs_rounded_up());
    turn.fail([FieldError::new(CODE, "too_soon", message)])
}

/// Counts against the client's network first, so that one that is over its limit uses up no address.
fn count_network(turn: Turn) -> Step<Turned> {
    let Some(ip) = turn.env.client.ip() else { return count_address(turn, Reached::default()) };
    let key = AttemptKey::mail_network(ip);
    let limit = turn.env.policy().mail_network;
    turn.count(key, limit, |turn, counted| {
        let mut reached = Reached::default();
        reached.note(counted, LimitName::MailNetwork);
        count_address(turn, reached)
    })
}

fn count_address(turn: Turn, mut reached: Reached) -> Step<Turned> {
    let key = AttemptKey::email_proof(turn.user().email.key());
    let limit = turn.env.policy().email_proof;
    turn.count(key, limit, move |turn, counted| {
        reached.note(counted, LimitName::EmailProof);
        look(turn, reached)
    })
}

/// Looks whose the address is, also where that is known: so a sign-up takes the same steps as ever.
fn look(turn: Turn, reached: Reached) -> Step<Turned> {
    let key = UserKey::Email(turn.user().email.key().clone());
    let give_back = turn.give_back();
    ask(FindUser { key }, move |owner| send(turn, owner, &reached)).on_fault(give_back)
}

/// Sends a code, or tells the owner that somebody wanted one: one message either way.
fn send(mut turn: Turn, owner: Option<User>, reached: &Reached) -> Step<Turned> {
    let (code, mut sent) = SentCode::new(&mut turn);
    let until = sent.until;
    let message = match owner {
        Some(owner) if turn.progress().is_sign_up() && !turn.may_be_claimed(&owner) => {
            sent = sent.for_nobody(&mut turn);
            Message::to_owner(MessageKind::RegistrationOfTaken, &owner)
        }
        _ => {
            let message = Message::new(MessageKind::VerificationCode, &turn.user().email);
            message.with_code(code, until).in_language_of(turn.user())
        }
    };
    turn.keep(&sent);
    let sealed = message.seal(&mut turn.env);
    let user = turn.known_user();
    let batch = std::mem::take(&mut turn.batch).message(sealed);
    turn.batch = reached.report(batch, user, &mut turn.env);
    turn.stay()
}

fn count_guess(turn: Turn, code: Typed, sent: SentCode) -> Step<Turned> {
    let key = AttemptKey::email_code(turn.user().email.key());
    let limit = turn.env.policy().email_code;
    turn.count(key, limit, move |turn, counted| judge(turn, &code, &sent, &counted))
}

fn judge(mut turn: Turn, code: &str, sent: &SentCode, counted: &Reservation) -> Step<Turned> {
    note_limit(&mut turn, counted, LimitName::EmailCode);
    let is_right = sent.is(code, &turn);
    if turn.env.now >= sent.until {
        let over = "this code has expired; have another one sent";
        return turn.fail([FieldError::new(CODE, "code_expired", over)]);
    }
    if !is_right {
        return turn.fail([wrong_code()]);
    }
    turn.batch = crate::command::Commit::new().write(counted.clear());
    if let Some(user) = turn.known_user() {
        let event = turn.env.event(Some(user), None, Event::EmailVerified);
        turn.commit(|batch| batch.event(event));
    }
    turn.account.is_verified = true;
    displace_unproven(turn)
}
