use super::*;
use std::num::NonZeroU8;

use AnswersErrorKind::{NotReadable, SeveralAnswers, Unanswered};

macro_rules! check_integer {
    ($($number:ident: $below:literal, $above:literal;)*) => {$(
        let (least, greatest) = ($number::MIN.to_string(), $number::MAX.to_string());
        assert_eq!(read::<$number>(&[&least]).unwrap(), $number::MIN);
        assert_eq!(read::<$number>(&[&greatest]).unwrap(), $number::MAX);

        for outside in [$below, $above] {
            let error = refusal::<$number>(&[outside]);
            let expected = format!("a whole number from {least} to {greatest}");
            assert_eq!(error.kind(), NotReadable, "{outside}");
            assert_eq!(error.expected(), Some(&*expected), "{outside}");
        }
    )*};
}

#[test]
fn an_integer_of_every_width_is_read_up_to_its_limits_and_not_beyond() {
    check_integer! {
        i8: "-129", "128";
        i16: "-32769", "32768";
        i32: "-2147483649", "2147483648";
        i64: "-9223372036854775809", "9223372036854775808";
        i128: "-170141183460469231731687303715884105729", "170141183460469231731687303715884105728";
        u8: "-1", "256";
        u16: "-1", "65536";
        u32: "-1", "4294967296";
        u64: "-1", "18446744073709551616";
        u128: "-1", "340282366920938463463374607431768211456";
    }
}

#[test]
fn ascii_white_space_around_a_number_is_ignored() {
    assert_eq!(read::<u8>(&[" 12\t\r\n"]).unwrap(), 12);
    assert_eq!(read::<f64>(&["\n-0.5 "]).unwrap(), -0.5);
}

#[test]
fn what_is_not_exactly_a_whole_number_is_no_integer() {
    for text in ["１２", "12.0", "1e3", "1,000", "1_000", "0x10", "1 2", "\u{3000}12", "twelve", "-", " "] {
        assert_eq!(kind::<i64>(&[text]), NotReadable, "{text}");
    }
}

#[test]
fn a_type_that_accepts_fewer_numbers_says_which() {
    let error = refusal::<NonZeroU8>(&["0"]);

    assert_eq!((error.kind(), error.expected()), (NotReadable, Some("a nonzero u8")));
}

#[test]
fn floats_are_read() {
    assert_eq!(read::<f64>(&["36.6"]).unwrap(), 36.6);
    assert_eq!(read::<f64>(&["-1e3"]).unwrap(), -1000.0);
    assert_eq!(read::<f32>(&["0.25"]).unwrap(), 0.25);
}

#[test]
fn what_is_not_a_finite_number_is_no_float() {
    for text in ["nan", "NaN", "inf", "-inf", "infinity", "1e999", "３６.６", "36,6", "36.6°", "."] {
        assert_eq!(kind::<f64>(&[text]), NotReadable, "{text}");
    }
    assert_eq!(kind::<f32>(&["1e39"]), NotReadable);
    assert_eq!(kind::<f32>(&["nan"]), NotReadable);
}

#[test]
fn a_number_needs_one_answer() {
    assert_eq!(kind::<u8>(&[]), Unanswered);
    assert_eq!(kind::<u8>(&[""]), Unanswered);
    assert_eq!(kind::<f32>(&[""]), Unanswered);
    assert_eq!(kind::<u8>(&["1", "2"]), SeveralAnswers);
}

#[test]
fn numbers_sent_as_json_numbers_are_read() {
    let map = map(r#"{"age": 20, "heights": [170, 171.5]}"#);

    let form: std::collections::HashMap<String, Vec<f64>> = map.read().unwrap();

    assert_eq!(form["age"], [20.0]);
    assert_eq!(form["heights"], [170.0, 171.5]);
}
