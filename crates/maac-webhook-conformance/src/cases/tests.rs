use std::collections::HashMap;

use super::*;
use crate::Group;

/// The lines of the list: an id, and whether it was withdrawn.
fn frozen() -> Vec<(&'static str, bool)> {
    let lines = include_str!("frozen.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once(' ') {
            None => (line, false),
            Some((id, word)) => {
                assert_eq!(word, "withdrawn", "{line}");
                (id, true)
            }
        })
        .collect()
}

#[test]
fn every_id_is_given_once_and_for_ever() {
    let given: Vec<_> = cases().map(|case| case.id()).collect();
    let standing: Vec<_> =
        frozen().into_iter().filter(|(_, withdrawn)| !withdrawn).map(|(id, _)| id).collect();
    assert_eq!(given, standing, "src/cases/frozen.txt has every id, and each of its ids a case");
}

/// So that no line can be left out of the list either, nor an id be moved.
#[test]
fn the_numbers_of_a_group_count_up_without_a_gap() {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (id, _) in frozen() {
        let (group, number) = id.rsplit_once('-').unwrap();
        let last = numbers.entry(group).or_default();
        *last += 1;
        assert_eq!(number, format!("{last:03}"), "{id}");
    }
}

/// The last number of each group as of the first release: it only grows.
#[test]
fn no_id_of_the_first_release_is_gone() {
    let ids: Vec<_> = frozen().into_iter().map(|(id, _)| id).collect();
    for last in [
        "MAAC-SIG-013",
        "MAAC-BODY-012",
        "MAAC-IDEM-011",
        "MAAC-ANS-007",
        "MAAC-RETRY-007",
        "MAAC-ROB-011",
        "MAAC-TOPIC-007",
    ] {
        assert!(ids.contains(&last), "{last}");
    }
}

#[test]
fn every_case_says_what_it_is() {
    for case in cases() {
        let code = case.id().split('-').nth(1).unwrap();
        assert!(Group::ALL.iter().any(|group| group.code() == code && *group == case.group()), "{case:?}");
        for text in [case.title(), case.contract(), case.expected()] {
            assert!(!text.is_empty() && text == text.trim(), "{case:?}");
        }
        assert!(!case.title().ends_with('.') && case.contract().ends_with('.'), "{case:?}");
    }
}
