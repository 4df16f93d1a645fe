//! Messages in words.

mod built_in;
mod kind;
mod template;

use testudo::Secret;
use testudo::Timestamp;
use testudo::message::{Message, MessageKind};
use testudo::model::MessageId;

use kind::Kind;
use template::Templates;
pub use template::{TemplateError, TemplateErrors};

/// A message in words, as it goes to its reader. `Debug` shows neither its text nor what its link carries.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The same for each attempt to deliver it.
    pub id: MessageId,
    /// The address.
    pub to: String,
    /// What it is about.
    pub kind: MessageKind,
    /// One line.
    pub subject: String,
    /// The whole text, with link or code.
    pub text: Secret<String>,
    /// The same as HTML.
    pub html: Option<Secret<String>>,
    /// What its reader is to type, where there is something.
    pub code: Option<Secret<String>>,
    /// What its link carries, where there is one.
    pub token: Option<Secret<String>>,
    /// The link itself.
    pub link: Option<Secret<String>>,
    /// When it was committed.
    pub created_at: Timestamp,
}

/// Puts messages into words, with links to the pages of the server: in English, until there are
/// [templates](Letters::with_templates) that say it otherwise.
///
/// ```
/// use testudo_driver::Letters;
///
/// let letters = Letters::new("https://id.example.com").with_templates([
///     ("password_reset.subject.txt", "A new password for Example"),
///     ("de/password_reset.subject.txt", "Ein neues Passwort"),
///     ("de/password_reset.txt", "Hier geht es weiter: {{ link }}"),
///     ("de/password_reset.html", "<p><a href='{{ link }}'>Hier</a> geht es weiter.</p>"),
/// ])?;
/// # Ok::<(), testudo_driver::TemplateErrors>(())
/// ```
///
/// # Security
///
/// The address that links begin with is given here and taken from no request: whoever could choose it
/// would be sent the tokens of others (CVE-2012-4520).
#[derive(Clone, Debug)]
pub struct Letters {
    base: String,
    templates: Templates,
}

