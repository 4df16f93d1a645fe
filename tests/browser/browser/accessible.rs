//! Finding things by their role and name, as a screen reader tells them.

use axum::http::Method;
use serde_json::json;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::common::requestdata::RequestData;
use thirtyfour::{SessionId, WebElement};

use super::Browser;

/// What something is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Button,
    Field,
    Link,
}

impl Role {
    /// The elements that may have it.
    fn candidates(self) -> &'static str {
        match self {
            Self::Button => "button, summary, input[type=submit], [role=button]",
            Self::Field => "input:not([type=hidden]):not([type=submit]), select, textarea",
            Self::Link => "a[href]",
        }
    }
}

impl Browser {
    /// The one thing of a role and name.
    pub(crate) async fn the(&self, role: Role, name: &str) -> WebElement {
        let mut found = self.named(role, name).await;
        let last = found.pop();
        match last {
            Some(element) if found.is_empty() => element,
            _ => panic!(
                "{} of {role:?} {name:?}, but {:?} in {:?}",
                found.len(),
                self.names(role).await,
                self.text().await
            ),
        }
    }

    /// Everything of a role and name.
    pub(crate) async fn named(&self, role: Role, name: &str) -> Vec<WebElement> {
        let mut found = Vec::new();
        for element in self.all(role.candidates()).await {
            if self.name_of(&element).await == name && element.is_displayed().await.unwrap() {
                found.push(element);
            }
        }
        found
    }

    /// The names of everything that could have a role.
    async fn names(&self, role: Role) -> Vec<String> {
        let mut names = Vec::new();
        for element in self.all(role.candidates()).await {
            names.push(self.name_of(&element).await);
        }
        names
    }

    /// What a screen reader calls an element: Chromium computes it.
    pub(crate) async fn name_of(&self, element: &WebElement) -> String {
        let command = ComputedLabel(element.element_id().to_string());
        self.session.cmd(command).await.unwrap().value().unwrap()
    }

    /// What a screen reader says of an element after its name.
    pub(crate) async fn description_of(&self, element: &WebElement) -> String {
        let node = element.cdp_backend_node_id().await.unwrap();
        let asked = json!({"backendNodeId": node, "fetchRelatives": false});
        let tree = self.devtools("Accessibility.getPartialAXTree", asked).await;
        tree["nodes"][0]["description"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the next key goes to this element.
    pub(crate) async fn has_focus(&self, element: &WebElement) -> bool {
        self.session().active_element().await.unwrap() == *element
    }
}

/// WebDriver 12.4.10, Get Computed Label.
#[derive(Debug)]
struct ComputedLabel(String);

impl FormatRequestData for ComputedLabel {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let Self(element) = self;
        RequestData::new(Method::GET, format!("session/{session}/element/{element}/computedlabel"))
    }
}
