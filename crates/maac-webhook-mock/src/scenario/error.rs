use std::{error::Error, fmt};

use crate::{MockError, error::told};

/// A scenario that cannot be read or run, in which step and where in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    step: Option<usize>,
    path: String,
    why: String,
}

impl ScenarioError {
    /// What is wrong at this path of the file.
    pub(super) fn at(path: String, why: impl Into<String>) -> Self {
        let step = path.strip_prefix("steps[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        Self { step: step.map(|index| index + 1), path, why: why.into() }
    }

    /// What of a step cannot be sent.
    pub(super) fn of_step(number: usize, error: &MockError) -> Self {
        Self { step: Some(number), path: String::new(), why: told(error) }
    }

    /// The step, counted from 1; `None` for what is wrong with the whole.
    #[must_use]
    pub fn step(&self) -> Option<usize> {
        self.step
    }

    /// The path in the file, as `steps[0].event.topic`; empty for the whole and for what is not from a file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.step, self.path.as_str()) {
            (Some(step), "") => write!(f, "step {step}: ")?,
            (Some(step), path) => write!(f, "step {step}, {path}: ")?,
            (None, "") => {}
            (None, path) => write!(f, "{path}: ")?,
        }
        f.write_str(&self.why)
    }
}

impl Error for ScenarioError {}
