//! What tortoise-auth's onboarding does, by the names that it has there.

mod advance;
mod custom_steps;
mod finalise;
mod limits;
mod multi_phase;
mod resume;
mod skip;
mod start;
