//! What tortoise-auth's onboarding gets wrong, each with a test that shows it gone.
//!
//! "There" is tortoise-auth 0.6.0, where each of these was tried out and happened.

mod accounts;
mod codes;
mod engine;
mod second_factors;
