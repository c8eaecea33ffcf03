//! What a signature that does not match would match.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use maac_webhook::{ShareSecret, Signature, headers};
use maac_webhook_sender::json::{self, BodyStyle};
use sha2::{Digest, Sha256};

/// Why the signature is not the body's, as far as can be found out; the likeliest first.
pub(super) fn mismatch(given: &str, secret: &ShareSecret, untrimmed: bool, body: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    let signature = well_formed(given, &mut said);
    if untrimmed {
        said.push(
            "the share secret has white space around it, which is most likely not part of it".to_owned(),
        );
    }
    let Some(signature) = signature else { return said };
    let matches = |body: &[u8]| Signature::sign(secret, body) == signature;

    let trimmed = if untrimmed { " and with the secret trimmed" } else { "" };
    if matches(body) {
        if untrimmed {
            said.push("it would match with the secret trimmed".to_owned());
        } else {
            said.push(
                "it would match if it were written as 64 lower-case hexadecimal characters and no more"
                    .to_owned(),
            );
        }
        return said;
    }
    if let Some(bare) = without_quotes(secret)
        && Signature::sign(&bare, body) == signature
    {
        said.push("it would match without the quotes around the share secret".to_owned());
        return said;
    }
    if Sha256::digest(body).as_slice() == signature.as_bytes() {
        said.push("it is the body's SHA-256 alone: an HMAC is made with the share secret too".to_owned());
        return said;
    }
    if let Some((how, _)) = variants(body).into_iter().find(|(_, variant)| matches(variant)) {
        said.push(format!("it would match {how}{trimmed}"));
        said.push("verify the raw bytes of the request, before anything reads or changes them".to_owned());
        return said;
    }
    if body.is_empty() {
        said.push("the body is empty: something has read it before".to_owned());
    } else if said.is_empty() {
        said.push("it is well formed: another secret's, or another body's".to_owned());
    }
    said
}

/// A secret that was copied together with the quotes of a shell or of a JSON file.
fn without_quotes(secret: &ShareSecret) -> Option<ShareSecret> {
    let text = secret.expose_secret();
    let bare = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))?;
    ShareSecret::new(bare).ok()
}

/// The signature that was meant, with what is wrong with how it is written.
fn well_formed(given: &str, said: &mut Vec<String>) -> Option<Signature> {
    let mut text = given;
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        said.push("there is white space around it".to_owned());
        text = trimmed;
    }
    if let Some((name, value)) = text.split_once(':')
        && name.trim().eq_ignore_ascii_case(headers::SIGNATURE)
    {
        said.push("it begins with the header's name".to_owned());
        text = value.trim();
    }
    for prefix in ["sha256=", "v1,", "v1=", "0x"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            said.push(format!("it begins with `{prefix}`, which MAAC's does not"));
            text = rest;
        }
    }
    if let Some(signature) = Signature::parse(text.as_bytes()) {
        return Some(signature);
    }
    let lower = text.to_ascii_lowercase();
    if let Some(signature) = Signature::parse(lower.as_bytes()) {
        said.push("it has upper-case letters, and MAAC's has none".to_owned());
        return Some(signature);
    }
    if let Some(signature) = from_base64(text) {
        said.push("this is base64, not hex".to_owned());
        return Some(signature);
    }
    said.push(format!(
        "it is not a signature: 64 characters out of 0-9 and a-f are expected, and it has {} characters{}",
        text.chars().count(),
        if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { "" } else { " and others than those" },
    ));
    None
}

fn from_base64(text: &str) -> Option<Signature> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE].iter().find_map(|alphabet| {
        let bytes = GeneralPurpose::new(alphabet, lenient).decode(text).ok()?;
        Some(Signature::from_bytes(bytes.try_into().ok()?))
    })
}

