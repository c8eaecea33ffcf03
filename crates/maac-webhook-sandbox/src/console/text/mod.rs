//! Every text of the console, in one place for each language.

mod en;
mod zh;

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    English,
    TraditionalChinese,
}

impl Lang {
    pub(super) const fn texts(self) -> &'static Texts {
        match self {
            Self::English => &en::TEXTS,
            Self::TraditionalChinese => &zh::TEXTS,
        }
    }

    /// Sentences one after another: Chinese has no space between them.
    pub(super) fn sentences(self, sentences: &[&str]) -> String {
        sentences.join(if self == Self::English { " " } else { "" })
    }

    /// What stands between a name and what it is the name of.
    pub(super) const fn colon(self) -> &'static str {
        match self {
            Self::English => ": ",
            Self::TraditionalChinese => "：",
        }
    }

    /// Several, one after another.
    pub(super) fn list(self, all: &[impl AsRef<str>]) -> String {
        let all: Vec<_> = all.iter().map(AsRef::as_ref).collect();
        all.join(if self == Self::English { ", " } else { "、" })
    }

    /// Something by the way.
    pub(super) fn in_brackets(self, text: &str) -> String {
        if self == Self::English { format!(" ({text})") } else { format!("（{text}）") }
    }

    /// Its tag (BCP 47).
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::TraditionalChinese => "zh-Hant",
        }
    }

    /// The language of a tag, as a browser sends it. Whoever reads simplified Chinese alone is nearer to the traditional one.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::TraditionalChinese)
        } else {
            primary.eq_ignore_ascii_case("en").then_some(Self::English)
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::English => Self::TraditionalChinese,
            Self::TraditionalChinese => Self::English,
        }
    }

    /// What it calls itself.
    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::TraditionalChinese => "繁體中文",
        }
    }
}

/// A text with each `{}` replaced.
pub(super) fn fill(text: &str, with: &[&str]) -> String {
    let mut with = with.iter();
    let mut filled = String::new();
    let mut parts = text.split("{}").peekable();
    while let Some(part) = parts.next() {
        filled.push_str(part);
        if parts.peek().is_some() {
            filled.push_str(with.next().unwrap_or(&""));
        }
    }
    filled
}

