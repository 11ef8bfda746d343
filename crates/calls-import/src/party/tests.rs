use super::*;

fn text(text: &str) -> RawParty {
    RawParty::Text(text.to_owned())
}

#[test]
fn what_can_be_dialled_is_kept_as_it_is_written() {
    for party in [
        "1001",
        "*97",
        "#31#",
        "0049301234567",
        "+1 (202) 555-0123",
        "+49 30/1234.567",
        "1-800-FLOWERS",
        "1-888-GO-FEDEX",
        "sip:alice@example.com",
        "sips:pbx.example",
        "SIP:1001@192.0.2.20;user=phone",
        "*67#2025550123",
        "*821001",
    ] {
        assert_eq!(RawParty::from_text(party), text(party));
    }
}

#[test]
fn of_a_text_that_holds_a_number_the_number_is_kept() {
    for (written, number) in [
        (" 1001 ", "1001"),
        ("\"EXAMPLE\" <2025550123>", "2025550123"),
        ("Example <2025550124>", "2025550124"),
        ("Example <+1 202 555 0124>;tag=7", "+1 202 555 0124"),
        ("<+12025550124>", "+12025550124"),
        ("Example<1001>", "1001"),
        ("\"Anonymous\" <+12025550123>", "+12025550123"),
        ("\"2025550123\" <>", "2025550123"),
        ("2025550125 (Example)", "2025550125"),
        ("Example (2025550126)", "2025550126"),
        ("Example (1001)", "1001"),
        ("1001 (Example)", "1001"),
        ("(202) 555-0123 (Example, home)", "(202) 555-0123"),
        ("Example [+12025550123]", "+12025550123"),
        ("Example: +12025550123", "+12025550123"),
        ("Example One +1 202-555-0123", "+1 202-555-0123"),
        ("Example (202) 555-0123", "(202) 555-0123"),
        ("+12025550123 - Example", "+12025550123"),
        ("2025550123 Example", "2025550123"),
        ("1001 - Example", "1001"),
        ("Example: 1001", "1001"),
        ("'+12025550123", "+12025550123"),
        ("=\"+12025550123\"", "+12025550123"),
        ("=+12025550123", "+12025550123"),
        ("\"+12025550123\"", "+12025550123"),
        ("+12025550123;ext=7", "+12025550123"),
        ("+12025550123x123", "+12025550123"),
        ("(202) 555-0123 x 7", "(202) 555-0123"),
        ("+12025550123 ext. 7", "+12025550123"),
        ("2025550123 Extension 7", "2025550123"),
        ("+12025550123,,7#", "+12025550123"),
        ("+12025550123p7", "+12025550123"),
        ("+12025550123#7", "+12025550123"),
        ("9,2025550123", "2025550123"),
        ("9+12025550123", "+12025550123"),
        ("＋１２０２５５５０１２３", "+12025550123"),
        ("\u{202a}+49 30\u{a0}555001\u{202c}", "+49 30\u{a0}555001"),
        ("whatsapp:+12025550123", "+12025550123"),
        ("callto://+12025550123", "+12025550123"),
        ("sip:+12025550123@192.0.2.20;user=phone", "+12025550123"),
        ("sip:2025550123@trunk.example;transport=udp;user=phone", "2025550123"),
        ("sips:%2B12025550123@trunk.example:5061", "+12025550123"),
        ("sip:+12025550123;ext=7@trunk.example", "+12025550123"),
        ("\"Example\" <sip:+12025550123@trunk.example>;tag=1", "+12025550123"),
        ("+12025550123@trunk.example", "+12025550123"),
        ("tel:+12025550123", "+12025550123"),
        ("tel:%2B12025550123", "+12025550123"),
        ("tel:*82+493012345678", "+493012345678"),
        ("TEL:+1-202-555-0123;ext=7", "+1-202-555-0123"),
        ("tel:555-0123;phone-context=+1202;x=1", "tel:555-0123;phone-context=+1202"),
        ("alice@example.com", "sip:alice@example.com"),
        ("Ext.102", "102"),
        ("ext 102", "102"),
        ("Nebenstelle 12", "12"),
        ("PJSIP/101-0000000a", "101"),
        ("Local/101@from-internal-0001;1", "101"),
        ("Local/FMPR-101@from-internal", "101"),
        ("sofia/internal/101@192.0.2.20", "101"),
        ("#31#+4930555001", "+4930555001"),
        ("*31#030 555001", "030 555001"),
        ("*67 (202) 555-0123", "(202) 555-0123"),
        ("*70+12025550123", "+12025550123"),
        ("*722025550123", "2025550123"),
    ] {
        assert_eq!(RawParty::from_text(written), text(number), "{written}");
        assert_eq!(RawParty::from_text(number), text(number), "{written}");
    }
}

#[test]
fn a_caller_who_hides_is_withheld_in_any_language() {
    for party in [
        "anonymous",
        "PRIVATE",
        "restricted",
        "No Caller ID",
        "Number withheld",
        "(Private)",
        "Unterdrückt",
        "unterdru\u{308}ckt",
        "Numéro masqué",
        "Número oculto",
        "Afgeschermd",
        "Dolt nummer",
        "Скрытый номер",
        "非通知",
        "*****",
        "XXXXXXXXXX",
        "sip:anonymous@anonymous.invalid",
        "anonymous@192.0.2.20",
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
        "Anonymous <anonymous>",
        "\"Anonymous\" <>",
        "Anonymous <unknown>",
        "tel:anonymous",
    ] {
        assert_eq!(RawParty::from_text(party), RawParty::Withheld, "{party}");
    }
}

#[test]
fn only_what_the_log_calls_unknown_or_leaves_out_is_unknown() {
    for party in [
        "",
        " ",
        "unknown",
        "UNAVAILABLE",
        "Unknown Caller",
        "(unknown)",
        "Inconnu",
        "n/a",
        "-",
        "null",
        "<>",
        "sip:",
        "+",
    ] {
        assert_eq!(RawParty::from_text(party), RawParty::Unknown, "{party}");
    }
}

#[test]
fn a_text_that_is_nothing_else_is_kept_and_owns_no_history() {
    for party in ["alice", "client:alice", "Example One", "s-BUSY", "Gate 3", "trunk-out", "é"] {
        assert_eq!(RawParty::from_text(party), text(party));
    }
    assert!(!text("alice").is_identified() && !text("client:alice").is_identified());
    assert!(
        text("1001").is_identified()
            && text("*97").is_identified()
            && text("SIP:alice@example.com").is_identified()
    );
    let long = "tel:".repeat(100_000);
    assert!(matches!(RawParty::from_text(&long), RawParty::Text(_)));
}

#[test]
fn a_name_is_split_off_and_is_neither_a_number_nor_a_word_for_a_hidden_one() {
    for (written, found) in [
        ("\"Example One\" <2025550123>", Some("Example One")),
        ("2025550123 (Example One)", Some("Example One")),
        ("Example: +12025550123", Some("Example")),
        ("+12025550123", None),
    ] {
        assert_eq!(read(written).1.as_deref(), found, "{written}");
    }
    let party = text("+12025550123");
    for (written, found) in [
        ("Example One", Some("Example One")),
        (" \"Example\" ", Some("Example")),
        ("(Unknown)", None),
        ("Anonymous", None),
        ("+1 202-555-0123", None),
        ("1001", None),
        ("", None),
        ("-", None),
    ] {
        assert_eq!(name(written, &party).as_deref(), found, "{written}");
    }
    assert_eq!(name("alice", &text("alice")), None);
}
