//! The API's description, as a test looks things up in it.

use axum::http::{Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::super::document::DOCUMENT;

pub(super) struct Description(pub(super) Value);

impl Description {
    pub(super) fn new() -> Self {
        Self(serde_json::from_str(DOCUMENT).unwrap())
    }

    /// Every call: its path, its method in lower case, and what is said of it.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }

    /// The call that a request is, and its path as it is described.
    pub(super) fn operation(&self, method: &Method, path: &str) -> (&str, &Value) {
        let path = path.split('?').next().unwrap();
        let fits = |described: &str| {
            let (own, other): (Vec<_>, Vec<_>) = (described.split('/').collect(), path.split('/').collect());
            own.len() == other.len()
                && own.iter().zip(other).all(|(own, other)| own.starts_with('{') || *own == other)
        };
        let mut found = self
            .operations()
            .filter(|(described, own, _)| fits(described) && own.eq_ignore_ascii_case(method.as_str()));
        let (described, _, operation) =
            found.next().unwrap_or_else(|| panic!("{method} {path} is not described"));
        (described, operation)
    }

    /// What is said of an answer of this status.
    pub(super) fn response<'d>(&'d self, operation: &'d Value, status: StatusCode) -> &'d Value {
        let response = &operation["responses"][status.as_str()];
        assert!(!response.is_null(), "{} does not say {status}", operation["operationId"]);
        self.resolved(response)
    }

    /// What a reference leads to, or what is no reference itself.
    pub(super) fn resolved<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    /// A schema of the description, by which it can be judged.
    pub(super) fn validator(&self, schema: &Value) -> Validator {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": self.0["components"],
        });
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    }

    /// Holds a value against the schema of its content.
    #[track_caller]
    pub(super) fn holds(&self, content: &Value, value: &Value, what: &str) {
        let schema = &content["application/json"]["schema"];
        assert!(schema.is_object(), "{what} has no schema");
        let validator = self.validator(schema);
        let faults: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{what} is not as described:\n{}\n{value:#}", faults.join("\n"));
    }
}
