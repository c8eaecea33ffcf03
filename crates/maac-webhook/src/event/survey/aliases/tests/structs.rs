use super::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use jiff::civil::{Date, date};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use AnswersErrorKind::{MissingAlias, NotSupported, Other, UnknownAlias};

#[test]
fn a_form_is_read_by_its_aliases() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Gender {
        Female,
        Male,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Signup {
        #[serde(rename = "maac_member_name")]
        name: String,
        #[serde(rename = "maac_member_birthday")]
        birthday: Option<Date>,
        #[serde(rename = "maac_member_gender")]
        gender: Gender,
        #[serde(rename = "喜歡的顏色")]
        colours: Vec<String>,
        guests: u8,
        newsletter: bool,
        height: Option<f32>,
        note: Option<String>,
        #[serde(default)]
        source: String,
    }
    let map = map(r#"{"maac_member_name": ["王小明"], "maac_member_birthday": ["1990-12-31"],
            "maac_member_gender": ["female"],
            "喜歡的顏色": ["紅", "藍"], "guests": ["2"], "newsletter": ["是"],
            "height": [], "unread": ["a", "b"]}"#);

    let signup: Signup = map.read().unwrap();

    assert_eq!(
        signup,
        Signup {
            name: "王小明".to_owned(),
            birthday: Some(date(1990, 12, 31)),
            gender: Gender::Female,
            colours: vec!["紅".to_owned(), "藍".to_owned()],
            guests: 2,
            newsletter: true,
            height: None,
            note: None,
            source: String::new(),
        }
    );
}

#[test]
fn texts_are_borrowed_from_the_map() {
    #[derive(Deserialize)]
    struct Form<'a> {
        name: &'a str,
        #[serde(borrow)]
        colours: Vec<&'a str>,
        #[serde(borrow)]
        city: Cow<'a, str>,
    }
    let map = map(r#"{"name": ["Ming"], "colours": ["red", "blue"], "city": ["Taipei"]}"#);

    let form: Form<'_> = map.read().unwrap();

    assert_eq!((form.name, form.colours), ("Ming", vec!["red", "blue"]));
    assert!(matches!(form.city, Cow::Borrowed("Taipei")));
}

