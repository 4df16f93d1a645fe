//! Throwaway servers for tests, and a network between that misbehaves on command.

pub mod proxy;
