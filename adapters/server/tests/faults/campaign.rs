//! Round after round: a load, a fault in the middle of it, and a look at the ledger.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::asking::{Told, World};
use crate::fault::Fault;
use crate::guessing::Guesser;
use crate::letters::Letters;
use crate::person::Person;
use crate::scene::Scene;
use crate::signing_up;

const PEOPLE: u64 = 6;

/// How soon the server must be whole again.
const RECOVERY: Duration = Duration::from_secs(15);

/// For what the last fault has left on its way to a server.
const SETTLING: Duration = Duration::from_millis(300);

pub(crate) fn run(scene: Scene) {
    let kills = setting("TESTUDO_FAULT_KILLS").unwrap_or(5);
    let seed = setting("TESTUDO_FAULT_SEED").unwrap_or_else(|| fastrand::u64(..));
    Campaign::new(scene, seed).run(kills);
}

fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

struct Campaign {
    scene: Scene,
    world: World,
    seed: u64,
    random: fastrand::Rng,
    people: Vec<Person>,
    guesser: Guesser,
    kills: u64,
    rounds: u64,
    recoveries: Vec<Duration>,
}

impl Campaign {
    fn new(scene: Scene, seed: u64) -> Self {
        let world = World::new(scene.address, scene.is_split, Letters::of(scene.site.path("mail")));
        let people = (0..PEOPLE).map(|number| Person::new(seed.wrapping_add(number))).collect();
        Self {
            scene,
            world,
            seed,
            random: fastrand::Rng::with_seed(seed),
            people,
            guesser: Guesser::default(),
            kills: 0,
            rounds: 0,
            recoveries: Vec::new(),
        }
    }

    fn run(mut self, kills: u64) {
        eprintln!("{}: TESTUDO_FAULT_SEED={}", self.scene.name, self.seed);
        let begun = Instant::now();
        // Everybody has something to lose.
        self.load(None, Duration::from_secs(2));
        self.check(false, "before any fault");
        while self.kills < kills {
            let fault = Fault::random(&mut self.random, !self.scene.backings.is_empty());
            self.round(fault);
            if self.rounds.is_multiple_of(10) {
                eprintln!("{} of {kills} kills, {}", self.kills, self.figures());
            }
        }
        self.check_events();
        self.check(true, "in the end");
        eprintln!("{} in {:.0?}: {}", self.scene.name, begun.elapsed(), self.figures());
    }

    fn figures(&self) -> String {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort_unstable();
        let at = |part: usize| {
            let index = recoveries.len().saturating_sub(1) * part / 100;
            recoveries.get(index).copied().unwrap_or_default()
        };
        let accounts: usize = self.people.iter().map(Person::accounts).sum();
        format!(
            "{} faults, {accounts} accounts; whole again after {:.1?} (median), {:.1?} (most); answers {}",
            self.rounds,
            at(50),
            at(100),
            self.world.figures()
        )
    }

    fn round(&mut self, fault: Fault) {
        self.rounds += 1;
        self.kills += u64::from(fault.is_kill());
        let before = Duration::from_millis(self.random.u64(20..500));
        self.load(Some(fault), before);
        self.check(false, &format!("after {fault:?}"));
    }

    /// People come and go, until a fault is over and a while after it.
    fn load(&mut self, fault: Option<Fault>, before: Duration) {
        let Self { scene, world, people, guesser, random, recoveries, .. } = self;
        let (world, over) = (&*world, AtomicBool::new(false));
        let is_fresh = random.u8(..3) == 0;
        thread::scope(|scope| {
            for person in people {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        person.tick(world);
                    }
                });
            }
            if fault.is_some() {
                scope.spawn(|| {
                    guesser.tick(world, is_fresh);
                    guesser.tick(world, false);
                });
            }
            thread::sleep(before);
            if let Some(fault) = fault {
                let which = random.usize(..scene.backings.len().max(1));
                fault.happen(scene, which);
                let healed = Instant::now();
                let is_whole = wait_until_whole(world);
                thread::sleep(SETTLING);
                let took = world.last_unknown().max(is_whole).saturating_duration_since(healed);
                recoveries.push(took);
                if took > RECOVERY {
                    world.find(format!("it took {took:?} to be whole again"));
                }
            }
            over.store(true, Ordering::Relaxed);
        });
    }

    /// What was acknowledged stands in the audit trail, as it was committed with it.
    fn check_events(&self) {
        let audit = self.scene.site.run(&["audit", "--all", "--json"], "");
        let lines = String::from_utf8(audit.stdout).unwrap();
        let recorded: BTreeSet<(String, String)> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter_map(|event| {
                let session = event["session"].as_str()?.to_owned();
                Some((session, event["type"].as_str()?.to_owned()))
            })
            .collect();
        for (session, kind) in self.people.iter().flat_map(Person::happened) {
            if !recorded.contains(&(session.clone(), (*kind).to_owned())) {
                self.world.find(format!("an event is lost: {kind} of {session}"));
            }
        }
    }

    fn check(&mut self, is_last: bool, when: &str) {
        thread::sleep(SETTLING);
        for backing in &self.scene.backings {
            backing.wait_until_idle();
        }
        let world = &self.world;
        thread::scope(|scope| {
            for person in &mut self.people {
                scope.spawn(|| person.check(world, is_last));
            }
        });
        let findings = self.world.findings();
        assert!(
            findings.is_empty(),
            "{} {when}, in round {} of TESTUDO_FAULT_SEED={}:\n{}\n{}\n\n{}",
            self.scene.name,
            self.rounds,
            self.seed,
            findings.join("\n"),
            self.figures(),
            self.scene.log()
        );
    }
}

/// Waits until everything is read and written again; when that was.
fn wait_until_whole(world: &World) -> Instant {
    let begun = Instant::now();
    loop {
        let health = crate::support::Request::new("GET", "/healthz");
        let (email, from) = world.somebody();
        if let Told::Done(_) = world.ask(Ipv4Addr::LOCALHOST, health)
            && let Told::Done(_) = signing_up::start(world, &email, from)
        {
            return Instant::now();
        }
        if begun.elapsed() > RECOVERY * 2 {
            world.find("it never recovers by itself");
            return Instant::now();
        }
        thread::sleep(Duration::from_millis(20));
    }
}
