//! Just enough of HTML to find forms and links in pages that write every attribute in double quotes.

use std::collections::BTreeMap;

/// A tag that begins.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The text up to the next tag.
    pub(crate) text: String,
}

impl Tag {
    pub(crate) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.contains_key(attribute)
    }
}

/// A form with its controls.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) controls: Vec<Tag>,
}

impl Form {
    pub(crate) fn control(&self, name: &str) -> &Tag {
        let found = self.controls.iter().find(|tag| tag.get("name") == Some(name));
        found.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// What a browser would send if nothing was filled in and the first button pressed.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        let sent = self.controls.iter().filter(|tag| match (tag.name.as_str(), tag.get("type")) {
            ("input", Some("checkbox" | "radio")) => tag.has("checked"),
            ("input" | "select", _) => true,
            _ => false,
        });
        let named = sent.filter_map(|tag| Some((tag.get("name")?, tag.get("value").unwrap_or(""))));
        named.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// All tags of a page, in their order. What is no well-formed tag ends the test.
pub(crate) fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if rest.starts_with('!') || rest.starts_with('/') {
            continue;
        }
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
        let name = rest[..name_end].to_owned();
        rest = &rest[name_end..];
        let attributes = attributes(&mut rest);
        let end = rest.find('<').unwrap_or(rest.len());
        tags.push(Tag { name, attributes, text: unescape(&rest[..end]) });
    }
    tags
}

fn attributes(rest: &mut &str) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            *rest = after;
            return attributes;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != ':').unwrap();
        assert_ne!(end, 0, "no attribute at {}", rest.chars().take(40).collect::<String>());
        let name = rest[..end].to_owned();
        *rest = &rest[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix("=\"") {
            let end = after.find('"').unwrap();
            value = unescape(&after[..end]);
            *rest = &after[end + 1..];
        }
        assert!(attributes.insert(name, value).is_none(), "an attribute twice");
    }
}

fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/")];
    let text = named.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&amp;", "&")
}

pub(crate) fn forms(page: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for part in page.split("<form ").skip(1) {
        let part = format!("<form {}", part.split("</form>").next().unwrap());
        let mut tags = tags(&part).into_iter();
        let form = tags.next().unwrap();
        assert_eq!(form.get("method"), Some("post"));
        let controls = ["input", "select", "button", "option", "textarea"];
        let controls = tags.filter(|tag| controls.contains(&tag.name.as_str())).collect();
        forms.push(Form { action: form.get("action").unwrap().to_owned(), controls });
    }
    forms
}
