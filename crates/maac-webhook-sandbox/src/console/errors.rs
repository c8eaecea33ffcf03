//! What is refused, and why, in the words of the console's user. English is the library's own.

use maac_webhook_sender::{
    InvalidTargetKind,
    dispatch::DispatchErrorKind,
    platform::{EndpointStatus, NotDelivered, PlatformErrorKind, topic_name},
    producers::{Field, NoFirstOpen, NoMatch, ProducerErrorKind},
    wire_wall_clock,
};

use super::text::{Lang, fill};
use crate::{SandboxErrorKind, StoreErrorKind};

pub(super) fn sandbox(lang: Lang, kind: &SandboxErrorKind) -> String {
    match kind {
        SandboxErrorKind::Platform(kind) => platform(lang, kind),
        SandboxErrorKind::Producer(kind) => producer(lang, kind),
        SandboxErrorKind::Dispatch(kind) => dispatch(lang, kind),
        SandboxErrorKind::NoSuchDelivery => lang.texts().no_such_delivery.to_owned(),
        SandboxErrorKind::Store(kind) => match kind {
            StoreErrorKind::InUse => lang.texts().store_in_use.to_owned(),
            _ => lang.texts().store_unavailable.to_owned(),
        },
    }
}

pub(super) fn dispatch(lang: Lang, kind: &DispatchErrorKind) -> String {
    if let DispatchErrorKind::NotDelivered { reason, .. } = kind {
        let because = self::reason(lang, reason);
        return fill(lang.texts().not_delivered_because, &[&because]);
    }
    if lang == Lang::English {
        return kind.to_string();
    }
    match kind {
        DispatchErrorKind::QueueFull { capacity, .. } => {
            format!("已有 {capacity} 筆傳送正在等待或進行中，請待部分完成後再試一次。")
        }
        DispatchErrorKind::Closed => "系統正在關閉，不再送出事件。".to_owned(),
        DispatchErrorKind::Unwritable => "此事件無法寫成 JSON。".to_owned(),
        DispatchErrorKind::LogUnavailable => "無法記錄這筆傳送，因此未送出。".to_owned(),
        other => other.to_string(),
    }
}

/// It follows "not delivered because".
pub(super) fn reason(lang: Lang, reason: &NotDelivered) -> String {
    let at = |at: &jiff::Timestamp| wire_wall_clock(*at);
    match (lang, reason) {
        (Lang::English, NotDelivered::BeforePeriod { from, .. }) => {
            format!("the purchase is valid from {} on", at(from))
        }
        (Lang::English, NotDelivered::AfterPeriod { until, .. }) => {
            format!("the purchase was valid until {}", at(until))
        }
        (Lang::English, other) => other.to_string(),
        (Lang::TraditionalChinese, reason) => match reason {
            NotDelivered::UnknownTopic => "沒有任何 Webhook 方案包含此事件".to_owned(),
            NotDelivered::ZoneNotBought { zone, .. } => format!("尚未購買 Webhook zone {}", zone.number()),
            NotDelivered::BeforePeriod { from, .. } => format!("購買效期自 {} 才開始", at(from)),
            NotDelivered::AfterPeriod { until, .. } => format!("購買效期已於 {} 結束", at(until)),
            NotDelivered::Stopped => "此 Webhook 端點已停用".to_owned(),
            NotDelivered::Deleted => "此 Webhook 端點已刪除".to_owned(),
            NotDelivered::NotSubscribed => "此 Webhook 端點未訂閱這個事件".to_owned(),
            NotDelivered::FailedSelfCheck => "簽章無法通過驗證，這是傳送端的錯誤".to_owned(),
            other => other.to_string(),
        },
    }
}

