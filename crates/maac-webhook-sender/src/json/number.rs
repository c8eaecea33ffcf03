//! Numbers as Python prints them.

use std::fmt::LowerExp;
use std::str::FromStr;

use super::EncodeErrorKind;

/// Python's `repr` of a finite float.
pub(super) fn repr<F: Copy + LowerExp + FromStr + PartialEq>(float: F) -> String {
    let scientific = shortest(float);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits.replace('.', "")),
        None => ("", mantissa.replace('.', "")),
    };
    let places = exponent.unsigned_abs() as usize;
    match exponent {
        -4..0 => format!("{sign}0.{digits:0>width$}", width = digits.len() + places - 1),
        0..16 => {
            // One digit before the point for each place and one more, and at least one after it.
            let padded = format!("{digits:0<width$}", width = places + 2);
            let (whole, fraction) = padded.split_at(places + 1);
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{mantissa}e{exponent:+03}"),
    }
}

/// The fewest digits that read back as the same float, and of those the closest to it.
///
/// Rust and Python agree on this much, and differ where two are equally close: Rust takes the
/// greater, Python the even one. Rust's rounding to a given number of digits takes the even one
/// too, so it decides wherever its answer reads back; at a power of two, where floats lie
/// closer on one side, it may not.
fn shortest<F: Copy + LowerExp + FromStr + PartialEq>(float: F) -> String {
    let shortest = format!("{float:e}");
    let mantissa = shortest.split('e').next().unwrap_or_default();
    let decimals = mantissa.split('.').nth(1).map_or(0, str::len);
    let closest = format!("{float:.decimals$e}");
    match closest.parse::<F>() {
        Ok(read) if read == float => closest,
        _ => shortest,
    }
}

/// What Python prints after it has read this JSON number.
pub(super) fn reprint(number: &str) -> Result<String, EncodeErrorKind> {
    if !number.contains(['.', 'e', 'E']) {
        // Python's integers have no negative zero. JSON's have no superfluous digits, so that any
        // other one is printed as it was written, and need not fit a type of ours.
        return Ok(if number == "-0" { "0" } else { number }.to_owned());
    }
    match number.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(repr(float)),
        Ok(_) => Err(EncodeErrorKind::NotFinite),
        Err(_) => Err(EncodeErrorKind::NotJson),
    }
}
