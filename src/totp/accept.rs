//! Whether a code signs its owner in: it is right, and of a later step than the last one that did.

use super::Seed;
use crate::env::Env;
use crate::event::TotpFailure;
use crate::model::{TotpFactor, UserId};
use crate::sealed;

/// The factor as it is to be stored once the code has counted, or why it does not.
///
/// Only codes of later steps count than the last one that did (RFC 6238 5.2, ASVS 5.0 6.5.1): no code counts
/// twice, nor does one of an earlier step that was seen on its way. After a clock was set back none counts
/// until it has caught up.
///
/// # Security
///
/// The code has counted once the factor is stored, and not before: commit it as a replacement of the user at the
/// version that was read. The attempt is to be counted before this is called.
pub(crate) fn accept(
    factor: &TotpFactor,
    owner: UserId,
    code: &str,
    env: &mut Env,
) -> Result<TotpFactor, TotpFailure> {
    let seed = Seed::open(&factor.sealed_seed, owner, env.keys())
        .map_err(|_| TotpFailure::UnreadableSeed)?;
    let step = seed.step_of(code, env.now, env.policy().totp_skew).ok_or(TotpFailure::WrongCode)?;
    if step <= factor.last_step {
        return Err(TotpFailure::UsedCode);
    }
    let sealed_seed = if sealed::is_of_an_older_key(&factor.sealed_seed, env.keys()) {
        seed.seal(owner, env)
    } else {
        factor.sealed_seed.clone()
    };
    Ok(TotpFactor { sealed_seed, last_step: step, enrolled_at: factor.enrolled_at })
}
