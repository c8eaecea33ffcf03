use super::*;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

use AnswersErrorKind::{MissingAlias, NotReadable, Other, SeveralAnswers, Unanswered};

/// An answer that no message may hold.
const MARKER: &str = "SECRET-marker-0912345678";

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "never read")]
struct Signup {
    size: String,
}

#[test]
fn a_missing_alias_is_named_with_those_there_are() {
    let error = map(r#"{"age": ["20"], "note": []}"#).read::<Signup>().unwrap_err();

    assert_eq!((error.kind(), error.alias()), (MissingAlias, Some("size")));
    assert_eq!(error.known_aliases(), ["age", "note"]);
    assert!(error.sent().is_empty());
    assert_eq!(error.to_string(), "alias `size`: was not sent; aliases sent: `age`, `note`");
}

#[test]
fn a_missing_alias_that_was_sent_in_another_spelling_is_suggested() {
    let error = map(r#"{"age": [], "Si-ze ": ["L"]}"#).read::<Signup>().unwrap_err();

    assert_eq!(
        error.to_string(),
        "alias `size`: was not sent (did you mean `Si-ze `?); aliases sent: `age`, `Si-ze `"
    );
}

#[test]
fn no_aliases_at_all_are_said_to_be_none() {
    let error = AliasMap::default().read::<Signup>().unwrap_err();

    assert_eq!(error.to_string(), "alias `size`: was not sent; no aliases were sent");
}

#[test]
fn an_unanswered_question_suggests_an_option() {
    let none = refusal::<String>(&[]);
    let empty = refusal::<u8>(&[""]);

    assert_eq!(none.kind(), Unanswered);
    assert_eq!(
        none.to_string(),
        "alias `field`: expected a string, got no answer: \
         an `Option` reads an unanswered question; aliases sent: `field`"
    );
    assert!(empty.to_string().contains("got one answer of 0 characters: an `Option`"), "{empty}");
}

#[test]
fn several_answers_suggest_a_list() {
    let error = refusal::<String>(&["a", "b"]);

    assert_eq!(error.kind(), SeveralAnswers);
    assert_eq!(error.sent(), ["a", "b"]);
    assert_eq!(
        error.to_string(),
        "alias `field`: expected a string, got 2 answers: \
         a `Vec` reads several answers; aliases sent: `field`"
    );
}

#[test]
fn a_text_that_cannot_be_read_is_told_by_its_length_in_characters() {
    let error = refusal::<u8>(&["二十"]);

    assert_eq!(error.kind(), NotReadable);
    assert_eq!(error.sent(), ["二十"]);
    assert_eq!(
        error.to_string(),
        "alias `field`: expected a whole number from 0 to 255, \
         got one answer of 2 characters; aliases sent: `field`"
    );
    assert!(refusal::<u8>(&["x"]).to_string().contains("one answer of 1 character;"));
}

#[test]
fn a_type_that_refuses_with_its_own_message_is_named_and_its_message_kept_apart() {
    let error = refusal::<Date>(&[MARKER]);

    assert_eq!((error.kind(), error.alias()), (NotReadable, Some("field")));
    assert!(error.expected().unwrap().contains("Date"), "{error}");
    assert!(!error.detail().unwrap().is_empty());
    assert_redacted(&error);
}

#[test]
fn a_type_that_refuses_the_answers_as_a_whole_has_no_alias() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "BTreeMap<String, String>")]
    struct Form;

    impl TryFrom<BTreeMap<String, String>> for Form {
        type Error = String;

        fn try_from(answers: BTreeMap<String, String>) -> Result<Self, String> {
            Err(format!("{answers:?}"))
        }
    }

    let error = sent(&[MARKER]).read::<Form>().unwrap_err();

    assert_eq!((error.kind(), error.alias(), error.expected()), (Other, None, None));
    assert!(error.detail().unwrap().contains(MARKER));
    assert_redacted(&error);
}

/// Raises each of serde's errors with the answer in it.
macro_rules! quoting_type {
    ($name:ident, |$answer:ident| $error:expr) => {
        #[derive(Debug)]
        struct $name;

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let $answer = String::deserialize(deserializer)?;
                Err($error)
            }
        }
    };
}

quoting_type!(Custom, |answer| D::Error::custom(answer));
quoting_type!(InvalidType, |answer| D::Error::invalid_type(Unexpected::Str(&answer), &"a thing"));
quoting_type!(InvalidValue, |answer| D::Error::invalid_value(Unexpected::Other(&answer), &"a thing"));
quoting_type!(InvalidLength, |answer| D::Error::invalid_length(answer.len(), &"a thing"));
quoting_type!(UnknownVariant, |answer| D::Error::unknown_variant(&answer, &["thing"]));
quoting_type!(UnknownField, |answer| D::Error::unknown_field(&answer, &[]));
quoting_type!(MissingField, |answer| {
    drop(answer);
    D::Error::missing_field("thing")
});
quoting_type!(DuplicateField, |answer| {
    drop(answer);
    D::Error::duplicate_field("thing")
});
quoting_type!(Requoted, |answer| {
    let error = D::Error::invalid_value(Unexpected::Str(&answer), &"a thing");
    assert!(!error.to_string().contains(MARKER) && !format!("{error:?}").contains(MARKER));
    D::Error::custom(error)
});

