use maac_webhook::jiff::Timestamp;
use maac_webhook_sender::{payload::SurveyCakeSubmitted, samples};

use super::Sample;

impl Sample<SurveyCakeSubmitted> {
    /// Sets the answers under an alias, none for an unanswered one: in the alias map and in the question of this alias,
    /// which is added where there is none.
    #[must_use]
    pub fn alias<A: Into<String>>(self, alias: &str, answers: impl IntoIterator<Item = A>) -> Self {
        self.choices(alias, answers.into_iter().map(|answer| (answer, "")))
    }

    /// The same with an alias beside each answer, as a choice may have it: the alias map then has that alias. It is empty
    /// for an answer that has none.
    #[must_use]
    pub fn choices<A: Into<String>, B: Into<String>>(
        self,
        alias: &str,
        answers: impl IntoIterator<Item = (A, B)>,
    ) -> Self {
        let answers = answers.into_iter().map(|(answer, alias)| (answer.into(), alias.into()));
        let (answers, aliases): (Vec<String>, Vec<String>) = answers.unzip();
        // Its fields may grow, so it is made of one that there is.
        let another = samples::surveycake_submitted(Timestamp::now()).answer.result.pop();
        self.with(|survey| {
            let questions = &mut survey.answer.result;
            if !questions.iter().any(|question| question.alias == alias) {
                let sn = questions.iter().map(|question| question.sn).max().unwrap_or_default() + 1;
                if let Some(mut question) = another {
                    question.sn = sn;
                    question.question_type =
                        if answers.len() > 1 { "CHOICEMULTI" } else { "TXTSHORT" }.to_owned();
                    (question.subject, question.alias) = (alias.to_owned(), alias.to_owned());
                    questions.push(question);
                }
            }
            if let Some(question) = questions.iter_mut().find(|question| question.alias == alias) {
                let blank = vec![String::new(); answers.len()];
                (question.other_answer, question.answer_label) = (blank.clone(), blank);
                (question.answer, question.answer_alias) = (answers, aliases);
                survey.answer.alias.set(alias, question.alias_answers());
            }
        })
    }

    /// Sets the survey's id.
    #[must_use]
    pub fn svid(self, svid: impl Into<String>) -> Self {
        self.with(|survey| survey.answer.svid = svid.into())
    }

    /// Sets the answer's id.
    #[must_use]
    pub fn answer_id(self, id: u64) -> Self {
        self.with(|survey| survey.answer.id = id)
    }
}
