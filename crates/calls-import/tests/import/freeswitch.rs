//! FreeSWITCH's files give the records that their calls stand for.

use calls_import::{Format, Item, Options};

use crate::support::{fixture, items, joined, record, skipped};

#[test]
fn cdr_csv_gives_a_record_for_each_side_of_a_call() {
    let found = fixture(
        Format::FreeswitchCsv,
        &Options::default(),
        "freeswitch/cdr_csv/assembled-example-template.csv",
    );
    assert_eq!(
        found,
        [
            record(1, "1001 > 1002", "2026-03-10T08:00:00Z", Some("115.0")),
            record(1, "1002 < 1001", "2026-03-10T08:00:00Z", Some("115.0")),
            record(2, "1001 > 1003", "2026-03-10T08:05:00Z", None),
            record(2, "1003 < 1001", "2026-03-10T08:05:00Z", None),
            record(3, "1002 > 1001", "2026-03-10T08:06:00Z", None),
            record(3, "1001 < 1002", "2026-03-10T08:06:00Z", None),
            record(4, "1002 > 1001", "2026-03-10T08:07:00Z", None),
            record(4, "1001 < 1002", "2026-03-10T08:07:00Z", None),
            record(5, "1002 > 9999", "2026-03-10T08:08:00Z", None),
            record(5, "9999 < 1002", "2026-03-10T08:08:00Z", None),
            record(6, "+4930555002 > +4930555777", "2026-03-10T09:00:00Z", Some("600.0")),
            record(6, "+4930555777 < +4930555002", "2026-03-10T09:00:00Z", Some("600.0")),
            record(7, "1002 > 0033155500123", "2026-03-10T09:30:00Z", Some("60.0")),
            record(7, "0033155500123 < 1002", "2026-03-10T09:30:00Z", Some("60.0")),
            record(8, "1002 > 0033155500123", "2026-03-10T09:40:00Z", None),
            record(8, "0033155500123 < 1002", "2026-03-10T09:40:00Z", None),
            record(9, "1002 > 0033155500123", "2026-03-10T09:41:00Z", None),
            record(9, "0033155500123 < 1002", "2026-03-10T09:41:00Z", None),
            record(10, "1002 > 0033155500123", "2026-03-10T09:42:00Z", None),
            record(10, "0033155500123 < 1002", "2026-03-10T09:42:00Z", None),
            record(11, "1003 > *98", "2026-03-10T10:00:00Z", Some("70.0")),
            record(11, "*98 < 1003", "2026-03-10T10:00:00Z", Some("70.0")),
        ]
    );
}

/// A line of the template "example".
fn example(name: &str, from: &str, to: &str, legs: (&str, &str), billsec: u32) -> String {
    format!(
        r#""{name}","{from}","{to}","default","2026-03-10 08:00:00","2026-03-10 08:00:05","2026-03-10 08:02:00","120","{billsec}","NORMAL_CLEARING","{}","{}","1001","PCMU","PCMU""#,
        legs.0, legs.1
    )
}

const A: &str = "00000001-1111-4222-8333-000000001eef";
const B: &str = "00000002-1111-4222-8333-000000003dde";
const C: &str = "00000003-1111-4222-8333-000000005ccd";

#[test]
fn quotes_and_commas_in_a_name_and_the_ends_of_other_templates_do_no_harm() {
    let quoted = example("Example \"X\" One", "1001", "1002", (A, ""), 115);
    let comma = example("One, \"Example\", Ltd", "1001", "1002", (A, ""), 115);
    let fallback = format!("{};", example("Example", "1001", "1002", (A, ""), 115));
    let snom =
        example("Example", "1001", "1002", (A, ""), 115).replace(",\"1001\",\"PCMU\"", ", \"1001\",\"PCMU\"");
    let sql = format!("INSERT INTO cdr VALUES ({});", example("Example", "1001", "1002", (A, ""), 115));
    for line in [quoted, comma, fallback, snom, sql] {
        assert_eq!(
            items(Format::FreeswitchCsv, &Options::default(), format!("{line}\r\n").as_bytes()),
            [
                record(1, "1001 > 1002", "2026-03-10T08:00:00Z", Some("115.0")),
                record(1, "1002 < 1001", "2026-03-10T08:00:00Z", Some("115.0")),
            ],
            "{line}"
        );
    }
}

