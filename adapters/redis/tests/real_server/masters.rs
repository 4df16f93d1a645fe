//! All reads go to masters: what was acknowledged is seen at once, whatever the replicas have.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSession, FindUser, FindUserWithSession,
    ListApiKeys, ListInvitations, ListSessions, ListUsers, UserKey,
};
use testudo::message::ListMessages;
use testudo_driver::Store;
use testudo_redis::RedisOptions;
use testudo_test_servers::{Options, RedisCluster};

use crate::fixtures::{NOW, all_of, commit, user};
use crate::support::{as_cluster, raw, run};

/// How often each thing is read: as often as it takes to come to every replica, if any were asked.
const READS: usize = 200;

/// The replicas answer, and say what was before: their masters do not let them in any more.
#[test]
fn what_was_committed_is_seen_at_once_though_the_replicas_have_nothing_of_it() {
    run(async {
        let cluster = RedisCluster::start_with_replicas(&Options::throwaway()).unwrap();
        for buckets in [1, 64] {
            let prefix = format!("of{buckets}");
            let options = RedisOptions::new().prefix(&prefix).buckets(buckets);
            let store = options.open(&as_cluster(cluster.url())).await.unwrap();
            stop_replicating(&cluster).await;
            let ada = user("ada@example.com");
            let (batch, session, invited, key, onboarding) = all_of(&ada);
            commit(&store, batch).await;
            let (_, replicas) = cluster.nodes().split_at(3);
            for replica in replicas {
                let mut redis = raw(replica.url()).await;
                let found: Vec<String> = redis.keys(format!("{{{prefix}:*}}:users")).await.unwrap();
                assert_eq!(found, [""; 0], "a replica got it after all");
            }
            for _ in 0..READS {
                let find = FindUser { key: UserKey::Id(ada.id) };
                assert!(store.find_user(find).await.unwrap().is_some());
                let find = FindUser { key: UserKey::Email(ada.email.key().clone()) };
                assert!(store.find_user(find).await.unwrap().is_some());
                assert!(store.find_session_record(session.id).await.unwrap().is_some());
                let find = FindSession { id: session.id };
                assert!(store.find_session(find).await.unwrap().is_some());
                let find = FindUserWithSession { user: ada.id, session: session.id };
                let found = store.find_user_with_session(find).await.unwrap();
                assert!(found.is_some_and(|(_, session)| session.is_some()));
                let find = FindInvitation { id: invited.id };
                assert!(store.find_invitation(find).await.unwrap().is_some());
                let find = FindApiKey { id: key.id };
                assert!(store.find_api_key(find).await.unwrap().is_some());
                let find = FindOnboarding { id: onboarding.id };
                assert!(store.find_onboarding(find).await.unwrap().is_some());
                let list = ListUsers { after: None, limit: 9 };
                assert_eq!(store.list_users(list).await.unwrap().len(), 1);
                let list = ListSessions {
                    user: ada.id,
                    epoch: ada.epoch,
                    now: NOW,
                    before: None,
                    limit: 9,
                };
                assert_eq!(store.list_sessions(list).await.unwrap().len(), 1);
                let list = ListInvitations { invited_by: Some(ada.id), before: None, limit: 9 };
                assert_eq!(store.list_invitations(list).await.unwrap().len(), 1);
                let list = ListApiKeys { user: ada.id, before: None, limit: 9 };
                assert_eq!(store.list_api_keys(list).await.unwrap().len(), 1);
                let list = ListMessages { state: None, after: None, limit: 9 };
                assert_eq!(store.list_messages(list).await.unwrap().len(), 1);
                store.ping().await.unwrap();
            }
        }
    });
}

/// Replicas go on answering, and get nothing more.
async fn stop_replicating(cluster: &RedisCluster) {
    let (masters, replicas) = cluster.nodes().split_at(3);
    for replica in replicas {
        let mut redis = raw(replica.url()).await;
        configure(&mut redis, "masteruser", "nobody").await;
        configure(&mut redis, "masterauth", "nothing").await;
    }
    for master in masters {
        let mut redis = raw(master.url()).await;
        let mut kill = redis::cmd("CLIENT");
        kill.arg(&["KILL", "TYPE", "replica"]).exec_async(&mut redis).await.unwrap();
    }
    for replica in replicas {
        let mut redis = raw(replica.url()).await;
        loop {
            let mut info = redis::cmd("INFO");
            let text: String = info.arg("replication").query_async(&mut redis).await.unwrap();
            if text.contains("master_link_status:down") {
                break;
            }
        }
    }
}

async fn configure(redis: &mut MultiplexedConnection, name: &str, value: &str) {
    let mut set = redis::cmd("CONFIG");
    set.arg("SET").arg(name).arg(value).exec_async(redis).await.unwrap();
}
