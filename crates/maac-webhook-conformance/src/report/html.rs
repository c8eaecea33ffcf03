use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{CaseReport, Report};
use crate::{Exchange, Level, Status};

/// Not to be escaped: it is ours.
const STYLE: &str = include_str!("report.css");

impl Report {
    /// All of it as a page, what failed first, with what went over the wire. It loads nothing from anywhere, and runs no script.
    #[must_use]
    pub fn to_html(&self) -> String {
        let verdict = self.verdict().as_str();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    title { (verdict) ": " (self.url) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { "Conformance of a MAAC webhook receiver" }
                    (self.about())
                    p class={ "verdict " (verdict) } { (self.conclusion()) }
                    (self.counts())
                    (self.failures())
                    @for (group, cases) in self.groups() {
                        h2 { (self.heading(group.as_str())) }
                        @for case in cases {
                            @if !is_wrong(case) { (details(case)) }
                        }
                    }
                }
            }
        };
        page.into_string()
    }

    fn about(&self) -> Markup {
        html! {
            p class="about" {
                (self.url)
                @match &self.probe {
                    Some(probe) => { ", with the probe " (probe) }
                    None => { ", without a probe: what only that shows is inconclusive" }
                }
                @if let Some(topics) = self.some_topics() { br; "for events of " (topics) " alone" }
                br;
                (self.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")) ", " (format!("{:.1}", self.duration.as_secs_f64())) " s, by maac-webhook-conformance "
                (env!("CARGO_PKG_VERSION"))
            }
        }
    }

    /// How many cases of each level that was asked for came to each status.
    fn counts(&self) -> Markup {
        let counted = |level| (level, Status::ALL.map(|status| self.count(level, status)));
        let levels =
            Level::ALL.into_iter().map(counted).filter(|(_, counts)| counts.iter().sum::<usize>() > 0);
        // A column of zeros says nothing.
        let shown = Status::ALL
            .map(|status| status == Status::Fail || self.cases.iter().any(|case| case.status == status));
        html! {
            table {
                thead {
                    tr {
                        th {}
                        @for (status, shown) in Status::ALL.iter().zip(shown) { @if shown { th { (status) } } }
                    }
                }
                tbody {
                    @for (level, counts) in levels {
                        tr {
                            th { (level) }
                            @for (count, shown) in counts.into_iter().zip(shown) {
                                @if shown { td class=[(count == 0).then_some("zero")] { (count) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What is wrong, what matters most first. It stands open, to be read.
    fn failures(&self) -> Markup {
        let of = |level| self.cases.iter().filter(move |case| is_wrong(case) && case.level == level);
        html! {
            @if self.cases.iter().any(is_wrong) {
                section class="failures" {
                    h2 { "What failed" }
                    @for case in Level::ALL.into_iter().flat_map(of) { (details(case)) }
                }
            }
        }
    }

    fn heading(&self, group: &str) -> String {
        let mut letters = group.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let wrong = self.cases.iter().filter(|case| is_wrong(case) && case.group.as_str() == group).count();
        let rest = if wrong > 0 { format!(": {wrong} failed, see above") } else { String::new() };
        first.into_iter().chain(letters).collect::<String>() + &rest
    }
}

fn is_wrong(case: &CaseReport) -> bool {
    matches!(case.status, Status::Fail | Status::EngineError)
}

fn details(case: &CaseReport) -> Markup {
    let class = case.status.as_str().replace(' ', "-");
    html! {
        details class="case" id=(case.id) open[is_wrong(case)] {
            summary {
                span class={ "status " (class) } { (case.status) }
                span class="id" { (case.id) }
                span class="level" { (case.level) }
                span class="title" { (case.title) }
            }
            div class="inside" {
                dl {
                    dt { "expected" } dd { (case.expected) }
                    dt { "actual" } dd { (case.actual) }
                    dt { "contract" } dd { (case.contract) " (" (case.basis) ")" }
                    dt { "run again" } dd { code { (case.repeat) } }
                }
                @for exchange in &case.exchanges { (wire(exchange)) }
                @if case.exchanges_left_out > 0 {
                    p class="about" { (case.exchanges_left_out) " more exchanges are not shown." }
                }
            }
        }
    }
}

fn wire(exchange: &Exchange) -> Markup {
    let came = match &exchange.answer {
        Some(answer) => format!("answered {}", answer.status),
        None if exchange.error.is_none() => "done".to_owned(),
        None => "no answer".to_owned(),
    };
    html! {
        details class="exchange" {
            summary { (exchange.what) ": " (came) " in " (exchange.duration_ms) " ms" }
            div {
                pre { (exchange.request) "\n" (headers(&exchange.headers)) "\n" (exchange.body) }
                @if let Some(answer) = &exchange.answer {
                    pre { (answer.status) "\n" (headers(&answer.headers)) "\n" (answer.body) }
                }
                @if let Some(error) = &exchange.error { p class="fail" { (error) } }
            }
        }
    }
}

fn headers(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}
