//! Onboarding as clients see it.

use serde::Serialize;
use serde_json::{Map, Value};
use testudo::FieldError;
use testudo::onboarding::{
    Choice, ClientHint, Field, OnboardingResult, OnboardingState, Revealed, Validation,
};
use utoipa::ToSchema;

use super::{InCookiesView, TokensView, UserView};
use crate::problem::WrongField;

/// How far somebody is: what is to be shown next, or, when all is done, user and tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Onboarding)]
pub struct OnboardingView<'a> {
    /// With what the client goes on.
    session_token: &'a str,
    status: OnboardingStatus,
    #[schema(required)]
    current_step: Option<&'a str>,
    #[schema(required)]
    client_hint: Option<HintView<'a>>,
    errors: Vec<WrongField>,
    completed_steps: &'a [String],
    /// The current one first.
    remaining_steps: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserView<'a>>,
    #[serde(flatten)]
    #[schema(value_type = TokensAtTheEnd, inline)]
    tokens: Option<TokensView<'a>>,
    #[serde(flatten)]
    #[schema(ignore)]
    cookies: Option<InCookiesView<'a>>,
}

/// A pair of tokens, once all is done.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes an answer")]
struct TokensAtTheEnd {
    #[schema(required = false)]
    access_token: String,
    #[schema(required = false)]
    refresh_token: String,
    #[schema(required = false)]
    token_type: String,
    /// In whole seconds.
    #[schema(required = false)]
    expires_in: u64,
}

/// How it goes on.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnboardingStatus {
    /// With a step, or its next phase.
    InProgress,
    /// With the same step again: what was said to it will not do.
    Error,
    /// Not at all: they are let in.
    Completed,
}

/// What a client shows for a step, without knowing it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientHint)]
pub struct HintView<'a> {
    step_name: &'a str,
    title: &'a str,
    description: &'a str,
    skippable: bool,
    fields: Vec<FieldView<'a>>,
    /// What else there is to know. `secret`, `provisioning_uri` and `qr_svg`, and `recovery_codes`, are not shown by a
    /// resume.
    #[schema(value_type = Object, additional_properties)]
    extra: Map<String, Value>,
}

/// One thing to fill in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Field)]
pub struct FieldView<'a> {
    name: &'a str,
    /// One of `text`, `email`, `password`, `code`, `number`, `date`, `choice`, `checkbox`.
    #[schema(value_type = String)]
    field_type: testudo::onboarding::FieldType,
    required: bool,
    label: &'a str,
    #[schema(required)]
    placeholder: Option<&'a str>,
    validation: ValidationView<'a>,
}

/// What a field accepts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Validation)]
pub struct ValidationView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceView<'a>>,
}

/// One of a few answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Choice)]
pub struct ChoiceView<'a> {
    value: &'a str,
    label: &'a str,
}

impl<'a> OnboardingView<'a> {
    /// What is next, with the tokens once all is done.
    #[must_use]
    pub fn of(result: &'a OnboardingResult) -> Self {
        let view = Self::without_tokens(result);
        match &result.state {
            OnboardingState::Completed(signed_in) => {
                Self { tokens: Some(TokensView::from(&signed_in.tokens)), ..view }
            }
            OnboardingState::InProgress { .. } | OnboardingState::Error { .. } => view,
        }
    }

    /// The same, where the tokens are in cookies.
    pub(crate) fn in_cookies(
        result: &'a OnboardingResult,
        cookies: Option<InCookiesView<'a>>,
    ) -> Self {
        Self { cookies, ..Self::without_tokens(result) }
    }

    fn without_tokens(result: &'a OnboardingResult) -> Self {
        let user = match &result.state {
            OnboardingState::Completed(signed_in) => Some(UserView::from(&signed_in.user)),
            OnboardingState::InProgress { .. } | OnboardingState::Error { .. } => None,
        };
        Self {
            session_token: result.session_token.expose(),
            status: match result.state {
                OnboardingState::InProgress { .. } => OnboardingStatus::InProgress,
                OnboardingState::Error { .. } => OnboardingStatus::Error,
                OnboardingState::Completed(_) => OnboardingStatus::Completed,
            },
            current_step: result.current_step(),
            client_hint: result.hint().map(HintView::from),
            errors: result.errors().iter().cloned().map(wrong_field).collect(),
            completed_steps: &result.completed_steps,
            remaining_steps: &result.remaining_steps,
            user,
            tokens: None,
            cookies: None,
        }
    }
}

fn wrong_field(FieldError { field, code, message }: FieldError) -> WrongField {
    WrongField { field, code, message }
}

impl<'a> From<&'a ClientHint> for HintView<'a> {
    fn from(hint: &'a ClientHint) -> Self {
        let mut extra = hint.extra.clone();
        if let Some(revealed) = &hint.revealed {
            reveal(revealed, &mut extra);
        }
        Self {
            step_name: &hint.step_name,
            title: &hint.title,
            description: &hint.description,
            skippable: hint.skippable,
            fields: hint.fields.iter().map(FieldView::from).collect(),
            extra,
        }
    }
}

fn reveal(revealed: &Revealed, extra: &mut Map<String, Value>) {
    let mut show = |name: &str, value: Value| extra.insert(name.to_owned(), value);
    match revealed {
        Revealed::Totp(seed) => {
            show("secret", seed.secret.expose().as_str().into());
            show("provisioning_uri", seed.provisioning_uri.expose().as_str().into());
            show("qr_svg", seed.qr_svg.expose().as_str().into());
        }
        Revealed::RecoveryCodes(codes) => {
            let codes = codes.iter().map(|code| Value::from(code.expose().as_str()));
            show("recovery_codes", codes.collect());
        }
    }
}

impl<'a> From<&'a Field> for FieldView<'a> {
    fn from(field: &'a Field) -> Self {
        Self {
            name: &field.name,
            field_type: field.field_type,
            required: field.required,
            label: &field.label,
            placeholder: field.placeholder.as_deref(),
            validation: ValidationView::from(&field.validation),
        }
    }
}

impl<'a> From<&'a Validation> for ValidationView<'a> {
    fn from(validation: &'a Validation) -> Self {
        let choice = |choice: &'a Choice| ChoiceView { value: &choice.value, label: &choice.label };
        Self {
            pattern: validation.pattern.as_deref(),
            length: validation.length,
            min_length: validation.min_length,
            max_length: validation.max_length,
            min: validation.min.as_deref(),
            max: validation.max.as_deref(),
            choices: validation.choices.iter().map(choice).collect(),
        }
    }
}
