use maac_webhook::{
    Event,
    event::{QuestionType, TopicEvent},
};
use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    EventBody,
    json::BodyStyle,
    payload::Payload,
    producers::{Friend, ProducerErrorKind as Kind},
};

fn now() -> Timestamp {
    "2025-11-28T02:00:00.5Z".parse().unwrap()
}

fn survey() -> Survey {
    serde_json::from_value(serde_json::json!({
        "svid": "x7QpL", "title": "報名", "name": "",
        "questions": [
            {"sn": 1, "type": "TXTSHORT", "subject": "大名", "alias": "maac_member_name", "required": true},
            {"sn": 2, "type": "CHOICEONE", "subject": "性別", "alias": "maac_member_gender", "choices": [
                {"text": "女", "alias": "female"}, {"text": "男", "alias": "male"},
                {"text": "其他", "takes_text": true, "label": "L"},
            ]},
            {"sn": 3, "type": "CHOICEMULTI", "subject": "口味", "alias": "flavours", "choices": [
                {"text": "烏龍", "alias": "oolong"}, {"text": "桂花"},
            ]},
            {"sn": 4, "type": "ITEMSORT", "subject": "排序", "choices": [{"text": "甲"}, {"text": "乙"}]},
            {"sn": 5, "type": "RATINGBAR", "subject": "評分", "alias": "rating"},
            {"sn": 6, "type": "DATEPICKER", "subject": "生日", "alias": "birthday"},
            {"sn": 7, "type": "QUOTE", "subject": "說明"},
        ],
    }))
    .unwrap()
}

fn submission(answers: serde_json::Value) -> Submission {
    let friend = serde_json::json!({"line_uid": format!("U{}", "0".repeat(32))});
    serde_json::from_value(serde_json::json!({"friend": friend, "answers": answers})).unwrap()
}

fn read(event: SurveyCakeSubmitted) -> maac_webhook::event::SurveyCakeSubmitted {
    let body = EventBody::new(now(), &Payload::from(event)).encode(BodyStyle::python()).unwrap();
    maac_webhook::event::SurveyCakeSubmitted::from_event(Event::parse(&body)).unwrap()
}

fn kind(answers: serde_json::Value) -> Kind {
    SurveyCake::new().submit(&survey(), &submission(answers), now()).unwrap_err().kind().clone()
}

#[test]
fn the_alias_map_has_the_answers_own_alias_and_an_empty_array_for_what_was_not_answered() {
    let answers = serde_json::json!([
        {"sn": 3, "answers": ["桂花", "烏龍"]},
        {"sn": 1, "answers": ["林雅婷"]},
        {"sn": 2, "answers": ["女"]},
        {"sn": 5, "answers": ["", " "]},
    ]);
    let event = read(SurveyCake::new().submit(&survey(), &submission(answers), now()).unwrap());
    let alias: Vec<_> = event.answer.alias.iter().collect();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        alias,
        [
            ("maac_member_name", &texts(&["林雅婷"])[..]),
            ("maac_member_gender", &texts(&["female"])),
            ("flavours", &texts(&["桂花", "oolong"])),
            ("rating", &[]),
            ("birthday", &[]),
        ]
    );
    assert_eq!(event.answer.submit_time.unwrap().as_str(), "2025-11-28 10:00:00");
    assert_eq!((event.answer.result.len(), event.survey_name), (7, None));
    assert_eq!(event.answer_hash.unwrap().len(), 64);
}

#[test]
fn a_text_beside_a_choice_is_parallel_to_it() {
    let answers = serde_json::json!([
        {"sn": 1, "answers": ["a"]},
        {"sn": 2, "answers": [{"text": "其他", "other": "不便說"}]},
    ]);
    let event = SurveyCake::new().submit(&survey(), &submission(answers), now()).unwrap();
    let question = &event.answer.result[1];
    assert_eq!(
        (&question.answer[..], &question.other_answer[..]),
        (&["其他".to_owned()][..], &["不便說".to_owned()][..])
    );
    assert_eq!(
        (&question.answer_label[..], &question.answer_alias[..]),
        (&["L".to_owned()][..], &[String::new()][..])
    );
}

#[test]
fn the_hash_is_of_what_was_answered_and_can_be_left_out() {
    let hash = |name: &str, id: Option<u64>| {
        let mut submission = submission(serde_json::json!([{"sn": 1, "answers": [name]}]));
        submission.id = id;
        SurveyCake::new().submit(&survey(), &submission, now()).unwrap().answer_hash.unwrap()
    };
    assert_eq!(hash("a", Some(1)), hash("a", None));
    assert_ne!(hash("a", None), hash("b", None));
    let submission = submission(serde_json::json!([{"sn": 1, "answers": ["a"]}]));
    let without = SurveyCake::new().with_answer_hash(false).submit(&survey(), &submission, now()).unwrap();
    assert_eq!(without.answer_hash, None);
}

