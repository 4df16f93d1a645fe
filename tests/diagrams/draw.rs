//! From what flows were seen to ask, to a diagram in Mermaid.

use std::fmt::Write as _;

use crate::recorder::Path;

/// What one flow asks, over all of its runs.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Debug, PartialEq)]
enum Node {
    Question { state: String, command: &'static str },
    Granted(String),
    Refused(String),
}

#[derive(Debug)]
struct Edge {
    from: usize,
    to: usize,
    answers: Vec<&'static str>,
}

impl Graph {
    pub(crate) fn add(&mut self, path: Path) {
        let mut before: Option<(usize, &'static str)> = None;
        for (state, command, answer) in path.asked {
            let node = self.node(Node::Question { state, command });
            if let Some((from, answer)) = before {
                self.edge(from, node, answer);
            }
            before = Some((node, answer));
        }
        let end = match path.end.strip_prefix("refused: ") {
            Some(why) => Node::Refused(why.to_owned()),
            None => Node::Granted(path.end),
        };
        let end = self.node(end);
        if let Some((from, answer)) = before {
            self.edge(from, end, answer);
        }
    }

    fn node(&mut self, node: Node) -> usize {
        self.nodes.iter().position(|known| *known == node).unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }

    fn edge(&mut self, from: usize, to: usize, answer: &'static str) {
        let known = self.edges.iter_mut().find(|edge| (edge.from, edge.to) == (from, to));
        match known {
            Some(edge) if edge.answers.contains(&answer) => {}
            Some(edge) => edge.answers.push(answer),
            None => self.edges.push(Edge { from, to, answers: vec![answer] }),
        }
    }

    pub(crate) fn mermaid(&self) -> String {
        let mut text = "```mermaid\nflowchart TD\n    begin((\" \")) --> n0\n".to_owned();
        for (number, node) in self.nodes.iter().enumerate() {
            let _ = match node {
                Node::Question { state, command } => {
                    writeln!(text, "    n{number}[\"{}<br/><b>{command}</b>\"]", short(state))
                }
                Node::Granted(what) => writeln!(text, "    n{number}([\"{what}\"]):::granted"),
                Node::Refused(why) => writeln!(text, "    n{number}[/\"{why}\"/]:::refused"),
            };
        }
        for Edge { from, to, answers } in &self.edges {
            let _ = writeln!(text, "    n{from} -->|{}| n{to}", answers.join(", "));
        }
        text.push_str("    classDef granted stroke:#2a7d46,stroke-width:2px\n");
        text.push_str("    classDef refused stroke:#b3261e,stroke-dasharray:4 3\n```\n");
        text
    }
}

/// The file and the function of a state.
fn short(state: &str) -> String {
    let parts: Vec<&str> = state.split("::").collect();
    parts.get(parts.len().saturating_sub(2)..).unwrap_or_default().join("::")
}
