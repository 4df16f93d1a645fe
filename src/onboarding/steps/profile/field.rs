//! A field of the profile: what it takes, and how it is read.

mod check;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::onboarding::{Answers, Choice, Field, FieldType, Validation};
use crate::refusal::FieldError;

/// A field that the application declares.
///
/// Serialised as `{"name": "name", "label": "Your name", "kind": "text", "max_length": 80}`; fields are
/// required unless `"required": false`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileField {
    name: String,
    label: String,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placeholder: Option<String>,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_length: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pattern: Option<Pattern>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<Choice>,
}

/// What a field of the profile takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A text of at most [`ProfileField::MAX_LENGTH`] characters, unless it is said.
    Text,
    /// A number.
    Number,
    /// A date, as `2026-11-23`.
    Date,
    /// One of a few.
    Choice,
    /// Yes or no.
    Checkbox,
}

/// A regular expression that a whole text matches.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Pattern {
    text: String,
    whole: regex::Regex,
}

const fn yes() -> bool {
    true
}

impl ProfileField {
    /// The most characters of a text, unless it is said.
    pub const MAX_LENGTH: u32 = 200;

    /// A required text.
    #[must_use]
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Text, name, label)
    }

    /// A required number.
    #[must_use]
    pub fn number(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Number, name, label)
    }

    /// A required date.
    #[must_use]
    pub fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Date, name, label)
    }

    /// A required choice, of values with what people read.
    #[must_use]
    pub fn choice<'a>(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let choice =
            |(value, label): (&str, &str)| Choice { value: value.into(), label: label.into() };
        let choices = choices.into_iter().map(choice).collect();
        Self { choices, ..Self::new(Kind::Choice, name, label) }
    }

    /// A box that is to be ticked, or not. One that is required must be ticked.
    #[must_use]
    pub fn checkbox(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Kind::Checkbox, name, label)
    }

    /// The same field, which may be left out.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same text, of so many characters.
    #[must_use]
    pub fn length(self, least: u32, most: u32) -> Self {
        Self { min_length: Some(least), max_length: Some(most), ..self }
    }

    /// The same number or date, in these bounds.
    #[must_use]
    pub fn range(self, least: impl ToString, most: impl ToString) -> Self {
        Self { min: Some(least.to_string()), max: Some(most.to_string()), ..self }
    }

    /// The same with an example.
    #[must_use]
    pub fn placeholder(self, example: impl Into<String>) -> Self {
        Self { placeholder: Some(example.into()), ..self }
    }

    /// The same text, which matches an expression as a whole. The expression takes linear time, as all of the
    /// crate `regex` do, and browsers read it too.
    ///
    /// # Errors
    ///
    /// When it is no regular expression.
    pub fn pattern(self, pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self { pattern: Some(Pattern::new(pattern)?), ..self })
    }

    fn new(kind: Kind, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            required: true,
            placeholder: None,
            kind,
            min_length: None,
            max_length: None,
            pattern: None,
            min: None,
            max: None,
            choices: Vec::new(),
        }
    }

    /// What it is called in the profile.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it must be there.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// As a client shows it.
    #[must_use]
    pub fn field(&self) -> Field {
        let field_type = match self.kind {
            Kind::Text => FieldType::Text,
            Kind::Number => FieldType::Number,
            Kind::Date => FieldType::Date,
            Kind::Choice => FieldType::Choice,
            Kind::Checkbox => FieldType::Checkbox,
        };
        let validation = Validation {
            pattern: self.pattern.as_ref().map(|pattern| pattern.text.clone()),
            min_length: self.min_length,
            max_length: (self.kind == Kind::Text).then(|| self.most_characters()),
            min: self.min.clone(),
            max: self.max.clone(),
            choices: self.choices.clone(),
            ..Validation::default()
        };
        let field = Field::required(&self.name, field_type, &self.label).validation(validation);
        Field { required: self.required, placeholder: self.placeholder.clone(), ..field }
    }

    /// What was filled in, if something was.
    pub(crate) fn read(&self, answers: &Answers) -> Result<Option<Value>, FieldError> {
        let value = match answers.get(&self.name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(value) => Some(self.accept(value)?),
        };
        match value {
            None if self.required => Err(self.error("required", "expected a value")),
            Some(Value::Bool(false)) if self.required => {
                Err(self.error("required", "expected that this is ticked"))
            }
            value => Ok(value),
        }
    }

    fn accept(&self, value: &Value) -> Result<Value, FieldError> {
        match (self.kind, value) {
            (Kind::Text, Value::String(text)) => self.accept_text(text.trim()),
            (Kind::Number, Value::Number(number)) => self.accept_number(number),
            (Kind::Date, Value::String(text)) => self.accept_date(text),
            (Kind::Choice, Value::String(text)) => self.accept_choice(text),
            (Kind::Checkbox, Value::Bool(ticked)) => Ok(Value::Bool(*ticked)),
            _ => Err(self.error("wrong_type", format!("expected {}", self.kind.expected()))),
        }
    }

    fn accept_text(&self, text: &str) -> Result<Value, FieldError> {
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let (least, most) = (self.min_length.unwrap_or_default(), self.most_characters());
        if characters < least {
            return Err(self.error("too_short", format!("expected at least {least} characters")));
        }
        if characters > most {
            return Err(self.error("too_long", format!("expected at most {most} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(self.error("unprintable", "expected a text of one line"));
        }
        match &self.pattern {
            Some(pattern) if !pattern.whole.is_match(text) => {
                Err(self.error("pattern", format!("expected what matches {}", pattern.text)))
            }
            _ => Ok(text.into()),
        }
    }

    fn accept_number(&self, number: &Number) -> Result<Value, FieldError> {
        let value = number.as_f64().unwrap_or(f64::NAN);
        let bound = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
        let fits = bound(&self.min).is_none_or(|least| value >= least)
            && bound(&self.max).is_none_or(|most| value <= most)
            && value.is_finite();
        if fits { Ok(number.clone().into()) } else { Err(self.out_of_range()) }
    }

    fn accept_date(&self, text: &str) -> Result<Value, FieldError> {
        let Some(read) = date(text) else {
            return Err(self.error("invalid_date", "expected a date such as 2026-11-23"));
        };
        let bound = |text: &Option<String>| text.as_deref().and_then(date);
        let fits = bound(&self.min).is_none_or(|least| read >= least)
            && bound(&self.max).is_none_or(|most| read <= most);
        if fits { Ok(text.into()) } else { Err(self.out_of_range()) }
    }

    fn accept_choice(&self, text: &str) -> Result<Value, FieldError> {
        if self.choices.iter().any(|choice| choice.value == text) {
            return Ok(text.into());
        }
        let values: Vec<_> = self.choices.iter().map(|choice| choice.value.as_str()).collect();
        Err(self.error("invalid_choice", format!("expected one of {}", values.join(", "))))
    }

    fn out_of_range(&self) -> FieldError {
        let expected = match (&self.min, &self.max) {
            (Some(least), Some(most)) => format!("expected {least} to {most}"),
            (Some(least), None) => format!("expected at least {least}"),
            (None, Some(most)) => format!("expected at most {most}"),
            (None, None) => "expected a finite number".to_owned(),
        };
        self.error("out_of_range", expected)
    }

    fn most_characters(&self) -> u32 {
        self.max_length.unwrap_or(Self::MAX_LENGTH)
    }

    fn error(&self, code: &'static str, expected: impl ToString) -> FieldError {
        FieldError::new(self.name.clone(), code, expected)
    }
}

/// RFC 3339 full-date, and no other form of ISO 8601.
fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

impl Kind {
    const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Date => "a date such as 2026-11-23, as a text",
            Self::Choice => "one of the choices, as a text",
            Self::Checkbox => "true or false",
        }
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Self, regex::Error> {
        let whole = regex::Regex::new(&format!("^(?:{text})$"))?;
        Ok(Self { text: text.to_owned(), whole })
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(field: &ProfileField, value: Value) -> Result<Option<Value>, String> {
        let answers = Answers::new([("field".to_owned(), value)].into_iter().collect());
        field.read(&answers).map_err(|error| error.code.into_owned())
    }

    #[test]
    fn each_kind_of_field_takes_its_own_type_and_no_other() {
        let (text, number) = (ProfileField::text("field", ""), ProfileField::number("field", ""));
        let (date, choice) = (
            ProfileField::date("field", "").range("2000-01-01", "2026-12-31"),
            ProfileField::choice("field", "", [("s", "Small"), ("l", "Large")]),
        );
        let checkbox = ProfileField::checkbox("field", "");
        let table = [
            (&text, json!(" Ada "), Ok(Some(json!("Ada")))),
            (&text, json!(""), Err("required")),
            (&text, json!(7), Err("wrong_type")),
            (&text, json!("a\nb"), Err("unprintable")),
            (&text, json!("x".repeat(201)), Err("too_long")),
            (&number, json!(7), Ok(Some(json!(7)))),
            (&number, json!("7"), Err("wrong_type")),
            (&date, json!("2024-02-29"), Ok(Some(json!("2024-02-29")))),
            (&date, json!("2023-02-29"), Err("invalid_date")),
            (&date, json!("1999-12-31"), Err("out_of_range")),
            (&date, json!("20240229"), Err("invalid_date")),
            (&choice, json!("s"), Ok(Some(json!("s")))),
            (&choice, json!("m"), Err("invalid_choice")),
            (&checkbox, json!(true), Ok(Some(json!(true)))),
            (&checkbox, json!(false), Err("required")),
            (&checkbox, json!("on"), Err("wrong_type")),
        ];
        for (field, value, expected) in table {
            let expected = expected.map_err(str::to_owned);
            assert_eq!(read(field, value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn what_is_optional_may_be_left_out_and_bounds_and_patterns_hold() {
        let name = ProfileField::text("field", "").length(2, 4).optional();
        assert_eq!(read(&name, Value::Null), Ok(None));
        assert_eq!(read(&name, json!("é")), Err("too_short".into()));
        assert_eq!(read(&name, json!("ééééé")), Err("too_long".into()));
        let plate = ProfileField::text("field", "").pattern("[A-Z]{2}|[0-9]{2}").unwrap();
        assert_eq!(read(&plate, json!("AB")), Ok(Some(json!("AB"))));
        assert_eq!(read(&plate, json!("AB1")), Err("pattern".into()));
        let age = ProfileField::number("field", "").range(18, 120);
        assert_eq!(read(&age, json!(17.5)), Err("out_of_range".into()));
        assert_eq!(read(&age, json!(18)), Ok(Some(json!(18))));
    }

    #[test]
    fn a_field_reads_back_from_a_file_as_it_was_declared() {
        let field = ProfileField::text("plate", "Plate").pattern("[A-Z]+").unwrap().length(1, 7);
        let text = serde_json::to_string(&field).unwrap();
        assert_eq!(serde_json::from_str::<ProfileField>(&text).unwrap(), field);
        let short: ProfileField =
            serde_json::from_str(r#"{"name": "n", "label": "N", "kind": "text"}"#).unwrap();
        assert_eq!(short, ProfileField::text("n", "N"));
    }
}
