use super::*;

#[test]
fn no_text_is_lacking_in_either_language_and_both_have_the_same_blanks() {
    let (english, chinese) = (Lang::English.texts().all(), Lang::TraditionalChinese.texts().all());
    for ((name, english), (_, chinese)) in english.into_iter().zip(chinese) {
        assert!(!english.trim().is_empty() && !chinese.trim().is_empty(), "{name}");
        assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{name}");
        assert!(english.is_ascii() || english.contains(['–', '“']), "{name} is not English: {english}");
    }
}

#[test]
fn chinese_punctuation_is_of_full_width() {
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c) || "，。、：；「」（）／".contains(c);
    let half = |c: char| ",:;!?()[]\"'".contains(c);
    let errors = include_str!("../errors.rs").split('"').filter(|text| text.contains(is_chinese));
    let errors: Vec<_> = errors.map(|text| ("errors", text)).collect();
    assert!(errors.len() > 90, "{}", errors.len());
    for (name, text) in Lang::TraditionalChinese.texts().all().into_iter().chain(errors) {
        let characters: Vec<_> = text.chars().filter(|c| *c != ' ').collect();
        let beside = characters
            .windows(2)
            .find(|two| half(two[0]) && is_chinese(two[1]) || is_chinese(two[0]) && half(two[1]));
        // A number, a word or a blank has none either.
        let between = text.contains(": ") || text.contains(", ");
        assert!(beside.is_none() && !between, "{name}: {text}");
        assert!(!text.contains(['“', '”', '…', '网', '络']), "{name}: {text}");
    }
}

#[test]
fn what_is_the_same_in_both_languages_is_a_name() {
    let names = ["share_secret", "openapi", "kind_push", "kind_multicast", "kind_enhanced"];
    let (english, chinese) = (Lang::English.texts().all(), Lang::TraditionalChinese.texts().all());
    let same = english.into_iter().zip(chinese).filter(|(english, chinese)| english.1 == chinese.1);
    let same: Vec<_> = same.map(|(english, _)| english.0).collect();
    assert_eq!(same, names);
}

#[test]
fn blanks_are_filled_in_order_and_what_fills_them_is_not_read() {
    assert_eq!(fill("{} of {}!", &["{}", "2"]), "{} of 2!");
    assert_eq!(fill("none", &["1"]), "none");
    assert_eq!(fill("{}{}", &["1"]), "1");
}
