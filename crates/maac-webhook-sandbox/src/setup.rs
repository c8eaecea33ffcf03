//! What a platform's events are made of, and a start with one of each.

use std::collections::HashSet;

use maac_webhook::event::QuestionType;
use maac_webhook_sender::producers::{
    Campaign, Choice, Friend, Messages, PnpSetting, ProducerError, ProducerErrorKind, Receipts, SmsPlus,
    Survey, SurveyCake, SurveyQuestion,
};
use serde::{Deserialize, Serialize};

use crate::store::Saved;

/// What was set up for the producers, which outlives the program.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Setup {
    /// The friends that forms offer.
    pub friends: Vec<Friend>,
    /// The campaigns that receipts are uploaded for.
    pub campaigns: Vec<Campaign>,
    /// The surveys that can be answered, each with an `svid` of its own.
    pub surveys: Vec<Survey>,
    /// The SMS+ templates, by id.
    pub pnp_settings: Vec<PnpSetting>,
}

impl Saved for Setup {
    const NAME: &str = "setup";
}

impl Setup {
    /// One of each, to begin with.
    #[must_use]
    pub fn sample() -> Self {
        let mut bound = Friend::new("U4af4980629a1f0c5b2d7e9c3a8b1d6f0");
        bound.customer_id = Some("C-10482".to_owned());
        let friends = vec![
            bound,
            Friend::new("U0b7c21f9d34e58a6c1f02e9d7b8a4c35"),
            Friend::new("U91d6e0f2c7b34a58e9d1c6a0f3b72e84"),
        ];
        let mut campaign = Campaign::new("秋季咖啡滿額抽獎");
        campaign.conditions.keywords = vec!["咖啡".to_owned(), "拿鐵".to_owned()];
        campaign.conditions.minimum_amount = Some(100.0);
        let pnp_settings = vec![
            PnpSetting::new(118, "出貨通知", true),
            PnpSetting::new(119, "會員生日禮（不發簡訊）", false),
        ];
        Self { friends, campaigns: vec![campaign], surveys: vec![survey()], pnp_settings }
    }

    /// Puts in a survey, in the place of the one of its `svid`.
    pub fn put_survey(&mut self, survey: Survey) {
        match self.surveys.iter_mut().find(|own| own.svid == survey.svid) {
            Some(own) => *own = survey,
            None => self.surveys.push(survey),
        }
    }

    /// Puts in a campaign, in the place of the one of its name.
    pub fn put_campaign(&mut self, campaign: Campaign) {
        match self.campaigns.iter_mut().find(|own| own.name == campaign.name) {
            Some(own) => *own = campaign,
            None => self.campaigns.push(campaign),
        }
    }

    /// Puts in an SMS+ template, in the place of the one of its id.
    pub fn put_pnp_setting(&mut self, setting: PnpSetting) {
        match self.pnp_settings.iter_mut().find(|own| own.id == setting.id) {
            Some(own) => *own = setting,
            None => self.pnp_settings.push(setting),
        }
    }

    /// Puts in a friend, the latest first, in the place of the one of the LINE user id.
    pub fn put_friend(&mut self, friend: Friend) {
        self.friends.retain(|own| own.line_uid != friend.line_uid);
        self.friends.insert(0, friend);
        self.friends.truncate(Self::FRIENDS);
        let mut seen = HashSet::new();
        self.friends.retain(|own| seen.insert(own.line_uid.clone()));
    }

    /// Removes a survey.
    ///
    /// # Errors
    ///
    /// A survey that there is not.
    pub fn remove_survey(&mut self, svid: &str) -> Result<(), ProducerError> {
        let no_such = || ProducerErrorKind::NoSuchSurvey { svid: svid.to_owned() };
        remove(&mut self.surveys, |own| own.svid == svid, no_such)
    }

    /// Removes a campaign.
    ///
    /// # Errors
    ///
    /// A campaign that there is not.
    pub fn remove_campaign(&mut self, name: &str) -> Result<(), ProducerError> {
        let no_such = || ProducerErrorKind::NoSuchCampaign { name: name.to_owned() };
        remove(&mut self.campaigns, |own| own.name == name, no_such)
    }

