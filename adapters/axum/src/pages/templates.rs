//! What pages are written with.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};
use tracing::error;

/// The templates, by their names.
macro_rules! templates {
    ($($name:literal,)+) => {
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name)))),+];
    };
}

templates! {
    "_ui.html",
    "layout.html",
    "account.html",
    "authenticator.html",
    "form.html",
    "home.html",
    "message.html",
    "recovery_codes.html",
    "sign_in.html",
    "sign_up.html",
    "step.html",
}

/// All values are escaped, as the names end with `.html`; a variable that there is not is an error.
pub(super) fn load() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        Ok(syntax) => environment.set_syntax(syntax),
        Err(error) => error!(%error, "the syntax of templates is as it comes"),
    }
    for (name, source) in TEMPLATES {
        if let Err(error) = environment.add_template(name, source) {
            // Never where the test below passes.
            error!(name, %error, "a template of the pages does not parse");
        }
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        let environment = load();
        for (name, _) in TEMPLATES {
            assert!(environment.get_template(name).is_ok(), "{name}");
        }
    }
}
