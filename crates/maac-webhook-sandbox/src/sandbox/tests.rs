use maac_webhook::event::MessageStatus;
use maac_webhook_sender::producers::{Friend, NoFirstOpen, PnpPush, Push, Report};

use super::*;
use crate::StoreErrorKind;

/// Makes that nothing can be written, or that it can again.
async fn read_only(sandbox: &Sandbox, read_only: bool) {
    let set =
        move |connection: &mut rusqlite::Connection| connection.pragma_update(None, "query_only", read_only);
    sandbox.database.run(set).await.unwrap();
}

fn unavailable<T: std::fmt::Debug>(result: Result<T, SandboxError>) {
    let error = result.unwrap_err();
    assert_eq!(*error.kind(), crate::SandboxErrorKind::Store(StoreErrorKind::Unavailable), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_kept_has_not_happened() {
    let sandbox = Sandbox::open(Settings::new()).unwrap();
    let friend = Friend::new(format!("U{}", "7".repeat(32)));
    let event = sandbox.create_openapi_event("會員日").await.unwrap().id();
    let push = Push::new(7, Some(event), &friend.line_uid);
    let message = sandbox.push([push.clone()]).await.unwrap()[0].id();
    let broadcast = sandbox.broadcast().await.unwrap();
    let (pnp, _) = sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await.unwrap();
    let accepted = Report::new(MessageStatus::PnpAccepted);

    read_only(&sandbox, true).await;
    unavailable(sandbox.open_message(message, friend.clone()).await);
    unavailable(sandbox.open_broadcast(broadcast, friend.clone()).await);
    unavailable(sandbox.report_pnp(pnp.id(), accepted.clone()).await);
    unavailable(sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await);
    unavailable(sandbox.push([push]).await);
    unavailable(sandbox.broadcast().await);
    unavailable(sandbox.create_openapi_event("二").await);
    unavailable(sandbox.change_setup(|setup| setup.remove_pnp_setting(119)).await);
    {
        let producers = sandbox.producers();
        assert_eq!(producers.messages.event(event).unwrap().report(None, None).opens, 0);
        assert_eq!((producers.messages.events().len(), producers.messages.messages().len()), (1, 1));
        assert_eq!((producers.messages.broadcasts().len(), producers.sms_plus.messages().len()), (1, 1));
        assert_eq!(producers.sms_plus.settings().count(), 2);
    }

    read_only(&sandbox, false).await;
    sandbox.report_pnp(pnp.id(), accepted).await.unwrap();
    for again in [false, true] {
        let opened = [
            sandbox.open_message(message, friend.clone()).await.unwrap(),
            sandbox.open_broadcast(broadcast, friend.clone()).await.unwrap(),
        ];
        for opened in opened {
            assert_eq!(opened.err(), again.then_some(NoFirstOpen::OpenedBefore));
        }
    }
    assert_eq!(sandbox.producers().messages.event(event).unwrap().report(None, None).opens, 1);
}

#[tokio::test]
async fn the_file_forgets_what_the_producers_forget() {
    let sandbox = Sandbox::open(Settings::new()).unwrap();
    {
        let mut producers = sandbox.producers();
        producers.sms_plus = std::mem::take(&mut producers.sms_plus).with_message_limit(2);
        producers.messages = std::mem::take(&mut producers.messages).with_message_limit(2);
    }
    let friend = Friend::new(format!("U{}", "7".repeat(32)));
    for _ in 0..4 {
        sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await.unwrap();
        sandbox.push([Push::new(7, None, &friend.line_uid)]).await.unwrap();
        let broadcast = sandbox.broadcast().await.unwrap();
        sandbox.open_broadcast(broadcast, friend.clone()).await.unwrap().unwrap();
    }
    // More at once than are remembered.
    sandbox.push(std::iter::repeat_n(Push::new(7, None, &friend.line_uid), 3)).await.unwrap();
    let count = |sql: &str| -> u64 { sandbox.database.lock().query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM sandbox_pnp_messages"), 2);
    assert_eq!(count("SELECT count(*) FROM sandbox_messages WHERE message IS NULL"), 2);
    assert_eq!(count("SELECT count(*) FROM sandbox_messages WHERE message IS NOT NULL"), 2);
    assert_eq!(count("SELECT count(*) FROM sandbox_opens"), 2);
}
