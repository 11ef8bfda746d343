//! Benchmarks of the functions that dominate requests and imports: `cargo bench --package calls-bench`.

use calls_api::routes::cursor::Cursor;
use calls_api::routes::{write_csv, write_ndjson};
use calls_import::{Format, Options};
use calls_model::{Call, CallDuration, CallType, E164, Party};
use calls_phone as phone;
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::keys::{CallId, PartyKey};
use calls_store::rows::{CallColumns, CallRow, Position, RowDetails};
use chrono::{DateTime, TimeDelta, Utc};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// A different number each time, so that no result is cached.
#[divan::bench]
fn read_a_number(bencher: Bencher) {
    let mut digits = 2_015_550_000_u64..;
    let spelling = || format!("+1{}", digits.next().unwrap_or_default());
    bencher.with_inputs(spelling).bench_local_values(|spelling| phone::parse(&spelling, None));
}

#[divan::bench]
fn read_a_recent_number() -> Result<Party, phone::NotANumber> {
    phone::parse(divan::black_box("+12015550123"), None)
}

#[divan::bench]
fn describe_a_number(bencher: Bencher) {
    let party = party();
    bencher.bench_local(|| phone::describe(divan::black_box(&party)));
}

#[divan::bench]
fn write_a_page_as_json(bencher: Bencher) {
    let page = page();
    bencher.bench_local(|| serde_json::to_vec(divan::black_box(&page)));
}

#[divan::bench]
fn write_a_page_as_ndjson(bencher: Bencher) {
    let page = detailed_page();
    bencher.bench_local(|| {
        let mut out = Vec::new();
        divan::black_box(&page).iter().for_each(|call| write_ndjson(&mut out, call));
        out
    });
}

#[divan::bench]
fn write_a_page_as_csv(bencher: Bencher) {
    let page = detailed_page();
    bencher.bench_local(|| {
        let mut out = Vec::new();
        divan::black_box(&page).iter().for_each(|call| write_csv(&mut out, call));
        out
    });
}

#[divan::bench]
fn write_a_cursor(bencher: Bencher) {
    bencher.bench_local(|| divan::black_box(cursor()).to_string());
}

#[divan::bench]
fn read_a_cursor(bencher: Bencher) {
    let text = cursor().to_string();
    bencher.bench_local(|| divan::black_box(&text).parse::<Cursor>());
}

#[divan::bench]
fn read_asterisk(bencher: Bencher) {
    read_log(bencher, Format::AsteriskCsv, |n| {
        format!(
            r#""","+1201555{n:04}","+14085550000","internal","""A"" <1001>","PJSIP/1001-{n}","PJSIP/trunk-{n}","Dial","PJSIP/1002,30","2024-01-31 10:00:00","2024-01-31 10:00:05","2024-01-31 10:01:00",60,55,"ANSWERED","DOCUMENTATION","1706695200.{n}","" "#
        )
        .trim_end()
        .to_owned()
    });
}

#[divan::bench]
fn read_our_ndjson(bencher: Bencher) {
    read_log(bencher, Format::CallsNdjson, |n| {
        format!(
            r#"{{"id":"{n}","created_at":"2024-01-31T10:00:00Z","counterparty":"+1201555{n:04}","type":"Completed Inbound","duration":"37.4"}}"#
        )
    });
}

/// Reads a log of a thousand lines.
fn read_log(bencher: Bencher, format: Format, line: impl Fn(u32) -> String) {
    const LINES: u32 = 1000;
    let log: String = (0..LINES).map(|n| line(n) + "\n").collect();
    let options =
        Options { own: Some(calls_import::RawParty::Text("+12015550123".to_owned())), ..Options::default() };
    let bencher = bencher.counter(ItemsCount::new(LINES));
    bencher.bench_local(|| calls_import::read(format, &options, divan::black_box(log.as_bytes())).count());
}

fn party() -> Party {
    Party::E164(E164::new(12_015_550_123).unwrap_or_else(|| unreachable!("eleven digits")))
}

fn cursor() -> Cursor {
    Cursor(Position { created_at: time(), id: CallId(4711) })
}

fn time() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_706_695_200_250)
}

/// 50 calls with details, as in an export.
fn detailed_page() -> Vec<CallRow> {
    let row = |(call, id): (Call, i64)| CallRow {
        columns: CallColumns {
            id: CallId(id),
            created_at: call.created_at,
            counterparty: PartyKey(12_015_550_123),
            duration_ms: call.duration.map(CallDuration::ms),
            call_type: TypeColumn(call.call_type),
            disposition: DispositionColumn(None),
        },
        counterparty: call.counterparty,
        details: RowDetails { name: Some("Example One".to_owned()), ..RowDetails::default() },
    };
    page().into_iter().zip(4711..).map(row).collect()
}

/// 50 calls.
fn page() -> Vec<Call> {
    let call = |n: i64| Call {
        id: (4711 + n).to_string(),
        created_at: time() + TimeDelta::minutes(n),
        counterparty: party(),
        call_type: CallType::ALL[n as usize % 4],
        duration: CallDuration::from_ms(37_400 * n).filter(|_| n % 2 == 0),
    };
    (0..50).map(call).collect()
}
