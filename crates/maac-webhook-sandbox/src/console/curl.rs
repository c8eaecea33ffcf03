//! A request as a command line that repeats it. The share secret is not in it, the signature is.

/// The command. `Host` and `Content-Length` are curl's own to write.
pub(super) fn command(url: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let mut parts = vec!["curl --include --globoff".to_owned()];
    for (name, value) in headers {
        if !["host", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
            // An empty one is written with a semicolon; with a colon it would be left out.
            let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            parts.push(format!("--header {}", quoted(&header)));
        }
    }
    // Of a long body curl would ask first whether it may send it.
    parts.push("--header 'Expect:'".to_owned());
    match std::str::from_utf8(body) {
        // One that begins so would be a file's name.
        Ok(text) if !text.starts_with('@') && !text.contains('\0') => {
            parts.push(format!("--data-binary {}", quoted(text)));
            parts.push(quoted(url));
            parts.join(" \\\n  ")
        }
        _ => {
            let octal: String = body.iter().map(|byte| format!("\\{byte:03o}")).collect();
            parts.push("--data-binary @-".to_owned());
            parts.push(quoted(url));
            format!("printf '{octal}' |\n{}", parts.join(" \\\n  "))
        }
    }
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// What a shell makes of a command: the arguments of `curl`, and what it is given to read.
    fn run(command: &str) -> Vec<String> {
        let script = format!("curl() {{ printf '%s\\037' \"$@\"; cat; }}\n{command}");
        let output = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{command}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split('\u{1f}').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_shell_takes_the_command_for_the_request_whatever_is_in_it() {
        let nasty = "{\"a\": \"it's $HOME `id` \\\\ \\u5496 !! \n \\\"\"}";
        let headers = [
            ("Host", "h"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("X", "$(id)"),
            ("Empty", ""),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let arguments = run(&command("http://[::1]:1/a?b='c'&d", &headers, nasty.as_bytes()));
        assert_eq!(
            arguments,
            [
                "--include",
                "--globoff",
                "--header",
                "Content-Type: application/json; charset=utf-8",
                "--header",
                "X: $(id)",
                "--header",
                "Empty;",
                "--header",
                "Expect:",
                "--data-binary",
                nasty,
                "http://[::1]:1/a?b='c'&d",
                ""
            ]
        );
    }

    #[test]
    fn a_body_that_is_no_argument_is_given_to_read() {
        for body in ["@/etc/passwd", "%s\\n"] {
            let arguments = run(&command("http://a/", &[], format!("@{body}").as_bytes()));
            assert_eq!(
                arguments[arguments.len() - 3..],
                ["@-".to_owned(), "http://a/".to_owned(), format!("@{body}")]
            );
        }
        assert!(command("http://a/", &[], b"\xff").starts_with("printf '\\377' |"));
    }
}
