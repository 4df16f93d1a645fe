//! A step of an application's own, with a field of every type: it is shown without a page written for it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use testudo::onboarding::{
    Choice, ClientHint, Field, FieldType, Need, Onboarding, OnboardingStep, Progress, Turn, Turned,
    Validation,
};
use testudo::{FieldError, Policy, Step};

use crate::browser::{Browser, Page};
use crate::site::{EMAIL, PASSWORD, Site};

const HOSTILE: &str = "\"><script>alert(1)</script>&<b>'";

/// Asks for one of everything, under names and labels that somebody chose badly, and keeps what it gets.
#[derive(Debug)]
struct Everything {
    got: Arc<Mutex<Vec<Value>>>,
}

const NAMES: [&str; 10] = [
    "text",
    "mail",
    "secret",
    "code",
    "number",
    "date",
    "few",
    "many",
    "tick",
    "hostile \"><name>",
];

fn choices(count: usize) -> Validation {
    let choice = |n| Choice { value: format!("c{n}"), label: format!("Choice {n} {HOSTILE}") };
    Validation { choices: (0..count).map(choice).collect(), ..Validation::default() }
}

impl OnboardingStep for Everything {
    fn name(&self) -> &str {
        "everything"
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.is_sign_up() { Need::Offered } else { Need::No }
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        let range = |least: &str, most: &str| Validation {
            min: Some(least.to_owned()),
            max: Some(most.to_owned()),
            ..Validation::default()
        };
        let text = Validation {
            min_length: Some(2),
            max_length: Some(40),
            pattern: Some("[^\"]{2,}".to_owned()),
            ..Validation::default()
        };
        let field =
            |name: &str, field_type| Field::required(name, field_type, format!("Label {name}"));
        ClientHint::new(format!("Everything {HOSTILE}"), format!("Describe {HOSTILE}"))
            .extra("manual_url", "https://example.com/manual")
            .extra("script_url", "javascript:alert(1)")
            .extra("text", HOSTILE)
            .field(field("text", FieldType::Text).validation(text).placeholder(HOSTILE))
            .field(field("mail", FieldType::Email))
            .field(field("secret", FieldType::Password))
            .field(field("code", FieldType::Code))
            .field(field("number", FieldType::Number).validation(range("1", "9.5")))
            .field(field("date", FieldType::Date).validation(range("1900-01-01", "2026-12-31")))
            .field(field("few", FieldType::Choice).validation(choices(3)))
            .field(field("many", FieldType::Choice).validation(choices(9)).optional())
            .field(field("tick", FieldType::Checkbox).optional())
            .field(field(NAMES[9], FieldType::Text).optional())
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let got: serde_json::Map<_, _> = NAMES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), turn.answers().get(name)?.clone())))
            .collect();
        let is_wrong = got.get("text") == Some(&json!(HOSTILE));
        self.got.lock().unwrap().push(Value::Object(got));
        if is_wrong {
            let wrong =
                |name: &'static str| FieldError::new(name, "wrong", format!("not this {HOSTILE}"));
            return turn.fail(["text", "few", "tick", "nowhere"].map(wrong));
        }
        turn.done()
    }
}

async fn arrive() -> (Browser, Page, Arc<Mutex<Vec<Value>>>) {
    let got = Arc::default();
    let step = Everything { got: Arc::clone(&got) };
    let order = ["register", "everything", "verify_email"];
    let site = Site::with(Policy::default(), Onboarding::standard().with_step(step).sign_up(order));
    let mut browser = site.browser();
    let page = browser.fill("/signup", "/signup", &[("email", EMAIL)]).await;
    let page = browser.follow(page).await;
    let fill = [("password", PASSWORD), ("password_confirm", PASSWORD)];
    let page = browser.submit(&page, "/signup", &fill).await;
    let page = browser.follow(page).await;
    (browser, page, got)
}

