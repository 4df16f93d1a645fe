//! The reader of JSON that requests come through.
//!
//! Law: it takes what serde_json takes, and reads the same value, unless an object names a key twice.
//! That is found out here in another way: an object that does has more colons than keys.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../adapters/axum/src/strict_json.rs"]
mod strict_json;

fuzz_target!(|text: &[u8]| {
    let strict = strict_json::parse(text);
    let Ok(lenient) = serde_json::from_slice::<Value>(text) else {
        assert!(strict.is_err(), "what is no JSON was read");
        return;
    };
    let outline = Outline::of(text);
    assert!(outline.depth <= 128, "{} levels were read", outline.depth);
    let names_a_key_twice = outline.colons != keys(&lenient);
    match strict {
        Ok(value) => {
            assert!(!names_a_key_twice, "a key stands twice");
            assert_eq!(value, lenient);
        }
        Err(error) => {
            assert!(names_a_key_twice, "JSON was refused: {error}");
            assert!(error.to_string().contains("twice"), "{error}");
        }
    }
});

/// How many keys all objects in a value have.
fn keys(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(|value| 1 + keys(value)).sum(),
        Value::Array(items) => items.iter().map(keys).sum(),
        _ => 0,
    }
}

/// What is seen of JSON without reading it.
struct Outline {
    colons: usize,
    depth: usize,
}

impl Outline {
    fn of(text: &[u8]) -> Self {
        let mut outline = Self { colons: 0, depth: 0 };
        let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
        for byte in text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b':' => outline.colons += 1,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            outline.depth = outline.depth.max(depth);
        }
        outline
    }
}
