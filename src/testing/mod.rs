//! A deterministic world for tests: records, a clock, randomness, faults.