pub(super) fn platform(lang: Lang, kind: &PlatformErrorKind) -> String {
    use PlatformErrorKind as Kind;

    if lang == Lang::English {
        return kind.to_string();
    }
    match kind {
        Kind::NoZone => "請至少選擇一個 Webhook zone。".to_owned(),
        Kind::PeriodEndsBeforeItBegins => "購買效期的結束日必須晚於開始日。".to_owned(),
        Kind::DayOutOfRange => "日期超出曆法可表示的年份。".to_owned(),
        Kind::NoSuchEndpoint => "找不到此 Webhook 端點，可能已被刪除。".to_owned(),
        Kind::TooManyWorkingEndpoints { limit, .. } => {
            format!(
                "每個平台最多可有 {limit} 個運作中的 Webhook。請先停用或刪除其中一個；如需更多，請洽客服。"
            )
        }
        Kind::NameMissing => "請輸入 Webhook 端點名稱。".to_owned(),
        Kind::NameTooLong { limit, .. } => format!("名稱超過 {limit} 個字元。"),
        Kind::NameNotPrintable => "名稱含有換行或其他控制字元。".to_owned(),
        Kind::InvalidUrl { fault, .. } => format!("無法傳送到此網址：{}。", target(*fault)),
        Kind::NotHttps { loopback_allowed: false, .. } => "網址必須以 https:// 開頭。".to_owned(),
        Kind::NotHttps { .. } => {
            "網址必須以 https:// 開頭；只有本機網址（例如 http://127.0.0.1）可以例外。".to_owned()
        }
        Kind::NoTopic => "請至少選擇一個 Webhook 事件。".to_owned(),
        Kind::UnknownTopic { topic, .. } => format!("沒有 {topic} 這個 Webhook 事件。"),
        Kind::ZoneNotBought { topic, zone, .. } => {
            format!("「{}」屬於 Webhook zone {}，尚未購買。", topic_name(topic), zone.number())
        }
        Kind::AlreadyInStatus { status: EndpointStatus::Stopped, .. } => {
            "此 Webhook 端點已經停用。".to_owned()
        }
        Kind::AlreadyInStatus { .. } => "此 Webhook 端點已經在進行中。".to_owned(),
        Kind::RestoredTwice => "此 Webhook 端點已經存在。".to_owned(),
        Kind::EditingNotOffered => "Webhook 端點的名稱、網址與事件無法修改，請另外建立一個。".to_owned(),
        other => other.to_string(),
    }
}

fn target(fault: InvalidTargetKind) -> &'static str {
    match fault {
        InvalidTargetKind::NoScheme => "不是以 https:// 或 http:// 開頭",
        InvalidTargetKind::NotAUrl => "這不是網址",
        InvalidTargetKind::OtherScheme => "通訊協定不是 https 也不是 http",
        InvalidTargetKind::NoHost => "沒有主機名稱",
        InvalidTargetKind::Credentials => "網址含有使用者名稱或密碼，不會被送出",
        InvalidTargetKind::InvalidPort => "連接埠不是 65535 以下的數字",
        _ => "無法傳送",
    }
}

fn field(field: Field) -> &'static str {
    match field {
        Field::CampaignName => "活動名稱",
        Field::Channel => "通路",
        Field::SurveyId => "問卷 ID",
        Field::SurveyTitle => "問卷標題",
        Field::QuestionSubject => "每一題的題目",
        Field::PnpSettingName => "SMS+ 範本名稱",
        Field::PrizeName => "獎項名稱",
        Field::EventName => "事件名稱",
        _ => "必填欄位",
    }
}

