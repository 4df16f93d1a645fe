//! The ready routes: which path is answered by whom.

mod account;
mod api_keys;
mod audit;
mod email;
mod invitations;
mod onboarding;
mod password;
mod second_factors;
mod service;
mod sessions;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Testudo;
use crate::envelope::for_no_cache;
use crate::problem::Problem;
use crate::renew::renew;

impl Testudo {
    /// The JSON routes, to be nested anywhere; `/auth` is where clients of the server find them.
    ///
    /// What each takes and answers stands in the project's `docs/http.md`. They need no layer around them,
    /// and are the better for [`envelope`](crate::envelope).
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (router, vary) = match self.cookies() {
            None => (Router::from(router()), "authorization"),
            Some(_) => {
                let refresh = post(sessions::refresh_cookies);
                (Router::from(common()).route("/refresh", refresh), "authorization, cookie")
            }
        };
        router
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .layer(from_fn_with_state(self.clone(), renew))
            .layer(from_fn_with_state(vary, for_no_cache))
            .with_state(self.clone())
    }
}

/// The routes, each of which describes itself.
pub(crate) fn router() -> OpenApiRouter<Testudo> {
    common().routes(routes!(sessions::refresh))
}

/// Those that are the same wherever tokens are.
fn common() -> OpenApiRouter<Testudo> {
    OpenApiRouter::new()
        .routes(routes!(sessions::login))
        .routes(routes!(sessions::logout))
        .routes(routes!(sessions::logout_all))
        .routes(routes!(sessions::me, sessions::update_me))
        .routes(routes!(sessions::sessions, sessions::end_others))
        .routes(routes!(sessions::revoke_session))
        .routes(routes!(audit::list))
        .routes(routes!(onboarding::start))
        .routes(routes!(onboarding::advance))
        .routes(routes!(onboarding::resume))
        .routes(routes!(second_factors::show, second_factors::remove))
        .routes(routes!(second_factors::begin))
        .routes(routes!(second_factors::confirm))
        .routes(routes!(second_factors::replace_recovery_codes))
        .routes(routes!(password::change))
        .routes(routes!(password::forgot))
        .routes(routes!(password::reset))
        .routes(routes!(email::request_verification))
        .routes(routes!(email::verify))
        .routes(routes!(email::request_change))
        .routes(routes!(email::change))
        .routes(routes!(email::undo_change))
        .routes(routes!(account::close))
        .routes(routes!(account::reopen))
        .routes(routes!(account::unsubscribe))
        .routes(routes!(invitations::list, invitations::invite))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::accept))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(api_keys::whoami))
        .routes(routes!(service::whoami))
}
