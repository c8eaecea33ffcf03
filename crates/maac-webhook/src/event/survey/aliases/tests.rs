#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod errors;
mod map;
mod numbers;
mod structs;
mod texts;

use serde::de::DeserializeOwned;

use super::{AliasMap, AnswersError, AnswersErrorKind};

fn map(json: &str) -> AliasMap {
    serde_json::from_str(json).unwrap()
}

fn sent(answers: &[&str]) -> AliasMap {
    let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
    AliasMap::from_iter([("field".to_owned(), answers)])
}

/// Reads the answers as the one field of a struct.
fn read<T: DeserializeOwned>(answers: &[&str]) -> Result<T, AnswersError> {
    #[derive(serde::Deserialize)]
    struct Form<T> {
        field: T,
    }

    sent(answers).read::<Form<T>>().map(|form| form.field)
}

fn refusal<T: DeserializeOwned>(answers: &[&str]) -> AnswersError {
    match read::<T>(answers) {
        Ok(_) => panic!("{answers:?} were read as {}", std::any::type_name::<T>()),
        Err(error) => error,
    }
}

fn kind<T: DeserializeOwned>(answers: &[&str]) -> AnswersErrorKind {
    refusal::<T>(answers).kind()
}