pub(super) fn producer(lang: Lang, kind: &ProducerErrorKind) -> String {
    use ProducerErrorKind as Kind;

    if lang == Lang::English {
        return kind.to_string();
    }
    match kind {
        Kind::Missing { field, .. } => format!("請輸入{}。", self::field(*field)),
        Kind::InvalidLineUid => "LINE user ID 為 U 加上 32 個 0–9、a–f 字元。".to_owned(),
        Kind::InvalidInvoiceNumber => "發票號碼為兩個大寫英文字母加八個數字。".to_owned(),
        Kind::InvalidRandomNumber => "發票隨機碼為四個數字。".to_owned(),
        Kind::PurchaseInFuture => "消費時間晚於發票上傳時間。".to_owned(),
        Kind::NoItem => "發票至少要有一個品項。".to_owned(),
        Kind::InvalidItem { item, .. } => {
            format!("第 {item} 個品項需要品名，以及不為負數的單價、數量與金額。")
        }
        Kind::InvalidMinimumAmount { campaign, .. } => {
            format!("「{campaign}」的最低金額必須是不為負數的數字。")
        }
        Kind::NoQuestion => "問卷至少要有一題。".to_owned(),
        Kind::RepeatedQuestion { sn, .. } => format!("有兩題的序號都是 {sn}。"),
        Kind::RepeatedAlias { alias, .. } => format!("有兩題的 alias 都是 {alias}。"),
        Kind::UnknownQuestionType { sn, question_type, .. } => {
            format!("第 {sn} 題的題型 {question_type} 不是 SurveyCake 的題型。")
        }
        Kind::NoChoice { sn, .. } => format!("第 {sn} 題需要選項。"),
        Kind::IndistinctChoices { sn, .. } => format!("第 {sn} 題的每個選項文字不可重複或空白。"),
        Kind::NoSuchFriend { line_uid, .. } => format!("沒有好友 {line_uid}。"),
        Kind::NoSuchCampaign { name, .. } => format!("沒有發票活動「{name}」。"),
        Kind::NoSuchSurvey { svid, .. } => format!("沒有問卷 {svid}。"),
        Kind::NoSuchQuestion { sn, .. } => format!("問卷沒有第 {sn} 題。"),
        Kind::AnsweredTwice { sn, .. } => format!("第 {sn} 題回答了兩次。"),
        Kind::NotAnswered { sn, .. } => format!("第 {sn} 題為必填。"),
        Kind::TakesNoAnswer { sn, .. } => format!("第 {sn} 題不能作答。"),
        Kind::OneAnswerOnly { sn, .. } => format!("第 {sn} 題只能有一個答案。"),
        Kind::NotAChoice { sn, .. } => format!("第 {sn} 題的答案不在選項中。"),
        Kind::ChosenTwice { sn, .. } => format!("第 {sn} 題有重複的答案。"),
        Kind::NotAllSorted { sn, .. } => format!("第 {sn} 題需要將所有項目排序。"),
        Kind::NotANumber { sn, .. } => format!("第 {sn} 題的答案不是數字。"),
        Kind::NotADate { sn, .. } => format!("第 {sn} 題的答案不是日期，例如 1992-07-14。"),
        Kind::NoTextBeside { sn, .. } => format!("第 {sn} 題的這個選項不能附加文字。"),
        Kind::InvalidPhoneNumber => {
            "手機號碼需為 E.164 格式（例如 +886912345678），或其 SHA-256 的 64 個十六進位字元。".to_owned()
        }
        Kind::HashedPhoneNumberWithSms => "雜湊過的手機號碼只能用於關閉簡訊的範本。".to_owned(),
        Kind::HashedPhoneNumberBySms => "無法發送簡訊到雜湊過的手機號碼。".to_owned(),
        Kind::UnknownProfileSource => "來源為 pnp 或 sms。".to_owned(),
        Kind::NoSuchPnpSetting { id, .. } => format!("沒有 SMS+ 範本 {id}。"),
        Kind::PnpSettingInUse { id, messages, .. } => {
            format!("SMS+ 範本 {id} 仍有 {messages} 則訊息尚未結束，無法刪除。請先回報這些訊息的最終狀態。")
        }
        Kind::NoSuchPnpMessage { id, .. } => format!("沒有 SMS+ 訊息 {id}。"),
        Kind::NoLinePushInMulticast => "SMS+ 群發沒有 LINE 推播。".to_owned(),
        Kind::PointsInsufficient => "點數不足，無法發送訊息。".to_owned(),
        Kind::StatusNotNext { from, to, next: [], .. } => format!("訊息在 {from} 已經結束，不會變成 {to}。"),
        Kind::StatusNotNext { from, to, next, .. } => {
            let next: Vec<_> = next.iter().map(|status| status.as_str()).collect();
            format!("訊息在 {from} 之後不會變成 {to}，可能的狀態為 {}。", next.join("、"))
        }
        Kind::ReportedBefore { at, .. } => format!("訊息的上一個狀態時間 {} 較晚。", wire_wall_clock(*at)),
        Kind::NoErrorCategory { status, .. } => format!("{status} 沒有此管道的錯誤類別。"),
        Kind::UnknownErrorCategory => "沒有此錯誤類別。".to_owned(),
        Kind::NoPoints => "至少要給 1 點。".to_owned(),
        Kind::PointsExpired => "點數已經過期。".to_owned(),
        Kind::TooManyEvents { limit, .. } => format!("事件數量已達上限 {limit} 個。"),
        Kind::NoSuchEvent { id, .. } => format!("沒有事件 {id}。"),
        Kind::NoSuchMessage { id, .. } => format!("沒有訊息 {id}。"),
        Kind::NoSuchBroadcast { id, .. } => format!("沒有推播 {id}。"),
        Kind::NoRecipient => "訊息沒有收件人。".to_owned(),
        Kind::TooManyRecipients { limit, .. } => format!("一則訊息最多 {limit} 位收件人。"),
        Kind::NotARecipient => "這則訊息沒有送達這位好友。".to_owned(),
        Kind::NotSentYet { sent_at, .. } => format!("這則訊息將於 {} 送出。", wire_wall_clock(*sent_at)),
        other => other.to_string(),
    }
}

/// It follows "no event because".
pub(super) fn no_first_open(lang: Lang, why: NoFirstOpen) -> String {
    if lang == Lang::English {
        return why.to_string();
    }
    match why {
        NoFirstOpen::NoEventId => "這則訊息推送時沒有 event_id".to_owned(),
        NoFirstOpen::EnhancedMulticast => "enhanced multicast 不追蹤個別好友的開啟".to_owned(),
        NoFirstOpen::OpenedBefore => "這位好友先前已開啟過這則訊息".to_owned(),
        NoFirstOpen::OpenedUnderEventId => "這位好友已開啟過此 event_id 的另一則訊息".to_owned(),
        other => other.to_string(),
    }
}

