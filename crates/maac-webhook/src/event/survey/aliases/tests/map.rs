use super::*;

fn entries(map: &AliasMap) -> Vec<(&str, Vec<&str>)> {
    map.iter().map(|(alias, answers)| (alias, answers.iter().map(String::as_str).collect())).collect()
}

fn refusal(json: &str) -> String {
    serde_json::from_str::<AliasMap>(json).unwrap_err().to_string()
}

#[test]
fn the_order_of_aliases_and_answers_is_kept() {
    let map = map(r#"{"size": ["L", "M"], "age": ["20"], "a": []}"#);

    assert_eq!(entries(&map), [("size", vec!["L", "M"]), ("age", vec!["20"]), ("a", vec![])]);
    assert_eq!(map.len(), 3);
    assert!(!map.is_empty());
}

#[test]
fn an_unanswered_alias_is_told_from_an_unknown_one() {
    let map = map(r#"{"size": [], "age": ["20"]}"#);

    assert_eq!(map.get("size"), Some(&[][..]));
    assert_eq!(map.get("age"), Some(&["20".to_owned()][..]));
    assert_eq!(map.get("Age"), None);
}

#[test]
fn a_lone_scalar_or_null_is_a_list() {
    let map = map(r#"{"text": "L", "whole": -7, "large": 18446744073709551615, "part": 1.5,
            "yes": true, "null": null}"#);

    assert_eq!(
        entries(&map),
        [
            ("text", vec!["L"]),
            ("whole", vec!["-7"]),
            ("large", vec!["18446744073709551615"]),
            ("part", vec!["1.5"]),
            ("yes", vec!["true"]),
            ("null", vec![]),
        ]
    );
}

#[test]
fn entries_of_a_list_may_be_scalars_or_null() {
    let map = map(r#"{"mixed": ["L", 3, 2.5, false, null]}"#);

    assert_eq!(entries(&map), [("mixed", vec!["L", "3", "2.5", "false", ""])]);
}

#[test]
fn an_empty_list_or_null_in_place_of_the_object_is_the_empty_map() {
    for json in ["{}", "[]", "null"] {
        assert!(map(json).is_empty(), "{json}");
    }
}

#[test]
fn a_map_is_read_through_an_option_and_from_a_value() {
    let map: Option<AliasMap> = serde_json::from_value(serde_json::json!({"size": ["L"]})).unwrap();

    assert_eq!(map, Some(sent_under("size", "L")));
}

#[test]
fn an_alias_that_occurs_twice_is_refused_without_its_name_or_answers() {
    let message = refusal(r#"{"SECRET": ["SECRET"], "b": [], "SECRET": []}"#);

    assert!(message.starts_with("an alias occurs twice"), "{message}");
    assert!(!message.contains("SECRET"), "{message}");
}

#[test]
fn other_shapes_are_refused_without_quoting_them() {
    for json in [
        r#""SECRET""#,
        "271828",
        "-271828",
        "2718.28",
        "true",
        r#"["SECRET"]"#,
        r#"{"a": {"b": "SECRET"}}"#,
        r#"{"a": [["SECRET"]]}"#,
        r#"{"a": [{"b": "SECRET"}]}"#,
    ] {
        let message = refusal(json);

        assert!(message.starts_with("invalid type"), "{json}: {message}");
        for payload in ["SECRET", "2718", "true"] {
            assert!(!message.contains(payload), "{json}: {message}");
        }
    }
}

#[test]
fn deep_nesting_is_refused_without_exhausting_the_stack() {
    let json = format!(r#"{{"a": {}"#, "[".repeat(1_000_000));

    assert!(refusal(&json).starts_with("recursion limit exceeded"));
}

#[test]
fn very_many_aliases_are_read() {
    let aliases: Vec<String> = (0..100_000).map(|number| format!(r#""{number}":[]"#)).collect();

    assert_eq!(map(&format!("{{{}}}", aliases.join(","))).len(), 100_000);
}

#[test]
fn a_collected_map_keeps_the_place_of_an_alias_and_its_later_answers() {
    let entry = |alias: &str, answer: &str| (alias.to_owned(), vec![answer.to_owned()]);

    let map = AliasMap::from_iter([entry("a", "1"), entry("b", "2"), entry("a", "3")]);

    assert_eq!(entries(&map), [("a", vec!["3"]), ("b", vec!["2"])]);
}

fn sent_under(alias: &str, answer: &str) -> AliasMap {
    AliasMap::from_iter([(alias.to_owned(), vec![answer.to_owned()])])
}
