use std::fs;

use maac_webhook_sandbox::{
    DeliveryState, Sandbox, Settings, StoreErrorKind,
    maac_webhook_sender::{
        RetrySchedule,
        maac_webhook::event::Topic,
        platform::{EndpointStatus, Purchase, WebhookEndpoint, Zone},
        producers::{Campaign, PnpSetting, Survey},
    },
};
use std::time::Duration;

use crate::support::{Receiver, endpoint, friend, points};

#[tokio::test]
async fn what_was_set_up_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let open = || Sandbox::open(Settings::new().with_file(&file)).unwrap();

    let sandbox = open();
    let id = endpoint(&sandbox, "https://shop.example/hooks", &[Topic::PrizePointsAdded]).await;
    let changed = sandbox
        .change_platform(move |platform, now| {
            platform.stop(id, now)?;
            platform.set_purchase(Purchase::new([Zone::One], now, now + Duration::from_secs(60))?);
            Ok(platform.purchase().until())
        })
        .await
        .unwrap();
    let put = sandbox.change_setup(|setup| {
        setup.put_friend(friend());
        setup.put_campaign(Campaign::new("冬季"));
        setup.put_pnp_setting(PnpSetting::new(7, "預約提醒", true));
        let survey = Survey::new("second", "第二份", setup.surveys[0].questions.clone());
        setup.put_survey(survey);
        Ok(())
    });
    put.await.unwrap();
    let (secret, setup) = (secret(&sandbox), sandbox.producers().setup().clone());
    drop(sandbox);

    let again = open();
    assert_eq!(secret, self::secret(&again));
    let platform = again.platform();
    let own = platform.endpoint(id).unwrap();
    assert_eq!((own.name(), own.status()), ("crm", EndpointStatus::Stopped));
    assert_eq!(own.topics(), [Topic::PrizePointsAdded]);
    assert_eq!(platform.purchase().zones().collect::<Vec<_>>(), [Zone::One]);
    assert_eq!(platform.purchase().until(), changed);
    let producers = again.producers();
    assert_eq!(*producers.setup(), setup);
    assert_eq!(setup.surveys.len(), 2);
    assert!(producers.sms_plus.settings().any(|setting| setting.name == "預約提醒"));
}

fn secret(sandbox: &Sandbox) -> String {
    let platform = sandbox.platform();
    let first: &WebhookEndpoint = platform.endpoints().next().unwrap();
    first.share_secret().expose_secret().to_owned()
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let sandbox = Sandbox::open(Settings::new()).unwrap();
    let before = sandbox.producers().setup().clone();
    let refused = sandbox
        .change_setup(|setup| {
            setup.put_friend(friend());
            setup.put_campaign(Campaign::new(" "));
            Ok(())
        })
        .await;
    assert_eq!(refused.unwrap_err().to_string(), "Enter the campaign's name.");
    assert_eq!(*sandbox.producers().setup(), before);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone_and_one_programs_at_a_time() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let sandbox = Sandbox::open(Settings::new().with_file(&file)).unwrap();
    endpoint(&sandbox, "https://shop.example/", &[Topic::ReceiptValidated]).await;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
    let second = Sandbox::open(Settings::new().with_file(&file)).unwrap_err();
    assert_eq!(second.kind(), StoreErrorKind::InUse);
    fs::write(
        folder.path().join("no.db"),
        "not a database, though as long as a header of one would be".repeat(40),
    )
    .unwrap();
    let no = Sandbox::open(Settings::new().with_file(folder.path().join("no.db"))).unwrap_err();
    assert_eq!(no.kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_delivery_under_way_at_a_crash_is_shown_as_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("sandbox.db"), folder.path().join("copy.db"));
    let receiver = Receiver::start().await;
    receiver.answer(503, "later");
    let schedule = RetrySchedule::new([Duration::from_secs(3600)]);
    let sandbox = Sandbox::open(Settings::new().with_file(&file).with_schedule(schedule)).unwrap();
    endpoint(&sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let mut updates = sandbox.dispatcher().watch();
    let id = sandbox.publish(points()).await.unwrap().endpoints[0].delivery.unwrap();
    loop {
        let update = updates.next().await.unwrap().unwrap();
        if format!("{update:?}").contains("AttemptEnded") {
            break;
        }
    }
    let before = sandbox.delivery(id).await.unwrap().unwrap().summary;
    assert_eq!((before.state, before.attempts, before.status), (DeliveryState::UnderWay, 1, Some(503)));
    assert!(before.next_attempt_at.is_some());

    // As a crash leaves it: the file and its write-ahead log.
    fs::copy(&file, &copy).unwrap();
    fs::copy(folder.path().join("sandbox.db-wal"), folder.path().join("copy.db-wal")).unwrap();
    let after = Sandbox::open(Settings::new().with_file(&copy)).unwrap();
    let after = after.delivery(id).await.unwrap().unwrap();
    assert_eq!((after.summary.state, after.timeline.len()), (DeliveryState::Interrupted, 1));
    assert_eq!(after.summary.next_attempt_at, None);
}
