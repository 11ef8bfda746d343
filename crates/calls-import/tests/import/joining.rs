//! A call that a telephone system writes as several rows is one call, and everybody who took part has it.

use std::collections::BTreeMap;

use calls_import::{Format, Item, Options, RawParty, Record};
use calls_model::{Direction, Disposition, Outcome};

use crate::support::{detailed, details, items, joined, record};

/// A row of `Master.csv` with 21 columns.
struct Row<'a> {
    src: &'a str,
    dst: &'a str,
    channel: &'a str,
    dstchannel: &'a str,
    lastapp: &'a str,
    /// Seconds after 08:00:00.
    start: u64,
    duration: u64,
    billsec: u64,
    disposition: &'a str,
    linkedid: &'a str,
}

impl Row<'_> {
    fn text(&self) -> String {
        let Self { src, dst, channel, dstchannel, lastapp, duration, billsec, disposition, linkedid, .. } =
            self;
        let clock = |s: u64| format!("2026-03-02 {:02}:{:02}:{:02}", 8 + s / 3600, s / 60 % 60, s % 60);
        let (start, end) = (clock(self.start), clock(self.start + duration));
        let answer = if *billsec > 0 { clock(self.start + duration - billsec) } else { String::new() };
        format!(
            r#""","{src}","{dst}","c","""Example"" <{src}>","{channel}","{dstchannel}","{lastapp}","","{start}","{answer}","{end}",{duration},{billsec},"{disposition}","DOCUMENTATION","{linkedid}","","","{linkedid}",0"#
        )
    }
}

fn rows(rows: &[Row]) -> String {
    rows.iter().map(|row| row.text() + "\n").collect()
}

fn asterisk(text: &str) -> Vec<Item> {
    detailed(Format::AsteriskCsv, &Options::default(), text.as_bytes())
}

/// A call of a kind, the `number`th of a file. Its rows, and when its caller began to speak with somebody, if
/// at all.
fn generated(number: u64) -> (Vec<String>, Option<u64>) {
    let caller = format!("+1202555{:04}", number % 10_000);
    let id = format!("{}.{number}", 1_772_438_400 + number);
    let trunk = format!("PJSIP/trunk-{number:08x}");
    let phone = |extension: u64| format!("PJSIP/{extension}-{number:08x}");
    let local = |extension: u64, side: u64| format!("Local/{extension}@from-queue-{number:08x};{side}");
    let plain = |dst, channel, dstchannel, lastapp, duration, billsec, disposition| {
        Row {
            src: &caller,
            dst,
            channel,
            dstchannel,
            lastapp,
            start: number,
            duration,
            billsec,
            disposition,
            linkedid: &id,
        }
        .text()
    };
    let (p1, p2, p3) = (phone(101), phone(102), phone(103));
    let (l1, l2, m1, m2) = (local(101, 1), local(101, 2), local(102, 1), local(102, 2));
    match number % 5 {
        // A ring group in which the second phone answers.
        0 => (
            vec![
                plain("600", &trunk, &p1, "Dial", 5, 0, "NO ANSWER"),
                plain("600", &trunk, &p2, "Dial", 66, 61, "ANSWERED"),
                plain("600", &trunk, &p3, "Dial", 5, 0, "NO ANSWER"),
            ],
            Some(61),
        ),
        // A queue whose agents are dialled through Local channels.
        1 => (
            vec![
                plain("500", &trunk, &l1, "Queue", 15, 10, "NO ANSWER"),
                plain("101", &l2, &p1, "Dial", 15, 0, "NO ANSWER"),
                plain("500", &trunk, &m1, "Queue", 80, 75, "ANSWERED"),
                plain("102", &m2, &p2, "Dial", 80, 60, "ANSWERED"),
            ],
            Some(60),
        ),
        // A queue that the caller left.
        2 => (vec![plain("500", &trunk, "", "Queue", 90, 85, "ANSWERED")], None),
        // Follow-me: a phone, then a number outside.
        3 => (
            vec![
                plain("101", &trunk, &p1, "Dial", 10, 0, "NO ANSWER"),
                plain("101", &trunk, &l1, "Dial", 50, 40, "ANSWERED"),
                plain("+12025559999", &l2, "PJSIP/out-1", "Dial", 50, 40, "ANSWERED"),
            ],
            Some(40),
        ),
        // A phone that answers and transfers to another one.
        _ => {
            let second = transferred(&caller, &trunk, &p2, number + 35, &id);
            (vec![plain("101", &trunk, &p1, "Dial", 35, 30, "ANSWERED"), second], Some(90))
        }
    }
}

