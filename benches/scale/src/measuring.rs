//! Measuring the same in databases of all sizes, in turns.

use std::time::{Duration, Instant};

use crate::filling::bar;
use crate::operations::Operation;
use crate::place::{Ground, Kind};
use crate::results::{Cost, Measured};

/// Before what is looked at: pages, plans and connections are there then.
const WARMING: usize = 50;

pub(crate) async fn measure(kind: Kind, sizes: &[usize], times: usize) -> Measured {
    let ground = Ground::of(kind);
    let mut places = Vec::new();
    let begun = Instant::now();
    for size in sizes {
        places.push(ground.fill(*size).await);
    }
    let filled_in = begun.elapsed();
    let mut costs = Vec::new();
    for operation in Operation::ALL {
        let times = operation.times(times);
        let progress = bar(times, &format!("{kind:?}: {}", operation.name()));
        let mut took: Vec<Vec<Duration>> = vec![Vec::new(); places.len()];
        for place in &places {
            operation.prepare(place).await;
        }
        for turn in 0..times + WARMING.min(times) {
            for (place, took) in places.iter_mut().zip(&mut took) {
                let one = operation.run(place).await;
                if turn >= WARMING.min(times) {
                    took.push(one);
                }
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        costs.extend(sizes.iter().zip(took).map(|(size, took)| Cost::of(operation, *size, took)));
    }
    Measured { filled_in: filled_in.as_secs_f64(), costs, memory: ground.memory().await }
}
