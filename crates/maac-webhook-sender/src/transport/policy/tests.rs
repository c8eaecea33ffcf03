use super::{TargetNotAllowedKind as Kind, *};

fn kind(policy: &TargetPolicy, host: &str, address: &str) -> Option<Kind> {
    policy.check(host, address.parse().unwrap()).err().map(|refused| refused.kind())
}

fn loopback_and(allowed: &[&str]) -> TargetPolicy {
    let target = |text: &&str| text.parse().unwrap();
    allowed.iter().map(target).fold(TargetPolicy::loopback(), TargetPolicy::with_allowed)
}

const NEVER: &[(&str, Kind)] = &[
    ("0.0.0.0", Kind::Unspecified),
    ("0.1.2.3", Kind::Unspecified),
    ("::", Kind::Unspecified),
    ("::ffff:0.0.0.0", Kind::Unspecified),
    ("169.254.0.1", Kind::LinkLocal),
    ("169.254.255.255", Kind::LinkLocal),
    ("fe80::1", Kind::LinkLocal),
    ("febf::1", Kind::LinkLocal),
    ("::ffff:169.254.1.1", Kind::LinkLocal),
    ("169.254.169.254", Kind::Metadata),
    ("100.100.100.200", Kind::Metadata),
    ("168.63.129.16", Kind::Metadata),
    ("fd00:ec2::254", Kind::Metadata),
    ("fd20:ce::254", Kind::Metadata),
    // The same through an IPv6 address: mapped, compatible, translated, NAT64 (twice and a half), 6to4, Teredo as server
    // and as client, ISATAP.
    ("::ffff:169.254.169.254", Kind::Metadata),
    ("::169.254.169.254", Kind::Metadata),
    ("::ffff:0:169.254.169.254", Kind::Metadata),
    ("64:ff9b::169.254.169.254", Kind::Metadata),
    ("64:ff9b:1::169.254.169.254", Kind::Metadata),
    ("64:ff9b:1:a9fe:a9:fe00::", Kind::Metadata),
    ("2002:a9fe:a9fe::", Kind::Metadata),
    ("2002:a9fe:a9fe::1", Kind::Metadata),
    ("2001:0:a9fe:a9fe::1", Kind::Metadata),
    ("2001:0:102:304:8000:f227:5601:5601", Kind::Metadata),
    ("2001:db8::5efe:169.254.169.254", Kind::Metadata),
    ("64:ff9b::169.254.1.1", Kind::LinkLocal),
    ("2002:e000:1::", Kind::Multicast),
    ("224.0.0.1", Kind::Multicast),
    ("239.255.255.255", Kind::Multicast),
    ("ff02::1", Kind::Multicast),
    ("255.255.255.255", Kind::Broadcast),
    ("::ffff:255.255.255.255", Kind::Broadcast),
];

#[test]
fn what_no_receiver_has_is_refused_whatever_is_allowed() {
    let policies = [
        TargetPolicy::loopback(),
        loopback_and(&["0.0.0.0/0", "::/0"]),
        loopback_and(&["receiver.internal", "169.0.0.0/8", "fd00::/8"]),
    ];
    for policy in &policies {
        for &(address, expected) in NEVER {
            assert_eq!(kind(policy, "receiver.internal", address), Some(expected), "{address}");
        }
    }
}

#[test]
fn this_machine_is_delivered_to_and_nothing_else_unless_it_is_allowed() {
    let policy = TargetPolicy::loopback();
    for address in ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(kind(&policy, "anything", address), None, "{address}");
    }
    let others =
        ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1", "240.0.0.1", "64:ff9b:1::10.0.0.1"];
    // NAT64 and 6to4 lead to another machine's loopback, which is not this one's.
    for address in others.into_iter().chain(["64:ff9b::127.0.0.1", "2002:7f00:1::"]) {
        assert_eq!(kind(&policy, "localhost", address), Some(Kind::NotAmongAllowed), "{address}");
        assert_eq!(kind(&loopback_and(&["0.0.0.0/0", "::/0"]), "x", address), None, "{address}");
        assert_eq!(kind(&loopback_and(&[address]), "x", address), None, "{address}");
    }
}

#[test]
fn a_network_has_its_addresses_and_a_name_those_it_is_resolved_to() {
    let policy = loopback_and(&["10.1.0.0/16", "::ffff:192.168.7.0/120", "Receiver.Internal.", "[fd00::5]"]);
    for (host, address, expected) in [
        ("x", "10.1.255.255", None),
        ("x", "10.2.0.0", Some(Kind::NotAmongAllowed)),
        ("x", "::ffff:10.1.0.1", None),
        ("x", "192.168.7.9", None),
        ("x", "192.168.8.0", Some(Kind::NotAmongAllowed)),
        ("x", "fd00::5", None),
        ("x", "fd00::6", Some(Kind::NotAmongAllowed)),
        ("receiver.internal", "172.17.0.2", None),
        ("RECEIVER.internal.", "172.17.0.2", None),
        ("not-receiver.internal", "172.17.0.2", Some(Kind::NotAmongAllowed)),
        ("receiver.internal.example", "172.17.0.2", Some(Kind::NotAmongAllowed)),
    ] {
        assert_eq!(kind(&policy, host, address), expected, "{host} {address}");
    }
}

#[test]
fn any_address_is_delivered_to_unless_a_policy_says_otherwise() {
    let policy = TargetPolicy::default().with_allowed("10.0.0.1".parse().unwrap());
    assert_eq!(policy, TargetPolicy::any());
    for &(address, _) in NEVER {
        assert_eq!(kind(&policy, "x", address), None, "{address}");
    }
}

#[test]
fn a_target_that_cannot_be_allowed_is_refused_with_the_reason() {
    use InvalidAllowedTargetKind as Invalid;

    for (text, expected) in [
        ("", Invalid::Neither),
        ("10.0.0.0/33", Invalid::Neither),
        ("300.1.1.1", Invalid::Neither),
        ("10.1", Invalid::Neither),
        ("a..b", Invalid::Neither),
        ("*.internal", Invalid::Neither),
        ("host name", Invalid::Neither),
        ("女.example", Invalid::Neither),
        ("http://host/", Invalid::NotHostAlone),
        ("host:8080", Invalid::NotHostAlone),
        ("10.0.0.1:80", Invalid::NotHostAlone),
        ("169.254.169.254", Invalid::NeverDelivered),
        ("::ffff:169.254.169.254", Invalid::NeverDelivered),
        ("169.254.0.0/16", Invalid::NeverDelivered),
        ("fe80::/10", Invalid::NeverDelivered),
        ("ff00::/8", Invalid::NeverDelivered),
        ("0.0.0.0", Invalid::NeverDelivered),
        ("224.0.0.0/4", Invalid::NeverDelivered),
    ] {
        assert_eq!(text.parse::<AllowedTarget>().unwrap_err().kind(), expected, "{text}");
    }
}

#[test]
fn an_allowed_target_is_written_as_it_is_understood() {
    for (text, expected) in [
        ("Host.Docker.Internal.", "host.docker.internal"),
        (" receiver_1 ", "receiver_1"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("[fd00::1]", "fd00::1"),
    ] {
        assert_eq!(text.parse::<AllowedTarget>().unwrap().to_string(), expected);
    }
}