#[tokio::test]
async fn every_type_of_field_becomes_the_control_that_html_has_for_it() {
    let (_, page, _) = arrive().await;
    let form = page.form("/signup");
    for (name, attributes) in [
        (
            "text",
            &[
                ("type", "text"),
                ("minlength", "2"),
                ("maxlength", "40"),
                ("pattern", "[^\"]{2,}"),
                ("value", HOSTILE),
            ][..],
        ),
        ("mail", &[("type", "email"), ("autocomplete", "username")]),
        ("secret", &[("type", "password"), ("autocomplete", "new-password"), ("value", "")]),
        ("code", &[("type", "text"), ("autocomplete", "one-time-code"), ("spellcheck", "false")]),
        ("number", &[("type", "number"), ("min", "1"), ("max", "9.5"), ("step", "any")]),
        ("date", &[("type", "date"), ("min", "1900-01-01"), ("max", "2026-12-31")]),
        ("few", &[("type", "radio"), ("value", "c0")]),
        ("tick", &[("type", "checkbox"), ("value", "true")]),
        (NAMES[9], &[("type", "text")]),
    ] {
        let control = form.control(name);
        for (attribute, expected) in attributes {
            assert_eq!(control.get(attribute), Some(*expected), "{name} {attribute}: {control:?}");
        }
        let is_required = !["tick", NAMES[9]].contains(&name);
        assert_eq!(control.has("required"), is_required, "{name}");
    }
    assert!(!form.control("code").has("inputmode"), "it may have letters");
    assert_eq!(form.control("many").name, "select");
    assert_eq!(
        form.controls.iter().filter(|tag| tag.name == "option").count(),
        10,
        "nine, and none"
    );
    let buttons: Vec<_> = form.controls.iter().filter(|tag| tag.name == "button").collect();
    assert!(!buttons[0].has("name"), "the first button goes on");
    assert_eq!(buttons[1].get("name"), Some("skip"));
    assert!(buttons[1].has("formnovalidate"));
}

#[tokio::test]
async fn what_was_filled_in_arrives_by_the_types_of_the_fields() {
    let (mut browser, page, got) = arrive().await;
    let fill = [
        ("text", " one "),
        ("mail", "x@example.com"),
        ("secret", " two "),
        ("code", "ab-12"),
        ("number", "7.50"),
        ("date", "2001-02-03"),
        ("few", "c1"),
        ("many", ""),
        (NAMES[9], "three"),
        ("unasked", "four"),
    ];
    let page = browser.submit(&page, "/signup", &fill).await;
    assert_eq!(page.status, 303);
    let expected = json!({
        "text": "one", "mail": "x@example.com", "secret": " two ", "code": "ab-12", "number": 7.5,
        "date": "2001-02-03", "few": "c1", "tick": false, NAMES[9]: "three",
    });
    assert_eq!(*got.lock().unwrap(), [expected]);
    assert_eq!(browser.follow(page).await.heading(), "Verify your e-mail address");
}

#[tokio::test]
async fn hostile_values_are_shown_as_what_they_are() {
    let (mut browser, page, _) = arrive().await;
    let fill = [
        ("text", HOSTILE),
        ("mail", HOSTILE),
        ("secret", HOSTILE),
        ("code", HOSTILE),
        ("number", HOSTILE),
        ("date", HOSTILE),
        ("few", "c2"),
        ("many", "c3"),
        ("tick", "true"),
        ("next", "/\"><script>alert(1)</script>"),
    ];
    let again = browser.submit(&page, "/signup", &fill).await;
    assert_eq!(again.status, 422);
    for page in [&page, &again] {
        assert_eq!(page.heading(), format!("Everything {HOSTILE}"));
        for tag in page.tags() {
            assert!(!["script", "b", "name"].contains(&tag.name.as_str()), "{tag:?}");
        }
        let links: Vec<_> =
            page.tags().into_iter().filter_map(|tag| tag.get("href").map(str::to_owned)).collect();
        assert!(links.contains(&"https://example.com/manual".to_owned()));
        assert!(links.iter().all(|link| !link.starts_with("javascript:")), "{links:?}");
    }
    let form = again.form("/signup");
    for name in ["text", "mail", "number", "date"] {
        assert_eq!(form.control(name).get("value"), Some(HOSTILE), "{name}");
    }
    for name in ["secret", "code"] {
        assert_eq!(form.control(name).get("value"), Some(""), "{name} does not come back");
    }
    let chosen: Vec<_> =
        form.controls.iter().filter(|tag| tag.has("checked") || tag.has("selected")).collect();
    let chosen: Vec<_> = chosen.iter().map(|tag| tag.get("value").unwrap()).collect();
    assert_eq!(chosen, ["c2", "c3", "true"]);
    let message = crate_sentence();
    assert_eq!(again.errors().get("text"), Some(&message));
    let alert = again.body.split("role=\"alert\"").nth(1).unwrap();
    assert_eq!(
        alert.split("</div>").next().unwrap().matches("<li>").count(),
        4,
        "the error at no field, too"
    );
}

fn crate_sentence() -> String {
    format!("Not this {HOSTILE}.")
}

#[tokio::test]
async fn a_step_that_may_be_skipped_is() {
    let (mut browser, page, got) = arrive().await;
    let page = browser.submit(&page, "/signup", &[("skip", "true")]).await;
    assert_eq!(browser.follow(page).await.heading(), "Verify your e-mail address");
    assert!(got.lock().unwrap().is_empty(), "it was told nothing");
}
