//! The suite of all stores.

/// One server, one bucket.
mod server {
    use testudo_redis::RedisStore;

    use crate::support::{fresh, run, server};

    fn on_fresh_records(test: impl AsyncFnOnce(RedisStore)) {
        run(async { test(fresh(server(), 1).await).await });
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}

/// One server, one bucket, from two nodes.
mod two_nodes {
    use testudo_driver::conformance::Nodes;
    use testudo_redis::RedisStore;
    use testudo_test_servers::unique_name;

    use crate::support::{open, run, server};

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<RedisStore>)) {
        run(async {
            let prefix = unique_name();
            let (one, other) = (open(server(), &prefix, 1).await, open(server(), &prefix, 1).await);
            test(Nodes::new(one, [other])).await;
        });
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}

/// A cluster of three, one bucket: every commit is atomic.
mod cluster {
    use testudo_redis::RedisStore;

    use crate::support::{cluster, fresh, run};

    fn on_fresh_records(test: impl AsyncFnOnce(RedisStore)) {
        run(async { test(fresh(&cluster(), 1).await).await });
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}

/// A cluster of three, many buckets. Sessions, counters and onboarding sessions are in other buckets than users and
/// events, so that batches of several kinds go bucket by bucket.
mod spread {
    use testudo_redis::RedisStore;

    use crate::support::{cluster, fresh, run};

    fn on_fresh_records(test: impl AsyncFnOnce(RedisStore)) {
        run(async { test(fresh(&cluster(), 64).await).await });
    }

    testudo_driver::conformance_tests!(on_fresh_records, over_several_buckets);
}

/// A cluster of three, many buckets, with users and events elsewhere: what many buckets are for.
mod split {
    use testudo::command::Part;
    use testudo_driver::Split;
    use testudo_memory::MemoryStore;

    use crate::support::{cluster, fresh, run};

    fn on_fresh_records(test: impl AsyncFnOnce(Split)) {
        run(async {
            let parts = [Part::Sessions, Part::Counters, Part::Onboarding];
            let spread = fresh(&cluster(), 64).await;
            test(Split::new(MemoryStore::new()).place(parts, spread)).await;
        });
    }

    testudo_driver::conformance_tests!(on_fresh_records, over_several_buckets);
}
