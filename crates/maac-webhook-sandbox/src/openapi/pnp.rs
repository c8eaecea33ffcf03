use axum::{Json, extract::State, http::StatusCode};
use maac_webhook::event::PhoneNumber;
use maac_webhook_sender::producers::{PnpMessage, PnpPush, SmsPlus};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    body::{self, TakenBody},
    error::PnpError,
    limits::Limited,
    router::OpenApi,
};
use crate::{
    sandbox::{PnpPushes, PushedPnp, has_sms},
    store::pushed::Following,
};

#[derive(Deserialize)]
struct PushRequest<T> {
    pnp_setting_id: u64,
    #[serde(default)]
    event_id: Option<u64>,
    data: T,
}

/// The parameters make no difference here, but must be there where the reference says so.
#[derive(Deserialize)]
struct PushData {
    phone_number: PhoneNumber,
    #[serde(default)]
    line_push_template_id: Option<u64>,
    #[serde(default)]
    line_push: Option<Map<String, Value>>,
    #[serde(rename = "pnp")]
    _pnp: Map<String, Value>,
    #[serde(default)]
    sms: Option<Map<String, Value>>,
    #[serde(default, rename = "whatsapp")]
    _whatsapp: Option<Map<String, Value>>,
    #[serde(default)]
    customized_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Pushed {
    id: u64,
    result: &'static str,
}

/// What a push answers where the message is to fall back to SMS. The reference's own reasons are not documented.
const FALLS_BACK: &str =
    "the LINE notification message cannot be delivered, and is sent as an SMS after fallback_period";

pub(super) async fn push(State(api): State<OpenApi>, body: TakenBody) -> Result<Json<Pushed>, PnpError> {
    let PushRequest { pnp_setting_id, event_id, data } =
        api.admitted::<PushData>(Limited::PnpPush, &body?)?;
    let place = api.reporter.places(1).ok_or_else(PnpError::failed_to_emit)?;
    let sms = has_sms(&api.sandbox.producers().sms_plus, pnp_setting_id);
    let push = PnpPushes::One(data.into_push("data", pnp_setting_id, event_id, sms)?);
    let pushed = api.pushed(push).await?;
    // One push is one message.
    let id = pushed[0].message.id();
    let mut statuses =
        pushed.iter().filter_map(|pushed| pushed.following.as_ref()).flat_map(|own| &own.statuses);
    let falls_back = statuses.any(|status| status.as_str().starts_with("sms_"));
    api.reporter.report(place, pushed);
    Ok(Json(Pushed { id, result: if falls_back { FALLS_BACK } else { "success" } }))
}

pub(super) async fn multicast(
    State(api): State<OpenApi>,
    body: TakenBody,
) -> Result<Json<Vec<Pushed>>, PnpError> {
    let PushRequest { pnp_setting_id, event_id, data } =
        api.admitted::<Vec<PushData>>(Limited::PnpMulticast, &body?)?;
    // Where there are more, none is sent.
    let places = api.reporter.places(data.len().min(SmsPlus::MULTICAST_LIMIT));
    let places = places.ok_or_else(PnpError::failed_to_emit)?;
    let sms = has_sms(&api.sandbox.producers().sms_plus, pnp_setting_id);
    let push = |(index, data): (usize, PushData)| {
        data.into_push(&format!("data[{index}]"), pnp_setting_id, event_id, sms)
    };
    let pushes = data.into_iter().enumerate().map(push).collect::<Result<_, _>>()?;
    let pushed = api.pushed(PnpPushes::Multicast(pushes)).await?;
    let answer = pushed.iter().map(|own| Pushed { id: own.message.id(), result: "pending" }).collect();
    api.reporter.report(places, pushed);
    Ok(Json(answer))
}

impl OpenApi {
    async fn pushed(&self, pushes: PnpPushes) -> Result<Vec<PushedPnp>, PnpError> {
        let progress = self.progress.clone();
        // The call is answered before there is room for the event of the first status.
        let following = move |message: &PnpMessage, sms| {
            let following = progress.following(message, sms).unwrap_or_default();
            Some(Following { is_unpublished: true, ..following })
        };
        Ok(self.sandbox.keep_pnp_pushes(pushes, following).await?)
    }

    fn admitted<T: DeserializeOwned>(&self, call: Limited, body: &[u8]) -> Result<PushRequest<T>, PnpError> {
        if !self.has_sms_plus {
            return Err(PnpError::no_permission());
        }
        if !self.limits.admit(call) {
            return Err(PnpError::too_many_requests());
        }
        Ok(body::read(body)?)
    }
}

impl PushData {
    fn into_push(
        self,
        property: &str,
        pnp_setting_id: u64,
        event_id: Option<u64>,
        sms: bool,
    ) -> Result<PnpPush, PnpError> {
        let required = |field: &str| {
            Err(PnpError::new(StatusCode::BAD_REQUEST, format!("{property}.{field} is required")))
        };
        if sms && self.sms.is_none() {
            return required("sms");
        }
        if self.line_push.is_some() && self.line_push_template_id.is_none() {
            return required("line_push_template_id");
        }
        let mut push = PnpPush::new(pnp_setting_id, self.phone_number);
        push.event_id = event_id;
        push.customized_id = self.customized_id.filter(|id| !id.trim().is_empty());
        push.line_push_template_id = self.line_push_template_id;
        Ok(push)
    }
}
