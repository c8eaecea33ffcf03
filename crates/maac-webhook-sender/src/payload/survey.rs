use super::{Members, Question};

impl Question {
    /// What the alias map has of this question: for each answer its own alias, or the answer where it has none
    /// (SurveyCake's webhook reference, by its sample).
    #[must_use]
    pub fn alias_answers(&self) -> Vec<String> {
        let aliases = self.answer_alias.iter().map(String::as_str).chain(std::iter::repeat(""));
        let pairs = self.answer.iter().zip(aliases);
        pairs.map(|(answer, alias)| if alias.is_empty() { answer } else { alias }.to_owned()).collect()
    }
}

impl Members<Vec<String>> {
    /// The alias map of these questions: what was answered under each alias, an empty array where nothing was. A
    /// question without an alias is not in it.
    #[must_use]
    pub fn of_aliases(questions: &[Question]) -> Self {
        let with_alias = questions.iter().filter(|question| !question.alias.is_empty());
        with_alias.map(|question| (question.alias.clone(), question.alias_answers())).collect()
    }
}
