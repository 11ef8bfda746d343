//! Each statement of a request names its owner, so that a distributed PostgreSQL asks one shard.

use std::time::Duration;

use calls_model::{CallType, Note};
use calls_phone::Digits;
use calls_store::columns::{DispositionColumn, TypeColumn};
use calls_store::details::{self, Reader};
use calls_store::distribution::{self, Placement};
use calls_store::filter::{Counterparties, Filter};
use calls_store::insertion::{Layout, NewCall, Writer};
use calls_store::keys::{CallId, PartyKey};
use calls_store::labels::Labels;
use calls_store::list::{find_call, list_calls, list_calls_by_id, version};
use calls_store::rows::CallRow;
use calls_store::search::Search;
use calls_store::summary::{Question, summarize};
use calls_store::{callbacks, counts, notes, returned, search};
use chrono_tz::Tz;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use std::sync::{Arc, Mutex};

use crate::database::{Database, number};

/// Tables whose rows belong to an owner.
const OWNED: [&str; 8] = [
    "calls",
    "histories",
    "history_counts",
    "day_counts",
    "counterparty_counts",
    "callbacks",
    "notes",
    "listed_histories",
];

/// Keeps all statements that a connection runs.
fn listen(connection: &mut PgConnection) -> Arc<Mutex<Vec<String>>> {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let kept = statements.clone();
    let keep = move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            kept.lock().unwrap().push(query.to_string());
        }
    };
    let instrumentation: Box<dyn Instrumentation> = Box::new(keep);
    connection.set_instrumentation(instrumentation);
    statements
}

/// Whether a statement says `number = ...` for a table of owners, or writes rows that begin with their
/// number.
fn names_its_owner(statement: &str) -> bool {
    let text = statement.replace('"', "");
    let touches = OWNED.iter().any(|table| {
        ["FROM ", "JOIN ", "UPDATE ", "INTO "].iter().any(|before| text.contains(&format!("{before}{table}")))
    });
    let by_number = ["number = ", "number =$", ".number = ", "number = ANY", "COPY calls"];
    let inserts = text.contains("INSERT INTO");
    !touches || inserts || by_number.iter().any(|condition| text.contains(condition))
}

#[test]
fn each_table_has_a_place_on_a_distributed_server() {
    let database = Database::new();
    let mut connection = database.connect();
    for (table, placement) in distribution::TABLES {
        if let Placement::OfOwner(column) | Placement::Of(column) = placement {
            let column = format!(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'"
            );
            assert_eq!(number(&mut connection, &column), 1, "{table}");
        }
        let is_owned = OWNED.contains(&table);
        assert_eq!(is_owned, matches!(placement, Placement::OfOwner(_)), "{table}");
    }
    let named: Vec<String> = distribution::TABLES.iter().map(|(table, _)| format!("'{table}'")).collect();
    let others = format!(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({})",
        named.join(", ")
    );
    assert_eq!(number(&mut connection, &others), 0, "a table is not in distribution::TABLES");
}

#[test]
fn each_statement_of_a_request_names_its_owner() {
    let database = Database::new();
    let mut connection = database.connect();
    let statements = listen(&mut connection);
    let owner = PartyKey(12_025_550_123);
    let call = NewCall {
        number: owner,
        counterparty: PartyKey(13_333_333_333),
        created_at: "2024-01-31T10:00:00Z".parse().unwrap(),
        call_type: TypeColumn(CallType::MissedInbound),
        duration_ms: None,
        disposition: DispositionColumn(None),
        ring_ms: None,
        via: None,
    };
    let add = |connection: &mut PgConnection| {
        Writer::new(Layout::Distributed).add(connection, vec![call.clone()], &[])
    };
    connection.transaction(add).unwrap();
    version(&mut connection, owner).unwrap();
    list_calls_by_id(&mut connection, owner, CallId(0), 10).unwrap();
    let search = Search::new("1333", vec![Digits::Anywhere("1333".to_owned())]);
    assert_eq!(search::counterparties(&mut connection, owner, &search).unwrap().0.len(), 1);
    let exactly = Some(Counterparties::exactly(Some(call.counterparty)));
    for filter in [
        Filter::default(),
        Filter { counterparty: exactly, ..Filter::default() },
        Filter { counterparty: Some(Counterparties::with_digits("13")), ..Filter::default() },
        Filter { returned: Some(false), ..Filter::default() },
        Filter { min_duration_ms: Some(1), ..Filter::default() },
    ] {
        let page = list_calls(&mut connection, owner, &filter, None, 10, Duration::ZERO).unwrap();
        returned::returned_at(&mut connection, owner, &page.rows).unwrap();
        let mut rows = CallRow::resolve(&mut connection, &Labels::default(), page.rows).unwrap();
        details::read(&mut connection, &Labels::default(), owner, &mut rows).unwrap();
        let reader = Reader::new(Labels::default());
        let exported = reader.page(&mut connection, owner, &filter, None, (10, Duration::ZERO)).unwrap();
        assert_eq!(exported.0, rows);
        while !counts::bring_forward(&mut connection, owner).unwrap() {}
        for long in [0, u64::MAX] {
            let question = Question { owner, filter: &filter, zone: Tz::UTC, patience: Duration::ZERO, long };
            summarize(&mut connection, &Labels::default(), question).unwrap();
        }
    }
    let [id] = list_calls_by_id(&mut connection, owner, CallId(0), 10).unwrap()[..] else { panic!() };
    find_call(&mut connection, owner, id.id).unwrap();
    notes::of_calls(&mut connection, owner, vec![id.id]).unwrap();
    let note = Note { text: "Hello".to_owned(), tags: Vec::new() };
    connection.transaction(|connection| notes::put(connection, owner, id.id, &note)).unwrap();
    let party = call.counterparty;
    connection.transaction(|connection| callbacks::put(connection, owner, party, true, "")).unwrap();
    for long in [0, u64::MAX] {
        let (sort, patience) = (callbacks::Sort::Last, Duration::ZERO);
        let question = callbacks::Question { owner, done: true, sort, patience, long };
        assert_eq!(callbacks::queue(&mut connection, question).unwrap().entries.len(), 1);
    }
    connection.transaction(|connection| callbacks::remove(connection, owner, party)).unwrap();
    // Again, now that the history is counted.
    assert_eq!(search::counterparties(&mut connection, owner, &search).unwrap().0.len(), 1);
    let statements = statements.lock().unwrap();
    assert!(statements.len() > 50, "{}", statements.len());
    let others: Vec<&String> = statements.iter().filter(|statement| !names_its_owner(statement)).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert!(!names_its_owner("SELECT count(*) FROM calls WHERE created_at > $1"));
}
