use crate::chromium::pages::filled;

/// What is read of a page: its text without what stands as it is.
fn text(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap();
    let mut text = String::new();
    let mut verbatim = 0_i32;
    for part in main.split('<').skip(1) {
        let (tag, after) = part.split_once('>').unwrap_or((part, ""));
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        match name.as_str() {
            "code" | "pre" | "textarea" => verbatim += 1,
            "/code" | "/pre" | "/textarea" => verbatim -= 1,
            "p" | "li" | "h1" | "h2" | "h3" | "dt" | "dd" | "label" | "option" | "th" | "td" | "legend" => {
                text.push('\n');
            }
            _ => {}
        }
        if verbatim == 0 {
            text.push_str(after);
        }
    }
    text
}

/// Also where a text is put together of several.
#[tokio::test]
async fn no_page_has_half_width_punctuation_beside_chinese() {
    let (console, pages, _receiver) = filled().await;
    let mut browser = console.browser();
    browser.language = "zh-TW";
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (name, path) in pages {
        browser.open(&path).await;
        let text = text(&browser.page);
        assert!(text.contains(is_chinese), "{name}");
        for line in text.lines() {
            let characters: Vec<_> = line.chars().filter(|c| *c != ' ').collect();
            let beside = characters.windows(2).find(|two| {
                is_chinese(two[0]) && ",:;!?".contains(two[1])
                    || ",:;!?".contains(two[0]) && is_chinese(two[1])
            });
            assert!(beside.is_none(), "{name}: {line}");
        }
    }
}
