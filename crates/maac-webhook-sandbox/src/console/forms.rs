//! Fields with their labels, and what is wrong with them beside.

use std::borrow::Cow;

use axum::http::StatusCode;
use maud::{Markup, html};

use super::visit::{Fields, Visit};

/// What is wrong with a form: of each fault the field, if it is of one, and the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    all: Vec<(Option<Cow<'static, str>>, String)>,
    later: bool,
}

impl Faults {
    pub(super) fn add(&mut self, field: Option<&'static str>, text: impl Into<String>) {
        self.all.push((field.map(Cow::Borrowed), text.into()));
    }

    /// A fault of one of several fields.
    pub(super) fn add_at(&mut self, field: String, text: impl Into<String>) {
        self.all.push((Some(Cow::Owned(field)), text.into()));
    }

    /// Nothing is wrong with the form: it can be sent again as it is, later.
    pub(super) fn later(&mut self, text: impl Into<String>) {
        self.later = true;
        self.add(None, text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What a form with these faults is answered with.
    pub(super) fn status(&self) -> StatusCode {
        if self.later { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNPROCESSABLE_ENTITY }
    }

    fn of(&self, field: &str) -> Option<&str> {
        self.all.iter().find(|(own, _)| own.as_deref() == Some(field)).map(|(_, text)| text.as_str())
    }
}

/// A form that is being shown.
pub(super) struct Form<'a> {
    pub(super) visit: &'a Visit,
    pub(super) fields: &'a Fields,
    pub(super) faults: &'a Faults,
}

impl Form<'_> {
    /// All that is wrong, where whoever sent it looks first.
    pub(super) fn summary(&self) -> Markup {
        html! {
            @if !self.faults.is_empty() {
                div class="faults" id="faults" role="alert" tabindex="-1" autofocus {
                    h2 { @if self.faults.later { (self.visit.t.later) } @else { (self.visit.t.faults) } }
                    ul {
                        @for (field, text) in &self.faults.all {
                            li { @match field { Some(field) => a href={ "#" (field) } { (text) }, None => (text) } }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn fault(&self, name: &str) -> Markup {
        html! {
            @if let Some(text) = self.faults.of(name) { p class="fault" id={ (name) "-fault" } { (text) } }
        }
    }

    fn described_by(&self, name: &str, hint: Option<&str>) -> Option<String> {
        let fault = self.faults.of(name).map(|_| format!("{name}-fault"));
        let hint = hint.map(|_| format!("{name}-hint"));
        let both: Vec<_> = [hint, fault].into_iter().flatten().collect();
        (!both.is_empty()).then(|| both.join(" "))
    }

    /// A line of text. `kind` is the input's type.
    pub(super) fn text(&self, name: &str, label: &str, kind: &str, hint: Option<&str>) -> Markup {
        let invalid = self.faults.of(name).map(|_| "true");
        html! {
            div class="field" {
                label for=(name) { (label) }
                @if let Some(hint) = hint { p class="hint" id={ (name) "-hint" } { (hint) } }
                (self.fault(name))
                input type=(kind) id=(name) name=(name) value=(self.fields.raw(name)) aria-invalid=[invalid]
                    aria-describedby=[self.described_by(name, hint)] autocomplete="off"
                    step=[(kind == "datetime-local").then_some("1")];
            }
        }
    }

    /// One that is on or off.
    pub(super) fn check(&self, name: &str, label: &str) -> Markup {
        html! {
            div class="choice" {
                input type="checkbox" id=(name) name=(name) value="on" checked[self.fields.is_on(name)];
                label for=(name) { (label) }
            }
        }
    }

    pub(super) fn area(&self, name: &str, label: &str, rows: usize, hint: Option<&str>) -> Markup {
        let invalid = self.faults.of(name).map(|_| "true");
        html! {
            div class="field" {
                label for=(name) { (label) }
                @if let Some(hint) = hint { p class="hint" id={ (name) "-hint" } { (hint) } }
                (self.fault(name))
                textarea id=(name) name=(name) rows=(rows) aria-invalid=[invalid]
                    aria-describedby=[self.described_by(name, hint)] spellcheck="false" { "\n" (self.fields.raw(name)) }
            }
        }
    }

    /// One of several, each with its value and text.
    pub(super) fn select(&self, name: &str, label: &str, options: &[(String, String)]) -> Markup {
        let invalid = self.faults.of(name).map(|_| "true");
        html! {
            div class="field" {
                label for=(name) { (label) }
                (self.fault(name))
                select id=(name) name=(name) aria-invalid=[invalid] aria-describedby=[self.described_by(name, None)] {
                    @for (value, text) in options {
                        option value=(value) selected[self.fields.has(name, value)] { (text) }
                    }
                }
            }
        }
    }

    /// Some of several (`checkbox`) or one (`radio`).
    pub(super) fn choices(
        &self,
        name: &str,
        legend: &str,
        kind: &str,
        options: &[(String, Markup)],
        hint: Option<&str>,
    ) -> Markup {
        html! {
            fieldset id=(name) tabindex="-1" aria-describedby=[self.described_by(name, hint)] {
                legend { (legend) }
                @if let Some(hint) = hint { p class="hint" id={ (name) "-hint" } { (hint) } }
                (self.fault(name))
                @for (index, (value, text)) in options.iter().enumerate() {
                    @let id = format!("{name}-{index}");
                    div class="choice" {
                        input type=(kind) id=(id) name=(name) value=(value) checked[self.fields.has(name, value)];
                        label for=(id) { (text) }
                    }
                }
            }
        }
    }
}