impl Letters {
    /// Letters whose links begin with `base`, such as `https://id.example.com`.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        let base = base.into();
        Self { base: base.trim_end_matches('/').to_owned(), templates: Templates::built_in() }
    }

    /// The same in the words of these templates, by their names; what is not among them stays.
    ///
    /// A letter is made of `{kind}.subject.txt`, `{kind}.txt` and `{kind}.html`, in the syntax of Jinja; `layout.txt`
    /// and `layout.html` are what they extend, and names that begin with `_` are for parts of one's own. In front of
    /// a name may stand a language and a slash: `de/password_reset.txt`. A message in `de-AT` is put into the words
    /// of `de-AT`, or else of `de`, or else of those without a language. The table of kinds and their variables is
    /// in `docs/mail.md`.
    ///
    /// # Errors
    ///
    /// All that is wrong with the templates, with file and line: every letter is composed in every language, with and
    /// without what it may lack, so that none fails when it is to be sent. A translated letter has all three files.
    ///
    /// # Security
    ///
    /// In templates whose names end with `.html` values are escaped, unless a template says `|safe`.
    pub fn with_templates<N: Into<String>, S: Into<String>>(
        self,
        templates: impl IntoIterator<Item = (N, S)>,
    ) -> Result<Self, TemplateErrors> {
        let own = templates.into_iter().map(|(name, source)| (name.into(), source.into()));
        Ok(Self { templates: Templates::with(own.collect())?, ..self })
    }

    /// The message in words; `None` for one that goes to nobody, or of a kind that there are no words for.
    #[must_use]
    pub fn compose(
        &self,
        id: MessageId,
        created_at: Timestamp,
        message: &Message,
    ) -> Option<Letter> {
        let kind = Kind::of(message.kind)?;
        let link =
            message.token.as_ref().zip(kind.page).map(|(token, page)| self.link(page, token));
        let words = self.templates.render(&kind, message, link.as_ref()).ok()?;
        Some(Letter {
            id,
            to: message.to.clone(),
            kind: message.kind,
            subject: words.subject,
            text: words.text,
            html: Some(words.html),
            code: message.code.clone(),
            token: message.token.clone(),
            link,
            created_at,
        })
    }

    /// Tokens are safe in URLs as they are.
    fn link(&self, page: &str, token: &Secret<String>) -> Secret<String> {
        Secret::new(format!("{}/{page}?token={}", self.base, token.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: MessageKind) -> Message {
        let token = Secret::new("tdl_abc-_".to_owned());
        let until = Timestamp::from_millis(1_700_000_000_000);
        Message::new(kind, &"Ada@example.com".parse().unwrap()).with_token(token, until)
    }

    fn compose(message: &Message) -> Option<Letter> {
        let id = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse().unwrap();
        Letters::new("https://id.example.com/").compose(id, Timestamp::from_millis(0), message)
    }

    #[test]
    fn a_link_begins_with_the_configured_address_and_stands_in_the_text() {
        let letter = compose(&message(MessageKind::PasswordReset)).unwrap();
        let link = letter.link.as_ref().unwrap().expose();
        assert_eq!(link, "https://id.example.com/reset?token=tdl_abc-_");
        assert!(letter.text.expose().contains(link.as_str()));
        assert!(letter.text.expose().contains("2023-11-14"), "{}", letter.text.expose());
    }

    #[test]
    fn the_end_of_a_link_is_told_to_the_second_and_no_later_than_it_is() {
        let end = Some(Timestamp::from_millis(1_700_000_000_999));
        let letter =
            compose(&Message { expires_at: end, ..message(MessageKind::PasswordReset) }).unwrap();
        assert!(letter.text.expose().contains("until 2023-11-14T22:13:20Z."));
    }

    #[test]
    fn what_goes_to_nobody_is_no_letter() {
        assert!(compose(&message(MessageKind::Decoy)).is_none());
    }

    #[test]
    fn the_words_of_a_letter_are_these() {
        let letter = compose(&message(MessageKind::PasswordReset)).unwrap();
        assert_eq!(letter.subject, "Reset your password");
        assert_eq!(
            letter.text.expose(),
            "Hello,\n\nSomebody, probably you, asked for a new password for your account. Choose it here:\n\n\
             https://id.example.com/reset?token=tdl_abc-_\n\nIt works until 2023-11-14T22:13:20Z.\n\n\
             If this was not you, ignore this message: nothing has changed.\n"
        );
        let with_code =
            Message { code: Some("123 456".to_owned().into()), ..message(MessageKind::Invitation) };
        assert!(compose(&with_code).unwrap().text.expose().contains("\n\n    123 456\n\n"));
    }

    #[test]
    fn text_and_html_say_the_same_in_every_letter() {
        for kind in Kind::ALL {
            for other in [None, Some("eve@example.com".parse().unwrap())] {
                let message = message(kind);
                let message =
                    other.iter().fold(message, |message, other| message.with_other_email(other));
                let letter = compose(&message).unwrap();
                let html = letter.html.unwrap().expose().clone();
                let (_, body) = html.split_once("<main>").unwrap();
                let mut said = String::new();
                for piece in body.split('<') {
                    said.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
                    said.push(' ');
                }
                // A mark may end what is in a tag of its own.
                let words =
                    |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                let said = said.replace("&#x2f;", "/").replace("&#x27;", "'");
                assert_eq!(words(&said), words(letter.text.expose()), "{kind:?}");
                assert!(
                    !html.contains("src=") && !html.contains("url("),
                    "{kind:?} loads something"
                );
            }
        }
    }

    #[test]
    fn html_is_escaped_and_lines_stay_lines_whatever_the_values_are() {
        let eve = "<img/src=x>\r\nBcc:\u{202e}&\"'@example.com".to_owned();
        let message = Message { other_email: Some(eve), ..message(MessageKind::EmailChanged) };
        let letter = compose(&message).unwrap();
        let html = letter.html.unwrap().expose().clone();
        assert!(!html.contains("<img") && html.contains("&lt;img"), "{html}");
        assert!(!html.contains('\u{202e}') && !letter.text.expose().contains('\u{202e}'));
        assert!(!letter.text.expose().contains("\nBcc"));
    }

    fn letters() -> Letters {
        Letters::new("https://id.example.com/")
    }

    fn subject(letters: &Letters, language: Option<&str>) -> String {
        let language = language.map(str::to_owned);
        let message = Message { language, ..message(MessageKind::PasswordReset) };
        let id = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse().unwrap();
        letters.compose(id, Timestamp::from_millis(0), &message).unwrap().subject
    }

    #[test]
    fn a_letter_is_in_the_nearest_language_that_there_is() {
        let german = |tag: &str, subject: &str| {
            let file =
                |end: &str, text: &str| (format!("{tag}/password_reset.{end}"), text.to_owned());
            [file("subject.txt", subject), file("txt", "{{ link }}"), file("html", "{{ link }}")]
        };
        let both =
            [german("de", "Neues Passwort"), german("de-AT", "Neues Passwort, bitte")].concat();
        let letters = letters().with_templates(both).unwrap();
        assert_eq!(subject(&letters, Some("de-at")), "Neues Passwort, bitte");
        assert_eq!(subject(&letters, Some("de-AT-1901")), "Neues Passwort, bitte");
        assert_eq!(subject(&letters, Some("DE-CH")), "Neues Passwort");
        for other in [None, Some("en"), Some("d"), Some("deu"), Some("../de")] {
            assert_eq!(subject(&letters, other), "Reset your password");
        }
    }

    #[test]
    fn a_layout_in_a_language_is_that_of_its_letters() {
        let templates = [
            ("de/layout.txt", "Hallo {% block text %}{% endblock %}"),
            ("de/invitation.txt", "{% extends 'layout.txt' %}{% block text %}du{% endblock %}"),
            ("de/invitation.html", "du"),
            ("de/invitation.subject.txt", "Einladung"),
        ];
        let letters = letters().with_templates(templates).unwrap();
        let message =
            Message { language: Some("de-AT".into()), ..message(MessageKind::Invitation) };
        let id = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse().unwrap();
        let letter = letters.compose(id, Timestamp::from_millis(0), &message).unwrap();
        assert_eq!(letter.text.expose(), "Hallo du\n");
    }

    #[test]
    fn all_that_is_wrong_with_templates_is_told_at_once_with_file_and_line() {
        let errors = letters()
            .with_templates([
                ("password_reset.txt", "Hello\n{{ link }\n"),
                ("password_changed.txt", "\n\nclick {{ link }}"),
                ("invitation.html", "{{ nobody }}"),
                ("invitatoin.txt", "x"),
                ("de_AT/layout.txt", "x"),
                ("fr/invitation.txt", "{% include 'nothing.txt' %}"),
                ("_part.txt", "one\n{{ nobody }}"),
                ("email_changed.txt", "{% include '_part.txt' %}"),
            ])
            .unwrap_err();
        let places: Vec<_> = errors.each().iter().map(|it| (it.file.as_str(), it.line)).collect();
        assert_eq!(
            places,
            [
                ("_part.txt", Some(2)),
                ("de_AT/layout.txt", None),
                ("fr/invitation.html", None),
                ("fr/invitation.subject.txt", None),
                ("fr/invitation.txt", Some(1)),
                ("invitation.html", Some(1)),
                ("invitatoin.txt", None),
                ("password_changed.txt", Some(3)),
                ("password_reset.txt", Some(2)),
            ]
        );
    }

    #[test]
    fn a_letter_shows_no_secret() {
        let shown = format!("{:?}", compose(&message(MessageKind::EmailChanged)).unwrap());
        assert!(!shown.contains("tdl_"), "{shown}");
    }
}