macro_rules! texts {
    ($($name:ident,)+) => {
        /// The texts of a language. One that a language lacked would not compile.
        #[derive(Debug)]
        pub(super) struct Texts {
            $(pub(super) $name: &'static str,)+
        }

        #[cfg(test)]
        impl Texts {
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

texts! {
    product,
    skip,
    navigation,
    footer,
    log_in,
    log_out,
    token,
    token_hint,
    wrong_token,
    not_found,
    not_found_help,
    not_possible,
    form_expired,
    form_expired_help,
    back_to_webhooks,
    back,
    cancel,
    save,
    change,
    create,
    delete,
    stop,
    resume,
    details,
    menu,
    open,
    push,
    submit,
    upload,
    grant,
    bind,
    reload,
    pages,
    newest,
    older,
    any,
    none,
    empty,
    name,
    time,
    status,
    url,
    result,
    required,
    faults,
    later,
    nothing_happened,
    not_a_number,
    not_a_time,
    not_a_day,
    may_be_empty,
    one_a_line,
    taiwan_time,
    taiwan_time_or_empty,
    webhooks,
    welcome,
    welcome_text,
    welcome_step_receiver,
    welcome_step_create,
    welcome_step_secret,
    welcome_step_test,
    create_webhook,
    endpoint_name,
    endpoint_url,
    endpoint_url_hint,
    select_event,
    select_event_hint,
    ongoing,
    stopped,
    subscribed_events,
    subscriptions,
    working_of,
    purchase_valid_until,
    zones_bought,
    change_purchase,
    purchase,
    purchase_help,
    zones,
    first_day,
    last_day,
    last_day_hint,
    done_created,
    done_stopped,
    done_resumed,
    done_deleted,
    done_secret,
    done_purchase,
    done_saved,
    done_removed,
    create_time,
    update_time,
    share_secret,
    secret_hidden,
    show_secret,
    hide_secret,
    change_secret,
    change_secret_of,
    change_secret_at_once,
    change_secret_lost,
    change_secret_retries,
    change_secret_advice,
    delete_webhook,
    delete_of,
    delete_consequence,
    send_test,
    event_type,
    request_json,
    response,
    status_code,
    response_body,
    response_headers,
    cut_off,
    deliveries_of_endpoint,
    deliveries,
    all_deliveries,
    no_deliveries,
    simulate_one,
    delivery,
    all_of_delivery,
    endpoint,
    event,
    topic,
    origin,
    origin_test,
    origin_event,
    sent_again_of,
    repeated,
    idempotency_key,
    accepted_at,
    attempts,
    no_attempt_yet,
    attempt_number,
    took,
    tried_again_after,
    next_attempt,
    in_seconds,
    attempt_under_way,
    waits_for_turn,
    send_again,
    request,
    request_headers,
    request_body,
    not_signed_yet,
    signed_bytes,
    as_hex,
    as_curl,
    as_curl_hint,
    state_under_way,
    state_delivered,
    state_refused,
    state_exhausted,
    state_cancelled,
    state_interrupted,
    not_delivered_because,
    at_each_endpoint,
    no_endpoint,
    simulate_another,
    transport_dns,
    transport_refused,
    transport_unreachable,
    transport_reset,
    transport_closed,
    transport_timeout,
    transport_tls,
    transport_protocol,
    transport_other,
    no_such_delivery,
    store_in_use,
    store_unavailable,
    live_log,
    live_log_hint,
    no_steps,
    next_at,
    step_accepted,
    step_began,
    step_answered,
    step_not_answered,
    step_missed,
    simulate,
    simulate_help,
    made_of,
    made_of_help,
    friends,
    friends_help,
    no_friend,
    add_friend,
    friend_taken,
    delete_named,
    delete_friend,
    delete_friend_consequence,
    delete_campaign,
    delete_campaign_consequence,
    delete_survey,
    delete_survey_consequence,
    delete_template,
    delete_template_consequence,
    friend,
    another_friend,
    line_uid,
    line_uid_hint,
    line_uid_form,
    customer_id,
    choose_friend,
    choose_template,
    no_event_because,
    receipt,
    receipt_help,
    campaigns,
    campaign,
    campaign_help,
    add_campaign,
    no_campaign,
    campaign_taken,
    channels,
    channel,
    keywords,
    keywords_hint,
    minimum_amount,
    invoice_number,
    invoice_number_hint,
    random_number,
    bought_at,
    items,
    items_hint,
    item_number,
    item_numbers,
    description,
    unit_price,
    quantity,
    survey,
    survey_help,
    surveys,
    add_survey,
    edit_survey,
    edit_survey_help,
    no_survey,
    survey_taken,
    survey_too_long,
    survey_id,
    survey_id_hint,
    survey_title,
    survey_title_hint,
    survey_name,
    question_number,
    serial_number,
    subject,
    question_type,
    alias,
    label,
    must_be_answered,
    add_question,
    remove_question,
    choices,
    choice_number,
    choice_text,
    answer_alias,
    takes_text,
    add_choice,
    remove,
    type_short_text,
    type_long_text,
    type_choice_one,
    type_choice_multi,
    type_nest,
    type_nest_child,
    type_digit_input,
    type_digit_slide,
    type_item_sort,
    type_rating_bar,
    type_pick_from,
    type_quote,
    type_statement,
    type_date_picker,
    type_divider,
    text_beside,
    sms_plus,
    sms_plus_help,
    template,
    template_id,
    templates,
    no_template,
    template_taken,
    with_sms,
    without_sms,
    add_template,
    template_sms,
    template_sms_hint,
    channels_of_template,
    phone_number,
    phone_number_hint,
    line_push_template,
    line_push_template_hint,
    customized_id,
    event_id,
    pnp_messages,
    pnp_message,
    line_push,
    no_messages,
    next_status,
    message_ended,
    error_category,
    event_happened,
    what_became_of_it,
    profile,
    profile_help,
    source,
    by_pnp,
    by_sms,
    points,
    points_help,
    prize_name,
    points_category,
    points_memo,
    points_count,
    points_expire,
    messages,
    messages_help,
    openapi,
    openapi_help,
    openapi_base,
    openapi_token,
    openapi_token_hidden,
    openapi_try,
    openapi_try_hidden,
    openapi_try_uncovered,
    openapi_api,
    openapi_api_help,
    push_message,
    message_template,
    kind,
    kind_push,
    kind_multicast,
    kind_enhanced,
    no_event_id,
    recipients,
    broadcast,
    send_broadcast,
    create_event,
    event_name,
    sent_messages,
    opened_by,
    opened,
    sent_at,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_lacking_in_either_language_and_both_have_the_same_blanks() {
        let (english, chinese) = (Lang::English.texts().all(), Lang::TraditionalChinese.texts().all());
        for ((name, english), (_, chinese)) in english.into_iter().zip(chinese) {
            assert!(!english.trim().is_empty() && !chinese.trim().is_empty(), "{name}");
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{name}");
            assert!(english.is_ascii() || english.contains(['–', '“']), "{name} is not English: {english}");
        }
    }

    #[test]
    fn chinese_punctuation_is_of_full_width() {
        let is_chinese =
            |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c) || "，。、：；「」（）／".contains(c);
        let half = |c: char| ",:;!?()[]\"'".contains(c);
        let errors = include_str!("../errors.rs").split('"').filter(|text| text.contains(is_chinese));
        let errors: Vec<_> = errors.map(|text| ("errors", text)).collect();
        assert!(errors.len() > 90, "{}", errors.len());
        for (name, text) in Lang::TraditionalChinese.texts().all().into_iter().chain(errors) {
            let characters: Vec<_> = text.chars().filter(|c| *c != ' ').collect();
            let beside = characters
                .windows(2)
                .find(|two| half(two[0]) && is_chinese(two[1]) || is_chinese(two[0]) && half(two[1]));
            // A number, a word or a blank has none either.
            let between = text.contains(": ") || text.contains(", ");
            assert!(beside.is_none() && !between, "{name}: {text}");
            assert!(!text.contains(['“', '”', '…', '网', '络']), "{name}: {text}");
        }
    }

    #[test]
    fn what_is_the_same_in_both_languages_is_a_name() {
        let names = ["share_secret", "openapi", "kind_push", "kind_multicast", "kind_enhanced"];
        let (english, chinese) = (Lang::English.texts().all(), Lang::TraditionalChinese.texts().all());
        let same = english.into_iter().zip(chinese).filter(|(english, chinese)| english.1 == chinese.1);
        let same: Vec<_> = same.map(|(english, _)| english.0).collect();
        assert_eq!(same, names);
    }

    #[test]
    fn blanks_are_filled_in_order_and_what_fills_them_is_not_read() {
        assert_eq!(fill("{} of {}!", &["{}", "2"]), "{} of 2!");
        assert_eq!(fill("none", &["1"]), "none");
        assert_eq!(fill("{}{}", &["1"]), "1");
    }
}
