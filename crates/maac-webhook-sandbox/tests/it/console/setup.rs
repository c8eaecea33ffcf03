//! What events are made of: edited and deleted.

use maac_webhook_sandbox::maac_webhook_sender::producers::{PnpPush, Survey};

use super::{Browser, Console};

const EDIT: &str = "/simulate/survey/edit";

fn surveys(console: &Console) -> Vec<Survey> {
    console.sandbox.producers().setup().surveys.clone()
}

/// The fields of the form of this action, as they are shown.
fn fields(browser: &Browser, action: &str) -> Vec<(String, String)> {
    let form = browser.page.split("<form ").find(|form| form.contains(&format!("action=\"{action}\"")));
    let form = form.unwrap().split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next().unwrap();
        Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        let name = || attribute(tag, "name").unwrap();
        let is_left_out = tag.contains("type=\"checkbox\"") && !tag.contains(" checked");
        if tag.starts_with("input") && !is_left_out && name() != "csrf_token" {
            fields.push((name(), attribute(tag, "value").unwrap_or_default()));
        } else if tag.starts_with("select") {
            let options = form.split(&format!("name=\"{}\"", name())).nth(1).unwrap();
            let options = options.split("</select>").next().unwrap();
            let chosen = options.split("<option").find(|option| option.contains(" selected"));
            fields.extend(chosen.map(|option| (name(), attribute(option, "value").unwrap())));
        }
    }
    fields
}

async fn submit(browser: &mut Browser, action: &str, fields: &[(String, String)]) -> u16 {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.submit(action, &fields).await
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(own, _)| own != name);
    fields.push((name.to_owned(), value.to_owned()));
}

#[tokio::test]
async fn a_survey_that_is_opened_and_saved_stays_as_it_is() {
    let console = Console::start().await;
    let before = surveys(&console);
    let mut browser = console.browser();
    browser.open(&format!("{EDIT}?svid={}", before[0].svid)).await;
    let fields = fields(&browser, EDIT);
    assert_eq!(submit(&mut browser, EDIT, &fields).await, 200);
    browser.assert_shows(&["It is saved."]);
    assert_eq!(surveys(&console), before);
    assert_eq!(browser.open(&format!("{EDIT}?svid=none")).await, 404);
}

