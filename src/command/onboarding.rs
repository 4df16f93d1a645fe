//! Looking onboarding sessions up.

use crate::model::OnboardingId;

/// Looks an onboarding session up.
///
/// Expired and completed ones are found too, as long as their rows are kept. As with
/// [`FindUser`](super::FindUser), what was acknowledged before is seen.
#[derive(Clone, Copy, Debug)]
pub struct FindOnboarding {
    /// Which one.
    pub id: OnboardingId,
}