#[test]
fn a_map_holds_every_alias() {
    let map = map(r#"{"size": ["L", "M"], "age": []}"#);

    let form: HashMap<String, Vec<String>> = map.read().unwrap();

    assert_eq!(form["size"], ["L", "M"]);
    assert!(form["age"].is_empty());
}

#[test]
fn a_value_is_the_object_that_was_sent() {
    let json = r#"{"size": ["L", "M"], "age": []}"#;

    let value: serde_json::Value = map(json).read().unwrap();

    assert_eq!(value, serde_json::from_str::<serde_json::Value>(json).unwrap());
}

#[test]
fn keys_of_a_map_may_be_numbers_or_variants() {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Alias {
        Size,
    }

    let numbered: BTreeMap<u8, String> = map(r#"{"1": ["a"], "2": ["b"]}"#).read().unwrap();
    let named: BTreeMap<Alias, String> = map(r#"{"size": ["L"]}"#).read().unwrap();

    assert_eq!(numbered[&2], "b");
    assert_eq!(named[&Alias::Size], "L");
    let error = map(r#"{"age": ["1"]}"#).read::<BTreeMap<Alias, String>>().map(|_| ()).unwrap_err();
    assert_eq!((error.kind(), error.alias()), (UnknownAlias, Some("age")));
}

#[test]
fn a_newtype_option_or_ignored_value_of_the_whole_is_read() {
    #[derive(Deserialize)]
    struct Signup(BTreeMap<String, String>);
    let map = map(r#"{"size": ["L"]}"#);

    assert_eq!(map.read::<Signup>().unwrap().0["size"], "L");
    assert!(map.read::<Option<Signup>>().unwrap().is_some());
    map.read::<IgnoredAny>().unwrap();
}

#[test]
fn a_type_that_is_no_map_is_not_supported() {
    let map = sent(&["L"]);

    for error in [
        map.read::<String>().unwrap_err(),
        map.read::<u8>().unwrap_err(),
        map.read::<()>().unwrap_err(),
        map.read::<Vec<String>>().unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.alias()), (NotSupported, None), "{error}");
    }
}

#[test]
fn the_other_aliases_are_flattened_into_a_map() {
    #[derive(Deserialize)]
    struct Form {
        age: u8,
        #[serde(flatten)]
        rest: HashMap<String, Vec<String>>,
    }

    let form: Form = map(r#"{"size": ["L"], "age": ["20"], "note": []}"#).read().unwrap();

    assert_eq!(form.age, 20);
    assert_eq!(form.rest.len(), 2);
    assert_eq!(form.rest["size"], ["L"]);
}

#[derive(Debug, Deserialize)]
struct Lists {
    colours: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Scalars {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Flattened<T> {
    #[serde(flatten)]
    inner: T,
}

#[test]
fn a_flattened_struct_of_lists_is_read() {
    let form: Flattened<Lists> = map(r#"{"colours": ["red", "blue"]}"#).read().unwrap();

    assert_eq!(form.inner.colours, ["red", "blue"]);
}

#[test]
fn a_flattened_struct_without_its_alias_says_which() {
    let error = map(r#"{"size": ["L"]}"#).read::<Flattened<Lists>>().unwrap_err();

    assert_eq!((error.kind(), error.alias()), (MissingAlias, Some("colours")));
}

#[test]
fn a_flattened_struct_of_scalars_is_not_supported_but_is_read_by_itself() {
    let map = map(r#"{"name": ["Ming"], "size": ["L"]}"#);

    let error = map.read::<Flattened<Scalars>>().map(|form| form.inner.name).unwrap_err();

    assert_eq!((error.kind(), error.expected()), (NotSupported, Some("a string")));
    assert!(error.to_string().contains("#[serde(flatten)]"), "{error}");
    assert_eq!(map.read::<Scalars>().unwrap().name, "Ming");
}

#[test]
fn a_tagged_enum_is_told_by_an_alias() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "plan", rename_all = "lowercase")]
    enum Plan {
        Free,
        Family { members: Vec<String> },
    }

    let free: Plan = map(r#"{"plan": ["free"]}"#).read().unwrap();
    let family: Plan = map(r#"{"members": ["a", "b"], "plan": ["family"]}"#).read().unwrap();

    assert_eq!(free, Plan::Free);
    assert_eq!(family, Plan::Family { members: vec!["a".to_owned(), "b".to_owned()] });
}

#[test]
fn an_alias_without_a_field_is_refused_where_the_type_denies_it() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "never read")]
    struct Form {
        size: String,
        age: u8,
    }

    let error = map(r#"{"size": ["L"], "age": ["20"], "note": ["SECRET"]}"#).read::<Form>().unwrap_err();

    assert_eq!((error.kind(), error.alias()), (UnknownAlias, Some("note")));
    assert_eq!(error.expected(), Some("one of `size`, `age`"));
    assert_eq!(error.sent(), ["SECRET"]);
}

#[test]
fn two_aliases_of_one_field_are_refused() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never read")]
    struct Form {
        #[serde(alias = "maac_member_line_email")]
        maac_member_email: String,
    }

    let error =
        map(r#"{"maac_member_line_email": ["a"], "maac_member_email": ["b"]}"#).read::<Form>().unwrap_err();

    assert_eq!((error.kind(), error.alias()), (Other, Some("maac_member_email")));
}

#[test]
fn a_field_may_have_a_function_of_its_own() {
    fn joined<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(Vec::<String>::deserialize(deserializer)?.join("+"))
    }
    #[derive(Deserialize)]
    struct Form {
        #[serde(deserialize_with = "joined")]
        colours: String,
    }

    let form: Form = map(r#"{"colours": ["red", "blue"]}"#).read().unwrap();

    assert_eq!(form.colours, "red+blue");
}
