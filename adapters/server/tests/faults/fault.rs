//! What goes wrong.

use std::thread;
use std::time::Duration;

use testudo_test_servers::proxy::Direction;

use crate::scene::Scene;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    KillApplication,
    PauseApplication(Duration),
    /// And started again after a while.
    KillServer(Duration),
    PauseServer(Duration),
    DropConnections,
    Refuse(Duration),
    Delay(Duration, Duration),
    Freeze(Duration),
    HalfClose(Direction),
    Cut(Direction, u64, Duration),
}

impl Fault {
    pub(crate) fn random(random: &mut fastrand::Rng, has_server: bool) -> Self {
        let mut millis = |range| Duration::from_millis(random.u64(range));
        let (short, long) = (millis(0..800), millis(100..2500));
        let piece = millis(1..300);
        if !has_server {
            return match random.u8(..10) {
                0..8 => Self::KillApplication,
                _ => Self::PauseApplication(short),
            };
        }
        let direction = if random.bool() { Direction::Answers } else { Direction::Requests };
        match random.u8(..100) {
            0..50 => Self::KillServer(short),
            50..70 => Self::KillApplication,
            70..73 => Self::PauseServer(long),
            73..76 => Self::DropConnections,
            76..79 => Self::Refuse(long),
            79..82 => Self::Delay(piece, long),
            82..85 => Self::Freeze(long),
            85..88 => Self::HalfClose(direction),
            _ => Self::Cut(direction, random.u64(..6000), short),
        }
    }

    pub(crate) const fn is_kill(self) -> bool {
        matches!(self, Self::KillApplication | Self::KillServer(_))
    }

    /// Does it, and undoes it as far as anybody but the application can.
    pub(crate) fn happen(self, scene: &mut Scene, which: usize) {
        if matches!(self, Self::KillApplication) {
            return scene.restart();
        }
        if let Self::PauseApplication(time) = self {
            scene.signal("STOP");
            thread::sleep(time);
            return scene.signal("CONT");
        }
        let backing = &scene.backings[which];
        let (server, proxy) = (&backing.server, &backing.proxy);
        match self {
            Self::KillServer(time) => {
                server.kill_9().unwrap();
                thread::sleep(time);
                server.restart().unwrap();
            }
            Self::PauseServer(time) => {
                server.pause();
                thread::sleep(time);
                server.resume();
            }
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
            Self::KillApplication | Self::PauseApplication(_) => {}
        }
        proxy.heal();
    }
}
