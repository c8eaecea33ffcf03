//! Lone surrogates in JSON: `json.dumps` writes `"\ud83d"` of a text that was cut in the middle of a character. JSON's grammar
//! has them, and no `String` can.

use std::ops::RangeInclusive;

const HIGH: RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW: RangeInclusive<u16> = 0xdc00..=0xdfff;

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

/// The same JSON with U+FFFD in the place of each lone surrogate; `None` where it has none.
pub(super) fn replace_lone(json: &str) -> Option<String> {
    let (mut replaced, mut copied, mut at) = (String::new(), 0, 0);
    let bytes = json.as_bytes();
    while at < bytes.len() {
        at += match (bytes[at], unit(bytes, at)) {
            (b'\\', Some(high)) if HIGH.contains(&high) && is_low(bytes, at + ESCAPE) => 2 * ESCAPE,
            (b'\\', Some(unit)) if HIGH.contains(&unit) || LOW.contains(&unit) => {
                replaced.push_str(&json[copied..at]);
                replaced.push_str("\\ufffd");
                copied = at + ESCAPE;
                ESCAPE
            }
            // Another escape: what follows the backslash is not the beginning of one.
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    (copied > 0).then(|| replaced + &json[copied..])
}

fn is_low(bytes: &[u8], at: usize) -> bool {
    unit(bytes, at).is_some_and(|unit| LOW.contains(&unit))
}

/// The code unit of the `\uXXXX` at this place, if there is one.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_surrogates_are_replaced() {
        for (json, replaced) in [
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""\udf89x""#, Some(r#""\ufffdx""#)),
            (r#""\ud83d\ud83c\udf89""#, Some(r#""\ufffd\ud83c\udf89""#)),
            (r#""\uD83Dx\uDF89""#, Some(r#""\ufffdx\ufffd""#)),
            (r#""\\\ud83d""#, Some(r#""\\\ufffd""#)),
            (r#""\ud83c\udf89 \u5973""#, None),
            (r#""\\ud83d""#, None),
            (r#""女\n🎉""#, None),
            (r#""\ud83"#, None),
            ("\\", None),
        ] {
            assert_eq!(replace_lone(json).as_deref(), replaced, "{json}");
        }
    }
}
