//! The file's JSON.

use maac_webhook::{ShareSecret, event::Topic};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Scenario, ScenarioError, Step, overrides};
use crate::{Behaviour, Expectation, Generator, MockEvent, Tampering};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    steps: Vec<FileStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStep {
    name: Option<String>,
    event: Option<FileEvent>,
    events: Option<Vec<FileEvent>>,
    generated: Option<Generated>,
    change_secret: Option<String>,
    tampering: Option<Tampering>,
    behaviour: Option<Behaviour>,
    expect: Option<Expectation>,
    attempts: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEvent {
    topic: Option<String>,
    set: Option<serde_json::Map<String, serde_json::Value>>,
    data: Option<Box<RawValue>>,
    body: Option<String>,
    body_hex: Option<String>,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generated {
    seed: u64,
    count: usize,
}

/// Generated events are made at once, and held: a slip in the number must not take the machine's memory.
const GENERATED_AT_MOST: usize = 100_000;
const TOO_MANY: usize = GENERATED_AT_MOST + 1;

pub(super) fn read(text: &str) -> Result<Scenario, ScenarioError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let file: File = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        // The whole, where there is no path.
        let path = if path == "." { String::new() } else { path };
        ScenarioError::at(path, error.into_inner().to_string())
    })?;
    reader.end().map_err(|error| ScenarioError::at(String::new(), error.to_string()))?;
    if file.steps.is_empty() {
        return Err(ScenarioError::at("steps".to_owned(), "there is no step"));
    }
    let steps = file.steps.into_iter().enumerate();
    let steps =
        steps.map(|(index, step)| step_of(step, &format!("steps[{index}]"))).collect::<Result<_, _>>()?;
    Ok(Scenario { name: file.name, steps })
}

fn step_of(file: FileStep, path: &str) -> Result<Step, ScenarioError> {
    let wrong = |why: &str| Err(ScenarioError::at(path.to_owned(), why));
    let step = match (file.event, file.events, file.generated, file.change_secret) {
        (Some(event), None, None, None) => Step::event(event_of(event, &format!("{path}.event"))?),
        (None, Some(events), None, None) => {
            if events.is_empty() {
                return Err(ScenarioError::at(format!("{path}.events"), "there is no event"));
            }
            let events = events.into_iter().enumerate();
            let events = events.map(|(index, event)| event_of(event, &format!("{path}.events[{index}]")));
            Step::events(events.collect::<Result<Vec<_>, _>>()?)
        }
        (None, None, Some(Generated { count: 0, .. }), None) => {
            return Err(ScenarioError::at(format!("{path}.generated.count"), "there is no event"));
        }
        (None, None, Some(Generated { count: TOO_MANY.., .. }), None) => {
            let why = format!("more than {GENERATED_AT_MOST} events at once");
            return Err(ScenarioError::at(format!("{path}.generated.count"), why));
        }
        (None, None, Some(Generated { seed, count }), None) => Step::events(Generator::new(seed).take(count)),
        (None, None, None, Some(secret)) => {
            let secret = ShareSecret::new(secret);
            let fault = |error: maac_webhook::SecretError| {
                ScenarioError::at(format!("{path}.change_secret"), error.to_string())
            };
            if file.tampering.is_some()
                || file.behaviour.is_some()
                || file.expect.is_some()
                || file.attempts.is_some()
            {
                return wrong("a change of the secret sends nothing that could be tampered with or expected");
            }
            Step::change_secret(secret.map_err(fault)?)
        }
        _ => return wrong("a step has one of event, events, generated and change_secret"),
    };
    if let Some(Expectation::Rejected(status @ (0..=199 | 200..=299 | 600..))) = file.expect {
        return Err(ScenarioError::at(format!("{path}.expect"), format!("{status} is no rejection")));
    }
    Ok(Step {
        name: file.name,
        tampering: file.tampering,
        behaviour: file.behaviour,
        expected: file.expect,
        attempts: file.attempts,
        ..step
    })
}

fn event_of(file: FileEvent, path: &str) -> Result<MockEvent, ScenarioError> {
    let wrong = |member: &str, why: String| ScenarioError::at(format!("{path}{member}"), why);
    let event = match (file.topic, file.body, file.body_hex) {
        (Some(topic), None, None) => match (file.set, file.data) {
            (set, None) => {
                let sample = overrides::sample(&Topic::from(topic.as_str()), set.unwrap_or_default());
                sample.map_err(|(member, why)| wrong(&member, why))?
            }
            (None, Some(data)) => {
                let event = MockEvent::from_json(&topic, data.get());
                event.map_err(|error| wrong(".data", error.to_string()))?
            }
            (Some(_), Some(_)) => {
                return Err(wrong("", "set overrides a sample, and data is no sample".to_owned()));
            }
        },
        (None, body, hex) => {
            if file.set.is_some() || file.data.is_some() {
                return Err(wrong("", "set and data are of a topic".to_owned()));
            }
            match (body, hex) {
                (Some(text), None) => MockEvent::raw(text),
                (None, Some(hex)) => {
                    let bytes =
                        bytes_of(&hex).ok_or_else(|| wrong(".body_hex", "it is not hexadecimal".to_owned()));
                    MockEvent::raw(bytes?)
                }
                _ => return Err(wrong("", "an event has one of topic, body and body_hex".to_owned())),
            }
        }
        _ => return Err(wrong("", "an event has one of topic, body and body_hex".to_owned())),
    };
    Ok(match file.key {
        Some(key) => event.idempotency_key(key),
        None => event,
    })
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests;
