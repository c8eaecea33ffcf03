//! Each topic as its fixture has it.

use super::*;

fn decimal(text: &str) -> Option<rust_decimal::Decimal> {
    Some(text.parse().unwrap())
}

#[test]
fn each_fixture_is_the_event_of_its_topic() {
    for (topic, text) in FIXTURES {
        let event = parse(text);
        assert_eq!(event.topic(), Some(topic));
        assert_eq!(event.timestamp().unwrap().as_str(), "2025-11-28T10:00:00.123456+08:00");
    }
}

#[test]
fn a_receipt_has_its_text_as_it_was_sent_and_exact_amounts() {
    let receipt = receipt(nothing());
    assert_eq!(receipt.line_uid.as_str(), "U4f0c1d2e3b5a69788796a5b4c3d2e1f0");
    assert_eq!(receipt.customer_id, None);
    assert_eq!(receipt.campaign_name.as_deref(), Some("十一月發票登錄送好禮"));
    assert_eq!((receipt.number.as_str(), receipt.random_number.as_str()), ("KX20817346", "0427"));
    assert_eq!(receipt.datetime.timestamp().unwrap().to_string(), "2025-11-27T11:22:05Z");
    assert_eq!(receipt.upload_datetime.as_ref().unwrap().as_str(), "2025-11-28T02:00:00+08:00");
    assert_eq!(receipt.channel.as_deref(), Some("小巷咖啡 台北永康店"));
    let item = &receipt.items[1];
    assert_eq!(item.description.as_deref(), Some("可頌"));
    assert_eq!(
        (item.unit_price, item.quantity, item.amount),
        (decimal("45.5"), decimal("1"), decimal("45.5"))
    );
    let total: rust_decimal::Decimal = receipt.items.iter().filter_map(|item| item.amount).sum();
    assert_eq!(total, decimal("175.5").unwrap());
}

#[test]
fn a_survey_has_its_answers_by_alias_by_number_and_as_a_struct() {
    #[derive(serde::Deserialize)]
    struct Signup {
        #[serde(rename = "maac_member_name")]
        name: String,
        #[serde(rename = "maac_member_birthday")]
        birthday: jiff::civil::Date,
        flavours: Vec<String>,
        guests: u8,
        remarks: Option<String>,
    }

    let survey = survey(nothing());
    assert_eq!(survey.survey_name.as_deref(), Some("會員滿意度調查"));
    assert!(survey.answer_hash.as_ref().unwrap().starts_with("b5a2c962"));
    let answer = &survey.answer;
    assert_eq!((answer.id.as_str(), answer.svid.as_str()), ("4810277", "x7QpL"));
    assert_eq!(answer.status.as_deref(), Some("FINISH"));
    let submitted = answer.submit_time.as_ref().unwrap().civil().unwrap();
    assert_eq!(submitted.to_string(), "2025-11-28T09:58:41");
    assert_eq!(answer.meta.as_ref().unwrap().read::<Value>().unwrap()["duration"], 73);

    let question = answer.question("5").unwrap();
    assert_eq!(question.question_type, Some(QuestionType::ChoiceMulti));
    assert_eq!(question.answer, ["烏龍茶", "其他"]);
    assert_eq!(question.other_answer, ["", "桂花"]);
    assert_eq!(question.answer_alias, ["oolong", ""]);
    assert_eq!(answer.question_by_alias("flavours"), Some(question));
    assert_eq!((answer.question("4"), answer.question_by_alias("colours")), (None, None));

    let signup: Signup = survey.answers().unwrap();
    assert_eq!(signup.name, "林雅婷");
    assert_eq!(signup.birthday.to_string(), "1992-07-14");
    assert_eq!(signup.flavours, ["oolong", "其他"]);
    assert_eq!((signup.guests, signup.remarks), (2, None));
}

