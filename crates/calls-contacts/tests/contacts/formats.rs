use calls_contacts::Format;

use crate::{lines, read};

#[test]
fn vcard_2_1_is_read_with_its_charsets_and_soft_line_breaks() {
    assert_eq!(
        lines(include_bytes!("../fixtures/android-21.vcf")),
        [
            "Jörg Müller | +49 170 1234505 (mobile) | 030 12345671 (work fax)",
            "Oma Hilde | 030 12345672 (home)"
        ]
    );
    assert_eq!(
        lines(include_bytes!("../fixtures/nokia-21.vcf")),
        ["Zoë Peña | +34 600 000 001 (mobile) | +34 910 000 001", "Ola Żaneta | +48 22 000 00 01 (home)"]
    );
}

#[test]
fn vcard_3_0_is_read_with_labels_of_apple_and_folded_lines() {
    assert_eq!(
        lines(include_bytes!("../fixtures/iphone-30.vcf")),
        [
            "Dr. Johnny Appleseed | (202) 555-0123 (mobile) | +1 (202) 555-0124 (school) | \
             +1 202 555 0125 (Beach house) | +1-202-555-0126 (work fax)",
            "Pizza Roma | +39 06 0000 0001 (main)"
        ]
    );
    assert_eq!(
        lines(include_bytes!("../fixtures/google-30.vcf")),
        ["Anna-Lena Schmidt | 0170 1234506 (mobile) | 030 12345673 (home)", "No Number"]
    );
}

#[test]
fn vcard_4_0_is_read_with_uris() {
    assert_eq!(
        lines(include_bytes!("../fixtures/rfc6350-40.vcf")),
        ["J. Doe | tel:+1-202-555-0127;ext=5555 (home) | tel:+33-01-99-00-00-01 (home) | \
          tel:+1-202-555-0128 (work mobile) | sip:doe@example.com (work)"]
    );
    assert_eq!(
        lines(include_bytes!("../fixtures/nextcloud-40.vcf")),
        [
            "Ольга Петрова | +7 900 000-00-01 (mobile) | +7 900 000-00-02 (iphone)",
            "Lower Case | +1 202 555 0129 (work)"
        ]
    );
    assert_eq!(lines(include_bytes!("../fixtures/utf16.vcf")), ["Łukasz | +48 500 000 001 (mobile)"]);
}

#[test]
fn csv_of_google_is_read_in_its_old_and_its_new_layout() {
    assert_eq!(
        lines(include_bytes!("../fixtures/google.csv")),
        [
            "Hilde Muster | +49 170 1234505 (mobile) | 0170 1234507 (mobile) | 030 12345674 (work fax)",
            "Pizza Roma | 030 12345675 (Lieferung)",
            "3: expected a name, but found none",
            "Dr"
        ]
    );
    assert_eq!(lines(include_bytes!("../fixtures/google-2019.csv")), ["Jörg Müller | 0170 1234509 (mobile)"]);
}

#[test]
fn csv_of_outlook_is_read_in_four_languages() {
    assert_eq!(
        lines(include_bytes!("../fixtures/outlook.csv")),
        ["Dr. Jane Q. Doe | (202) 555-0134 (home) | (202) 555-0135 (work) | (202) 555-0136 (mobile) | \
          (202) 555-0137 (work fax)"]
    );
    assert_eq!(
        lines(include_bytes!("../fixtures/outlook-de.csv")),
        ["Frau Jutta Größer | 030 12345676 (work) | 030 12345677 (home) | 0170 1234510 (mobile) | \
          030 12345678 (work fax)"]
    );
    assert_eq!(
        lines(include_bytes!("../fixtures/outlook-fr.csv")),
        ["Hélène Dupont | 01 99 00 00 01 (work) | 06 39 98 00 01 (mobile)"]
    );
    assert_eq!(
        lines(include_bytes!("../fixtures/outlook-es.csv")),
        ["Íñigo Núñez | 910 000 001 (home) | 600 000 002 (mobile)"]
    );
}

#[test]
fn a_phonebook_of_a_fritzbox_is_read() {
    assert_eq!(
        lines(include_bytes!("../fixtures/fritzbox.xml")),
        [
            "Oma & Opa Hilde | 030 12345679 (home) | +491701234511 (mobile) | 03012345680 (work fax)",
            "2: expected a name, but found none",
            "Hausmeister <3> | **620 | 03012345682 (Werkstatt)"
        ]
    );
    assert_eq!(lines(include_bytes!("../fixtures/fritzbox-latin1.xml")), ["Jürgen | +493012345683 (work)"]);
}

#[test]
fn a_format_is_detected_by_what_is_in_the_file() {
    for (bytes, format) in [
        (&include_bytes!("../fixtures/nextcloud-40.vcf")[..], Format::Vcard),
        (include_bytes!("../fixtures/outlook-de.csv"), Format::Csv),
        (include_bytes!("../fixtures/fritzbox.xml"), Format::Fritzbox),
    ] {
        assert_eq!(read(bytes).unwrap().0, format);
    }
}

#[test]
fn a_folder_is_the_address_books_in_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let found = calls_contacts::files(&folder).unwrap();
    assert!(found.len() >= 16, "{found:?}");
    assert!(found.is_sorted());
    assert!(found.iter().all(|path| path.extension().unwrap() != "md"));
    let one = folder.join("README.md");
    assert_eq!(calls_contacts::files(&one).unwrap(), [one]);
}
