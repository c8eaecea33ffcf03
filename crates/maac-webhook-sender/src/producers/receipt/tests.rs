use maac_webhook::{Event, event::Topic};

use super::*;
use crate::{EventBody, json::BodyStyle, payload::Payload};

fn now() -> Timestamp {
    "2025-11-28T02:00:00.5Z".parse().unwrap()
}

fn upload() -> ReceiptUpload {
    serde_json::from_value(serde_json::json!({
        "friend": {"line_uid": format!("U{}", "0a".repeat(16))},
        "number": "KX12345678", "datetime": "2025-11-27T19:00:00+08:00", "random_number": "0042",
        "channel": "小巷咖啡 台北永康店",
        "items": [
            {"description": "拿鐵咖啡(大)", "unit_price": 65, "quantity": 2},
            {"description": "Croissant", "unit_price": 0.1, "quantity": 3},
            {"description": "拿鐵豆", "unit_price": 200, "quantity": 1, "amount": 180.5},
        ],
    }))
    .unwrap()
}

fn campaign(conditions: serde_json::Value) -> Campaign {
    serde_json::from_value(serde_json::json!({"name": "週年慶", "conditions": conditions})).unwrap()
}

fn result(conditions: serde_json::Value) -> Result<Vec<String>, NoMatch> {
    let mut results = Receipts::new().upload(&upload(), &[campaign(conditions)], now()).unwrap();
    let event = results.remove(0).event?;
    Ok(event.items.into_iter().map(|item| item.description).collect())
}

#[test]
fn only_the_items_that_match_are_sent() {
    use serde_json::json;

    let all = ["拿鐵咖啡(大)", "Croissant", "拿鐵豆"].map(str::to_owned).to_vec();
    assert_eq!(result(json!({})), Ok(all.clone()));
    assert_eq!(result(json!({"keywords": [" "]})), Ok(all.clone()));
    assert_eq!(result(json!({"keywords": ["拿鐵"]})), Ok(vec![all[0].clone(), all[2].clone()]));
    assert_eq!(result(json!({"keywords": ["茶", "CROISSANT"]})), Ok(vec![all[1].clone()]));
    assert_eq!(result(json!({"keywords": ["茶"]})), Err(NoMatch::NoMatchingItem));
    assert_eq!(result(json!({"channels": ["永康"]})), Ok(all));
    assert_eq!(result(json!({"channels": ["信義"]})), Err(NoMatch::OtherChannel));
}

#[test]
fn the_amount_that_is_asked_for_is_that_of_the_matching_items() {
    use serde_json::json;

    let conditions = |minimum: f64| json!({"keywords": ["拿鐵"], "minimum_amount": minimum});
    assert_eq!(result(conditions(310.5)).map(|items| items.len()), Ok(2));
    let (amount, minimum) = ("310.5".parse().unwrap(), "310.6".parse().unwrap());
    assert_eq!(result(conditions(310.6)), Err(NoMatch::TooLittle { amount, minimum }));
    // As decimals: as floats three times 0.1 is more than 0.3.
    assert_eq!(result(json!({"keywords": ["croissant"], "minimum_amount": 0.3})).map(|i| i.len()), Ok(1));
}

#[test]
fn each_campaign_that_matches_gives_an_event_of_its_own_that_a_receiver_can_read() {
    let campaigns = [campaign(serde_json::json!({})), campaign(serde_json::json!({"channels": ["信義"]}))];
    let mut second = campaigns[0].clone();
    second.name = "集點".to_owned();
    let campaigns = [campaigns[0].clone(), campaigns[1].clone(), second];
    let results = Receipts::new().upload(&upload(), &campaigns, now()).unwrap();
    assert_eq!(results.iter().map(|result| result.event.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(Receipts::new().upload(&upload(), &[], now()).unwrap(), []);

    let event = results[2].event.clone().unwrap();
    let body = EventBody::new(now(), &Payload::from(event)).encode(BodyStyle::python()).unwrap();
    let read = Event::parse(&body);
    assert_eq!(read.topic(), Some(Topic::ReceiptValidated));
    let Event::ReceiptValidated(receipt) = read else { panic!("{read:?}") };
    assert_eq!((receipt.campaign_name.as_deref(), receipt.random_number.as_str()), (Some("集點"), "0042"));
    let amounts: Vec<_> = receipt.items.iter().map(|item| item.amount.unwrap().to_string()).collect();
    assert_eq!(amounts, ["130.0", "0.3", "180.5"]);
}

#[test]
fn the_upload_is_written_by_a_utc_clock_labelled_as_taiwans_unless_set_otherwise() {
    let uploaded = |receipts: Receipts| {
        let results = receipts.upload(&upload(), &[campaign(serde_json::json!({}))], now()).unwrap();
        results[0].event.clone().unwrap().upload_datetime
    };
    assert_eq!(uploaded(Receipts::new()), "2025-11-28T02:00:00+08:00");
    let taiwan = Receipts::new().with_upload_clock(UploadClock::Taiwan);
    assert_eq!(uploaded(taiwan), "2025-11-28T10:00:00+08:00");
}

#[test]
fn a_receipt_that_is_none_is_refused() {
    use ProducerErrorKind as Kind;

    let kind = |change: fn(&mut ReceiptUpload)| {
        let mut upload = upload();
        change(&mut upload);
        Receipts::new().upload(&upload, &[], now()).unwrap_err().kind().clone()
    };
    for number in ["", "K", "KX1234567", "kx12345678", "KX1234567é", "女12345678", "KX123456789"] {
        let mut upload = upload();
        upload.number = number.to_owned();
        let error = Receipts::new().upload(&upload, &[], now()).unwrap_err();
        assert_eq!(*error.kind(), Kind::InvalidInvoiceNumber, "{number}");
    }
    assert_eq!(kind(|upload| upload.random_number = "42".to_owned()), Kind::InvalidRandomNumber);
    assert_eq!(kind(|upload| upload.datetime += 16.hours()), Kind::PurchaseInFuture);
    assert_eq!(kind(|upload| upload.channel.clear()), Kind::Missing { field: Field::Channel });
    assert_eq!(kind(|upload| upload.items.clear()), Kind::NoItem);
    assert_eq!(kind(|upload| upload.items[1].quantity = -1.0), Kind::InvalidItem { item: 2 });
    assert_eq!(kind(|upload| upload.items[0].unit_price = f64::NAN), Kind::InvalidItem { item: 1 });
    assert_eq!(kind(|upload| upload.items[2].amount = Some(1e300)), Kind::InvalidItem { item: 3 });
    assert_eq!(kind(|upload| upload.items[2].description.clear()), Kind::InvalidItem { item: 3 });
}

#[test]
fn a_campaign_that_asks_for_no_amount_that_there_is_is_refused() {
    for minimum in [-1.0, 1e300, f64::NAN] {
        let mut campaign = campaign(serde_json::json!({}));
        campaign.conditions.minimum_amount = Some(minimum);
        let error = Receipts::new().upload(&upload(), &[campaign], now()).unwrap_err();
        let name = "週年慶".to_owned();
        assert_eq!(*error.kind(), ProducerErrorKind::InvalidMinimumAmount { campaign: name });
    }
}
