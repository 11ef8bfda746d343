use super::*;

#[test]
fn a_call_is_appended_as_serde_writes_it() {
    let parties = [
        Party::E164("+493012345678".parse().unwrap()),
        Party::Local("*97#".to_owned()),
        Party::Sip("sip:a\\b\"c\u{7}é@example.com".to_owned()),
        Party::Text("Käthe \"K\" 12345678".to_owned()),
        Party::Withheld,
        Party::Unknown,
    ];
    let durations = [None, Some(0), Some(7), Some(37_400), Some(37_450), Some(i32::MAX)];
    let times = ["2024-01-31T10:00:00Z", "1969-12-31T23:59:59.000001Z", "2024-02-29T00:00:00.25Z"];
    let mut appended = Vec::new();
    for ((counterparty, duration), (time, call_type)) in
        parties.iter().cycle().zip(durations.repeat(6)).zip(times.iter().cycle().zip(CallType::ALL.repeat(8)))
    {
        let call = Call {
            id: if duration.is_none() { "a \"b\"\n".to_owned() } else { "4711".to_owned() },
            created_at: time.parse().unwrap(),
            counterparty: counterparty.clone(),
            call_type,
            duration: duration.and_then(|ms| CallDuration::from_ms(ms.into())),
        };
        appended.clear();
        call.append_json(&mut appended);
        assert_eq!(String::from_utf8_lossy(&appended), serde_json::to_string(&call).unwrap());
        if let Ok(id) = call.id.parse() {
            let Call { created_at, counterparty, call_type, duration, .. } = &call;
            appended.clear();
            Call::append_parts(&mut appended, id, created_at, counterparty, *call_type, *duration);
            assert_eq!(String::from_utf8_lossy(&appended), serde_json::to_string(&call).unwrap());
        }
    }
}

#[test]
fn a_call_has_the_shape_of_the_original() {
    let completed = r#"{"id":"7","created_at":"2024-01-31T10:00:00Z","counterparty":"+13333333333","type":"Completed Inbound","duration":"37.4"}"#;
    let missed = r#"{"id":"8","created_at":"2024-01-31T11:00:00.250Z","counterparty":"+14444444444","type":"Missed Outbound"}"#;
    for json in [completed, missed] {
        let call: Call = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&call).unwrap(), json);
    }
}

#[test]
fn a_detailed_call_is_a_call_with_one_more_member() {
    let identified = r#"{"id":"8","created_at":"2024-01-31T11:00:00Z","counterparty":"+493012345678","type":"Missed Inbound","details":{"counterparty":{"international":"+49 30 12345678","national":"030 12345678","country":"DE"},"returned_at":"2024-01-31T12:00:00Z"}}"#;
    let withheld = r#"{"id":"9","created_at":"2024-01-31T12:00:00Z","counterparty":"withheld","type":"Completed Inbound","duration":"1.0","details":{"counterparty":null,"returned_at":null}}"#;
    for json in [identified, withheld] {
        let detailed: DetailedCall = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&detailed).unwrap(), json);
        assert_eq!(serde_json::from_str::<Call>(json).unwrap(), detailed.call);
    }
}

#[test]
fn a_duration_has_one_to_three_decimals() {
    for (ms, text) in [
        (0, "0.0"),
        (5, "0.005"),
        (50, "0.05"),
        (37_400, "37.4"),
        (37_450, "37.45"),
        (215_000, "215.0"),
        (i64::from(i32::MAX), "2147483.647"),
    ] {
        let duration = CallDuration::from_ms(ms).unwrap();
        assert_eq!(duration.to_string(), text);
        assert_eq!(text.parse(), Ok(duration));
    }
}

#[test]
fn what_is_no_duration_is_refused() {
    for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.2345", "2147483.648", "99999999999999999999"] {
        assert!(text.parse::<CallDuration>().is_err(), "{text}");
    }
    assert_eq!(CallDuration::from_ms(-1), None);
}

#[test]
fn a_disposition_has_one_text() {
    for disposition in Disposition::ALL {
        assert_eq!(disposition.as_str().parse(), Ok(disposition));
        assert_eq!(serde_json::to_value(disposition).unwrap(), disposition.as_str());
    }
    assert!("ANSWERED".parse::<Disposition>().unwrap_err().to_string().starts_with("expected answered, "));
}

#[test]
fn a_type_is_its_direction_and_its_outcome() {
    for call_type in CallType::ALL {
        assert_eq!(CallType::new(call_type.direction(), call_type.outcome()), call_type);
        assert_eq!(call_type.as_str().parse(), Ok(call_type));
    }
    assert!("completed inbound".parse::<CallType>().is_err());
}
