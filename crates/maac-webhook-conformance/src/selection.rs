use crate::{Case, Group, Level, SuiteError, SuiteErrorKind, cases};

/// Which cases are run: those of one of the ids, of one of the groups and of one of the levels, where any is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    ids: Vec<String>,
    groups: Vec<Group>,
    levels: Vec<Level>,
}

impl Selection {
    /// Every case.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The case of this id, and of others that are named.
    #[must_use]
    pub fn case(mut self, id: impl Into<String>) -> Self {
        self.ids.push(id.into());
        self
    }

    /// The cases of this group, and of others that are named.
    #[must_use]
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// The cases of this level, and of others that are named.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.levels.push(level);
        self
    }

    /// The cases, in the order of the suite.
    ///
    /// # Errors
    ///
    /// An id that no case has, and a selection of no case.
    pub fn cases(&self) -> Result<Vec<Case>, SuiteError> {
        for id in &self.ids {
            if !cases().any(|case| case.id().eq_ignore_ascii_case(id)) {
                let told = format!("there is no case {id:?}");
                return Err(SuiteError::new(SuiteErrorKind::UnknownCase, told));
            }
        }
        let among = |case: &Case| {
            let id = self.ids.is_empty() || self.ids.iter().any(|id| case.id().eq_ignore_ascii_case(id));
            let group = self.groups.is_empty() || self.groups.contains(&case.group());
            let level = self.levels.is_empty() || self.levels.contains(&case.level());
            id && group && level
        };
        let selected: Vec<_> = cases().filter(among).collect();
        if selected.is_empty() {
            return Err(SuiteError::new(SuiteErrorKind::NoCase, "no case is of all that was asked for"));
        }
        Ok(selected)
    }
}