#[test]
fn no_error_of_a_field_prints_its_answer() {
    let errors = [
        refusal::<Custom>(&[MARKER]),
        refusal::<InvalidType>(&[MARKER]),
        refusal::<InvalidValue>(&[MARKER]),
        refusal::<InvalidLength>(&[MARKER]),
        refusal::<UnknownVariant>(&[MARKER]),
        refusal::<UnknownField>(&[MARKER]),
        refusal::<MissingField>(&[MARKER]),
        refusal::<DuplicateField>(&[MARKER]),
        refusal::<Requoted>(&[MARKER]),
        refusal::<u8>(&[MARKER]),
        refusal::<f64>(&[MARKER]),
        refusal::<bool>(&[MARKER]),
        refusal::<char>(&[MARKER]),
        refusal::<()>(&[MARKER]),
        refusal::<Date>(&[MARKER]),
        refusal::<std::net::IpAddr>(&[MARKER]),
        refusal::<Vec<Custom>>(&[MARKER]),
    ];

    for error in &errors {
        assert_eq!((error.kind(), error.alias()), (NotReadable, Some("field")), "{error:?}");
        assert_eq!(error.sent(), [MARKER]);
        assert_redacted(error);
    }
    assert_redacted(&refusal::<String>(&[MARKER, MARKER]));
    assert_redacted(&refusal::<Vec<u8>>(&["1", MARKER]));
    assert_redacted(&refusal::<BTreeMap<String, String>>(&[MARKER]));
    assert_redacted(&sent(&[MARKER]).read::<Signup>().unwrap_err());
    assert_redacted(&sent(&[MARKER]).read::<BTreeMap<u8, String>>().unwrap_err());
}

#[test]
fn a_function_of_a_field_is_not_told_by_serdes_inner_names() {
    fn refuse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Err(D::Error::custom(String::deserialize(deserializer)?))
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never read")]
    struct Form {
        #[serde(deserialize_with = "refuse")]
        field: String,
    }

    let error = sent(&[MARKER]).read::<Form>().unwrap_err();

    assert_eq!((error.kind(), error.expected(), error.detail()), (NotReadable, None, Some(MARKER)));
    assert!(error.to_string().contains("expected what the field's type accepts"), "{error}");
    assert_redacted(&error);
}

#[test]
fn several_surveys_are_to_be_read_each_by_itself() {
    let error = AnswersError::several_surveys();

    assert_eq!((error.kind(), error.alias()), (AnswersErrorKind::SeveralSurveys, None));
    assert_eq!(error.to_string(), "answers: the event holds those of several surveys: read each by itself");
}

#[test]
fn debug_tells_how_many_answers_there_were() {
    let error = refusal::<Date>(&[MARKER]);

    let debug = format!("{error:?}");

    assert!(
        debug.starts_with("AnswersError { kind: NotReadable, alias: Some(\"field\"), sent: [1 redacted]"),
        "{debug}"
    );
    assert!(debug.ends_with("detail: Some([redacted]) }"), "{debug}");
}

#[test]
fn very_many_aliases_are_counted() {
    let aliases =
        |count: usize| AliasMap::from_iter((0..count).map(|number| (format!("q{number}"), Vec::new())));

    let all = aliases(20).read::<Signup>().unwrap_err();
    let more = aliases(23).read::<Signup>().unwrap_err();

    assert!(all.to_string().ends_with(", `q18`, `q19`"), "{all}");
    assert!(more.to_string().ends_with(", `q18`, `q19` and 3 more"), "{more}");
    assert_eq!(more.known_aliases().len(), 23);
}

#[test]
fn an_alias_cannot_forge_a_log_line() {
    let hostile = "a\r\nERROR\u{1b}[31m\u{202e}\0 it's 顏色".to_owned();
    let long = "長".repeat(100);

    let error =
        AliasMap::from_iter([(hostile, Vec::new()), (long, Vec::new())]).read::<Signup>().unwrap_err();

    let message = error.to_string();
    assert!(message.contains(r"`a\r\nERROR\u{1b}[31m\u{202e}\0 it's 顏色`"), "{message}");
    assert!(message.ends_with(&format!("`{}…`", "長".repeat(64))), "{message}");
}

#[test]
fn the_error_is_a_standard_one_that_crosses_threads() {
    fn assert_standard<T: std::error::Error + Clone + Send + Sync + 'static>() {}

    assert_standard::<AnswersError>();
}

#[track_caller]
fn assert_redacted(error: &AnswersError) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains(MARKER) && !text.contains("SECRET"), "{text}");
    }
}
