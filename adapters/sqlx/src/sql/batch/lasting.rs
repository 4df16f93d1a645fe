//! What a batch of guards does, so that what it saw outlasts the server.

use super::*;
use crate::Naming;
use crate::laws::fixtures::{session, user};
use crate::sql::Dialect;

/// The database itself was seen to show an update whose log it had not written yet, and to have lost it after a kill;
/// and to keep whoever wrote anything waiting for that log.
#[test]
fn on_mysql_a_batch_that_only_reads_writes_something_of_nobodys() {
    let writes = Writes::new(&Layout::new(Dialect::MySql, Naming::new()));
    let session = session(&user("ada@example.com"));
    let guard = Guard::SessionVersion { id: session.id, version: session.version };
    let batch = Commit { guards: vec![guard], ..Commit::default() };
    let shown = |steps: &[Step<'_>]| -> Vec<String> {
        steps.iter().map(|step| step.sql.as_str().chars().take(6).collect()).collect()
    };
    let steps = writes.steps(&batch).unwrap();
    assert_eq!(shown(&steps), ["SELECT", "INSERT", "DELETE"]);
    let [_, insert, delete] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(insert.values, delete.values);
    let theirs = Value::uuid(session.id.as_uuid());
    assert!(insert.values != [theirs] && insert.values != writes.steps(&batch).unwrap()[1].values);

    let was = session.version;
    let end = Write::ReplaceSession { session: Box::new(session), was };
    let writing = Commit { writes: vec![end], ..batch };
    assert_eq!(shown(&writes.steps(&writing).unwrap()), ["SELECT", "UPDATE"]);
}
