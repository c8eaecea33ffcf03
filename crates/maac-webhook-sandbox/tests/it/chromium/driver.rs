//! A browser that ends with its test, however that ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use maac_webhook_test_support::{PATIENCE, skip};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::console::Console;

/// A Chromium with a page of its own, and the console it looks at.
pub(crate) struct Chromium {
    pub(crate) client: Client,
    origin: String,
    _processes: Processes,
}

/// What is ended with the test.
struct Processes {
    driver: Child,
    data: TempDir,
}

impl Drop for Processes {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // The browser is a process of the driver's, and known by the folder that it alone has.
        let data = self.data.path().to_string_lossy().into_owned();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&command).contains(&data) {
                let kill = format!("kill -KILL {}", entry.file_name().to_string_lossy());
                let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
            }
        }
    }
}

impl Chromium {
    /// Starts one; `None`, which is told, where this machine has none.
    pub(crate) async fn start(console: &Console, scripts: bool) -> Option<Self> {
        let found = |program: &str| {
            Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok()
        };
        if !found("chromedriver") || !found("chromium") {
            return skip("it needs chromium and chromedriver");
        }
        let data = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        // What it says from then on is read, so that it is never held up by it.
        std::thread::spawn(move || lines.for_each(drop));
        let processes = Processes { driver, data };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities(&processes.data, scripts))
            .connect(&format!("http://127.0.0.1:{}", port.unwrap()))
            .await
            .unwrap();
        Some(Self { client, origin: format!("http://{}", console.address), _processes: processes })
    }

    pub(crate) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.unwrap();
    }

    pub(crate) async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Waits for what this XPath finds.
    pub(crate) async fn find(&self, path: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(path)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{path}: {error} in {}", self.client.source().await.unwrap()),
        }
    }

    pub(crate) async fn press(&self, button: &str) {
        let path = format!("//main//button[not(@aria-hidden)][normalize-space()='{button}']");
        self.find(&path).await.click().await.unwrap();
    }

    /// Presses the first button whose name begins so.
    pub(crate) async fn press_first(&self, button: &str) {
        let path = format!("(//main//button[starts-with(normalize-space(), '{button}')])[1]");
        self.find(&path).await.click().await.unwrap();
    }

    /// Follows the first link whose name begins so.
    pub(crate) async fn follow_first(&self, link: &str) {
        let path = format!("(//main//a[starts-with(normalize-space(), '{link}')])[1]");
        self.find(&path).await.click().await.unwrap();
    }

    pub(crate) async fn follow(&self, link: &str) {
        self.find(&format!("//a[normalize-space()='{link}']")).await.click().await.unwrap();
    }

    /// The field with this label.
    pub(crate) async fn field(&self, label: &str) -> Element {
        let label = self.find(&format!("//label[starts-with(normalize-space(), '{label}')]")).await;
        let id = label.attr("for").await.unwrap().unwrap();
        self.client.find(Locator::Id(&id)).await.unwrap()
    }

    /// Fills in the field of this id.
    pub(crate) async fn fill_at(&self, id: &str, text: &str) {
        let field = self.find(&format!("//*[@id='{id}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until the page has this text.
    pub(crate) async fn sees(&self, text: &str) {
        self.within(text, "main").await;
    }

    /// Waits until this part of the page has this text.
    pub(crate) async fn within(&self, text: &str, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = String::new();
        while Instant::now() < deadline {
            // The page may be on its way to another.
            if let Ok(part) = self.client.find(Locator::Css(part)).await {
                seen = part.text().await.unwrap_or_default();
                if seen.contains(text) {
                    return;
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
        let state = "return JSON.stringify([document.visibilityState, performance.now(),
            performance.getEntriesByType('resource').map((own) => [own.name, own.startTime, own.responseEnd])])";
        let state = self.client.execute(state, Vec::new()).await;
        panic!("{text:?} is not in {seen:?}; {state:?}");
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    pub(crate) async fn language(&self, name: &str) {
        let button = Locator::XPath("//header//form[@action='/language']//button");
        let button = self.client.find(button).await.unwrap();
        if button.text().await.unwrap() == name {
            button.click().await.unwrap();
        }
        // What a page is told by the browser's own tools while it is on its way may never be answered.
        let tag = if name == "English" { "en" } else { "zh-Hant" };
        self.find(&format!("/html[@lang='{tag}']//footer")).await;
    }

    /// The page at this width and in this colour scheme.
    pub(crate) async fn looks(&self, width: u32, scheme: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    async fn tell(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { command, parameters }).await.unwrap()
    }

    /// Writes a picture of the whole page, where somebody wants to look at it.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("CONSOLE_SCREENSHOTS") else { return };
        let capture = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.tell("Page.captureScreenshot", capture).await;
        let folder = std::path::PathBuf::from(folder);
        fs::create_dir_all(&folder).unwrap();
        let png = base64_decoded(picture["data"].as_str().unwrap());
        fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }
}

fn capabilities(data: &TempDir, scripts: bool) -> Capabilities {
    let mut arguments: Vec<_> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
    ]
    .map(ToOwned::to_owned)
    .into();
    arguments.push(format!("--user-data-dir={}", data.path().display()));
    let mut preferences = json!({"intl.accept_languages": "en"});
    if !scripts {
        preferences["profile.managed_default_content_settings.javascript"] = 2.into();
    }
    let options = json!({"args": arguments, "prefs": preferences});
    [("goog:chromeOptions".to_owned(), options)].into_iter().collect()
}

/// A command of the browser's own, which WebDriver has not.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({"cmd": self.command, "params": self.parameters});
        (http::Method::POST, Some(body.to_string()))
    }
}

fn base64_decoded(text: &str) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};

    BASE64_STANDARD.decode(text).unwrap()
}
