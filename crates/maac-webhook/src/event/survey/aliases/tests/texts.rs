use super::*;
use std::collections::{BTreeSet, HashMap};

use jiff::civil::{Date, date};
use serde::Deserialize;

use AnswersErrorKind::{NotReadable, NotSupported, SeveralAnswers, Unanswered};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Size {
    ExtraLarge,
    Medium,
    #[serde(rename = "小")]
    Small,
}

#[test]
fn a_text_is_the_one_answer_as_it_was_sent() {
    assert_eq!(read::<String>(&[" 王 小明 "]).unwrap(), " 王 小明 ");
    assert_eq!(read::<String>(&[""]).unwrap(), "");
    assert_eq!(kind::<String>(&[]), Unanswered);
    assert_eq!(kind::<String>(&["a", "b"]), SeveralAnswers);
}

#[test]
fn an_option_is_none_for_an_unanswered_question() {
    assert_eq!(read::<Option<String>>(&[]).unwrap(), None);
    assert_eq!(read::<Option<String>>(&[""]).unwrap(), None);
    assert_eq!(read::<Option<u8>>(&[""]).unwrap(), None);
    assert_eq!(read::<Option<Vec<String>>>(&[]).unwrap(), None);
    assert_eq!(read::<Option<(u8, u8)>>(&[]).unwrap(), None);
}

#[test]
fn an_option_of_an_answered_question_is_read_as_its_type() {
    assert_eq!(read::<Option<String>>(&["a"]).unwrap().as_deref(), Some("a"));
    assert_eq!(read::<Option<Vec<u8>>>(&["1", "2"]).unwrap(), Some(vec![1, 2]));
    assert_eq!(kind::<Option<u8>>(&["a"]), NotReadable);
    assert_eq!(kind::<Option<u8>>(&["1", "2"]), SeveralAnswers);
    assert_eq!(kind::<Option<u8>>(&["", ""]), SeveralAnswers);
}

#[test]
fn a_list_holds_each_answer_in_turn() {
    assert_eq!(read::<Vec<String>>(&["b", "", "a"]).unwrap(), ["b", "", "a"]);
    assert_eq!(read::<Vec<i16>>(&["-1", " 2"]).unwrap(), [-1, 2]);
    assert_eq!(read::<Vec<bool>>(&["yes", "否"]).unwrap(), [true, false]);
    assert_eq!(read::<Vec<Size>>(&["小", "medium"]).unwrap(), [Size::Small, Size::Medium]);
    assert_eq!(read::<Vec<Date>>(&["2024-02-29"]).unwrap(), [date(2024, 2, 29)]);
    assert_eq!(read::<Vec<Option<u8>>>(&["1", ""]).unwrap(), [Some(1), None]);
    assert_eq!(read::<Vec<String>>(&[]).unwrap(), [""; 0]);
}

#[test]
fn a_set_holds_each_answer_once() {
    let sizes = read::<BTreeSet<Size>>(&["medium", "extra_large", "medium"]).unwrap();

    assert_eq!(sizes, BTreeSet::from([Size::ExtraLarge, Size::Medium]));
}

#[test]
fn an_entry_of_a_list_that_cannot_be_read_is_counted_from_one() {
    let error = refusal::<Vec<u8>>(&["1", "many", "3"]);

    assert_eq!(error.kind(), NotReadable);
    assert!(error.to_string().contains("got 3 answers (number 2 is of 4 characters)"), "{error}");
}

#[test]
fn an_entry_of_a_list_is_a_text_and_no_list() {
    assert_eq!(kind::<Vec<Vec<String>>>(&["a"]), NotSupported);
    assert_eq!(kind::<Vec<(String,)>>(&["a"]), NotSupported);
    assert_eq!(kind::<Vec<HashMap<String, String>>>(&["a"]), NotSupported);
}

#[test]
fn a_tuple_or_array_takes_exactly_as_many_answers() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Ranking(Size, Size);

    assert_eq!(read::<(String, u8)>(&["a", "2"]).unwrap(), ("a".to_owned(), 2));
    assert_eq!(read::<[u8; 2]>(&["1", "2"]).unwrap(), [1, 2]);
    assert_eq!(read::<Ranking>(&["小", "medium"]).unwrap(), Ranking(Size::Small, Size::Medium));
    assert_eq!(kind::<(u8, u8)>(&["1"]), NotReadable);
    assert_eq!(kind::<(u8, u8)>(&["1", "2", "3"]), NotReadable);
    assert_eq!(kind::<[u8; 2]>(&[]), Unanswered);
}

