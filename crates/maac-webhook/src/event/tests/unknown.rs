//! What cannot be read keeps its bytes and says why.

use super::*;

#[test]
fn bytes_that_are_no_event_are_kept_with_the_reason() {
    use EventErrorKind as K;
    let envelope = |rest: &str| format!(r#"{{"timestamp": "2025-11-28T10:00:00+08:00", {rest}}}"#);
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let cases = [
        (String::new(), K::NotJson, None),
        ("OK".into(), K::NotJson, None),
        (envelope(r#""topic": "t", "data": {}"#) + "}", K::NotJson, None),
        (envelope(r#""topic": "t", "data": {"a": tru}"#), K::NotJson, None),
        ("null".into(), K::NotAnEnvelope, None),
        ("[1, 2]".into(), K::NotAnEnvelope, None),
        (r#""topic""#.into(), K::NotAnEnvelope, None),
        ("{}".into(), K::NotAnEnvelope, None),
        (envelope(r#""topic": "t""#), K::NotAnEnvelope, None),
        (envelope(r#""data": {}"#), K::NotAnEnvelope, None),
        (envelope(r#""topic": null, "data": {}"#), K::NotAnEnvelope, None),
        (envelope(r#""topic": 5, "data": {}"#), K::NotAnEnvelope, None),
        (envelope(r#""topic": "t", "topic": "t", "data": {}"#), K::NotAnEnvelope, None),
        (envelope(r#""topic": "t", "data": {}, "data": {}"#), K::NotAnEnvelope, None),
        (envelope(r#""topic": "t", "timestamp": "x", "data": {}"#), K::NotAnEnvelope, None),
        (envelope(r#""topic": "new.topic", "data": {}"#), K::UnknownTopic, Some("new.topic")),
        (envelope(r#""topic": "new.topic", "data": null"#), K::UnknownTopic, Some("new.topic")),
        (envelope(r#""topic": "", "data": 1"#), K::UnknownTopic, Some("")),
        (
            envelope(r#""topic": "message.first_open", "data": []"#),
            K::UnreadableData,
            Some("message.first_open"),
        ),
        (
            envelope(r#""topic": "message.first_open", "data": {}"#),
            K::UnreadableData,
            Some("message.first_open"),
        ),
        (nested(10_000), K::NotAnEnvelope, None),
        (envelope(&format!(r#""topic": "t", "data": {}"#, nested(10_000))), K::TooDeep, None),
        (envelope(&format!(r#""topic": "t", "data": {}"#, nested(127))), K::TooDeep, None),
        (envelope(&format!(r#""topic": "t", "data": {}"#, nested(126))), K::UnknownTopic, Some("t")),
        ("[".repeat(10_000), K::NotJson, None),
    ];
    for (body, kind, topic) in cases {
        let unknown = unknown(&body);
        let shown = &body[..body.len().min(120)];
        assert_eq!((unknown.error().kind(), unknown.topic()), (kind, topic), "{shown}: {}", unknown.error());
        assert_eq!(unknown.raw(), &body, "{shown}");
    }
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    for body in [&b"\xff\xfe"[..], b"{\"topic\": \"\xc3\x28\", \"data\": {}}", &[0; 64]] {
        let Event::Unknown(unknown) = Event::parse(&Bytes::copy_from_slice(body)) else { panic!() };
        assert_eq!(unknown.raw(), body);
        let utf8 = std::str::from_utf8(body).is_ok();
        let expected = if utf8 { EventErrorKind::NotJson } else { EventErrorKind::NotUtf8 };
        assert_eq!(unknown.error().kind(), expected);
    }
}

#[test]
fn deep_data_of_a_known_topic_is_skipped_where_it_is_not_read_and_reported_where_it_is() {
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for member in ["meta", "more"] {
        let body = format!(
            r#"{{"topic": "form.surveycake_submitted", "data": {{"answer": {{"id": 1, "svid": "a", "{member}": {nested}}}}}}}"#
        );
        assert!(matches!(parse(body), Event::SurveyCakeSubmitted(_)), "{member}");
    }
    let body = format!(r#"{{"topic": "pnp.profile_updated", "data": {{"phone_number": {nested}}}}}"#);
    assert_eq!(unknown(body).error().kind(), EventErrorKind::TooDeep);
}

#[test]
fn drifted_data_is_reported_by_its_path_and_without_its_values() {
    const MARKER: &str = "0912-marker";
    let cases = [
        (Topic::ReceiptValidated, json!({"items": [{}, MARKER]}), "data.items[1]"),
        (Topic::ReceiptValidated, json!({"number": [MARKER]}), "data.number"),
        (Topic::SurveyCakeSubmitted, json!({"answer": MARKER}), "data.answer"),
        (Topic::SurveyCakeSubmitted, json!({"answer": {"id": 1, "svid": {"a": MARKER}}}), "data.answer.svid"),
        (Topic::PnpStatusUpdated, json!({"pnp_message_id": true}), "data.pnp_message_id"),
        (Topic::MessageFirstOpen, json!({"line_uid": 1.5}), "data.line_uid"),
    ];
    for (topic, changes, path) in cases {
        let unknown = unknown(drifted(&topic, changes));
        let error = unknown.error();
        assert_eq!(error.kind(), EventErrorKind::UnreadableData);
        assert_eq!(error.path(), Some(path), "{error}");
        for shown in [error.to_string(), format!("{error:?}"), format!("{unknown:?}")] {
            assert!(!shown.contains("marker"), "{shown}");
        }
        assert!(
            error.to_string().starts_with(&format!("the topic's data cannot be read: at {path}: ")),
            "{error}"
        );
    }
    let missing = unknown(json!({"topic": "prize.points_added", "data": {}}));
    assert_eq!(missing.error().path(), Some("data"));
    assert!(missing.error().to_string().contains("missing field `points_id`"), "{}", missing.error());
}

#[test]
fn a_member_given_twice_in_data_is_not_read() {
    let body = r#"{"topic": "prize.points_added", "data": {"points_id": "a", "points_id": "b"}}"#;
    let unknown = unknown(body);
    assert_eq!(unknown.error().kind(), EventErrorKind::UnreadableData);
    assert_eq!(unknown.raw(), body);
}

#[test]
fn an_unknown_event_is_known_by_the_digest_of_its_body() {
    let key = |body: &str| Event::Unknown(unknown(body)).natural_key();
    assert_eq!(
        key("").as_str(),
        r#"["unknown","e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]"#
    );
    assert_ne!(key("a"), key("b"));
}

#[test]
fn an_unknown_event_has_its_time() {
    let event = parse(r#"{"timestamp": "2025-11-28T10:00:00+08:00", "topic": "new.topic", "data": {}}"#);
    assert_eq!(event.timestamp().unwrap().as_str(), "2025-11-28T10:00:00+08:00");
    assert_eq!(parse("not json").timestamp(), None);
}

#[test]
fn a_topics_reader_gives_another_event_back() {
    let event = parse(fixture(&Topic::MessageFirstOpen));
    let back = PrizePointsAdded::from_event(event.clone()).unwrap_err();
    assert_eq!(*back, event);
}
