use super::*;

fn full(capacity: usize) -> DispatchErrorKind {
    DispatchErrorKind::QueueFull { capacity }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_an_event_whole_and_takes_more_once_there_is_room() {
    let (platform, ids) = platform(&["a.example", "b.example"]);
    let receivers = Receivers::default();
    receivers.take("a.example", Duration::from_secs(1));
    receivers.take("b.example", Duration::from_secs(5));
    let dispatcher = dispatcher(&platform, &receivers).with_capacity(3);
    let first = publish(&dispatcher).await;
    assert_eq!(dispatcher.in_flight(), 2);
    let refused = dispatcher.publish(&event()).await.unwrap_err();
    assert_eq!(*refused.kind(), full(3));
    assert!(refused.to_string().starts_with("3 deliveries wait or are under way already."));
    dispatcher.send_test(ids[0], &event()).await.unwrap();
    assert_eq!(*dispatcher.send_test(ids[0], &event()).await.unwrap_err().kind(), full(3));
    assert_eq!((dispatcher.in_flight(), dispatcher.log().len()), (3, 3));
    for delivery in first {
        delivery.finished().await.unwrap();
    }
    publish(&dispatcher).await;
    dispatcher.idle().await;
    assert_eq!((dispatcher.in_flight(), receivers.requests("b.example").len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_slow_endpoint_is_sent_so_many_at_a_time_and_holds_up_no_other() {
    let (platform, _) = platform(&["slow.example", "quick.example"]);
    let receivers = Receivers::default();
    receivers.take("slow.example", Duration::from_secs(5));
    receivers.take("quick.example", Duration::from_millis(1));
    let dispatcher = dispatcher(&platform, &receivers).with_concurrency(3);
    let mut quick = Vec::new();
    for _ in 0..10 {
        quick.push(publish(&dispatcher).await.remove(1));
    }
    let began = Instant::now();
    for delivery in quick {
        delivery.finished().await.unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(1));
    dispatcher.idle().await;
    assert_eq!(began.elapsed().as_secs(), 20);
    assert_eq!(receivers.most_at_once("slow.example"), 3);
    assert!(receivers.most_at_once("quick.example") <= 3);
    assert_eq!(receivers.requests("slow.example").len(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_ends_what_is_under_way_and_takes_no_more() {
    let (platform, _) = platform(&["a.example"]);
    let receivers = Receivers::default();
    receivers.answer("a.example", [503, 503, 503, 503]);
    let dispatcher = dispatcher(&platform, &receivers);
    let delivery = publish_one(&dispatcher).await;
    let began = Instant::now();
    dispatcher.clone().close().await;
    assert_eq!(began.elapsed().as_secs(), 7);
    assert_eq!(*dispatcher.publish(&event()).await.unwrap_err().kind(), DispatchErrorKind::Closed);
    assert_eq!(delivery.finished().await.unwrap().attempts.len(), 4);
}

#[tokio::test]
async fn an_event_for_nobody_needs_no_room() {
    let (platform, _) = platform(&[]);
    let dispatcher = dispatcher(&platform, &Receivers::default()).with_capacity(0);
    assert!(dispatcher.publish(&event()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn room_is_waited_for_and_what_is_reserved_is_nobody_elses() {
    let (platform, ids) = platform(&["a.example", "b.example"]);
    let receivers = Receivers::default();
    receivers.take("a.example", Duration::from_secs(1));
    receivers.take("b.example", Duration::from_secs(5));
    let dispatcher = dispatcher(&platform, &receivers).with_capacity(4);
    let topic = Topic::from(event().topic());
    publish(&dispatcher).await;
    assert_eq!(*dispatcher.try_reserve(&topic, 2).unwrap_err().kind(), full(4));
    let began = Instant::now();
    let mut room = dispatcher.reserve(&topic, 2).await.unwrap();
    assert_eq!((began.elapsed().as_secs(), dispatcher.in_flight()), (5, 4));
    assert_eq!(*dispatcher.publish(&event()).await.unwrap_err().kind(), full(4));
    // Also once no more is taken.
    let closing = tokio::spawn({
        let dispatcher = dispatcher.clone();
        async move { dispatcher.close().await }
    });
    while *dispatcher.send_test(ids[0], &event()).await.unwrap_err().kind() != DispatchErrorKind::Closed {
        tokio::task::yield_now().await;
    }
    assert_eq!(dispatcher.publish_in(&mut room, &event()).await.unwrap().len(), 2);
    drop(room);
    closing.await.unwrap();
    assert_eq!(receivers.requests("b.example").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn room_that_there_can_never_be_is_not_waited_for() {
    let (platform, ids) = platform(&["a.example", "b.example"]);
    let dispatcher = dispatcher(&platform, &Receivers::default()).with_capacity(3);
    let topic = Topic::from(event().topic());
    assert_eq!(*dispatcher.reserve(&topic, 2).await.unwrap_err().kind(), full(3));
    // Room is for the endpoints that get the event alone, and an event that goes to more takes more.
    dispatcher.lock().stop(ids[0], start()).unwrap();
    let mut room = dispatcher.reserve(&topic, 1).await.unwrap();
    assert_eq!(dispatcher.in_flight(), 1);
    dispatcher.lock().resume(ids[0], start()).unwrap();
    dispatcher.publish_in(&mut room, &event()).await.unwrap();
    assert_eq!(dispatcher.in_flight(), 2);
}