#[tokio::test]
async fn questions_and_choices_are_added_and_removed_without_scripts() {
    let console = Console::start().await;
    let mut browser = console.browser();
    browser.open(EDIT).await;
    let mut own = fields(&browser, EDIT);
    for (name, value) in [("title", "新品 <試吃>"), ("q0-subject", "口味"), ("q0-type", "CHOICEMULTI")]
    {
        set(&mut own, name, value);
    }
    for action in ["add-choice 0", "add-choice 0", "add-choice 0", "remove-choice 0 1", "add-question"] {
        set(&mut own, "action", action);
        assert_eq!(submit(&mut browser, EDIT, &own).await, 200);
        own = fields(&browser, EDIT);
    }
    browser.assert_shows(&["新品 &lt;試吃&gt;", "Question 2", "Choice 2"]);
    assert!(!browser.shows("Choice 3") && !browser.shows("Question 3"));
    for (name, value) in [
        ("svid", "taste"),
        ("q0-alias", "flavour"),
        ("q0-c0-text", "桂花"),
        ("q0-c1-text", "黑糖"),
        ("q0-c1-alias", "brown_sugar"),
        ("q0-c1-takes-text", "on"),
        ("q1-subject", "意見"),
        ("q1-required", "on"),
    ] {
        set(&mut own, name, value);
    }
    assert_eq!(submit(&mut browser, EDIT, &own).await, 200);
    let survey = surveys(&console).pop().unwrap();
    assert_eq!((survey.svid.as_str(), survey.questions.len()), ("taste", 2));
    let choices = &survey.questions[0].choices;
    assert_eq!((choices[1].alias.as_str(), choices[1].takes_text), ("brown_sugar", true));
    assert!(survey.questions[1].required && survey.questions[1].sn == 2);

    // Under another id it stays the same survey, and another's id is taken.
    browser.open(&format!("{EDIT}?svid=taste")).await;
    let mut own = fields(&browser, EDIT);
    set(&mut own, "svid", "x7QpL");
    assert_eq!(submit(&mut browser, EDIT, &own).await, 422);
    browser.assert_shows(&["id=\"svid-fault\">There is a survey of this id already."]);
    set(&mut own, "svid", "tasting");
    assert_eq!(submit(&mut browser, EDIT, &own).await, 200);
    let ids: Vec<_> = surveys(&console).into_iter().map(|survey| survey.svid).collect();
    assert_eq!(ids, ["x7QpL", "tasting"]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_survey_is_told_at_its_fields() {
    let console = Console::start().await;
    let mut browser = console.browser();
    browser.open(EDIT).await;
    let wrong = [
        ("svid", ""),
        ("title", " "),
        ("q0-sn", "one"),
        ("q0-type", "TXTSHORT"),
        ("q0-subject", "a"),
        ("q1-sn", "2"),
        ("q1-type", "CHOICEONE"),
        ("q1-subject", "b"),
        ("q2-sn", "3"),
        ("q2-type", "PICKFROM"),
        ("q2-subject", "c"),
        ("q2-c0-text", "茶"),
        ("q2-c1-text", "茶"),
        ("q3-sn", "4"),
        ("q3-type", "NONE"),
        ("q3-subject", "d"),
        ("q4-sn", "5"),
        ("q4-type", "TXTLONG"),
        ("q4-subject", ""),
    ];
    assert_eq!(browser.submit(EDIT, &wrong).await, 422);
    for field in ["svid", "title", "q0-sn", "q1-choices", "q2-c1-text", "q3-type", "q4-subject"] {
        let (told, led_to) = (format!("id=\"{field}-fault\""), format!("href=\"#{field}\""));
        browser.assert_shows(&[&told, &led_to, &format!("id=\"{field}\"")]);
    }
    let twice = [
        ("svid", "x"),
        ("title", "x"),
        ("q0-sn", "1"),
        ("q0-type", "TXTSHORT"),
        ("q0-subject", "a"),
        ("q0-alias", "a"),
        ("q1-sn", "1"),
        ("q1-type", "TXTSHORT"),
        ("q1-subject", "b"),
        ("q1-alias", "a"),
    ];
    assert_eq!(browser.submit(EDIT, &twice).await, 422);
    browser.assert_shows(&["id=\"q1-sn-fault\">Two questions have the serial number 1."]);
    let mut twice = twice;
    twice[6] = ("q1-sn", "2");
    assert_eq!(browser.submit(EDIT, &twice).await, 422);
    browser.assert_shows(&["id=\"q1-alias-fault\">Two questions have the alias a."]);
    assert_eq!(browser.submit(EDIT, &[("svid", "x"), ("title", "x")]).await, 422);
    browser.assert_shows(&["A survey has at least one question."]);
    assert_eq!(surveys(&console).len(), 1);
}

#[tokio::test]
async fn a_campaign_a_friend_and_a_template_are_edited_in_their_place() {
    let console = Console::start().await;
    let mut browser = console.browser();
    let setup = || console.sandbox.producers().setup().clone();

    browser.open("/simulate/receipt").await;
    let action = "/simulate/campaign";
    browser.follow("Change").await;
    let mut own = fields(&browser, action);
    set(&mut own, "name", "冬季/咖啡?");
    assert_eq!(submit(&mut browser, action, &own).await, 200);
    assert_eq!(setup().campaigns.len(), 1);
    assert_eq!(setup().campaigns[0].name, "冬季/咖啡?");
    browser.open(action).await;
    assert_eq!(browser.submit(action, &[("name", "冬季/咖啡?")]).await, 422);
    browser.assert_shows(&["There is a campaign of this name already."]);

    let second = setup().friends[1].line_uid.clone();
    let action = "/simulate/friend";
    browser.open(&format!("{action}?line_uid={second}")).await;
    let mut own = fields(&browser, action);
    set(&mut own, "customer_id", "C-2");
    assert_eq!(submit(&mut browser, action, &own).await, 200);
    assert_eq!(setup().friends[1].customer_id.as_deref(), Some("C-2"));
    browser.open(action).await;
    assert_eq!(browser.submit(action, &[("line_uid", "U1")]).await, 422);
    browser.assert_shows(&["id=\"line_uid-fault\">A LINE user id is U and 32 characters"]);
    assert_eq!(browser.submit(action, &[("line_uid", &second)]).await, 422);
    browser.assert_shows(&["There is a friend of this LINE user id already."]);

    let action = "/simulate/sms-plus/template";
    browser.open(&format!("{action}?id=118")).await;
    let mut own = fields(&browser, action);
    set(&mut own, "name", "取貨通知");
    assert_eq!(submit(&mut browser, action, &own).await, 200);
    assert_eq!((setup().pnp_settings[0].name.as_str(), setup().pnp_settings[0].sms), ("取貨通知", true));
    browser.open(action).await;
    assert_eq!(browser.submit(action, &[("id", "118"), ("name", "x")]).await, 422);
    browser.assert_shows(&["There is a template of this id already."]);
    assert_eq!(browser.open(&format!("{action}?id=1")).await, 404);
}

#[tokio::test]
async fn what_events_are_made_of_is_deleted_once_that_is_confirmed() {
    let console = Console::start().await;
    let mut browser = console.browser();
    let friend = console.sandbox.producers().setup().friends[0].line_uid.clone();
    let (message, _) = console.sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await.unwrap();
    for (kind, id, list) in [
        ("friend", friend.as_str(), "/simulate/friends"),
        (
            "campaign",
            "%E7%A7%8B%E5%AD%A3%E5%92%96%E5%95%A1%E6%BB%BF%E9%A1%8D%E6%8A%BD%E7%8D%8E",
            "/simulate/receipt",
        ),
        ("survey", "x7QpL", "/simulate/survey"),
        ("template", "119", "/simulate/sms-plus"),
    ] {
        let (question, action) =
            (format!("/simulate/delete/{kind}?id={id}"), format!("/simulate/delete/{kind}"));
        browser.open(list).await;
        browser.assert_shows(&[&question]);
        browser.open(&question).await;
        browser.assert_shows(&["This cannot be undone.", &format!("href=\"{list}\"")]);
        let own = browser.hidden(&action, "id");
        assert_eq!(browser.submit(&action, &[("id", &own)]).await, 200);
        browser.assert_shows(&["It is deleted."]);
        assert!(!browser.shows(&question), "{question}");
        assert_eq!(browser.open(&question).await, 404);
    }
    let setup = console.sandbox.producers().setup().clone();
    assert_eq!((setup.friends.len(), setup.campaigns.len(), setup.surveys.len()), (2, 0, 0));
    assert_eq!(setup.pnp_settings.len(), 1);

    browser.open("/simulate/delete/template?id=118").await;
    assert_eq!(browser.submit("/simulate/delete/template", &[("id", "118")]).await, 422);
    browser.assert_shows(&["cannot be deleted while messages of it are on their way: 1"]);
    for status in ["pnp_accepted", "pnp_delivered"] {
        let report = maac_webhook_sandbox::maac_webhook_sender::producers::Report::new(status);
        console.sandbox.report_pnp(message.id(), report).await.unwrap();
    }
    assert_eq!(browser.submit("/simulate/delete/template", &[("id", "118")]).await, 200);
    browser.assert_shows(&["There is no template yet."]);
    // The forms can be used without any.
    for path in ["/simulate/survey", "/simulate/receipt", "/simulate/sms-plus", "/simulate/profile"] {
        assert_eq!(browser.open(path).await, 200, "{path}");
    }
}
