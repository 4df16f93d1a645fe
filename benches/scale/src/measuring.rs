//! Measuring the same in databases of all sizes, in turns; and what is compared with each other, too.

use std::time::{Duration, Instant};

use crate::cores::Cores;
use crate::filling::bar;
use crate::operations::Operation;
use crate::place::{Ground, Kind, Place};
use crate::results::{Cost, Measured};

/// Before what is looked at: pages, plans and connections are there then.
const WARMING: usize = 50;

/// How often one operation follows itself before the next one's turn.
const BURST: usize = 25;

pub(crate) async fn measure(kind: Kind, cores: Cores, sizes: &[usize], times: usize) -> Measured {
    let ground = cores.for_servers(|| Ground::of(kind));
    let mut places = Vec::new();
    let begun = Instant::now();
    for size in sizes {
        places.push(ground.fill(*size).await);
    }
    let filled_in = begun.elapsed();
    let mut costs = Vec::new();
    for group in Operation::GROUPS {
        costs.extend(side_by_side(group, kind, sizes, &mut places, times).await);
    }
    Measured { filled_in: filled_in.as_secs_f64(), costs, memory: ground.memory().await }
}

/// What the operations of a group cost, in databases of all sizes. They are compared with each other too, and so are
/// done in turns as well, in bursts: what each leaves behind is to slow down its own next turn.
async fn side_by_side(
    group: &[Operation],
    kind: Kind,
    sizes: &[usize],
    places: &mut [Place],
    times: usize,
) -> Vec<Cost> {
    let Some(times) = group.iter().map(|operation| operation.times(times)).max() else {
        return Vec::new();
    };
    let names: Vec<&str> = group.iter().map(|operation| operation.name()).collect();
    let burst = if group.len() > 1 { BURST } else { 1 };
    let warming = WARMING.min(times);
    let progress = bar(times, &format!("{kind:?}: {}", names.join(", ")));
    let mut took = vec![vec![Vec::new(); group.len()]; places.len()];
    for turn in (0..times + warming).step_by(burst) {
        for (place, took) in places.iter_mut().zip(&mut took) {
            for (operation, took) in group.iter().zip(took) {
                for _ in 0..burst {
                    let one = operation.run(place).await;
                    if turn >= warming {
                        took.push(one);
                    }
                }
            }
        }
        progress.inc(u64::try_from(burst).unwrap());
    }
    progress.finish_and_clear();
    let of_place = |(size, took): (&usize, Vec<Vec<Duration>>)| {
        let size = *size;
        group.iter().zip(took).map(move |(operation, took)| Cost::of(*operation, size, took))
    };
    let mut costs: Vec<Cost> = sizes.iter().zip(took).flat_map(of_place).collect();
    // By operation first, as they are shown.
    costs.sort_by_key(|cost| names.iter().position(|name| *name == cost.operation));
    costs
}
