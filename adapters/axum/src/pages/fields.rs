//! Fields as a form shows them: everything that HTML can say of what a field takes.

use minijinja::value::{Serde, Value};
use serde::Serialize;
use testudo::model::JsonObject;
use testudo::onboarding::{Field, FieldType};

use super::posted::Typed;
use super::trouble::{Trouble, sentence};

/// A form on its way to the page.
pub(super) struct Form<'a> {
    /// What its ids begin with.
    id: &'a str,
    fields: &'a [Field],
    known: Option<&'a JsonObject>,
    typed: Option<&'a Typed>,
    trouble: Option<&'a Trouble>,
    asks_current_password: bool,
}

impl<'a> Form<'a> {
    pub(super) const fn new(id: &'a str, fields: &'a [Field]) -> Self {
        let asks_current_password = false;
        Self { id, fields, known: None, typed: None, trouble: None, asks_current_password }
    }

    /// With what is known already, by the names of the fields.
    pub(super) const fn knowing(self, known: &'a JsonObject) -> Self {
        Self { known: Some(known), ..self }
    }

    /// Once more, with what was typed and what is wrong with it.
    pub(super) const fn again(self, typed: &'a Typed, trouble: &'a Trouble) -> Self {
        Self { typed: Some(typed), trouble: Some(trouble), ..self }
    }

    /// Its password is the one that the account has.
    pub(super) const fn asking_current_password(self) -> Self {
        Self { asks_current_password: true, ..self }
    }

    /// For a template.
    pub(super) fn view(&self) -> Value {
        Value::from(Serde(self.to_view()))
    }

    fn to_view(&self) -> View {
        let mut fields: Vec<_> = (self.fields.iter().enumerate())
            .map(|(place, field)| self.field(&format!("{}-{place}", self.id), field))
            .collect();
        let alert = self.trouble.map(|trouble| Alert::new(trouble, &fields));
        if let Some(wrong) = fields.iter_mut().find(|field| field.error.is_some()) {
            wrong.autofocus = true;
        }
        View { id: self.id.to_owned(), fields, alert }
    }

    fn field(&self, id: &str, field: &Field) -> FieldView {
        let rules = &field.validation;
        let value = self.value(field);
        let choice = |(place, choice): (usize, &testudo::onboarding::Choice)| ChoiceView {
            id: format!("{id}-{place}"),
            value: choice.value.clone(),
            label: choice.label.clone(),
            is_chosen: value == choice.value,
        };
        FieldView {
            id: id.to_owned(),
            name: field.name.clone(),
            label: field.label.clone(),
            kind: kind(field),
            input_type: input_type(field.field_type),
            required: field.required,
            placeholder: field.placeholder.clone(),
            autocomplete: self.autocomplete(field),
            is_numeric: field.field_type == FieldType::Code
                && rules.pattern.as_deref().is_some_and(is_of_digits),
            is_code: field.field_type == FieldType::Code,
            pattern: rules.pattern.clone(),
            min_length: rules.length.or(rules.min_length),
            max_length: rules.length.or(rules.max_length),
            min: rules.min.clone(),
            max: rules.max.clone(),
            choices: rules.choices.iter().enumerate().map(choice).collect(),
            is_ticked: value == TICKED,
            error: self.error(field),
            autofocus: false,
            value,
        }
    }

    /// What stands in a field when the form appears: what was typed, or else what is known. Never a secret.
    fn value(&self, field: &Field) -> String {
        if matches!(field.field_type, FieldType::Password | FieldType::Code) {
            return String::new();
        }
        if let Some(typed) = self.typed {
            return typed.text(&field.name).to_owned();
        }
        match self.known.and_then(|known| known.get(&field.name)) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Number(number)) => number.to_string(),
            Some(serde_json::Value::Bool(true)) => TICKED.to_owned(),
            _ => String::new(),
        }
    }

    fn error(&self, field: &Field) -> Option<String> {
        let wrong = self.trouble?.errors.iter().find(|wrong| wrong.field == field.name)?;
        Some(sentence(&wrong.message))
    }

    /// What the browser may fill in by itself (WCAG 2.2 1.3.5, HTML "autofill").
    fn autocomplete(&self, field: &Field) -> Option<&'static str> {
        let has_password = self.fields.iter().any(|field| field.field_type == FieldType::Password);
        Some(match field.field_type {
            FieldType::Email if has_password => "username",
            FieldType::Email => "email",
            FieldType::Password if self.asks_current_password || field.name == CURRENT => {
                "current-password"
            }
            FieldType::Password => "new-password",
            FieldType::Code => "one-time-code",
            FieldType::Text | FieldType::Date | FieldType::Choice => about_people(&field.name)?,
            _ => return None,
        })
    }
}