#[test]
fn the_template_asterisk_has_its_own_order() {
    let line = format!(
        r#""sales","1001","1002","default",""Example" <1001>","sofia/a","sofia/b","bridge","user/1002","2026-03-10 08:00:00","","2026-03-10 08:00:30","30","0","NO_ANSWER","DOCUMENTATION","{A}","""#
    );
    assert_eq!(
        items(Format::FreeswitchCsv, &Options::default(), line.as_bytes()),
        [
            record(1, "1001 > 1002", "2026-03-10T08:00:00Z", None),
            record(1, "1002 < 1001", "2026-03-10T08:00:00Z", None),
        ]
    );
}

#[test]
fn the_template_opencdrrate_has_its_own_order_and_no_start() {
    let line = |uuid: &str, bond: &str, answered: &str, billsec: u32| {
        format!(
            r#""{uuid}","{bond}","inbound","1001","1002","{answered}","2026-03-10 08:02:00","{billsec}","sales","","192.0.2.7","E","gw""#
        )
    };
    let text =
        [line(A, B, "2026-03-10 08:00:05", 115), line(B, A, "2026-03-10 08:00:05", 115), line(C, "", "", 0)];
    let text = text.join("\n");
    assert_eq!(calls_import::detect(text.as_bytes()), Ok(Format::FreeswitchCsv));
    assert_eq!(
        items(Format::FreeswitchCsv, &Options::default(), text.as_bytes()),
        [
            record(1, "1001 > 1002", "2026-03-10T08:00:05Z", Some("115.0")),
            record(1, "1002 < 1001", "2026-03-10T08:00:05Z", Some("115.0")),
            joined(2),
            record(3, "1001 > 1002", "2026-03-10T08:02:00Z", None),
            record(3, "1002 < 1001", "2026-03-10T08:02:00Z", None),
        ]
    );
}

#[test]
fn the_second_leg_of_a_call_and_what_is_no_call_are_skipped() {
    let text = [
        example("Example", "1001", "1002", (A, B), 115),
        example("Example", "1001", "1002", (B, ""), 115),
        example("Example", "anonymous", "1002", (C, ""), 0),
        "something else".to_owned(),
    ]
    .join("\n");
    assert_eq!(
        items(Format::FreeswitchCsv, &Options::default(), text.as_bytes()),
        [
            record(1, "1001 > 1002", "2026-03-10T08:00:00Z", Some("115.0")),
            record(1, "1002 < 1001", "2026-03-10T08:00:00Z", Some("115.0")),
            joined(2),
            record(3, "1002 < withheld", "2026-03-10T08:00:00Z", None),
            skipped(
                4,
                "expected the start, answer and end time, two durations and a cause of a FreeSWITCH template, but \
             found 1 columns without them"
            ),
        ]
    );
}

#[test]
fn the_second_leg_of_a_call_may_be_logged_before_the_first() {
    let text = [
        example("Example", "1001", "1002", (B, ""), 114),
        "something else".to_owned(),
        example("Example", "1001", "1002", (A, B), 115),
    ]
    .join("\n");
    let found = items(Format::FreeswitchCsv, &Options::default(), text.as_bytes());
    assert_eq!(
        found[..2],
        [
            record(1, "1001 > 1002", "2026-03-10T08:00:00Z", Some("115.0")),
            record(1, "1002 < 1001", "2026-03-10T08:00:00Z", Some("115.0")),
        ]
    );
    assert!(matches!(&found[2..], [Item::Skipped(_), Item::Joined { position: 3 }]), "{found:?}");
}

#[test]
fn json_cdr_is_read_with_and_without_encoded_values() {
    let read = |name: &str| {
        // The zone is for formats with local times. The epochs here need none.
        let options = Options { zone: chrono_tz::Asia::Tokyo, ..Options::default() };
        fixture(Format::FreeswitchJson, &options, &format!("freeswitch/json_cdr/{name}"))
    };
    assert_eq!(
        read("assembled-answered-urlencoded.cdr.json"),
        [
            record(1, "1001 > 1002", "2026-03-10T08:00:00.534355Z", Some("115.0")),
            record(1, "1002 < 1001", "2026-03-10T08:00:00.534355Z", Some("115.0")),
        ]
    );
    assert_eq!(
        read("assembled-unanswered-plain.cdr.json"),
        [
            record(1, "1001 > 1003", "2026-03-10T08:05:00.534355Z", None),
            record(1, "1003 < 1001", "2026-03-10T08:05:00.534355Z", None),
        ]
    );
}

