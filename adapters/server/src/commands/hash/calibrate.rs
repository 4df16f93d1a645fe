//! `testudo hash calibrate`

mod machine;
mod measure;
mod plan;

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use self::machine::Machine;
use self::measure::{Measured, Rig};
use crate::cli::Calibrate;
use crate::commands::print;
use crate::failure::{Failure, while_doing};

/// How often it measures at most. The second is near enough on a quiet machine; the others make up for
/// one where much memory is slower than little.
const MOST_MEASUREMENTS: usize = 4;

/// Finds out what this machine can do, and prints the settings.
pub(in crate::commands) fn calibrate(arguments: Calibrate) -> Result<(), Failure> {
    let target = Duration::from_millis(arguments.target_ms);
    let machine = Machine::this();
    let measured = measure(&machine, target)?;
    let best = plan::best(&measured, target)
        .ok_or_else(|| Failure::new("nothing was measured: try again"))?;
    if arguments.output.json {
        print(&as_json(&machine, target, &measured, best).to_string())
    } else {
        let text = as_toml(&machine, target, &measured, best);
        print(&text.map_err(while_doing("cannot show what was measured"))?)
    }
}

/// Measures what is nearest to the target by what was measured before, until that is no news.
fn measure(machine: &Machine, target: Duration) -> Result<Vec<Measured>, Failure> {
    // Without a terminal there is nothing to see.
    let progress = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        progress.set_style(style);
    }
    progress.enable_steady_tick(Duration::from_millis(100));
    let mut rig = Rig::new(machine.cores);
    let mut measured: Vec<Measured> = Vec::new();
    let mut next = plan::first().map_err(while_doing("cannot measure"))?;
    while measured.len() < MOST_MEASUREMENTS && !measured.iter().any(|one| one.settings == next) {
        let (mib, passes) = (next.memory_kib() / 1024, next.passes());
        progress.set_message(format!("measuring {mib} MiB, passes: {passes}"));
        let last = rig.measure(next)?;
        measured.push(last);
        if plan::is_near(last.time, target) {
            break;
        }
        next = plan::next(&last, target, machine.most_memory_kib);
    }
    progress.finish_and_clear();
    Ok(measured)
}

/// A file for `--config`, which what was measured is a comment in.
fn as_toml(
    machine: &Machine,
    target: Duration,
    measured: &[Measured],
    best: &Measured,
) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "# Measured, one hash on each core at a time (cores: {}):", machine.cores)?;
    writeln!(text, "#   memory (KiB)  passes  lanes  time (ms)")?;
    for Measured { settings, time } in measured {
        let (memory, passes, lanes) = (settings.memory_kib(), settings.passes(), settings.lanes());
        writeln!(text, "#   {memory:>12}  {passes:>6}  {lanes:>5}  {:>9.1}", millis(*time))?;
    }
    let settings = best.settings;
    let (took, wanted) = (millis(best.time), target.as_millis());
    writeln!(text, "# Recommended, at {took:.1} ms a hash ({wanted} ms were asked for):")?;
    if plan::is_too_slow(best.time, target) {
        writeln!(text, "# less would take less time than asked for, and would not be safe.")?;
    }
    writeln!(text, "argon2_memory = {}", settings.memory_kib())?;
    writeln!(text, "argon2_passes = {}", settings.passes())?;
    write!(text, "argon2_lanes = {}", settings.lanes())?;
    Ok(text)
}

fn as_json(machine: &Machine, target: Duration, measured: &[Measured], best: &Measured) -> Value {
    let row = |Measured { settings, time }: &Measured| {
        json!({
            "argon2_memory": settings.memory_kib(),
            "argon2_passes": settings.passes(),
            "argon2_lanes": settings.lanes(),
            "ms": (millis(*time) * 10.0).round() / 10.0,
        })
    };
    json!({
        "cores": machine.cores,
        "target_ms": u64::try_from(target.as_millis()).unwrap_or(u64::MAX),
        "measured": measured.iter().map(row).collect::<Vec<_>>(),
        "recommended": row(best),
    })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
