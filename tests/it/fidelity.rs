//! `docs/fidelity.md` names the settings that there are, and all of the sender's and of the sandbox's OpenAPI calls.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The code of a crate, its tests left out.
fn sources(krate: &str) -> Vec<String> {
    let mut folders = vec![root().join("crates").join(krate).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match name.as_str() {
                "tests" | "tests.rs" => {}
                _ if path.is_dir() => folders.push(path),
                _ if name.ends_with(".rs") => sources.push(fs::read_to_string(path).unwrap()),
                _ => {}
            }
        }
    }
    assert!(!sources.is_empty(), "{krate}");
    sources
}

/// The type that a line opens an `impl`, an `enum` or a `struct` of.
fn opened(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix("impl") {
        Some(rest) if rest.starts_with(['<', ' ']) => without_generics(rest),
        Some(_) => return None,
        None => line.strip_prefix("pub enum ").or_else(|| line.strip_prefix("pub struct "))?,
    };
    let rest = rest.rsplit(" for ").next()?.trim();
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

fn without_generics(text: &str) -> &str {
    let mut depth = 0;
    let end = text.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '<') - i32::from(*c == '>');
        depth == 0
    });
    end.map_or("", |(at, _)| &text[at + 1..])
}

/// What a crate's public types have: `Type`, `Type::function` and `Type::Variant`.
fn items(krate: &str) -> BTreeSet<String> {
    let mut items = BTreeSet::new();
    for source in sources(krate) {
        let mut of = "";
        for line in source.lines() {
            if let Some(name) = opened(line) {
                of = name;
                items.insert(name.to_owned());
            }
            let line = line.strip_prefix("    ").unwrap_or_default();
            let function = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn "));
            let variant = line.starts_with(char::is_uppercase).then_some(line);
            let Some(rest) = function.or(variant) else { continue };
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            items.insert(format!("{of}::{name}"));
        }
    }
    items
}

/// The rows of the ledger's tables, without their heads.
fn rows() -> Vec<Vec<String>> {
    let ledger = fs::read_to_string(root().join("docs/fidelity.md")).unwrap();
    let rows = ledger.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let cells =
        rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect());
    cells.filter(|cells: &Vec<String>| cells[0] != "what").collect()
}

/// What stands between backticks where settings are named.
fn named() -> BTreeSet<String> {
    let quoted = |cell: &String| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    rows().iter().flat_map(|row| quoted(row.last().unwrap())).collect()
}

#[test]
fn each_setting_that_the_ledger_names_exists() {
    let mut items = items("maac-webhook-sender");
    items.extend(self::items("maac-webhook-mock"));
    items.extend(self::items("maac-webhook-sandbox"));
    let flags = fs::read_to_string(root().join("crates/maac-webhook-cli/src/cli.rs")).unwrap();
    let named = named();
    assert!(named.len() > 20, "{named:?}");
    for setting in named {
        let exists = match setting.strip_prefix("send --") {
            Some(flag) => flags.contains(&format!("    pub(crate) {}:", flag.replace('-', "_"))),
            None => items.contains(&setting),
        };
        assert!(exists, "docs/fidelity.md names {setting}, which there is not");
    }
}

#[test]
fn each_setting_of_the_sender_and_of_the_openapi_is_in_the_ledger() {
    let named = named();
    let (sender, sandbox) = (items("maac-webhook-sender"), items("maac-webhook-sandbox"));
    let openapi: Vec<_> = sandbox.iter().filter(|item| item.starts_with("OpenApiSettings::with_")).collect();
    assert!(openapi.len() > 3, "{openapi:?}");
    let settings = sender.iter().filter(|item| item.contains("::with_"));
    let settings: Vec<_> = settings.chain(openapi).collect();
    assert!(settings.len() > 20, "{settings:?}");
    for setting in settings {
        assert!(named.contains(setting), "docs/fidelity.md does not name {setting}");
    }
}

#[test]
fn each_row_says_how_it_is_known_but_those_of_what_only_the_sender_has() {
    let rows = rows();
    assert!(rows.len() > 40, "{}", rows.len());
    let known = |row: &Vec<String>| {
        let known = row[2].split(',').next().unwrap();
        row.len() == 4 && ["documented", "sample", "ours"].contains(&known)
    };
    for row in rows {
        assert!(row.len() == 3 || known(&row), "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}