/// What receivers are known to make of a body before they verify it.
fn variants(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut variants = Vec::new();
    if let Some(rest) = body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n")) {
        variants.push(("without the trailing newline", rest.to_vec()));
    }
    variants.push(("with a newline at the end", [body, b"\n"].concat()));
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        variants.push(("without the byte order mark", rest.to_vec()));
    }
    if let Ok(text) = std::str::from_utf8(body) {
        variants.push(("with LF line ends in the place of CRLF", text.replace("\r\n", "\n").into_bytes()));
        variants.push(("without the white space around it", text.trim().as_bytes().to_vec()));
        if let Ok(inner) = serde_json::from_str::<String>(text) {
            variants.push(("as the text inside the JSON string that it is", inner.into_bytes()));
        }
    }
    let python = BodyStyle::python();
    for (how, style) in [
        ("if re-serialised as Python does", python),
        ("if re-serialised as Python does, with raw UTF-8", python.raw_utf8()),
        ("if re-serialised without spaces", python.compact()),
        ("if re-serialised without spaces, with raw UTF-8", python.compact().raw_utf8()),
    ] {
        variants.extend(json::reencode(body, style).ok().map(|written| (how, written)));
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"topic": "t", "data": {"name": "\u5973", "amount": 65.0}}"#;

    fn secret() -> ShareSecret {
        ShareSecret::new("one").unwrap()
    }

    fn signature(body: &str) -> String {
        Signature::sign(&secret(), body.as_bytes()).to_string()
    }

    fn explained(given: &str, body: &str) -> String {
        mismatch(given, &secret(), false, body.as_bytes()).join("; ")
    }

    #[test]
    fn a_body_that_was_changed_is_told_by_what_would_match() {
        let genuine = signature(BODY);
        for (received, would) in [
            (format!("{BODY}\n"), "without the trailing newline"),
            (format!("{BODY}\r\n"), "without the trailing newline"),
            (format!("\u{feff}{BODY}"), "without the byte order mark"),
            (format!("  {BODY} "), "without the white space around it"),
            (
                r#"{"topic":"t","data":{"name":"女","amount":65.0}}"#.to_owned(),
                "if re-serialised as Python does",
            ),
            (serde_json::to_string(BODY).unwrap(), "as the text inside the JSON string"),
        ] {
            let explained = explained(&genuine, &received);
            assert!(explained.contains(&format!("it would match {would}")), "{received}: {explained}");
        }
        for (signed, would) in [
            (format!("{BODY}\n"), "with a newline at the end"),
            (
                r#"{"topic": "t", "data": {"name": "女", "amount": 65.0}}"#.to_owned(),
                "as Python does, with raw UTF-8",
            ),
            (
                r#"{"topic":"t","data":{"name":"\u5973","amount":65.0}}"#.to_owned(),
                "re-serialised without spaces",
            ),
            (
                r#"{"topic":"t","data":{"name":"女","amount":65.0}}"#.to_owned(),
                "without spaces, with raw UTF-8",
            ),
        ] {
            let explained = explained(&signature(&signed), BODY);
            assert!(explained.contains(would), "{signed}: {explained}");
        }
    }

    #[test]
    fn a_signature_that_is_written_otherwise_is_told() {
        let genuine = signature(BODY);
        let bytes = *Signature::parse(genuine.as_bytes()).unwrap().as_bytes();
        let base64 = base64::prelude::BASE64_STANDARD.encode(bytes);
        for (given, why) in [
            (genuine.to_uppercase(), "upper-case letters"),
            (format!("sha256={genuine}"), "begins with `sha256=`"),
            (format!(" {genuine}\n"), "white space around it"),
            (format!("CrescLab-Signature: {genuine}"), "begins with the header's name"),
            (base64, "this is base64, not hex"),
        ] {
            let explained = explained(&given, BODY);
            assert!(explained.contains(why), "{given}: {explained}");
            assert!(explained.contains("would match if it were written"), "{given}: {explained}");
        }
        assert!(explained("abc", BODY).contains("it has 3 characters"));
        assert!(explained(&"z".repeat(64), BODY).contains("64 characters and others than those"));
    }

    #[test]
    fn what_cannot_be_explained_is_another_secrets_or_another_bodys() {
        assert_eq!(
            explained(&signature("another"), BODY),
            "it is well formed: another secret's, or another body's"
        );
    }

    #[test]
    fn a_quoted_secret_and_a_digest_without_one_are_told() {
        let quoted = ShareSecret::new("\"one\"").unwrap();
        let said = mismatch(&signature(BODY), &quoted, false, BODY.as_bytes());
        assert_eq!(said, ["it would match without the quotes around the share secret"]);

        let unkeyed = base16(&Sha256::digest(BODY));
        assert!(explained(&unkeyed, BODY).starts_with("it is the body's SHA-256 alone"));
    }

    fn base16(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_secret_with_white_space_is_told() {
        let said = mismatch(&signature(BODY), &secret(), true, BODY.as_bytes());
        assert_eq!(said[1], "it would match with the secret trimmed");
    }
}