/// The row of a caller who was transferred to 102 and spoke there for a minute.
fn transferred(caller: &str, channel: &str, dstchannel: &str, start: u64, linkedid: &str) -> String {
    Row {
        src: caller,
        dst: "102",
        channel,
        dstchannel,
        lastapp: "Dial",
        start,
        duration: 65,
        billsec: 60,
        disposition: "ANSWERED",
        linkedid,
    }
    .text()
}

#[test]
fn a_thousand_calls_through_groups_queues_and_transfers_are_a_thousand_for_the_callers() {
    const CALLS: u64 = 1000;
    let calls: Vec<_> = (0..CALLS).map(generated).collect();
    // A busy system: the rows of eight calls at a time are mixed.
    let mut lines = Vec::new();
    for calls in calls.chunks(8) {
        let longest = calls.iter().map(|(rows, _)| rows.len()).max().unwrap_or_default();
        lines.extend(
            (0..longest).flat_map(|row| calls.iter().filter_map(move |(rows, _)| rows.get(row).cloned())),
        );
    }
    let items = asterisk(&(lines.join("\n") + "\n"));
    let mut of_callers: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for item in &items {
        let Item::Record(record) = item else { continue };
        let RawParty::Text(owner) = &record.owner else { panic!("{record:?}") };
        if owner.starts_with("+1202555") && owner != "+12025559999" {
            of_callers.entry(owner.clone()).or_default().push(record);
        }
    }
    assert_eq!(of_callers.len() as u64, CALLS);
    for (number, (_, talked)) in (0..).zip(&calls) {
        let [record] = of_callers[&format!("+1202555{number:04}")][..] else {
            panic!("one call of {number}")
        };
        assert_eq!(record.call_type.direction(), Direction::Outbound);
        assert_eq!(
            record.duration.map(|duration| duration.ms() as u64 / 1000),
            *talked,
            "{number}: {record:?}"
        );
    }
    let joined = items.iter().filter(|item| matches!(item, Item::Joined { .. })).count();
    assert_eq!(joined + CALLS as usize, lines.len());
}

#[test]
fn who_rang_in_vain_while_another_answered_has_a_call_answered_elsewhere() {
    let call = |dstchannel, duration, billsec, disposition| Row {
        src: "+12025550123",
        dst: "600",
        channel: "PJSIP/trunk-1",
        dstchannel,
        lastapp: "Dial",
        start: 0,
        duration,
        billsec,
        disposition,
        linkedid: "1772438400.1",
    };
    let text = rows(&[
        call("PJSIP/101-2", 5, 0, "NO ANSWER"),
        call("PJSIP/102-3", 66, 61, "ANSWERED"),
        call("PJSIP/103-4", 5, 0, "BUSY"),
    ]);
    let at = "2026-03-02T08:00:00Z";
    assert_eq!(
        items(Format::AsteriskCsv, &Options::default(), text.as_bytes()),
        [
            record(1, "+12025550123 > 600", at, Some("61.0")),
            record(1, "600 < +12025550123", at, Some("61.0")),
            record(1, "101 < +12025550123", at, None),
            record(1, "102 < +12025550123", at, Some("61.0")),
            record(1, "103 < +12025550123", at, None),
            joined(2),
            joined(3),
        ]
    );
    assert_eq!(
        details(&asterisk(&text)),
        [
            "answered rang 5.0 via 102",
            "answered rang 5.0 \"Example\" via 102",
            "answered_elsewhere rang 5.0 \"Example\" via 600",
            "answered rang 5.0 \"Example\" via 600",
            "answered_elsewhere rang 5.0 \"Example\" via 600",
        ]
    );
}

