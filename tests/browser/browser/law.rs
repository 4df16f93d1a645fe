//! What is true of every page, whatever it shows.

use serde_json::{Value, json};

use super::{Browser, Scripts};

impl Browser {
    /// Looks at a page as soon as it is there.
    pub(super) async fn arrived(&self) {
        self.photograph().await;
        let faults = self.faults().await;
        assert!(
            faults.is_empty(),
            "{} ({:?}): {faults:#?}",
            self.path().await,
            self.heading().await
        );
    }

    /// All that is wrong with the page, in sentences.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let mut faults = self.evaluate(include_str!("law.js")).await;
        faults.extend(self.nameless().await);
        faults.extend(self.complaints().await);
        faults.extend(self.second_opinion().await);
        faults
    }

    /// What axe-core has to say, where `TESTUDO_AXE` names its script. It needs scripts itself.
    async fn second_opinion(&self) -> Vec<String> {
        let Some(axe) = std::env::var_os("TESTUDO_AXE") else { return Vec::new() };
        if self.scripts == Scripts::Blocked {
            return Vec::new();
        }
        let axe = std::fs::read_to_string(axe).expect("TESTUDO_AXE names axe-core's axe.min.js");
        self.devtools("Runtime.evaluate", json!({ "expression": axe })).await;
        self.evaluate(
            "axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) => \
                `axe, ${id}: ${help}: ${nodes.map(({ html }) => html)}`))",
        )
        .await
    }

    async fn evaluate(&self, script: &str) -> Vec<String> {
        let asked = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let answer = self.devtools("Runtime.evaluate", asked).await;
        serde_json::from_value(answer["result"]["value"].clone())
            .unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// What can be used or looked at, and has no name that a screen reader could say.
    async fn nameless(&self) -> Vec<String> {
        let tree = self.devtools("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().unwrap();
        nodes
            .iter()
            .filter(|node| is_nameless(node))
            .map(|node| format!("no name: {node}"))
            .collect()
    }

    /// What Chromium says of the page: scripts that failed, and whatever the policy of its content forbade.
    async fn complaints(&self) -> Vec<String> {
        let log = self.session.browser_log().await.unwrap();
        // That the page itself has a status such as 422 is no fault of its.
        let own = |message: &str| message.contains("the server responded with a status of 4");
        log.into_iter()
            .filter(|entry| matches!(&*entry.level, "WARNING" | "SEVERE"))
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .filter(|message| !own(message))
            .collect()
    }
}

fn is_nameless(node: &Value) -> bool {
    const NAMED: [&str; 14] = [
        "button",
        "checkbox",
        "combobox",
        "dialog",
        "DisclosureTriangle",
        "heading",
        "image",
        "link",
        "listbox",
        "radio",
        "searchbox",
        "spinbutton",
        "textbox",
        "Date",
    ];
    let role = node["role"]["value"].as_str().unwrap_or_default();
    let name = node["name"]["value"].as_str().unwrap_or_default();
    node["ignored"] == false && NAMED.contains(&role) && name.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page in order, in which one thing is then put out of order.
    const PAGE: &str = "<!doctype html><html lang=en><title>Sign in</title><meta name=viewport content='width=device-width'>\
        <main><h1>Sign in</h1><form><label for=password>Password</label>\
        <input id=password type=password autocomplete=current-password style='height: 30px'></form></main>";

    async fn faults(browser: &Browser, page: &str) -> Vec<String> {
        let page = percent_encode(page);
        browser.session.goto(format!("data:text/html,{page}")).await.unwrap();
        browser.faults().await
    }

    fn percent_encode(text: &str) -> String {
        text.replace('%', "%25").replace('#', "%23")
    }

    #[tokio::test]
    async fn the_law_of_all_pages_finds_each_fault() {
        let browser = Browser::start().await;
        assert_eq!(faults(&browser, PAGE).await, Vec::<String>::new());
        for (from, to, fault) in [
            ("<h1>Sign in</h1>", "", "0 first headings"),
            ("<h1>", "<h1>Testudo</h1><h1>", "2 first headings"),
            ("<title>Sign in</title>", "", "no title"),
            (" lang=en", "", "no language"),
            ("main", "div", "not one main part"),
            ("<form>", "<form style='width: 2000px'>", "px wide on"),
            ("<form>", "<form id=password>", "an id twice"),
            ("for=password", "for=email", "for leads nowhere"),
            ("<label for=password>Password</label>", "", "no name"),
            (" autocomplete=current-password", "", "password managers do not know"),
            ("type=password", "type=password aria-invalid=true", "the focus is not on"),
            (
                "type=password",
                "type=password autofocus aria-invalid=true",
                "nothing says what is wrong",
            ),
            ("<form>", "<form style='color: #999'>", "contrast of 2.85 to 1"),
            ("height: 30px", "height: 10px", "hard to hit"),
            ("<form>", "<form><img src='data:image/gif,'>", "no name"),
            ("<form>", "<form><script>throw Error('oh')</script>", "SEVERE"),
            (
                "<title>",
                "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>1</script><title>",
                "Content Security Policy",
            ),
        ] {
            assert!(PAGE.contains(from), "{from}");
            let found = faults(&browser, &PAGE.replace(from, to)).await;
            assert!(
                found.iter().any(|found| found.contains(fault)),
                "{to}: not {fault}, but {found:?}"
            );
        }
    }
}
