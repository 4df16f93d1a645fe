//! Invitations are found and listed as they were stored, and their seats are taken one by one.

use testudo::Timestamp;
use testudo::command::{Conflict, ListInvitations};
use testudo::model::{Invitation, InvitationId, User};

use super::key_records::{invitation, invitation_id, invitations, next_invitation};
use super::observe::{Observe, insert_invitation, insert_user, replace_invitation, writing};
use super::race::{only_winner, race};
use super::records::{NOW, user, user_id};
use crate::Store;

pub async fn an_invitation_is_found_whatever_became_of_it<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let expired = Invitation { expires_at: Timestamp::from_millis(1), ..invitation(1, Some(&ada)) };
    let revoked = Invitation { revoked_at: Some(NOW), ..invitation(2, Some(&ada)) };
    let full = Invitation { taken: 3, ..invitation(3, None) };
    for expected in [expired, revoked, full, invitation(4, None)] {
        store.write([insert_invitation(&expected)]).await;
        assert_eq!(store.invitation(expected.id).await, Some(expected));
    }
}

pub async fn no_invitation_is_found_where_none_is<S: Store>(store: S) {
    assert_eq!(store.invitation(invitation_id(1)).await, None);
    store.write([insert_invitation(&invitation(1, None))]).await;
    assert_eq!(store.invitation(invitation_id(2)).await, None);
}

pub async fn every_field_of_an_invitation_survives_an_insert<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    for expected in invitations(&ada) {
        store.write([insert_invitation(&expected)]).await;
        assert_eq!(store.invitation(expected.id).await, Some(expected));
    }
}

pub async fn every_field_of_an_invitation_survives_a_replacement<S: Store>(store: S) {
    let ada = user(1);
    let mut stored = invitation(9, None);
    store.write([insert_user(&ada), insert_invitation(&stored)]).await;
    for fields in invitations(&ada) {
        stored = Invitation { id: stored.id, version: stored.version.next(), ..fields };
        store.write([replace_invitation(&stored)]).await;
        assert_eq!(store.invitation(stored.id).await.as_ref(), Some(&stored));
    }
}

pub async fn invitations_are_listed_in_descending_order_of_their_ids_page_by_page<S: Store>(
    store: S,
) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    for inviter in [Some(&ada), None] {
        let first = if inviter.is_some() { 1 } else { 11 };
        let mut all: Vec<_> = (first..first + 7).map(|it| invitation(it, inviter)).collect();
        store.write(all.iter().map(insert_invitation)).await;
        all.sort_by_key(|invitation| std::cmp::Reverse(invitation.id));
        assert_eq!(listed(&store, by(inviter)).await, all);
        assert_eq!(listed(&store, ListInvitations { limit: 0, ..by(inviter) }).await, []);
        let mut page = ListInvitations { limit: 3, ..by(inviter) };
        for expected in all.chunks(3) {
            let found = listed(&store, page).await;
            assert_eq!(found, expected);
            page.before = found.last().map(|invitation| invitation.id);
        }
        assert_eq!(listed(&store, page).await, []);
    }
}

pub async fn invitations_are_listed_to_who_invited_whatever_became_of_them<S: Store>(store: S) {
    let (ada, eve) = (user(1), user(2));
    store.write([&ada, &eve].map(insert_user)).await;
    let hers = [
        Invitation { expires_at: Timestamp::from_millis(1), ..invitation(1, Some(&ada)) },
        Invitation { revoked_at: Some(NOW), ..invitation(2, Some(&ada)) },
        Invitation { taken: 3, ..invitation(3, Some(&ada)) },
    ];
    let others = [invitation(4, Some(&eve)), invitation(5, None)];
    store.write(hers.iter().chain(&others).map(insert_invitation)).await;
    for (inviter, numbers) in [(Some(&ada), &[1, 2, 3][..]), (Some(&eve), &[4]), (None, &[5])] {
        let mut expected: Vec<InvitationId> = numbers.iter().copied().map(invitation_id).collect();
        expected.sort_by(|one, other| other.cmp(one));
        let found = listed(&store, by(inviter)).await;
        assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), expected);
    }
    let nobody = ListInvitations { invited_by: Some(user_id(7)), ..by(None) };
    assert_eq!(listed(&store, nobody).await, []);
}

pub async fn of_100_users_the_last_seat_goes_to_one<S: Store>(store: S) {
    let open = Invitation { taken: 2, ..invitation(1, None) };
    store.write([insert_invitation(&open)]).await;
    let full = Invitation { taken: 3, ..next_invitation(&open) };
    let taking = |n| store.apply(writing([insert_user(&user(n)), replace_invitation(&full)]));
    let winner = only_winner(race(100, taking).await);
    assert_eq!(store.invitation(open.id).await, Some(full));
    for number in 0..100 {
        assert_eq!(store.user(user_id(number)).await.is_some(), number == winner);
    }
}

pub async fn an_invitation_has_one_id_and_is_not_brought_to_life<S: Store>(store: S) {
    let open = invitation(1, None);
    let absent = writing([replace_invitation(&next_invitation(&open))]);
    assert_eq!(store.apply(absent).await, Err(Conflict));
    assert_eq!(store.invitation(open.id).await, None);
    store.write([insert_invitation(&open)]).await;
    let another = Invitation { seats: 9, ..open.clone() };
    assert_eq!(store.apply(writing([insert_invitation(&another)])).await, Err(Conflict));
    assert_eq!(store.invitation(open.id).await, Some(open));
}

fn by(inviter: Option<&User>) -> ListInvitations {
    ListInvitations { invited_by: inviter.map(|user| user.id), before: None, limit: 100 }
}

async fn listed<S: Store>(store: &S, command: ListInvitations) -> Vec<Invitation> {
    store.list_invitations(command).await.expect("list_invitations must not fail")
}
