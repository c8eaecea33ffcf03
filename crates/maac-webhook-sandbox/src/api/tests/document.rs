//! The description against the routes, and against itself.

use std::collections::BTreeSet;

use axum::routing::MethodFilter;
use serde_json::Value;

use super::{super::router::ROUTES, description::Description};

const METHODS: [(MethodFilter, &str); 4] = [
    (MethodFilter::GET, "get"),
    (MethodFilter::POST, "post"),
    (MethodFilter::PUT, "put"),
    (MethodFilter::DELETE, "delete"),
];

#[test]
fn each_route_is_described_and_each_described_call_is_there() {
    let description = Description::new();
    let described: BTreeSet<_> = description.operations().map(|(path, method, _)| (path, method)).collect();
    let name = |filter| METHODS.iter().find(|(own, _)| *own == filter).unwrap().1;
    let routes: BTreeSet<_> = ROUTES.iter().map(|route| (route.path, name(route.method))).collect();
    assert_eq!(routes.len(), ROUTES.len());
    assert_eq!(routes, described);
}

/// Every value under this name, wherever it stands.
fn all<'v>(value: &'v Value, name: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name));
            members.values().for_each(|value| all(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| all(value, name, found)),
        _ => {}
    }
}

#[test]
fn each_example_is_as_its_schema_says() {
    let description = Description::new();
    let mut contents = Vec::new();
    all(&description.0, "content", &mut contents);
    assert!(contents.len() > 60, "{}", contents.len());
    for content in contents {
        if content["text/event-stream"].is_object() {
            continue;
        }
        let example = &content["application/json"]["example"];
        assert!(!example.is_null(), "{content} has no example");
        description.holds(content, example, "an example");
    }
}

#[test]
fn each_reference_leads_somewhere_and_each_schema_is_used() {
    let description = Description::new();
    let mut references = Vec::new();
    all(&description.0, "$ref", &mut references);
    let used: BTreeSet<_> = references.iter().map(|reference| reference.as_str().unwrap()).collect();
    for reference in &used {
        assert!(description.0.pointer(&reference[1..]).is_some(), "{reference}");
    }
    for kind in ["schemas", "responses"] {
        for name in description.0["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&*format!("#/components/{kind}/{name}")), "nothing uses {name}");
        }
    }
}

#[test]
fn each_call_has_a_name_of_its_own_a_summary_and_its_paths_parameters() {
    let description = Description::new();
    let mut names = BTreeSet::new();
    let mut tags = BTreeSet::new();
    for (path, method, operation) in description.operations() {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{path}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{path}");
        tags.extend(operation["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()));
        let named: BTreeSet<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = description.0["paths"][path]["parameters"].as_array().into_iter().flatten();
        let told: BTreeSet<_> = parameters.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        assert_eq!(told, named, "{path}");
        // What changes something can be sent in a way that is refused.
        assert_eq!(operation["responses"]["415"].is_null(), method == "get", "{method} {path}");
    }
    let described = description.0["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap());
    assert_eq!(described.collect::<BTreeSet<_>>(), tags);
}
