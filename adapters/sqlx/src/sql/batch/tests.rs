use testudo::model::{AttemptKey, Session, User};

use super::*;
use crate::Naming;
use crate::laws::fixtures::{NOW, event, message, session, user};
use crate::sql::Dialect;

/// Guards and writes of two users and their sessions and counters, in an order that is none.
fn batch() -> (Commit, [User; 2]) {
    let (ada, bob) = (user("ada@example.com"), user("bob@example.com"));
    let replace =
        |user: &User| Write::ReplaceUser { user: Box::new(user.clone()), was: user.version };
    let end = |session: Session| {
        let was = session.version;
        Write::ReplaceSession { session: Box::new(session), was }
    };
    let (hers, his) = (session(&ada), session(&bob));
    let batch = Commit {
        guards: vec![
            Guard::SessionVersion { id: his.id, version: his.version },
            Guard::UserEpoch { id: bob.id, epoch: bob.epoch },
            Guard::UserEpoch { id: ada.id, epoch: ada.epoch },
        ],
        writes: vec![
            Write::ClearAttempts(AttemptKey::login_account(bob.email.key())),
            end(hers),
            replace(&bob),
            Write::RefundAttempt { key: AttemptKey::totp(ada.email.key()), window: NOW },
            end(his),
        ],
        events: vec![event(&ada), event(&bob)],
        messages: vec![message()],
    };
    (batch, [ada, bob])
}

fn shown(steps: &[Step<'_>]) -> Vec<String> {
    steps.iter().map(|step| format!("{} {:?}", step.sql.as_str(), step.values)).collect()
}

#[test]
fn batches_take_their_locks_in_one_order_however_their_parts_stand() {
    let writes = Writes::new(&Layout::new(Dialect::Postgres, Naming::new()));
    let (batch, _) = batch();
    let mut reversed = batch.clone();
    reversed.guards.reverse();
    reversed.writes.reverse();
    let steps = writes.steps(&batch).unwrap();
    assert_eq!(shown(&steps), shown(&writes.steps(&reversed).unwrap()));
    assert_eq!(steps.len(), 3 + 5 + 2 + 1);
}

#[test]
fn a_guard_comes_before_the_write_of_its_record_and_locks_it_as_a_write_would() {
    let writes = Writes::new(&Layout::new(Dialect::Postgres, Naming::new()));
    let (batch, [ada, bob]) = batch();
    let steps = writes.steps(&batch).unwrap();
    let of = |id: &Uuid| -> Vec<&str> {
        let about = |step: &&Step<'_>| step.values.first() == Some(&Value::uuid(id));
        steps.iter().filter(about).map(|step| step.sql.as_str()).collect()
    };
    let hers = of(ada.id.as_uuid());
    assert!(matches!(hers.as_slice(), [guard] if guard.ends_with("FOR NO KEY UPDATE")), "{hers:?}");
    let his = of(bob.id.as_uuid());
    assert!(
        matches!(his.as_slice(), [guard, write]
            if guard.ends_with("FOR UPDATE") && write.starts_with("UPDATE")),
        "{his:?}"
    );
}

#[test]
fn a_removal_comes_before_what_takes_the_address_and_what_goes_with_it_last() {
    let writes = Writes::new(&Layout::new(Dialect::Postgres, Naming::new()));
    // Its id comes behind that of who takes the address.
    let next = user("ada@example.com");
    let gone = user("ada@example.com");
    let batch = Commit {
        guards: vec![Guard::UserEpoch { id: gone.id, epoch: gone.epoch }],
        writes: vec![
            Write::RemoveUser { id: gone.id, was: gone.version },
            Write::InsertUser(Box::new(next)),
        ],
        ..Commit::default()
    };
    let steps = writes.steps(&batch).unwrap();
    let starts = ["SELECT", "DELETE", "INSERT", "DELETE", "DELETE", "DELETE"];
    assert_eq!(steps.len(), starts.len());
    for (step, start) in steps.iter().zip(starts) {
        assert!(step.sql.as_str().starts_with(start), "{}", step.sql.as_str());
    }
}
