//! What Python wrote (`tests/vectors/write_json_dumps.py`), in every style.

use std::process::Command;

use serde::Deserialize;

use crate::json::{BodyStyle, EncodeErrorKind, reencode};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

/// A text, and what Python prints in each style, or nothing where it refuses.
#[derive(Deserialize)]
pub(super) struct Vector {
    group: String,
    pub(super) text: String,
    python: Option<String>,
    raw_utf8: Option<String>,
    compact: Option<String>,
    raw_utf8_compact: Option<String>,
}

impl Vector {
    pub(super) fn styles(&self) -> [(BodyStyle, Option<&str>); 4] {
        let python = BodyStyle::python();
        [
            (python, self.python.as_deref()),
            (python.raw_utf8(), self.raw_utf8.as_deref()),
            (python.compact(), self.compact.as_deref()),
            (python.raw_utf8().compact(), self.raw_utf8_compact.as_deref()),
        ]
    }
}

pub(super) fn vectors() -> Vec<Vector> {
    let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/json_dumps.json"));
    serde_json::from_str::<File>(file).unwrap().vectors
}

#[test]
fn every_vector_is_written_or_refused_as_by_python() {
    for vector in vectors() {
        for (style, expected) in vector.styles() {
            let body = reencode(vector.text.as_bytes(), style).ok();
            let body = body.map(|body| String::from_utf8(body).unwrap());
            assert_eq!(body.as_deref(), expected, "{:?} in {style:?}", vector.text);
        }
    }
}

#[test]
fn a_refusal_of_a_vector_names_its_reason() {
    for vector in vectors() {
        for (style, _) in vector.styles() {
            let Err(error) = reencode(vector.text.as_bytes(), style) else {
                continue;
            };
            let kind = match vector.group.as_str() {
                "not_json" => EncodeErrorKind::NotJson,
                "not_finite" => EncodeErrorKind::NotFinite,
                "string" => EncodeErrorKind::LoneSurrogate,
                group => panic!("{group}: {:?}", vector.text),
            };
            assert_eq!(error.kind(), kind, "{:?}", vector.text);
        }
    }
}

#[test]
fn no_group_of_vectors_is_lost() {
    let vectors = vectors();
    for (group, least) in [
        ("float", 500),
        ("integer", 60),
        ("string", 100),
        ("structure", 20),
        ("not_json", 50),
        ("not_finite", 5),
    ] {
        let count = vectors.iter().filter(|vector| vector.group == group).count();
        assert!(count >= least, "{group}: {count}");
    }
}

#[test]
fn the_script_still_writes_the_committed_vectors() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/write_json_dumps.py");
    // Without Python the committed file stands for it.
    let Ok(output) = Command::new("python3").args([script, "--check"]).output() else {
        return;
    };
    assert!(output.status.success(), "{output:?}");
}
