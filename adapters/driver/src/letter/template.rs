//! Templates: what letters are written with, and the proof that all can be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use testudo::message::{Message, MessageKind};
use testudo::{Secret, Timestamp};

use super::built_in::BUILT_IN;
use super::kind::Kind;

/// All templates, by language and name.
#[derive(Clone, Debug)]
pub(super) struct Templates {
    environment: Arc<Environment<'static>>,
    names: Arc<BTreeSet<String>>,
}

/// A letter in words.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: Secret<String>,
    pub(super) html: Secret<String>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateError {
    /// Its name.
    pub file: String,
    /// The line, counted from 1, where it has one.
    pub line: Option<usize>,
    /// What is wrong there.
    pub reason: String,
}

/// All that is wrong with templates; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateErrors(Vec<TemplateError>);

/// The files of a letter: of its subject, its text and its HTML.
const PARTS: [&str; 3] = ["subject.txt", "txt", "html"];

impl Templates {
    /// Those that come along.
    pub(super) fn built_in() -> Self {
        Self::load(Vec::new()).0
    }

    /// These, and those that come along where these have none.
    pub(super) fn with(own: Vec<(String, String)>) -> Result<Self, TemplateErrors> {
        let own_names: Vec<_> = own.iter().map(|(name, _)| name.clone()).collect();
        let (templates, unreadable) = Self::load(own);
        let mut errors: BTreeSet<_> = unreadable.into_iter().collect();
        errors.extend(own_names.iter().filter_map(|name| misnamed(name)));
        errors.extend(templates.missing_parts());
        errors.extend(templates.unwritable());
        if errors.is_empty() {
            Ok(templates)
        } else {
            Err(TemplateErrors(errors.into_iter().collect()))
        }
    }

    fn load(own: Vec<(String, String)>) -> (Self, Vec<TemplateError>) {
        let mut environment = Environment::new();
        // A variable that there is not may be asked for by `if`, and is an error anywhere else.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_syntax(SyntaxConfig::default());
        let mut errors = Vec::new();
        let mut names = BTreeSet::new();
        let built_in = BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        for (name, source) in built_in.chain(own) {
            let key = in_lower_case(&name);
            match environment.add_template_owned(key.clone(), source) {
                Ok(()) => drop(names.insert(key)),
                Err(error) => errors.push(TemplateError::of(&name, &error)),
            }
        }
        let names = Arc::new(names);
        let known = Arc::clone(&names);
        environment.set_path_join_callback(move |name, parent| {
            let language = parent.rsplit_once('/').map_or("", |(language, _)| language);
            Cow::Owned(nearest(&known, language, name).unwrap_or_else(|| name.to_owned()))
        });
        (Self { environment: Arc::new(environment), names }, errors)
    }

    /// Puts a message into words.
    pub(super) fn render(
        &self,
        kind: &Kind,
        message: &Message,
        link: Option<&Secret<String>>,
    ) -> Result<Words, Error> {
        let language = self.language_for(kind, message.language.as_deref().unwrap_or_default());
        let mut variables = vec![
            ("email", Value::from(plain(&message.to))),
            ("language", Value::from(if language.is_empty() { "en" } else { &language })),
        ];
        let secret = |secret: &Secret<String>| Value::from(secret.expose().as_str());
        variables.extend(link.map(|link| ("link", secret(link))));
        variables.extend(message.code.as_ref().map(|code| ("code", secret(code))));
        let end = message.expires_at.map(in_whole_seconds);
        variables.extend(end.map(|end| ("expires_at", Value::from(end.to_string()))));
        let other = message.other_email.as_deref();
        variables.extend(other.map(|other| ("other_email", Value::from(plain(other)))));

        let [subject, text, html] = PARTS.map(|part| {
            let name = format!("{}.{part}", kind.name);
            nearest(&self.names, &language, &name).unwrap_or(name)
        });
        let render = |name: &str, variables: &[(&'static str, Value)]| {
            let context: BTreeMap<_, _> = variables.iter().cloned().collect();
            self.environment.get_template(name)?.render(Value::from(context))
        };
        let subject = render(&subject, &variables)?;
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        variables.push(("subject", Value::from(subject.as_str())));
        let text = Secret::new(tidy(&Secret::new(render(&text, &variables)?)));
        let html = Secret::new(render(&html, &variables)?);
        Ok(Words { subject, text, html })
    }

    /// The language of a letter: the nearest to the wanted one that it is translated to.
    fn language_for(&self, kind: &Kind, wanted: &str) -> String {
        let is_there =
            |language: &str| self.names.contains(&format!("{language}/{}.{}", kind.name, PARTS[1]));
        let wanted = wanted.to_ascii_lowercase();
        let mut near = chain(&wanted);
        near.find(|language| is_there(language)).unwrap_or_default().to_owned()
    }

    fn languages(&self) -> BTreeSet<&str> {
        self.names.iter().filter_map(|name| Some(name.rsplit_once('/')?.0)).collect()
    }

    /// Letters of which some parts are translated and some are not.
    fn missing_parts(&self) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        for language in self.languages() {
            for kind in Kind::all() {
                let names = PARTS.map(|part| format!("{language}/{}.{part}", kind.name));
                if names.iter().any(|name| self.names.contains(name)) {
                    let missing = names.into_iter().filter(|name| !self.names.contains(name));
                    errors.extend(missing.map(|name| {
                        TemplateError::new(
                            name,
                            "is missing, while other parts of the letter are translated",
                        )
                    }));
                }
            }
        }
        errors
    }