#[test]
fn a_boolean_is_read_from_the_words_for_it() {
    for text in ["true", "TRUE", "yes", "Yes", "1", "是", " true "] {
        assert!(read::<bool>(&[text]).unwrap(), "{text}");
    }
    for text in ["false", "False", "no", "NO", "0", "否"] {
        assert!(!read::<bool>(&[text]).unwrap(), "{text}");
    }
    for text in ["on", "y", "2", "１", "ｙｅｓ", "true.", "不是"] {
        assert_eq!(kind::<bool>(&[text]), NotReadable, "{text}");
    }
    assert_eq!(kind::<bool>(&[""]), Unanswered);
}

#[test]
fn a_character_is_an_answer_of_one() {
    assert_eq!(read::<char>(&["女"]).unwrap(), '女');
    assert_eq!(read::<char>(&[" "]).unwrap(), ' ');
    assert_eq!(kind::<char>(&["女性"]), NotReadable);
    assert_eq!(kind::<char>(&[""]), Unanswered);
}

#[test]
fn a_unit_is_an_unanswered_question() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Nothing;

    read::<()>(&[]).unwrap();
    read::<()>(&[""]).unwrap();
    assert_eq!(read::<Nothing>(&[]).unwrap(), Nothing);
    assert_eq!(read::<Vec<()>>(&["", ""]).unwrap().len(), 2);
    assert_eq!(kind::<()>(&["a"]), NotReadable);
    assert_eq!(kind::<Vec<()>>(&["", "a"]), NotReadable);
}

#[test]
fn bytes_are_the_answer_in_utf_8() {
    #[derive(Deserialize)]
    struct Form<'a> {
        field: &'a [u8],
    }

    let map = sent(&["女"]);
    let form: Form<'_> = map.read().unwrap();

    assert_eq!(form.field, "女".as_bytes());
}

#[test]
fn a_date_is_read_by_its_own_type() {
    assert_eq!(read::<Date>(&["1990-12-31"]).unwrap(), date(1990, 12, 31));
    assert_eq!(read::<Option<Date>>(&[""]).unwrap(), None);
    assert_eq!(kind::<Date>(&["1990-02-30"]), NotReadable);
    assert_eq!(kind::<Date>(&[""]), Unanswered);
    assert_eq!(kind::<Date>(&[]), Unanswered);
}

#[test]
fn an_enum_is_the_variant_named() {
    assert_eq!(read::<Size>(&["extra_large"]).unwrap(), Size::ExtraLarge);
    assert_eq!(read::<Option<Size>>(&["小"]).unwrap(), Some(Size::Small));
    assert_eq!(kind::<Size>(&["ExtraLarge"]), NotReadable);
    assert_eq!(kind::<Size>(&["medium "]), NotReadable);
    assert_eq!(kind::<Size>(&["medium", "小"]), SeveralAnswers);
    assert_eq!(refusal::<Size>(&["L"]).expected(), Some("one of `extra_large`, `medium`, `小`"));
}

#[test]
fn a_variant_with_content_is_not_supported() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    enum Contact {
        Phone(String),
        Post { street: String },
        Both(String, String),
        None,
    }

    assert_eq!(kind::<Contact>(&["Phone"]), NotSupported);
    assert_eq!(kind::<Contact>(&["Post"]), NotSupported);
    assert_eq!(kind::<Contact>(&["Both"]), NotSupported);
    assert!(matches!(read::<Contact>(&["None"]).unwrap(), Contact::None));
}

#[test]
fn a_newtype_is_read_as_what_it_holds() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Age(u8);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Ages(Vec<Age>);

    assert_eq!(read::<Age>(&["20"]).unwrap(), Age(20));
    assert_eq!(read::<Ages>(&["20", "30"]).unwrap(), Ages(vec![Age(20), Age(30)]));
}

#[test]
fn a_value_is_always_a_list_of_strings() {
    for answers in [&[][..], &["1"], &["1", "b"]] {
        assert_eq!(read::<serde_json::Value>(answers).unwrap(), serde_json::json!(answers));
    }
}

#[test]
fn a_struct_or_map_is_no_field() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never read")]
    struct Address {
        city: String,
    }

    let error = refusal::<Address>(&["Taipei"]);

    assert_eq!((error.kind(), error.expected()), (NotSupported, Some("struct Address")));
    assert!(error.to_string().contains("an alias is a list of texts"), "{error}");
    assert_eq!(kind::<HashMap<String, String>>(&["a"]), NotSupported);
}