#[test]
fn xml_cdr_is_read() {
    let read = |name: &str| {
        fixture(Format::FreeswitchXml, &Options::default(), &format!("freeswitch/xml_cdr/{name}"))
    };
    assert_eq!(
        read("assembled-answered.cdr.xml"),
        [
            record(1, "1001 > +4930555777", "2026-03-10T08:00:00.534355Z", Some("115.0")),
            record(1, "+4930555777 < 1001", "2026-03-10T08:00:00.534355Z", Some("115.0")),
        ]
    );
    assert_eq!(
        read("assembled-unanswered.cdr.xml"),
        [
            record(1, "1002 > 1001", "2026-03-10T08:10:00.534355Z", None),
            record(1, "1001 < 1002", "2026-03-10T08:10:00.534355Z", None),
        ]
    );
}

/// A call that was transferred: the newest profile comes first, and the channel is older than it.
fn transferred(variables: &str) -> String {
    format!(
        r#"{{"variables":{{"billsec":"7"{variables}}},"callflow":[
            {{"caller_profile":{{"caller_id_number":"1001","destination_number":"1003"}},"times":{{"created_time":"1773129660000000"}}}},
            {{"caller_profile":{{"caller_id_number":"1001","destination_number":"1002"}},"times":{{"created_time":"1773129600000000"}}}}]}}"#
    )
}

#[test]
fn of_a_json_cdr_the_newest_profile_and_the_oldest_time_count() {
    let text = [
        transferred(""),
        transferred(r#","start_epoch":"1773129600""#),
        transferred(r#","originating_leg_uuid":"00000001-1111-4222-8333-000000001eef""#),
        r#"{"variables":{"billsec":"7"}}"#.to_owned(),
        r#"{"variables":{}}"#.to_owned(),
    ]
    .join("\n");
    assert_eq!(
        items(Format::FreeswitchJson, &Options::default(), text.as_bytes()),
        [
            record(1, "1001 > 1003", "2026-03-10T08:00:00Z", Some("7.0")),
            record(1, "1003 < 1001", "2026-03-10T08:00:00Z", Some("7.0")),
            record(2, "1001 > 1003", "2026-03-10T08:00:00Z", Some("7.0")),
            record(2, "1003 < 1001", "2026-03-10T08:00:00Z", Some("7.0")),
            skipped(3, "expected the first leg of a call, but found its second one"),
            skipped(4, "expected a start time (start_epoch), but found none"),
            skipped(5, "expected a variable \"billsec\", but found none"),
        ]
    );
}

#[test]
fn an_xml_cdr_that_ends_early_or_is_a_second_leg_is_skipped_and_the_next_one_is_read() {
    let flow = |to: &str| {
        format!(
            "<callflow><caller_profile><caller_id_number>1001</caller_id_number>\
             <destination_number>{to}</destination_number><originatee><originatee_caller_profile>\
             <destination_number>9</destination_number></originatee_caller_profile></originatee>\
             </caller_profile><times><created_time>1773129600000000</created_time></times></callflow>"
        )
    };
    let variables = "<variables><billsec>0</billsec></variables>";
    let second = "<variables><billsec>0</billsec><originator>x</originator></variables>";
    let text = format!(
        "<?xml version=\"1.0\"?><cdr>{variables}{}{}</cdr>\n<?xml version=\"1.0\"?><cdr>{second}{}</cdr><cdr>{variables}\
         <cdr>{variables}{}</cdr><cdr>",
        flow("s%26"),
        flow("1002"),
        flow("1002"),
        flow("anonymous")
    );
    assert_eq!(
        items(Format::FreeswitchXml, &Options::default(), text.as_bytes()),
        [
            record(1, "1001 > s%26", "2026-03-10T08:00:00Z", None),
            skipped(2, "expected the first leg of a call, but found its second one"),
            skipped(3, "expected the end of a cdr element, but found another one"),
            record(4, "1001 > withheld", "2026-03-10T08:00:00Z", None),
            skipped(5, "expected the end of a cdr element, but found the end of the file"),
        ]
    );
}
