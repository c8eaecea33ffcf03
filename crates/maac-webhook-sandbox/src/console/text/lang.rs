use super::{Texts, en, zh};

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) enum Lang {
    English,
    TraditionalChinese,
}

impl Lang {
    pub(in crate::console) const fn texts(self) -> &'static Texts {
        match self {
            Self::English => &en::TEXTS,
            Self::TraditionalChinese => &zh::TEXTS,
        }
    }

    /// Sentences one after another: Chinese has no space between them.
    pub(in crate::console) fn sentences(self, sentences: &[&str]) -> String {
        sentences.join(if self == Self::English { " " } else { "" })
    }

    /// What stands between a name and what it is the name of.
    pub(in crate::console) const fn colon(self) -> &'static str {
        match self {
            Self::English => ": ",
            Self::TraditionalChinese => "：",
        }
    }

    /// Several, one after another.
    pub(in crate::console) fn list(self, all: &[impl AsRef<str>]) -> String {
        let all: Vec<_> = all.iter().map(AsRef::as_ref).collect();
        all.join(if self == Self::English { ", " } else { "、" })
    }

    /// Something by the way.
    pub(in crate::console) fn in_brackets(self, text: &str) -> String {
        if self == Self::English { format!(" ({text})") } else { format!("（{text}）") }
    }

    /// Its tag (BCP 47).
    pub(in crate::console) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::TraditionalChinese => "zh-Hant",
        }
    }

    /// The language of a tag, as a browser sends it. Whoever reads simplified Chinese alone is nearer to the traditional one.
    pub(in crate::console) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::TraditionalChinese)
        } else {
            primary.eq_ignore_ascii_case("en").then_some(Self::English)
        }
    }

    pub(in crate::console) const fn other(self) -> Self {
        match self {
            Self::English => Self::TraditionalChinese,
            Self::TraditionalChinese => Self::English,
        }
    }

    /// What it calls itself.
    pub(in crate::console) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::TraditionalChinese => "繁體中文",
        }
    }
}
