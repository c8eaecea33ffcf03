//! Where documentation and samples disagree, or a payload drifts: every way is read.

use super::*;

#[test]
fn ids_are_the_same_whether_sent_as_a_number_or_a_text() {
    let answer = |id: Value, sn: Value| {
        let answer = json!({"id": id, "svid": "a", "result": [{"sn": sn}]});
        survey(json!({"answer": answer}))
    };
    assert_eq!(answer(json!(5), json!(7)), answer(json!("5"), json!("7")));
    let numbers =
        json!({"pnp_message_id": 1, "pnp_setting_id": 2, "event_id": 3, "line_push_template_id": 4});
    let texts =
        json!({"pnp_message_id": "1", "pnp_setting_id": "2", "event_id": "3", "line_push_template_id": "4"});
    assert_eq!(status(numbers), status(texts));
    assert_eq!(first_open(json!({"message_id": 999})), first_open(json!({"message_id": "999"})));
    assert_eq!(points(json!({"points_id": 17})).points_id.as_str(), "17");
    assert_eq!(points(json!({"customer_id": 17})).customer_id, Some(CustomerId::new("17")));
}

#[test]
fn a_surveys_answer_is_an_object_or_an_array_of_them() {
    let answer = |id| json!({"id": id, "svid": "a", "alias": {"n": ["1"]}});
    let (one, listed) = (survey(json!({"answer": answer(1)})), survey(json!({"answer": [answer(1)]})));
    assert_eq!(one, listed);

    let two = survey(json!({"answer": [answer(1), answer(2)]}));
    assert_eq!(two.all_answers().map(|answer| answer.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(two.natural_key().as_str(), r#"["form.surveycake_submitted","a","1","a","2"]"#);
    let error = two.answers::<std::collections::HashMap<String, Vec<String>>>().unwrap_err();
    assert_eq!(error.kind(), AnswersErrorKind::SeveralSurveys);

    let none = unknown(drifted(&Topic::SurveyCakeSubmitted, json!({"answer": []})));
    assert_eq!(none.error().kind(), EventErrorKind::UnreadableData);
}

#[test]
fn an_answer_hash_is_there_since_2022_and_absent_from_the_sample() {
    let mut event = fixture(&Topic::SurveyCakeSubmitted);
    event["data"].as_object_mut().unwrap().remove("answer_hash");
    let survey = SurveyCakeSubmitted::from_event(parse(event)).unwrap();
    assert_eq!(survey.answer_hash, None);
}

#[test]
fn the_aliases_of_maac_are_read_in_both_spellings() {
    let member = |alias: Value| survey(json!({"answer": {"id": 1, "svid": "a", "alias": alias}})).member();
    let one = member(json!({
        "maac_member_line_uid": ["U1"], "maac_member_name": ["王小明"], "maac_member_mobile": ["0912000345"],
        "maac_member_country_mobile": ["886912000345"], "maac_member_birthday": ["1992-07-14"],
        "maac_member_gender": ["male"], "maac_member_email": ["a@example.com"],
        "maac_member_customer_id": ["C1"],
    }));
    let other = member(json!({
        "maac_member_line_uid": ["U1"], "maac_member_name": ["王小明"], "maac_member_mobile": ["0912000345"],
        "maac_member_country_mobile": ["886912000345"], "maac_member_birthday": ["1992-07-14"],
        "maac_member_gender": ["male"], "maac_member_line_email": ["a@example.com"],
        "maac_member_line_customer_id": ["C1"],
    }));
    assert_eq!(one, other);
    assert_eq!((one.name.as_deref(), one.gender.clone()), (Some("王小明"), Some(Gender::Male)));
    assert_eq!((one.line_uid.clone(), one.mobile.as_deref()), (Some("U1".into()), Some("0912000345")));
    assert_eq!(one.country_mobile.as_deref(), Some("886912000345"));
    assert_eq!((one.email.as_deref(), one.customer_id.clone()), (Some("a@example.com"), Some("C1".into())));
    assert_eq!(one.birthday_date().unwrap().to_string(), "1992-07-14");

    let first_answered =
        member(json!({"maac_member_email": [], "maac_member_line_email": ["b@example.com"]}));
    assert_eq!(first_answered.email.as_deref(), Some("b@example.com"));
    let odd = member(json!({"maac_member_gender": ["其他"], "maac_member_birthday": ["1992/7"]}));
    assert_eq!(odd.gender, Some(Gender::Other("其他".into())));
    assert_eq!((odd.birthday_date(), odd.birthday.as_deref()), (None, Some("1992/7")));
    let slashed = member(json!({"maac_member_birthday": ["1992/07/14"], "maac_member_name": [""]}));
    assert_eq!(slashed.birthday_date(), one.birthday_date());
    assert_eq!(slashed.name, None);
}

#[test]
fn a_phone_number_is_plain_or_hashed() {
    let phone = |text: &str| status(json!({"phone_number": text})).phone_number.unwrap();
    assert_eq!(phone("+886912345678"), PhoneNumber::E164("+886912345678".into()));
    let hash = "1315ec4a63ba3d2b8f5db63688770e89a402ee623ef33e4c8c2f36e48f271be0";
    assert_eq!(phone(hash), PhoneNumber::Sha256(hash.into()));
    for odd in ["0912345678", "+", "+88691234567890123", "+886-912", &hash[1..], &hash.replace('1', "g")] {
        assert_eq!(phone(odd), PhoneNumber::Other(odd.into()));
    }
    assert!(phone(&hash.to_uppercase()).is("+886912345678"));
    assert!(!phone(hash).is("+886912345679"));
    assert!(phone("0912345678").is("0912345678"));
}

#[test]
fn unknown_values_of_enums_are_kept() {
    let status = status(json!({
        "status": "whatsapp_read", "line_push_error_category": "new", "sms_error_category": "newer",
    }));
    assert_eq!(status.status, Some(MessageStatus::Other("whatsapp_read".into())));
    assert_eq!(status.line_push_error_category, Some(LinePushErrorCategory::Other("new".into())));
    assert_eq!(status.sms_error_category, Some(SmsErrorCategory::Other("newer".into())));
    assert_eq!(status.status.unwrap().to_string(), "whatsapp_read");
    for documented in MessageStatus::DOCUMENTED {
        assert_eq!(&MessageStatus::from(documented.as_str()), documented);
    }
}

#[test]
fn amounts_are_read_as_numbers_and_texts() {
    let amounts = |amount: Value| {
        let items = json!([{"description": "x", "unit_price": amount, "quantity": amount, "amount": amount}]);
        receipt(json!({"items": items})).items.remove(0)
    };
    let float = amounts(json!(65.0));
    assert_eq!(float.amount.unwrap().to_string(), "65.0");
    assert_eq!(float, amounts(json!("65.0")));
    assert_eq!(float, amounts(json!(65)));
    assert_eq!(
        points(json!({"points_count": 5.0})).points_count,
        points(json!({"points_count": "5"})).points_count
    );
}

#[test]
fn the_envelopes_members_may_come_in_any_order_with_others_between() {
    let data = r#"{"message_type": "openapi", "message_id": 1, "line_uid": "U1"}"#;
    let expected = parse(format!(
        r#"{{"timestamp": "2025-11-28T10:00:00+08:00", "topic": "message.first_open", "data": {data}}}"#
    ));
    assert!(matches!(expected, Event::MessageFirstOpen(_)));
    for body in [
        format!(r#"{{"data":{data},"topic":"message.first_open","timestamp":"2025-11-28T10:00:00+08:00"}}"#),
        format!(
            "{{\r\n\t\"version\": {{\"a\": [1]}},\n \"topic\": \"message.first\\u005fopen\", \"data\": {data},
            \"timest\\u0061mp\": \"2025-11-28T10:00:00+08:00\", \"x\": null }}\n"
        ),
    ] {
        assert_eq!(parse(&body), expected, "{body}");
    }
}

#[test]
fn an_event_without_a_time_is_an_event() {
    for timestamp in ["", r#""timestamp": null,"#] {
        let body = format!(r#"{{{timestamp} "topic": "prize.points_added", "data": {{"points_id": "p"}}}}"#);
        let event = parse(&body);
        assert!(matches!(event, Event::PrizePointsAdded(_)), "{body}");
        assert_eq!(event.timestamp(), None);
    }
}

/// What identifies each event, and so must be there; a path into `data`.
const IDENTIFYING: &[(Topic, &[&str])] = &[
    (Topic::ReceiptValidated, &["line_uid", "number", "datetime", "random_number"]),
    (Topic::SurveyCakeSubmitted, &["answer", "answer.id", "answer.svid"]),
    (Topic::PnpStatusUpdated, &["pnp_message_id"]),
    (Topic::PnpProfileUpdated, &["pnp_setting_id", "phone_number", "line_uid"]),
    (Topic::PrizePointsAdded, &["points_id"]),
    (Topic::MessageFirstOpen, &["message_type", "message_id", "line_uid"]),
];

/// Every member of every object in `value`, as a path.
fn members(value: &Value, prefix: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, child)| (i.to_string(), child)).collect(),
        _ => return,
    };
    for (name, child) in children {
        let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        if value.is_object() {
            found.push(path.clone());
        }
        members(child, &path, found);
    }
}

fn parent<'v>(data: &'v mut Value, path: &str) -> (&'v mut serde_json::Map<String, Value>, String) {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer = if parents.is_empty() { String::new() } else { format!("/{}", parents.replace('.', "/")) };
    (data.pointer_mut(&pointer).unwrap().as_object_mut().unwrap(), name.to_owned())
}

#[test]
fn a_missing_or_null_field_loses_an_event_only_where_it_identifies_it() {
    for (topic, identifying) in IDENTIFYING {
        let mut paths = Vec::new();
        members(&fixture(topic)["data"], "", &mut paths);
        assert!(identifying.iter().all(|path| paths.iter().any(|p| p == path)), "{topic}");
        for path in paths {
            let mut missing = fixture(topic);
            let (object, name) = parent(&mut missing["data"], &path);
            object.remove(&name);
            let mut null = fixture(topic);
            let (object, name) = parent(&mut null["data"], &path);
            object.insert(name, Value::Null);
            for event in [missing, null] {
                let event = parse(event);
                assert_eq!(event.topic().as_ref(), Some(topic));
                let lost = matches!(event, Event::Unknown(_));
                assert_eq!(lost, identifying.contains(&path.as_str()), "{topic}: {path}");
            }
        }
    }
}

#[test]
fn a_field_that_is_nothing_it_was_ever_loses_an_event_only_where_it_identifies_it() {
    let odd = [json!(true), json!(1.5), json!(1e300), json!({"a": 1}), json!({}), json!([1]), json!([])];
    for (topic, identifying) in IDENTIFYING {
        let mut paths = Vec::new();
        members(&fixture(topic)["data"], "", &mut paths);
        for path in paths {
            let fixture = fixture(topic);
            let sent = fixture["data"].pointer(&format!("/{}", path.replace('.', "/"))).unwrap();
            // Part of the natural key even as null; or with no way to say that it is not there.
            if path == "campaign_name" || path.contains("alias.") || sent.is_object() || sent.is_array() {
                continue;
            }
            for value in &odd {
                let mut event = fixture.clone();
                let (object, name) = parent(&mut event["data"], &path);
                object.insert(name, value.clone());
                let event = parse(event);
                let lost = matches!(event, Event::Unknown(_));
                assert_eq!(lost, identifying.contains(&path.as_str()), "{topic}: {path}: {value}");
            }
        }
    }
}

#[test]
fn data_is_an_object_and_not_an_array_that_has_the_fields_by_position() {
    for (topic, data) in [
        (Topic::PrizePointsAdded, json!(["prize", "points-1"])),
        (Topic::MessageFirstOpen, json!(["openapi", 1, "U1", null])),
        (Topic::SurveyCakeSubmitted, json!({"answer": [[1, "svid"]]})),
        (Topic::ReceiptValidated, json!({"items": [["x", 1, 1, 1]]})),
    ] {
        let mut event = fixture(&topic);
        match data {
            Value::Array(_) => event["data"] = data,
            data => event = drifted(&topic, data),
        }
        assert_eq!(unknown(event).error().kind(), EventErrorKind::UnreadableData, "{topic}");
    }
}

#[test]
fn an_envelopes_time_that_is_no_text_loses_no_event() {
    for (sent, read) in [
        ("1732500000", Some("1732500000")),
        ("1732500000.5", Some("1732500000.5")),
        ("true", None),
        ("{}", None),
    ] {
        let event = parse(format!(
            r#"{{"timestamp": {sent}, "topic": "prize.points_added", "data": {{"points_id": "p"}}}}"#
        ));
        assert!(matches!(event, Event::PrizePointsAdded(_)), "{sent}");
        assert_eq!(event.timestamp().map(OffsetDateTime::as_str), read);
    }
}

#[test]
fn php_writes_an_empty_array_as_an_object_and_the_other_way_round() {
    let answer = json!({"id": 1, "svid": "a", "alias": [], "result": {}, "meta": []});
    let survey = survey(json!({"answer": answer}));
    assert!(survey.answer.alias.is_empty() && survey.answer.result.is_empty());
    assert!(receipt(json!({"items": {}})).items.is_empty());
}

#[test]
fn half_a_character_loses_no_event() {
    let body = r#"{"topic": "prize.points_added", "data": {"points_id": "p", "points_memo": "\ud83d \u5973 \ud83c\udf89"}}"#;
    let points = PrizePointsAdded::from_event(parse(body)).unwrap();
    assert_eq!(points.points_memo.as_deref(), Some("\u{fffd} 女 🎉"));
}
