//! What goes wrong.

use std::thread;
use std::time::Duration;

use testudo_test_servers::proxy::Direction;

use crate::backing::Backing;
use crate::scene::Scene;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// And started again at once.
    KillApplication,
    PauseApplication(Duration),
    /// What happens to one of the servers that it stands on: the number of that, and of its node.
    Behind(usize, usize, Trouble),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// And started again after a while.
    Kill(Duration),
    Pause(Duration),
    DropConnections,
    Refuse(Duration),
    Delay(Duration, Duration),
    Freeze(Duration),
    HalfClose(Direction),
    Cut(Direction, u64, Duration),
}

impl Fault {
    pub(crate) fn of_application(random: &mut fastrand::Rng) -> Self {
        match random.u8(..10) {
            0..8 => Self::KillApplication,
            _ => Self::PauseApplication(Duration::from_millis(random.u64(..800))),
        }
    }

    pub(crate) fn of_server(random: &mut fastrand::Rng, number: usize, backing: &Backing) -> Self {
        let node = random.usize(..backing.server.nodes().len());
        Self::Behind(number, node, Trouble::random(random, backing.proxy.is_some()))
    }

    /// Whether a server is killed: the application, or the one with this number.
    pub(crate) const fn kills(self) -> Option<Option<usize>> {
        match self {
            Self::KillApplication => Some(None),
            Self::Behind(number, _, Trouble::Kill(_)) => Some(Some(number)),
            Self::PauseApplication(_) | Self::Behind(..) => None,
        }
    }

    /// Does it, and undoes it as far as anybody but the application can.
    pub(crate) fn happen(self, scene: &mut Scene) {
        match self {
            Self::KillApplication => scene.restart(),
            Self::PauseApplication(time) => {
                scene.signal("STOP");
                thread::sleep(time);
                scene.signal("CONT");
            }
            Self::Behind(number, node, trouble) => trouble.happen(&scene.backings[number], node),
        }
    }
}

impl Trouble {
    fn random(random: &mut fastrand::Rng, has_network: bool) -> Self {
        let mut millis = |range| Duration::from_millis(random.u64(range));
        let (short, long) = (millis(0..800), millis(100..2500));
        let piece = millis(1..300);
        let direction = if random.bool() { Direction::Answers } else { Direction::Requests };
        match random.u8(..100) {
            0..70 => Self::Kill(short),
            70..74 => Self::Pause(long),
            74..100 if !has_network => Self::Pause(long),
            74..78 => Self::DropConnections,
            78..81 => Self::Refuse(long),
            81..84 => Self::Delay(piece, long),
            84..87 => Self::Freeze(long),
            87..90 => Self::HalfClose(direction),
            _ => Self::Cut(direction, random.u64(..6000), short),
        }
    }

    fn happen(self, backing: &Backing, node: usize) {
        let node = &backing.server.nodes()[node];
        match self {
            Self::Kill(time) => {
                node.kill_9().unwrap();
                thread::sleep(time);
                node.restart().unwrap();
            }
            Self::Pause(time) => {
                node.pause();
                thread::sleep(time);
                node.resume();
            }
            _ => self.happen_between(backing),
        }
        backing.server.wait_until_together();
    }

    /// On the way to the server.
    fn happen_between(self, backing: &Backing) {
        let Some(proxy) = &backing.proxy else { return };
        match self {
            Self::Kill(_) | Self::Pause(_) => {}
            Self::DropConnections => proxy.drop_connections(),
            Self::HalfClose(direction) => proxy.half_close(direction),
            Self::Refuse(time) => {
                proxy.refuse();
                thread::sleep(time / 4);
                proxy.drop_connections();
                thread::sleep(time);
            }
            Self::Delay(by, time) => {
                proxy.delay(by);
                thread::sleep(time);
            }
            Self::Freeze(time) => {
                proxy.freeze();
                thread::sleep(time);
            }
            Self::Cut(direction, after, time) => {
                proxy.cut_after(direction, after);
                thread::sleep(time);
            }
        }
        proxy.heal();
    }
}