#[test]
fn a_mailbox_a_queue_and_a_menu_are_no_person() {
    let call = |dst, lastapp, dstchannel, billsec, disposition| {
        Row {
            src: "+12025550123",
            dst,
            channel: "PJSIP/trunk-1",
            dstchannel,
            lastapp,
            start: 0,
            duration: 40,
            billsec,
            disposition,
            linkedid: "1772438400.1",
        }
        .text()
    };
    for (row, dialled, disposition) in [
        (call("101", "VoiceMail", "", 20, "ANSWERED"), "101", Disposition::Voicemail),
        (call("101", "Voicemail", "PJSIP/101-2", 20, "ANSWERED"), "101", Disposition::Voicemail),
        (call("vmu101", "VoiceMail", "", 20, "ANSWERED"), "101", Disposition::Voicemail),
        (call("500", "Queue", "", 35, "ANSWERED"), "500", Disposition::NoAnswer),
        (call("700", "BackGround", "", 35, "ANSWERED"), "700", Disposition::NoAnswer),
        (call("101", "Dial", "PJSIP/101-2", 0, "BUSY"), "101", Disposition::Busy),
        (call("101", "Dial", "PJSIP/101-2", 0, "CONGESTION"), "101", Disposition::Failed),
    ] {
        let found = asterisk(&row);
        let Item::Record(record) = &found[0] else { panic!("{row}: {found:?}") };
        assert_eq!(record.counterparty, RawParty::Text(dialled.to_owned()), "{row}");
        assert_eq!(
            (record.call_type.outcome(), record.disposition),
            (Outcome::Missed, Some(disposition)),
            "{row}"
        );
    }
    // After a phone that did not answer.
    let text = format!(
        "{}\n{}\n",
        call("101", "Dial", "PJSIP/101-2", 0, "NO ANSWER"),
        call("vmu101", "VoiceMail", "", 9, "ANSWERED")
    );
    let found = details(&asterisk(&text));
    assert_eq!(found, ["voicemail rang 31.0", "voicemail rang 31.0 \"Example\""]);
}

#[test]
fn who_is_asked_before_a_transfer_has_a_call_from_who_asked() {
    let call = |src, dst, channel, dstchannel, start, billsec| Row {
        src,
        dst,
        channel,
        dstchannel,
        lastapp: "Dial",
        start,
        duration: billsec,
        billsec,
        disposition: "ANSWERED",
        linkedid: "1772438400.1",
    };
    let text = rows(&[
        call("+12025550123", "101", "PJSIP/trunk-1", "PJSIP/101-2", 0, 30),
        call("101", "102", "PJSIP/101-3", "PJSIP/102-4", 20, 10),
        call("+12025550123", "102", "PJSIP/trunk-1", "PJSIP/102-4", 30, 60),
    ]);
    assert_eq!(
        items(Format::AsteriskCsv, &Options::default(), text.as_bytes()),
        [
            record(1, "+12025550123 > 101", "2026-03-02T08:00:00Z", Some("90.0")),
            record(1, "101 < +12025550123", "2026-03-02T08:00:00Z", Some("90.0")),
            record(1, "102 < +12025550123", "2026-03-02T08:00:30Z", Some("60.0")),
            record(1, "101 > 102", "2026-03-02T08:00:20Z", Some("10.0")),
            record(1, "102 < 101", "2026-03-02T08:00:20Z", Some("10.0")),
            joined(2),
            joined(3),
        ]
    );
}