    /// Removes an SMS+ template. Where messages of it are on their way, the change is refused.
    ///
    /// # Errors
    ///
    /// A template that there is not.
    pub fn remove_pnp_setting(&mut self, id: u64) -> Result<(), ProducerError> {
        let no_such = || ProducerErrorKind::NoSuchPnpSetting { id };
        remove(&mut self.pnp_settings, |own| own.id == id, no_such)
    }

    /// Removes a friend from those that forms offer. What was pushed to them stays.
    ///
    /// # Errors
    ///
    /// A friend that is not among them.
    pub fn remove_friend(&mut self, line_uid: &str) -> Result<(), ProducerError> {
        let no_such = || ProducerErrorKind::NoSuchFriend { line_uid: line_uid.to_owned() };
        remove(&mut self.friends, |own| own.line_uid == line_uid, no_such)
    }

    pub(crate) fn has_pnp_setting(&self, id: u64) -> bool {
        self.pnp_settings.iter().any(|own| own.id == id)
    }

    pub(crate) fn check(&self) -> Result<(), ProducerError> {
        self.friends.iter().try_for_each(Friend::check)?;
        self.campaigns.iter().try_for_each(Campaign::check)?;
        self.surveys.iter().try_for_each(Survey::check)?;
        let mut sms_plus = SmsPlus::new();
        self.pnp_settings.iter().try_for_each(|setting| sms_plus.add_setting(setting.clone()))
    }

    /// How many friends are remembered.
    const FRIENDS: usize = 100;
}

fn remove<T>(
    all: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    no_such: impl FnOnce() -> ProducerErrorKind,
) -> Result<(), ProducerError> {
    let place = all.iter().position(is_it).ok_or_else(no_such)?;
    all.remove(place);
    Ok(())
}

/// With aliases that MAAC knows and others, an answer's own alias, and a question without one.
fn survey() -> Survey {
    let question = |sn, question_type, alias: &str, subject: &str, choices: &[(&str, &str)]| {
        let mut question = SurveyQuestion::new(sn, question_type, subject);
        alias.clone_into(&mut question.alias);
        question.choices = choices.iter().map(|(text, alias)| Choice::new(*text, *alias)).collect();
        question
    };
    let mut name = question(1, QuestionType::ShortText, "maac_member_name", "您的大名", &[]);
    name.required = true;
    let genders = [("女", "female"), ("男", "male"), ("不透露", "unknown")];
    let flavours = [("烏龍茶", "oolong"), ("桂花", ""), ("黑糖", "brown_sugar")];
    let questions = [
        name,
        question(2, QuestionType::ChoiceOne, "maac_member_gender", "性別", &genders),
        question(3, QuestionType::DatePicker, "maac_member_birthday", "生日", &[]),
        question(5, QuestionType::ChoiceMulti, "flavours", "想試吃的口味", &flavours),
        question(6, QuestionType::DigitInput, "guests", "同行人數", &[]),
        question(8, QuestionType::LongText, "", "其他建議", &[]),
    ];
    let mut survey = Survey::new("x7QpL", "秋季新品試吃會報名", questions);
    survey.name = Some("秋季新品試吃會".to_owned());
    survey
}

/// What makes a platform's events.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Producers {
    /// What was set up. It is changed by [`Sandbox::change_setup`](crate::Sandbox::change_setup) alone.
    pub(crate) setup: Setup,
    /// Receipts, against the campaigns.
    pub receipts: Receipts,
    /// Surveys.
    pub survey_cake: SurveyCake,
    /// SMS+ messages.
    pub sms_plus: SmsPlus,
    /// Broadcasts and messages that are pushed through the OpenAPI, and who opened them.
    pub messages: Messages,
}

impl Producers {
    pub(crate) fn of(setup: Setup) -> Result<Self, ProducerError> {
        let mut sms_plus = SmsPlus::new();
        for setting in &setup.pnp_settings {
            sms_plus.add_setting(setting.clone())?;
        }
        let (receipts, survey_cake, messages) = (Receipts::new(), SurveyCake::new(), Messages::new());
        Ok(Self { setup, receipts, survey_cake, sms_plus, messages })
    }

    /// What was set up.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }
}
