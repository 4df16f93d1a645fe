//! Whether a field can be filled in at all.

use super::{Kind, ProfileField};

/// The most bytes of a name.
const LONGEST_NAME: usize = 64;

impl ProfileField {
    /// Says what is wrong with a declaration, if something is.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let names_something = (1..=LONGEST_NAME).contains(&self.name.len());
        let expectations = [
            (
                names_something && self.name.bytes().all(is_name),
                "expected a name of 1 to 64 letters, digits, _ and -",
            ),
            (!self.label.trim().is_empty(), "expected a label, for people to read"),
            (
                (self.kind == Kind::Choice) != self.choices.is_empty(),
                "expected choices for the kind choice, and for no other",
            ),
            (
                self.kind == Kind::Text || !self.has_rules_of_text(),
                "expected min_length, max_length and pattern for the kind text only",
            ),
            (
                matches!(self.kind, Kind::Number | Kind::Date) || !self.has_bounds(),
                "expected min and max for the kinds number and date only",
            ),
            (
                self.min_length.unwrap_or_default() <= self.most_characters(),
                "expected min_length to be at most max_length",
            ),
            (
                self.has_bounds_that_hold(),
                "expected bounds of the field's own kind, min before max",
            ),
        ];
        expectations.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
    }

    const fn has_rules_of_text(&self) -> bool {
        self.min_length.is_some() || self.max_length.is_some() || self.pattern.is_some()
    }

    const fn has_bounds(&self) -> bool {
        self.min.is_some() || self.max.is_some()
    }

    fn has_bounds_that_hold(&self) -> bool {
        let bounds = [&self.min, &self.max].map(Option::as_deref);
        match self.kind {
            Kind::Number => {
                hold(bounds, |text| text.parse::<f64>().ok().filter(|bound| bound.is_finite()))
            }
            Kind::Date => hold(bounds, super::date),
            Kind::Text | Kind::Choice | Kind::Checkbox => true,
        }
    }
}

fn hold<T: PartialOrd>(bounds: [Option<&str>; 2], read: impl Fn(&str) -> Option<T>) -> bool {
    let [least, most] = bounds.map(|bound| bound.map(&read));
    match (least, most) {
        (Some(None), _) | (_, Some(None)) => false,
        (Some(Some(least)), Some(Some(most))) => least <= most,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_nobody_could_fill_in_is_refused() {
        let fit = [
            ProfileField::text("name", "Your name").length(1, 80),
            ProfileField::number("age", "Age").range(18, 120).optional(),
            ProfileField::date("born", "Birthday").range("1900-01-01", "2026-12-31"),
            ProfileField::choice("size", "T-shirt", [("s", "Small")]),
            ProfileField::checkbox("news", "Send me news").optional(),
        ];
        for field in fit {
            assert_eq!(field.check(), Ok(()), "{field:?}");
        }
        let unfit = [
            (ProfileField::text("", "Your name"), "a name"),
            (ProfileField::text("your name", "Your name"), "a name"),
            (ProfileField::text("name", " "), "a label"),
            (ProfileField::text("name", "Name").length(3, 2), "min_length"),
            (ProfileField::text("name", "Name").range(1, 2), "kinds number and date"),
            (ProfileField::number("age", "Age").length(1, 2), "kind text"),
            (ProfileField::number("age", "Age").range("18", "x"), "bounds"),
            (ProfileField::number("age", "Age").range(120, 18), "bounds"),
            (ProfileField::date("born", "Birthday").range("1900", "2026-12-31"), "bounds"),
            (ProfileField::choice("size", "T-shirt", []), "choices"),
        ];
        for (field, expected) in unfit {
            let wrong = field.check().unwrap_err();
            assert!(wrong.contains(expected), "{field:?}: {wrong}");
        }
    }
}
