//! Strings as Python prints them.

use super::EncodeErrorKind;

/// Appends one character of a string.
pub(super) fn push_char(out: &mut String, character: char, raw_utf8: bool) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        ' '..='~' => out.push(character),
        '\u{7f}'.. if raw_utf8 => out.push(character),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                push_unit(out, *unit);
            }
        }
    }
}

/// Appends `\uXXXX`.
fn push_unit(out: &mut String, unit: u16) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[usize::from(unit >> shift & 0xf)]);
    }
}

/// What Python prints after it has read the string literal with this between its quotes.
///
/// Two literals of one content give one result, which is what makes it fit to compare keys by.
pub(super) fn reprint(literal: &str, raw_utf8: bool) -> Result<String, EncodeErrorKind> {
    let mut out = String::with_capacity(literal.len() + 2);
    out.push('"');
    let mut rest = literal;
    while let Some(character) = next_char(&mut rest) {
        if character == '\\' {
            push_escaped(&mut out, &mut rest, raw_utf8)?;
        } else {
            push_char(&mut out, character, raw_utf8);
        }
    }
    out.push('"');
    Ok(out)
}

/// Appends what the escape stands for whose backslash has just been taken from `rest`.
fn push_escaped(out: &mut String, rest: &mut &str, raw_utf8: bool) -> Result<(), EncodeErrorKind> {
    let character = match next_char(rest) {
        Some('u') => {
            let unit = take_unit(rest).ok_or(EncodeErrorKind::NotJson)?;
            match join_surrogates(unit, rest) {
                Some(character) => character,
                None if raw_utf8 => return Err(EncodeErrorKind::LoneSurrogate),
                None => {
                    push_unit(out, unit);
                    return Ok(());
                }
            }
        }
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some(character @ ('"' | '\\' | '/')) => character,
        _ => return Err(EncodeErrorKind::NotJson),
    };
    push_char(out, character, raw_utf8);
    Ok(())
}

/// The character that `unit` begins, taking its second half from `rest` where there is one.
/// `None` is a lone surrogate.
fn join_surrogates(unit: u16, rest: &mut &str) -> Option<char> {
    if let Some(character) = char::from_u32(unit.into()) {
        return Some(character);
    }
    let mut after = rest.strip_prefix("\\u")?;
    let pair = [unit, take_unit(&mut after)?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    *rest = after;
    Some(character)
}

fn take_unit(rest: &mut &str) -> Option<u16> {
    let (digits, after) = rest.split_at_checked(4)?;
    *rest = after;
    u16::from_str_radix(digits, 16).ok()
}

fn next_char(rest: &mut &str) -> Option<char> {
    let mut characters = rest.chars();
    let character = characters.next()?;
    *rest = characters.as_str();
    Some(character)
}
