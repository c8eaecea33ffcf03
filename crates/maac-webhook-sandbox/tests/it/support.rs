use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, http::StatusCode, routing::post};
use maac_webhook_sandbox::{
    Sandbox, Settings,
    maac_webhook_sender::{
        maac_webhook::event::Topic,
        platform::{EndpointForm, EndpointId, WebhookEndpoint},
        producers::Friend,
        samples,
    },
};
use tokio::net::TcpListener;

/// A receiver that answers as it is told to, and 200 when it is told no more.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    otherwise: Arc<Mutex<(u16, String)>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let answers = Arc::new(Mutex::new(VecDeque::<(u16, String)>::new()));
        let otherwise = Arc::new(Mutex::new((200, "OK".to_owned())));
        let (mine, always) = (Arc::clone(&answers), Arc::clone(&otherwise));
        let answer = move || {
            let next = mine.lock().unwrap().pop_front();
            let (status, body) = next.unwrap_or_else(|| always.lock().unwrap().clone());
            async move { (StatusCode::from_u16(status).unwrap(), body) }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/maac", listener.local_addr().unwrap());
        let app = Router::new().route("/webhooks/maac", post(answer));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, answers, otherwise }
    }

    /// Answers with this status as often as it is asked.
    pub(crate) fn answer_always(&self, status: u16) {
        *self.otherwise.lock().unwrap() = (status, String::new());
    }

    pub(crate) fn answer(&self, status: u16, body: &str) {
        self.answers.lock().unwrap().push_back((status, body.to_owned()));
    }
}

/// A sandbox that does not wait between attempts.
pub(crate) fn hurried() -> Settings {
    let schedule =
        maac_webhook_sandbox::maac_webhook_sender::RetrySchedule::new([std::time::Duration::ZERO; 3]);
    Settings::new().with_schedule(schedule)
}

pub(crate) async fn endpoint(sandbox: &Sandbox, url: &str, topics: &[Topic]) -> EndpointId {
    let form = EndpointForm::new("crm", url, topics.to_vec());
    let created =
        sandbox.change_platform(move |platform, now| platform.create(form, now).map(WebhookEndpoint::id));
    created.await.unwrap()
}

pub(crate) fn points() -> maac_webhook_sandbox::maac_webhook_sender::payload::PrizePointsAdded {
    samples::prize_points_added("2025-11-28T02:00:00Z".parse().unwrap())
}

pub(crate) fn friend() -> Friend {
    Friend::new(format!("U{}", "7".repeat(32)))
}
