//! Deletes what events are made of, once it was asked whether to.

use axum::{
    extract::{Path, Query, State},
    response::IntoResponse,
};
use maac_webhook_sender::producers::{ProducerError, ProducerErrorKind};
use maud::{Markup, html};
use serde::Deserialize;

use super::{encode, note, refused};
use crate::{
    Setup,
    console::{
        Console,
        answer::{Answer, missing, see},
        forms::{Faults, Form},
        layout::{self, Place},
        text::{Texts, fill},
        visit::{Fields, Posted, Visit},
    },
};

/// What is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::console) enum Kind {
    Friend,
    Campaign,
    Survey,
    Template,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Friend => "friend",
            Self::Campaign => "campaign",
            Self::Survey => "survey",
            Self::Template => "template",
        }
    }

    /// Where they are listed.
    const fn list(self) -> &'static str {
        match self {
            Self::Friend => "/simulate/friends",
            Self::Campaign => "/simulate/receipt",
            Self::Survey => "/simulate/survey",
            Self::Template => "/simulate/sms-plus",
        }
    }

    /// What is asked, what it is called, and what comes of it.
    const fn texts(self, t: &'static Texts) -> (&'static str, &'static str) {
        match self {
            Self::Friend => (t.delete_friend, t.delete_friend_consequence),
            Self::Campaign => (t.delete_campaign, t.delete_campaign_consequence),
            Self::Survey => (t.delete_survey, t.delete_survey_consequence),
            Self::Template => (t.delete_template, t.delete_template_consequence),
        }
    }

    /// What the one of this id is called; `None` where there is none.
    fn name(self, setup: &Setup, id: &str) -> Option<String> {
        match self {
            Self::Friend => {
                setup.friends.iter().find(|own| own.line_uid == id).map(|own| own.line_uid.clone())
            }
            Self::Campaign => setup.campaigns.iter().find(|own| own.name == id).map(|own| own.name.clone()),
            Self::Survey => setup.surveys.iter().find(|own| own.svid == id).map(|own| own.title.clone()),
            Self::Template => {
                let template = setup.pnp_settings.iter().find(|own| own.id.to_string() == id);
                template.map(|own| format!("{} ({})", own.name, own.id))
            }
        }
    }

    fn remove(self, setup: &mut Setup, id: &str) -> Result<(), ProducerError> {
        match self {
            Self::Friend => setup.remove_friend(id),
            Self::Campaign => setup.remove_campaign(id),
            Self::Survey => setup.remove_survey(id),
            Self::Template => {
                let id = id.parse().map_err(|_| ProducerErrorKind::NoSuchPnpSetting { id: 0 })?;
                setup.remove_pnp_setting(id)
            }
        }
    }
}

/// Leads to the question whether to delete it.
pub(super) fn link(visit: &Visit, kind: Kind, id: &str, name: &str) -> Markup {
    html! {
        a class="danger" href={ "/simulate/delete/" (kind.path()) "?id=" (encode(id)) } {
            (visit.t.delete) span class="hidden" { (visit.lang.colon()) (name) }
        }
    }
}

#[derive(Deserialize)]
pub(in crate::console) struct Asked {
    id: String,
}

pub(in crate::console) async fn confirm(
    State(console): State<Console>,
    visit: Visit,
    Path(kind): Path<Kind>,
    Query(Asked { id }): Query<Asked>,
) -> Answer {
    let name = kind.name(console.sandbox().producers().setup(), &id).ok_or_else(|| missing(&visit))?;
    Ok(page(&visit, kind, &id, &name, &Faults::default()).into_response())
}

pub(in crate::console) async fn delete(
    State(console): State<Console>,
    Path(kind): Path<Kind>,
    posted: Posted,
) -> Answer {
    let Posted { visit, fields } = posted;
    let id = fields.raw("id").to_owned();
    let name = kind.name(console.sandbox().producers().setup(), &id).ok_or_else(|| missing(&visit))?;
    let removed = id.clone();
    match console.sandbox().change_setup(move |setup| kind.remove(setup, &removed)).await {
        Ok(()) => Ok(see(&format!("{}?done=removed", kind.list()))),
        Err(error) => {
            let mut faults = Faults::default();
            note(&visit, &mut faults, &error)?;
            Ok(refused(&faults, page(&visit, kind, &id, &name, &faults)))
        }
    }
}

fn page(visit: &Visit, kind: Kind, id: &str, name: &str, faults: &Faults) -> Markup {
    let t = visit.t;
    let (title, consequence) = kind.texts(t);
    let form = Form { visit, fields: &Fields::default(), faults };
    let main = html! {
        h1 { (title) }
        (form.summary())
        p { (fill(t.delete_named, &[name])) }
        p { (consequence) }
        form method="post" action={ "/simulate/delete/" (kind.path()) } class="actions" {
            (layout::csrf(visit))
            input type="hidden" name="id" value=(id);
            button class="danger" { (t.delete) }
            a class="button quiet" href=(kind.list()) { (t.cancel) }
        }
    };
    layout::page(visit, Place::Simulate, title, &main)
}