/// The value of a box that is ticked.
const TICKED: &str = "true";

/// The field of the password that is to be replaced.
const CURRENT: &str = "current_password";

/// So many choices are shown side by side; more go into a list.
const FEW: usize = 5;

fn kind(field: &Field) -> &'static str {
    match field.field_type {
        FieldType::Checkbox => "checkbox",
        FieldType::Choice if field.validation.choices.len() <= FEW => "radios",
        FieldType::Choice => "select",
        _ => "input",
    }
}

const fn input_type(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Email => "email",
        FieldType::Password => "password",
        FieldType::Number => "number",
        FieldType::Date => "date",
        _ => "text",
    }
}

/// Whether a pattern takes digits alone.
fn is_of_digits(pattern: &str) -> bool {
    let rest = pattern.replace("[0-9]", "").replace("\\d", "");
    rest.len() < pattern.len()
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '{' | '}' | ',' | '+' | '*' | '^' | '$'))
}

/// Fields of a profile by the names that they commonly have.
fn about_people(name: &str) -> Option<&'static str> {
    Some(match name {
        "name" | "full_name" | "display_name" => "name",
        "first_name" | "given_name" => "given-name",
        "last_name" | "family_name" | "surname" => "family-name",
        "nickname" => "nickname",
        "organization" | "organisation" | "company" => "organization",
        "job_title" => "organization-title",
        "phone" | "phone_number" | "tel" => "tel",
        "street" | "street_address" | "address" => "street-address",
        "city" => "address-level2",
        "postal_code" | "zip" | "postcode" => "postal-code",
        "country" => "country-name",
        "birthday" | "birth_date" | "date_of_birth" | "born" => "bday",
        "language" | "locale" => "language",
        "website" | "url" => "url",
        _ => return None,
    })
}

#[derive(Serialize)]
struct View {
    id: String,
    fields: Vec<FieldView>,
    alert: Option<Alert>,
}

#[derive(Serialize)]
struct FieldView {
    id: String,
    name: String,
    label: String,
    kind: &'static str,
    input_type: &'static str,
    value: String,
    required: bool,
    placeholder: Option<String>,
    autocomplete: Option<&'static str>,
    is_numeric: bool,
    is_code: bool,
    pattern: Option<String>,
    min_length: Option<u32>,
    max_length: Option<u32>,
    min: Option<String>,
    max: Option<String>,
    choices: Vec<ChoiceView>,
    is_ticked: bool,
    error: Option<String>,
    autofocus: bool,
}

#[derive(Serialize)]
struct ChoiceView {
    id: String,
    value: String,
    label: String,
    is_chosen: bool,
}

/// What is wrong, above the form.
#[derive(Serialize)]
struct Alert {
    message: String,
    lines: Vec<Line>,
    /// Whether it is what the reader is led to: where no field is wrong.
    autofocus: bool,
}

#[derive(Serialize)]
struct Line {
    message: String,
    /// The field that it is about.
    target: Option<String>,
}

impl Alert {
    fn new(trouble: &Trouble, fields: &[FieldView]) -> Self {
        let line = |wrong: &crate::problem::WrongField| {
            let field = fields.iter().find(|field| field.name == wrong.field);
            let message = sentence(&wrong.message);
            match field {
                Some(field) => Line {
                    message: format!("{}: {message}", field.label),
                    target: Some(first_control(field)),
                },
                None => Line { message, target: None },
            }
        };
        Self {
            message: trouble.message.clone(),
            lines: trouble.errors.iter().map(line).collect(),
            autofocus: fields.iter().all(|field| field.error.is_none()),
        }
    }
}

/// What a link to a field leads to.
fn first_control(field: &FieldView) -> String {
    match field.choices.first() {
        Some(choice) if field.kind == "radios" => choice.id.clone(),
        _ => field.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_alone_are_typed_on_a_pad_of_digits() {
        for (pattern, expected) in [
            ("[0-9]{6}", true),
            ("\\d{4,8}", true),
            ("^[0-9]+$", true),
            ("[0-9A-F]{6}", false),
            ("[a-z]+", false),
            (".*", false),
            ("", false),
        ] {
            assert_eq!(is_of_digits(pattern), expected, "{pattern}");
        }
    }
}