#[test]
fn a_status_update_has_its_message_and_every_channels_state() {
    let status = status(nothing());
    assert_eq!(status.pnp_message_id.as_str(), "5520394");
    assert_eq!(status.pnp_setting_id.as_ref().unwrap().as_str(), "118");
    assert_eq!(status.customized_id.as_deref(), Some("order-77120"));
    assert_eq!(status.status, Some(MessageStatus::SmsDelivered));
    assert_eq!(status.line_push_template_id.as_ref().unwrap().as_str(), "9");
    assert_eq!(status.line_push_error_category, Some(LinePushErrorCategory::MemberNotFound));
    assert_eq!(status.line_push_status.as_deref(), Some("failed"));
    assert_eq!(status.sms_delivered_at.as_ref().unwrap().as_str(), "2025-11-28T09:59:58.120000+08:00");
    assert_eq!(status.sms_error_category, None);
}

#[test]
fn a_profile_update_binds_a_phone_number_to_a_friend() {
    let event = PnpProfileUpdated::from_event(parse(fixture(&Topic::PnpProfileUpdated))).unwrap();
    assert_eq!(event.source, Some(ProfileSource::Pnp));
    assert!(event.phone_number.is("+886912345678"));
    assert_eq!(event.line_uid.as_str(), "U4f0c1d2e3b5a69788796a5b4c3d2e1f0");
}

#[test]
fn added_points_have_their_grant_and_count() {
    let points = points(nothing());
    assert_eq!(points.points_id.as_str(), "6b1f4b2e-0a58-4c39-9f0e-3d1c7a9b2e44");
    assert_eq!(points.points_count, decimal("100"));
    assert_eq!(points.points_memo.as_deref(), Some("滿千送百"));
    assert_eq!(points.points_expire_date.as_ref().unwrap().offset().unwrap().seconds(), 28_800);
}

#[test]
fn the_id_of_an_opened_message_is_of_a_broadcast_or_of_an_event() {
    let pushed = first_open(nothing());
    assert_eq!(pushed.message, OpenedMessage::OpenApi(EventId::new("999")));
    assert_eq!(pushed.event_id(), Some(&EventId::new("999")));

    let broadcast = first_open(json!({"message_type": "broadcast"}));
    assert_eq!(broadcast.message, OpenedMessage::Broadcast(BroadcastId::new("999")));
    assert_eq!(broadcast.event_id(), None);
    assert_ne!(pushed.natural_key(), broadcast.natural_key());

    let other = first_open(json!({"message_type": "multicast"}));
    assert_eq!(other.message.as_sent(), ("multicast", "999"));
    assert_eq!(other.event_id(), None);
}

#[test]
fn natural_keys_are_made_of_what_identifies_the_event() {
    let friend = "U4f0c1d2e3b5a69788796a5b4c3d2e1f0";
    let keys = FIXTURES.map(|(_, text)| parse(text).natural_key().to_string());
    assert_eq!(
        keys,
        [
            format!(
                r#"["receipt.receipt_validated","KX20817346","2025-11-27T19:22:05+08:00","0427","{}","{friend}"]"#,
                r"\u5341\u4e00\u6708\u767c\u7968\u767b\u9304\u9001\u597d\u79ae"
            ),
            r#"["form.surveycake_submitted","x7QpL","4810277"]"#.to_owned(),
            r#"["pnp.status_updated","5520394"]"#.to_owned(),
            format!(
                r#"["pnp.profile_updated","118","{}","{friend}"]"#,
                "1315ec4a63ba3d2b8f5db63688770e89a402ee623ef33e4c8c2f36e48f271be0"
            ),
            r#"["prize.points_added","6b1f4b2e-0a58-4c39-9f0e-3d1c7a9b2e44"]"#.to_owned(),
            format!(r#"["message.first_open","openapi","999","{friend}"]"#),
        ]
    );
}

#[test]
fn a_receipt_in_two_campaigns_is_two_things_that_happened() {
    let one = receipt(json!({"campaign_name": "A"})).natural_key();
    assert_ne!(one, receipt(json!({"campaign_name": "B"})).natural_key());
    assert_ne!(one, receipt(json!({"campaign_name": null})).natural_key());
    assert_eq!(one, receipt(json!({"campaign_name": "A", "items": [], "channel": "x"})).natural_key());
}