#[test]
fn the_number_dialled_from_outside_has_the_call_too() {
    let text = "calldate,clid,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid,did,cnam,linkedid\n\
        2026-03-02 08:00:00,,+12025550123,s,PJSIP/t-1,,BackGround,5,5,ANSWERED,1772438400.1,+12025550100,Example,1772438400.1\n\
        2026-03-02 08:00:05,,+12025550123,101,PJSIP/t-1,PJSIP/101-2,Dial,70,61,ANSWERED,1772438400.1,,,1772438400.1\n";
    let found = detailed(Format::FreepbxCsv, &Options::default(), text.as_bytes());
    let at = "2026-03-02T08:00:00Z";
    assert_eq!(
        items(Format::FreepbxCsv, &Options::default(), text.as_bytes()),
        [
            record(2, "+12025550123 > 101", at, Some("61.0")),
            record(2, "101 < +12025550123", at, Some("61.0")),
            record(2, "+12025550100 < +12025550123", at, Some("61.0")),
            joined(3),
        ]
    );
    assert_eq!(
        details(&found),
        ["answered rang 14.0", "answered rang 14.0 \"Example\"", "answered rang 14.0 \"Example\" via 101"]
    );
}

#[test]
fn a_freeswitch_phone_that_lost_the_race_has_a_call_answered_elsewhere() {
    let leg = |uuid: &str, to: &str, rest: &str, billsec: u32, cause: &str| {
        format!(
            r#"{{"core-uuid":"c","variables":{{"uuid":"{uuid}","start_epoch":"1772438400","duration":"70","billsec":"{billsec}","hangup_cause":"{cause}"{rest}}},"callflow":[{{"caller_profile":{{"caller_id_number":"+12025550123","destination_number":"{to}"}}}}]}}"#
        )
    };
    let of_a = r#","originator":"a""#;
    let text = [
        leg("b", "101", of_a, 0, "LOSE_RACE"),
        leg("a", "600", "", 60, "NORMAL_CLEARING"),
        leg("c", "102", of_a, 60, "NORMAL_CLEARING"),
    ]
    .join("\n");
    let at = "2026-03-02T08:00:00Z";
    assert_eq!(
        items(Format::FreeswitchJson, &Options::default(), text.as_bytes()),
        [
            record(1, "+12025550123 > 600", at, Some("60.0")),
            record(1, "600 < +12025550123", at, Some("60.0")),
            record(1, "101 < +12025550123", at, None),
            record(1, "102 < +12025550123", at, Some("60.0")),
            joined(2),
            joined(3),
        ]
    );
    let found = details(&detailed(Format::FreeswitchJson, &Options::default(), text.as_bytes()));
    assert_eq!(found[2], "answered_elsewhere rang 70.0 via 600");
    assert_eq!(found[0], "answered rang 10.0 via 102");
}

#[test]
fn a_twilio_call_and_those_that_it_made_are_one_call() {
    let call = |sid: &str, to: &str, status: &str, direction: &str, rest: &str| {
        format!(
            r#"{{"sid":"{sid}","from":"+12025550123","to":"{to}","status":"{status}","direction":"{direction}","start_time":"2026-03-02T08:00:00Z","duration":"60"{rest}}}"#
        )
    };
    let child = r#","parent_call_sid":"CA1""#;
    let text = [
        call("CA3", "+12025550103", "completed", "outbound-dial", child),
        call("CA2", "+12025550102", "no-answer", "outbound-dial", child),
        call("CA1", "+12025550100", "completed", "inbound", r#","caller_name":"EXAMPLE ONE""#),
    ]
    .join("\n");
    let at = "2026-03-02T08:00:00Z";
    assert_eq!(
        items(Format::TwilioNdjson, &Options::default(), text.as_bytes()),
        [
            record(1, "+12025550100 < +12025550123", at, Some("60.0")),
            record(1, "+12025550103 < +12025550123", at, Some("60.0")),
            record(1, "+12025550102 < +12025550123", at, None),
            joined(2),
            joined(3),
        ]
    );
    assert_eq!(
        details(&detailed(Format::TwilioNdjson, &Options::default(), text.as_bytes())),
        [
            "answered \"EXAMPLE ONE\" via +12025550103",
            "answered \"EXAMPLE ONE\" via +12025550100",
            "answered_elsewhere \"EXAMPLE ONE\" via +12025550100",
        ]
    );
    let machine =
        call("CA4", "+12025550100", "completed", "outbound-api", r#","answered_by":"machine_start""#);
    let found = details(&detailed(Format::TwilioNdjson, &Options::default(), machine.as_bytes()));
    assert_eq!(found, ["voicemail"]);
}