/// It follows "no event because".
pub(super) fn no_match(lang: Lang, why: &NoMatch) -> String {
    if lang == Lang::English {
        return why.to_string();
    }
    match why {
        NoMatch::OtherChannel => "這張發票屬於其他通路".to_owned(),
        NoMatch::NoMatchingItem => "沒有符合條件的品項".to_owned(),
        NoMatch::TooLittle { amount, minimum, .. } => format!("符合的品項共 {amount} 元，未達 {minimum} 元"),
        other => other.to_string(),
    }
}

/// What went wrong at an attempt that was not answered.
pub(super) fn transport(lang: Lang, kind: &str) -> &'static str {
    let t = lang.texts();
    match kind {
        "dns" => t.transport_dns,
        "refused" => t.transport_refused,
        "unreachable" => t.transport_unreachable,
        "reset" => t.transport_reset,
        "closed" => t.transport_closed,
        "timeout" => t.transport_timeout,
        "tls" => t.transport_tls,
        "protocol" => t.transport_protocol,
        _ => t.transport_other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = include_str!("errors.rs");

    /// The variants of an enum in this source.
    fn variants(source: &str, name: &str) -> Vec<String> {
        let body = source.split(&format!("pub enum {name} {{")).nth(1).unwrap().split("\n}").next().unwrap();
        let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
        let named = lines.filter(|line| line.starts_with(char::is_uppercase));
        named.map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()).collect()
    }

    /// The kinds may grow, so the compiler does not ask for each.
    #[test]
    fn each_thing_that_the_library_refuses_has_a_chinese_text() {
        let kinds = [
            (include_str!("../../../maac-webhook-sender/src/platform/error.rs"), "PlatformErrorKind", "Kind"),
            (
                include_str!("../../../maac-webhook-sender/src/producers/error.rs"),
                "ProducerErrorKind",
                "Kind",
            ),
            (include_str!("../../../maac-webhook-sender/src/producers/field.rs"), "Field", "Field"),
            (
                include_str!("../../../maac-webhook-sender/src/dispatch/error.rs"),
                "DispatchErrorKind",
                "DispatchErrorKind",
            ),
            (
                include_str!("../../../maac-webhook-sender/src/producers/messages/opening.rs"),
                "NoFirstOpen",
                "NoFirstOpen",
            ),
            (include_str!("../../../maac-webhook-sender/src/producers/receipt.rs"), "NoMatch", "NoMatch"),
            (
                include_str!("../../../maac-webhook-sender/src/platform/subscription.rs"),
                "NotDelivered",
                "NotDelivered",
            ),
            (
                include_str!("../../../maac-webhook-sender/src/target.rs"),
                "InvalidTargetKind",
                "InvalidTargetKind",
            ),
        ];
        for (source, name, here) in kinds {
            let variants = variants(source, name);
            assert!(variants.len() >= 3, "{name}: {variants:?}");
            for variant in variants {
                let arm = |end: &str| OWN.contains(&format!("{here}::{variant}{end}"));
                assert!(arm(" =>") || arm(" {") || arm(" |"), "{name}::{variant} has no Chinese text");
            }
        }
    }

    #[test]
    fn what_is_refused_is_said_in_the_language_of_the_page() {
        let chinese = |text: String| assert!(!text.is_ascii(), "{text}");
        let zh = Lang::TraditionalChinese;
        for kind in [PlatformErrorKind::NoZone, PlatformErrorKind::NameMissing, PlatformErrorKind::NoTopic] {
            chinese(platform(zh, &kind));
            assert_eq!(platform(Lang::English, &kind), kind.to_string());
        }
        for kind in
            [ProducerErrorKind::InvalidLineUid, ProducerErrorKind::NoPoints, ProducerErrorKind::NoItem]
        {
            chinese(producer(zh, &kind));
            assert_eq!(producer(Lang::English, &kind), kind.to_string());
        }
        let at: jiff::Timestamp = "2025-12-31T16:00:00Z".parse().unwrap();
        let over = serde_json::json!({"reason": "after_period", "until": at});
        let over: NotDelivered = serde_json::from_value(over).unwrap();
        assert_eq!(reason(zh, &over), "購買效期已於 2026-01-01 00:00:00 結束");
        assert_eq!(no_match(zh, &NoMatch::OtherChannel), "這張發票屬於其他通路");
        assert_eq!(no_first_open(zh, NoFirstOpen::OpenedBefore), "這位好友先前已開啟過這則訊息");
    }
}
