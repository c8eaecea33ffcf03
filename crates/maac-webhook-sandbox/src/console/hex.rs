use std::fmt::Write;

/// Bytes as `hexdump -C` shows them.
pub(super) fn dump(bytes: &[u8]) -> String {
    let mut dump = String::with_capacity(bytes.len() * 5);
    for (row, sixteen) in bytes.chunks(16).enumerate() {
        let _ = write!(dump, "{:08x} ", row * 16);
        for index in 0..16 {
            if index % 8 == 0 {
                dump.push(' ');
            }
            match sixteen.get(index) {
                Some(byte) => {
                    let _ = write!(dump, "{byte:02x} ");
                }
                None => dump.push_str("   "),
            }
        }
        let shown =
            sixteen.iter().map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' });
        dump.push_str(" |");
        dump.extend(shown);
        dump.push_str("|\n");
    }
    let _ = write!(dump, "{:08x}", bytes.len());
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_has_offset_hexadecimal_and_what_can_be_shown() {
        let bytes = b"{\"topic\": \"\xe5\x92\x96\"}";
        assert_eq!(
            dump(bytes),
            "00000000  7b 22 74 6f 70 69 63 22  3a 20 22 e5 92 96 22 7d  |{\"topic\": \"...\"}|\n00000010"
        );
        assert_eq!(dump(b""), "00000000");
        assert_eq!(
            dump(b"0123456789abcdef!"),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
             00000010  21                                                |!|\n00000011"
        );
    }
}