    /// Writes every letter in every language, with and without what it may lack.
    fn unwritable(&self) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        for kind in Kind::ALL {
            let Some(known) = Kind::of(kind) else { continue };
            for language in self.languages().into_iter().chain([""]) {
                for message in samples(kind, language) {
                    let link = message.token.as_ref().filter(|_| known.page.is_some());
                    if let Err(error) = self.render(&known, &message, link) {
                        let name = format!("{language}/{}", known.name);
                        errors.push(TemplateError::of(&name, &error));
                    }
                }
            }
        }
        errors
    }
}

/// What a message of a kind may look like: a link or a code is in all letters of a kind, except that of a second
/// move of an account is none.
fn samples(kind: MessageKind, language: &str) -> Vec<Message> {
    let has_code = kind == MessageKind::VerificationCode;
    let message = |has_link| Message {
        kind,
        to: "ada@example.com".to_owned(),
        language: Some(language.to_owned()),
        token: Some(Secret::new("tdl_sample".to_owned())).filter(|_| has_link),
        code: has_code.then(|| Secret::new("123456".to_owned())),
        expires_at: Some(Timestamp::from_millis(1_700_000_000_000))
            .filter(|_| has_link || has_code),
        other_email: (kind == MessageKind::EmailChanged).then(|| "eve@example.com".to_owned()),
        ..Message::decoy()
    };
    match kind {
        MessageKind::EmailChanged => vec![message(true), message(false)],
        _ => vec![message(Kind::of(kind).is_some_and(|kind| kind.page.is_some()))],
    }
}

/// A language and those that it is a kind of: `de-at`, `de`.
fn chain(language: &str) -> impl Iterator<Item = &str> {
    let first = Some(language).filter(|language| !language.is_empty());
    std::iter::successors(first, |language| Some(language.rsplit_once('-')?.0))
}

/// The template of that name in the language, in the nearest one, or in none.
fn nearest(names: &BTreeSet<String>, language: &str, name: &str) -> Option<String> {
    let in_languages = chain(language).map(|language| format!("{language}/{name}"));
    in_languages.chain([name.to_owned()]).find(|name| names.contains(name))
}

/// Tags of languages are the same in capitals (RFC 5646, section 2.1.1).
fn in_lower_case(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((language, file)) => format!("{}/{file}", language.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}

fn misnamed(name: &str) -> Option<TemplateError> {
    let (language, file) = name.rsplit_once('/').unwrap_or(("en", name));
    if !Message::is_language(language) {
        return Some(TemplateError::new(
            name,
            "stands in no directory named by a language, such as de or pt-BR",
        ));
    }
    let is_letter = |kind: Kind| PARTS.iter().any(|part| file == format!("{}.{part}", kind.name));
    let is_known = matches!(file, "layout.txt" | "layout.html") || file.starts_with('_');
    let wrong = "is no part of a letter: expected {kind}.subject.txt, {kind}.txt, {kind}.html, layout.txt, \
                 layout.html, or a name that begins with _";
    (!is_known && !Kind::all().any(is_letter)).then(|| TemplateError::new(name, wrong))
}

/// For people: a moment earlier, and not to the millisecond.
fn in_whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.as_millis() / 1000 * 1000)
}

/// Without what could end a line or turn its direction.
fn plain(value: &str) -> String {
    let misleads =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    value.chars().filter(|c| !misleads(*c)).collect()
}

/// No two empty lines in a row, none at either end, no spaces at the end of a line.
fn tidy(text: &Secret<String>) -> String {
    let mut tidy = String::with_capacity(text.expose().len());
    let mut gap = false;
    for line in text.expose().lines().map(str::trim_end) {
        if line.is_empty() {
            gap = !tidy.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            tidy.push('\n');
        }
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}

impl TemplateError {
    fn new(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, reason: reason.into() }
    }

    /// The place of an error is where it happened, which may be in what a template extends or includes.
    fn of(name: &str, error: &Error) -> Self {
        let mut error = error;
        while let Some(inner) = std::error::Error::source(error).and_then(|it| it.downcast_ref()) {
            error = inner;
        }
        let reason = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        Self { file: error.name().unwrap_or(name).to_owned(), line: error.line(), reason }
    }
}

impl TemplateErrors {
    /// Each of them, sorted by file and line.
    #[must_use]
    pub fn each(&self) -> &[TemplateError] {
        &self.0
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{}, line {line}: {}", self.file, self.reason),
            None => write!(out, "{}: {}", self.file, self.reason),
        }
    }
}

impl fmt::Display for TemplateErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<_> = self.0.iter().map(TemplateError::to_string).collect();
        out.write_str(&errors.join("; "))
    }
}

impl std::error::Error for TemplateError {}
impl std::error::Error for TemplateErrors {}