#[test]
fn an_answer_that_does_not_fit_its_question_is_refused() {
    let with_name = |sn: u64, answers: serde_json::Value| {
        kind(serde_json::json!([{"sn": 1, "answers": ["a"]}, {"sn": sn, "answers": answers}]))
    };
    use serde_json::json;

    assert_eq!(kind(json!([])), Kind::NotAnswered { sn: 1 });
    assert_eq!(kind(json!([{"sn": 1, "answers": [" "]}])), Kind::NotAnswered { sn: 1 });
    assert_eq!(kind(json!([{"sn": 1, "answers": ["a", "b"]}])), Kind::OneAnswerOnly { sn: 1 });
    assert_eq!(with_name(1, json!(["b"])), Kind::AnsweredTwice { sn: 1 });
    assert_eq!(with_name(9, json!([])), Kind::NoSuchQuestion { sn: 9 });
    assert_eq!(with_name(2, json!(["女", "男"])), Kind::OneAnswerOnly { sn: 2 });
    assert_eq!(with_name(2, json!(["female"])), Kind::NotAChoice { sn: 2 });
    assert_eq!(with_name(2, json!([{"text": "女", "other": "x"}])), Kind::NoTextBeside { sn: 2 });
    assert_eq!(with_name(5, json!([{"text": "5", "other": "x"}])), Kind::NoTextBeside { sn: 5 });
    assert_eq!(with_name(3, json!(["烏龍", "烏龍"])), Kind::ChosenTwice { sn: 3 });
    assert_eq!(with_name(4, json!(["甲"])), Kind::NotAllSorted { sn: 4 });
    assert_eq!(with_name(5, json!(["five"])), Kind::NotANumber { sn: 5 });
    assert_eq!(with_name(5, json!(["inf"])), Kind::NotANumber { sn: 5 });
    for date in ["1992/07/14", "19920714", "1992-02-30", "1992-07-14T00:00"] {
        assert_eq!(with_name(6, json!([date])), Kind::NotADate { sn: 6 }, "{date}");
    }
    assert_eq!(with_name(7, json!(["x"])), Kind::TakesNoAnswer { sn: 7 });
}

#[test]
fn a_survey_that_cannot_be_answered_is_refused() {
    let kind = |change: fn(&mut Survey)| {
        let mut survey = survey();
        change(&mut survey);
        survey.check().unwrap_err().kind().clone()
    };
    assert_eq!(survey().check(), Ok(()));
    assert_eq!(kind(|survey| survey.questions.clear()), Kind::NoQuestion);
    assert_eq!(kind(|survey| survey.questions[1].sn = 1), Kind::RepeatedQuestion { sn: 1 });
    let alias = "rating".to_owned();
    assert_eq!(kind(|survey| survey.questions[0].alias = "rating".into()), Kind::RepeatedAlias { alias });
    assert_eq!(kind(|survey| survey.questions[2].choices.clear()), Kind::NoChoice { sn: 3 });
    assert_eq!(
        kind(|survey| survey.questions[1].choices[1].text = "女".into()),
        Kind::IndistinctChoices { sn: 2 }
    );
    let question_type = QuestionType::from("UPLOAD");
    assert_eq!(
        kind(|survey| survey.questions[0].question_type = "UPLOAD".into()),
        Kind::UnknownQuestionType { sn: 1, question_type }
    );
    assert_eq!(kind(|survey| survey.title.clear()), Kind::Missing { field: Field::SurveyTitle });
}

/// A question with choices, of which some are answered: for each its alias, if it has one, and whether it is chosen.
fn questions() -> impl Strategy<Value = Vec<Vec<(Option<String>, bool)>>> {
    vec(vec((option::of("[a-z女]{1,5}"), any::<bool>()), 1..6), 1..8)
}

proptest! {
    #[test]
    fn a_receiver_reads_the_answers_back_from_the_alias_map(questions in questions()) {
        let mut survey = Survey::new("s", "t", []);
        let mut submission = Submission::new(Friend::new(format!("U{}", "0".repeat(32))));
        let mut expected = std::collections::BTreeMap::new();
        for (index, choices) in questions.into_iter().enumerate() {
            let sn = index as u64;
            let mut question = SurveyQuestion::new(sn, QuestionType::ChoiceMulti, "?");
            question.alias = format!("q{sn}");
            let text = |number: usize| format!("choice {number}");
            let alias = |alias: &Option<String>| alias.clone().unwrap_or_default();
            let choice = |(number, (own, _)): (usize, &(Option<String>, bool))| Choice::new(text(number), alias(own));
            question.choices = choices.iter().enumerate().map(choice).collect();
            let chosen = choices.iter().enumerate().filter(|(_, (_, chosen))| *chosen);
            let answers: Vec<_> = chosen.clone().map(|(number, _)| text(number)).collect();
            let in_map: Vec<_> =
                chosen.map(|(number, (own, _))| own.clone().unwrap_or_else(|| text(number))).collect();
            expected.insert(question.alias.clone(), in_map);
            survey.questions.push(question);
            submission.answers.push(QuestionAnswers::new(sn, answers));
        }
        let event = read(SurveyCake::new().submit(&survey, &submission, now()).unwrap());
        let answers: std::collections::BTreeMap<String, Vec<String>> = event.answers().unwrap();
        prop_assert_eq!(answers, expected);
    }
}
