//! Which way a schedule takes at each fork.

/// The choices that make a schedule, enumerated depth first.
#[derive(Debug, Default)]
pub(super) struct Path {
    /// At each fork, which way was taken and how many there were.
    forks: Vec<(usize, usize)>,
    /// The next fork of the run under way.
    pub(super) at: usize,
}

impl Path {
    /// Takes the way that this run is to take at its next fork.
    pub(super) fn choose(&mut self, ways: usize) -> usize {
        if self.at == self.forks.len() {
            self.forks.push((0, ways));
        }
        let way = self.forks.get(self.at).map_or(0, |fork| fork.0);
        self.at += 1;
        way
    }

    /// Moves on to the next path; false when there is none.
    pub(super) fn advance(&mut self) -> bool {
        while let Some((way, ways)) = self.forks.pop() {
            if way + 1 < ways {
                self.forks.push((way + 1, ways));
                return true;
            }
        }
        false
    }
}
