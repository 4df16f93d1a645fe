//! Round after round: a load, a fault in the middle of it, and a look at the ledger.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::asking::World;
use crate::fault::Fault;
use crate::guessing::Guesser;
use crate::kills::Kills;
use crate::person::Person;
use crate::scene::Scene;
use crate::thief::Loot;
use crate::trail;
use crate::witness::{RECOVERY, Witness};

const PEOPLE: u64 = 6;
/// Enough to see a lie.
const FEW_PEOPLE: u64 = 3;

/// For what the last fault has left on its way to a server.
const SETTLING: Duration = Duration::from_millis(300);

/// How long it may take until everybody has something to lose.
const BEGINNING: Duration = Duration::from_secs(60);
const AT_FIRST: Duration = Duration::from_secs(2);

/// Kills each of the servers this often, or as often as the variable says.
pub(crate) fn run(scene: Scene, kills: u64) {
    let kills = setting("TESTUDO_FAULT_KILLS").unwrap_or(kills);
    Campaign::new(scene, PEOPLE).run(kills);
}

/// One kill, which is enough to come to each of the checks.
pub(crate) fn run_once(scene: Scene) {
    Campaign::new(scene, FEW_PEOPLE).run(1);
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
    witness: Witness,
    kills: Kills,
    rounds: u64,
    recoveries: Vec<Duration>,
}

impl Campaign {
    fn new(mut scene: Scene, people: u64) -> Self {
        let seed = setting("TESTUDO_FAULT_SEED").unwrap_or_else(|| fastrand::u64(..));
        scene.start();
        let world = World::of(&scene);
        let people = (0..people).map(|number| Person::new(seed.wrapping_add(number))).collect();
        let kills = Kills::of(&scene);
        Self {
            scene,
            world,
            seed,
            random: fastrand::Rng::with_seed(seed),
            people,
            guesser: Guesser::default(),
            witness: Witness::default(),
            kills,
            rounds: 0,
            recoveries: Vec::new(),
        }
    }

    fn run(mut self, kills: u64) {
        eprintln!("{}: TESTUDO_FAULT_SEED={}", self.scene.name, self.seed);
        let begun = Instant::now();
        self.world.set_peace(true);
        self.witness.be_known(&self.world);
        self.begin();
        self.check(false, "before any fault");
        while let Some(fault) = self.kills.next(kills, &self.scene, &mut self.random) {
            self.round(fault);
            if self.rounds.is_multiple_of(10) {
                eprintln!("{}: {}", self.summary(), self.world.figures());
            }
        }
        self.check(true, "in the end");
        eprintln!("in {:.0?}: {}", begun.elapsed(), self.world.figures());
        eprintln!("{}", self.summary());
    }

    fn summary(&self) -> String {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort_unstable();
        let middle = recoveries.get(recoveries.len() / 2).copied().unwrap_or_default();
        let most = recoveries.last().copied().unwrap_or_default();
        let (locked, in_doubt) = self.out_of_sight();
        format!(
            "{}: seed {}, kills: {}, {} faults in all, {} accounts ({locked} locked, {in_doubt} in doubt), whole again \
             after {middle:.1?} (median), {most:.1?} (most)",
            self.scene.name,
            self.seed,
            self.kills,
            self.rounds,
            self.accounts().count(),
        )
    }

    /// How many accounts are locked, of which little can be seen, and of how many it is not known what became of them.
    fn out_of_sight(&self) -> (usize, usize) {
        let locked = self.accounts().filter(|account| account.is_limited()).count();
        (locked, self.accounts().filter(|account| account.doubt.is_some()).count())
    }

    fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.people.iter().flat_map(Person::accounts)
    }

    /// Until everybody has something to lose, and a while longer. Nothing is broken yet.
    fn begin(&mut self) {
        let begun = Instant::now();
        self.load(|_, world, _, _| {
            while world.findings().is_empty() && begun.elapsed() < BEGINNING {
                if world.work.has_begun() && begun.elapsed() > AT_FIRST {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
    }

    /// A fault in the midst of everything, and a look at what it left.
    fn round(&mut self, fault: Fault) {
        self.rounds += 1;
        self.kills.count(fault);
        let Loot { tokens, mut secrets } = self.robbed();
        let before = Duration::from_millis(self.random.u64(20..500));
        let is_fresh = self.random.u8(..3) == 0;
        let is_broken = AtomicBool::new(false);
        let mut guesser = std::mem::take(&mut self.guesser);
        let mut recovery = Duration::ZERO;
        self.world.set_peace(false);
        self.load(|scene, world, witness, over| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    guesser.tick(world, is_fresh);
                    guesser.tick(world, false);
                });
                scope.spawn(|| tokens.try_all(world, over));
                scope.spawn(|| secrets.try_all(world, &is_broken, over));
                let _over = Over(over);
                thread::sleep(before);
                is_broken.store(true, Ordering::Relaxed);
                fault.happen(scene);
                let healed = Instant::now();
                let whole = witness.wait_until_whole(world);
                recovery = world.machine.between(healed, whole);
                thread::sleep(SETTLING);
                let took = world.machine.between(healed, world.last_unknown().max(whole));
                if took > RECOVERY {
                    world.find(format!("it took {took:?} to be whole again"));
                }
            });
        });
        // What was counted before the fault counts after it.
        guesser.tick(&self.world, false);
        self.guesser = guesser;
        self.recoveries.push(recovery);
        self.check(false, &format!("after {fault:?}"));
    }

    fn robbed(&mut self) -> Loot {
        let mut loot = Loot::default();
        for person in &mut self.people {
            person.be_robbed(&self.world, &mut loot);
        }
        loot
    }

    /// People come and go, until what happens meanwhile is over.
    fn load(&mut self, meanwhile: impl FnOnce(&mut Scene, &World, &mut Witness, &AtomicBool)) {
        let Self { scene, world, people, witness, .. } = self;
        let (world, over) = (&*world, AtomicBool::new(false));
        thread::scope(|scope| {
            for person in people {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        person.tick(world);
                    }
                });
            }
            let _over = Over(&over);
            meanwhile(scene, world, witness, &over);
        });
    }

    fn check(&mut self, is_last: bool, when: &str) {
        thread::sleep(SETTLING);
        for backing in &self.scene.backings {
            backing.wait_until_idle();
        }
        let world = &self.world;
        world.set_peace(true);
        thread::scope(|scope| {
            for person in &mut self.people {
                scope.spawn(|| person.check(world, is_last));
            }
        });
        if is_last {
            let accounts: Vec<_> = self.accounts().collect();
            trail::check(&self.scene.site, world, &accounts);
            let lacks = world.work.lacks(self.kills.sum());
            lacks.into_iter().for_each(|lack| world.find(lack));
            if world.all_asked_twice() > usize::try_from(self.rounds).unwrap() {
                world.find("in peace somebody had to ask twice again and again");
            }
            let (locked, in_doubt) = self.out_of_sight();
            if locked + in_doubt > 2 + accounts.len() / 10 {
                world.find(format!("too little is known: {locked} locked, {in_doubt} in doubt"));
            }
        }
        let findings = self.world.findings();
        assert!(
            findings.is_empty(),
            "{} {when}:\n{}\n{}\n{}\n\n{}",
            self.scene.name,
            findings.join("\n"),
            self.summary(),
            self.world.figures(),
            self.scene.log()
        );
    }
}

/// Says that it is over when it is dropped, and be it by a panic, which nobody would hear of while others go on.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
