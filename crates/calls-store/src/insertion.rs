//! Inserts calls into histories.
//!
//! A write first takes, ordered by owner and in one statement, the lock of each history and the ids of its
//! calls. Then it inserts the rows by COPY and notifies the listeners. All of it is one transaction.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

use calls_model::CallType;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, SmallInt, Text, Timestamptz};

use crate::columns::{DispositionColumn, TypeColumn};
use crate::keys::{CallId, PartyKey, Version};
use crate::schema::{calls, histories};
use crate::seen::Own;

/// A call that is not in the database yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// The owner of the history.
    pub number: PartyKey,
    /// The other party.
    pub counterparty: PartyKey,
    /// When the call began, UTC.
    pub created_at: DateTime<Utc>,
    /// Direction and outcome.
    pub call_type: TypeColumn,
    /// Talk time in milliseconds; never for a missed call.
    pub duration_ms: Option<i32>,
    /// Disposition.
    pub disposition: DispositionColumn,
    /// Ring time in milliseconds.
    pub ring_ms: Option<i32>,
    /// The other number that took part.
    pub via: Option<PartyKey>,
}

/// Natural key of a call: owner, time, counterparty and type. Calls are inserted in this order: by time
/// within a history, as their ids should be, and by owner overall, so that two writers cannot deadlock.
pub type NaturalKey = (PartyKey, DateTime<Utc>, PartyKey, CallType);

impl NewCall {
    /// Natural key of the call.
    pub fn natural_key(&self) -> NaturalKey {
        (self.number, self.created_at, self.counterparty, self.call_type.0)
    }
}

/// Two systems may record the same call with slightly different times.
const NEAR: TimeDelta = TimeDelta::seconds(2);

/// Whether the tables are distributed. If so, each statement should name one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// All rows are on one server.
    Plain,
    /// Citus has distributed the histories.
    Distributed,
}

impl Layout {
    /// Query for whether the tables are distributed.
    pub(crate) const QUERY: &str =
        "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS found";

    /// The layout of a database.
    pub fn of(connection: &mut PgConnection) -> QueryResult<Self> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Bool)]
            found: bool,
        }
        let row: Found = diesel::sql_query(Self::QUERY).get_result(connection)?;
        Ok(if row.found { Self::Distributed } else { Self::Plain })
    }

    /// Number of owners per statement. On Citus a statement with several owners is sent to every shard, which
    /// is faster than one statement per owner only if there are many.
    fn owners_at_once(self, owners: usize) -> usize {
        const FEW: usize = 8;
        match self {
            Self::Distributed if owners <= FEW => 1,
            _ => usize::MAX,
        }
    }
}

/// Inserts the calls of one log or request, in one or more transactions.
#[derive(Debug)]
pub struct Writer {
    layout: Layout,
    /// Versions of the histories when this writer first saw them: calls up to these were there before.
    known_until: HashMap<PartyKey, Version>,
    /// Calls already added, if more calls of the same log follow.
    own: Option<Own>,
}

impl Writer {
    /// A writer without writes so far.
    pub fn new(layout: Layout) -> Self {
        Self { layout, known_until: HashMap::new(), own: None }
    }

    /// A writer for a long log. It remembers the calls that it has added to new histories, and does not look
    /// them up again.
    pub fn of_log(layout: Layout) -> Self {
        Self { own: Some(Own::default()), ..Self::new(layout) }
    }

    /// Adds new calls, and returns them. Call it in a transaction.
    ///
    /// A call is not new if its natural key exists, or if a call from before this writer has the same parties
    /// and type and began within two seconds. The latter does not apply if that call is itself among the new
    /// ones or the rest of the `same_log`: then these are two calls.
    pub fn add(
        &mut self,
        connection: &mut PgConnection,
        mut new: Vec<NewCall>,
        same_log: &[NewCall],
    ) -> QueryResult<Vec<NewCall>> {
        new.sort_unstable_by_key(NewCall::natural_key);
        new.dedup_by_key(|call| call.natural_key());
        let mut added = Vec::with_capacity(new.len());
        let at_once = self.layout.owners_at_once(owners(&new).len());
        for group in groups(new, at_once) {
            added.extend(self.add_group(connection, group, same_log)?);
        }
        tell(connection, &added)?;
        Ok(added)
    }

    fn add_group(
        &mut self,
        connection: &mut PgConnection,
        new: Vec<NewCall>,
        same_log: &[NewCall],
    ) -> QueryResult<Vec<NewCall>> {
        let seen = read_histories(connection, &new)?;
        for owner in owners(&new) {
            let version = seen.get(&owner).map_or(Version::NONE, |history| history.version);
            self.known_until.entry(owner).or_insert(version);
        }
        let new = self.unknown_calls(connection, new, same_log, &seen)?;
        if new.is_empty() {
            return Ok(new);
        }
        let reserved = self.reserve(connection, &new)?;
        // Histories that other writers changed since they were read.
        let overtaken = |owner: &PartyKey| {
            let before = seen.get(owner).map_or(0, |history| history.version.0);
            reserved.get(owner).is_some_and(|taken| before > 0 && taken.first_id - 1 != before)
                || (before == 0 && reserved.get(owner).is_some_and(|taken| !taken.is_new))
        };
        let (contested, mut rows): (Vec<NewCall>, Vec<NewCall>) =
            new.into_iter().partition(|call| overtaken(&call.number));
        if !contested.is_empty() {
            let left = without_stored(connection, self.layout, contested.clone())?;
            give_back(connection, &contested, &left)?;
            rows.extend(left);
            rows.sort_unstable_by_key(NewCall::natural_key);
        }
        copy_calls(connection, &rows, &reserved)?;
        if let Some(own) = &mut self.own {
            for calls in rows.chunk_by(|one, next| one.number == next.number) {
                let taken = reserved.get(&calls[0].number);
                taken.into_iter().for_each(|taken| own.add(calls, Version(taken.first_id - 1), taken.is_new));
            }
        }
        Ok(rows)
    }

    /// Locks the histories of the calls, which must be sorted, and takes an id for each call.
    fn reserve(
        &self,
        connection: &mut PgConnection,
        new: &[NewCall],
    ) -> QueryResult<HashMap<PartyKey, Reserved>> {
        if self.layout == Layout::Plain {
            return reserve(connection, new);
        }
        // A statement locks several shards in no fixed order, and two writers could deadlock.
        let mut reserved = HashMap::new();
        for calls in new.chunk_by(|one, next| one.number == next.number) {
            reserved.extend(reserve(connection, calls)?);
        }
        Ok(reserved)
    }

    /// The calls that are not in the database.
    fn unknown_calls(
        &self,
        connection: &mut PgConnection,
        new: Vec<NewCall>,
        same_log: &[NewCall],
        seen: &HashMap<PartyKey, History>,
    ) -> QueryResult<Vec<NewCall>> {
        // Most logs continue where the last import ended: then no stored call is near.
        let can_be_known = |call: &NewCall| {
            seen.get(&call.number).is_some_and(|history| {
                call.created_at - NEAR <= history.last_call
                    && !self.own.as_ref().is_some_and(|own| own.lacks(call, history.version))
            })
        };
        let (mut questions, unknown): (Vec<NewCall>, Vec<NewCall>) = new.into_iter().partition(can_be_known);
        if questions.is_empty() {
            return Ok(unknown);
        }
        // In index order, so that neighbours find its pages in the CPU cache.
        questions
            .sort_unstable_by_key(|call| (call.number, call.counterparty, call.call_type.0, call.created_at));
        // Needed only if a call is near another one.
        let log = LazyCell::new(|| {
            let all = questions.iter().chain(&unknown).chain(same_log);
            all.map(NewCall::natural_key).collect::<HashSet<NaturalKey>>()
        });
        let mut known = HashSet::new();
        for near in near_calls(connection, self.layout, &questions, NEAR)? {
            let call = usize::try_from(near.n - 1).ok().and_then(|index| questions.get(index));
            let Some(call) = call else { continue };
            let was_there = self.known_until.get(&call.number).is_some_and(|version| near.id.0 <= version.0);
            let found = NewCall { created_at: near.created_at, ..call.clone() };
            let is_it =
                near.created_at == call.created_at || (was_there && !log.contains(&found.natural_key()));
            if is_it {
                known.insert(call.natural_key());
            }
        }
        drop(log);
        let mut left: Vec<NewCall> =
            questions.into_iter().filter(|call| !known.contains(&call.natural_key())).collect();
        left.extend(unknown);
        left.sort_unstable_by_key(NewCall::natural_key);
        Ok(left)
    }
}

/// Groups sorted calls, with at most `owners` owners each.
fn groups(calls: Vec<NewCall>, owners: usize) -> Vec<Vec<NewCall>> {
    if owners == usize::MAX {
        return vec![calls];
    }
    let mut groups: Vec<Vec<NewCall>> = Vec::new();
    for call in calls {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| last.number == call.number) => group.push(call),
            _ => groups.push(vec![call]),
        }
    }
    groups
}

/// State of a history before a write.
#[derive(Debug, Clone, Copy)]
struct History {
    version: Version,
    last_call: DateTime<Utc>,
}

fn read_histories(connection: &mut PgConnection, new: &[NewCall]) -> QueryResult<HashMap<PartyKey, History>> {
    let rows: Vec<(PartyKey, Version, DateTime<Utc>)> = histories::table
        .filter(histories::number.eq_any(owners(new)))
        .select((histories::number, histories::version, histories::last_call))
        .load(connection)?;
    Ok(rows.into_iter().map(|(owner, version, last_call)| (owner, History { version, last_call })).collect())
}

/// The owners of sorted calls.
fn owners(calls: &[NewCall]) -> Vec<PartyKey> {
    let mut owners: Vec<PartyKey> = calls.iter().map(|call| call.number).collect();
    owners.dedup();
    owners
}

/// The ids that a write has reserved in a history.
#[derive(Debug, Clone, Copy)]
struct Reserved {
    first_id: i64,
    /// Whether this write created the history.
    is_new: bool,
}

/// Locks the histories of the calls, which must be sorted, and takes an id for each call.
fn reserve(connection: &mut PgConnection, new: &[NewCall]) -> QueryResult<HashMap<PartyKey, Reserved>> {
    const RESERVE: &str = "
        INSERT INTO histories (number, version, calls, epoch, last_call)
        SELECT number, $4 + calls, calls, $4, last_call FROM unnest($1, $2, $3) AS new (number, calls, last_call)
        ON CONFLICT (number) DO UPDATE
        SET version = histories.version + excluded.calls, calls = histories.calls + excluded.calls,
            last_call = greatest(histories.last_call, excluded.last_call)
        RETURNING number, version";
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: PartyKey,
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let (mut numbers, mut counts, mut last) = (Vec::new(), Vec::<i64>::new(), Vec::new());
    for call in new {
        if numbers.last() != Some(&call.number) {
            numbers.push(call.number);
            counts.push(0);
            last.push(call.created_at);
        }
        // Ordered by time.
        counts.last_mut().into_iter().for_each(|count| *count += 1);
        last.last_mut().into_iter().for_each(|last| *last = call.created_at);
    }
    let first_version = Utc::now().timestamp_micros();
    let rows: Vec<Row> = diesel::sql_query(RESERVE)
        .bind::<Array<BigInt>, _>(&numbers)
        .bind::<Array<BigInt>, _>(&counts)
        .bind::<Array<Timestamptz>, _>(&last)
        .bind::<BigInt, _>(first_version)
        .load(connection)?;
    let counts: HashMap<PartyKey, i64> = numbers.into_iter().zip(counts).collect();
    let reserved = |Row { number, version }: Row| {
        let before = version - counts.get(&number).copied().unwrap_or_default();
        (number, Reserved { first_id: before + 1, is_new: before == first_version })
    };
    Ok(rows.into_iter().map(reserved).collect())
}

/// The calls whose natural key is not stored. Their histories are locked.
fn without_stored(
    connection: &mut PgConnection,
    layout: Layout,
    calls: Vec<NewCall>,
) -> QueryResult<Vec<NewCall>> {
    let stored = near_calls(connection, layout, &calls, TimeDelta::zero())?;
    let stored: HashSet<usize> = stored.iter().filter_map(|near| usize::try_from(near.n - 1).ok()).collect();
    let left = calls.into_iter().enumerate().filter(|(index, _)| !stored.contains(index));
    Ok(left.map(|(_, call)| call).collect())
}

/// Subtracts calls that were already stored from the sizes of their histories.
fn give_back(connection: &mut PgConnection, reserved: &[NewCall], left: &[NewCall]) -> QueryResult<()> {
    let mut surplus: HashMap<PartyKey, i64> = HashMap::new();
    reserved.iter().for_each(|call| *surplus.entry(call.number).or_default() += 1);
    left.iter().for_each(|call| *surplus.entry(call.number).or_default() -= 1);
    for (owner, surplus) in surplus.into_iter().filter(|(_, surplus)| *surplus > 0) {
        diesel::update(histories::table.find(owner))
            .set(histories::calls.eq(histories::calls - surplus))
            .execute(connection)?;
    }
    Ok(())
}

/// A stored call that may be the same as a new one.
#[derive(QueryableByName)]
struct Near {
    /// Index of the new call, from 1.
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    id: CallId,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// The stored calls with the parties and the type of new ones, within a time of them.
fn near_calls(
    connection: &mut PgConnection,
    layout: Layout,
    new: &[NewCall],
    within: TimeDelta,
) -> QueryResult<Vec<Near>> {
    // OFFSET 0 makes PostgreSQL look up the natural key per call. With one owner the statement names it.
    const NEAR: &str = "
        SELECT new.n, calls.id, calls.created_at
        FROM unnest($1, $2, $3, $4, $5, $6) AS new (n, number, counterparty, type, first, last)
        CROSS JOIN LATERAL (
            SELECT id, created_at FROM calls
            WHERE number = OWNER AND counterparty = new.counterparty AND type = new.type
              AND created_at BETWEEN new.first AND new.last
            OFFSET 0
        ) AS calls";
    // Citus plans this join, but not the LATERAL subquery.
    const NEAR_ON_EACH_SHARD: &str = "
        SELECT new.n, calls.id, calls.created_at
        FROM unnest($1, $2, $3, $4, $5, $6) AS new (n, number, counterparty, type, first, last)
        JOIN calls ON calls.number = new.number AND calls.counterparty = new.counterparty AND calls.type = new.type
                  AND calls.created_at BETWEEN new.first AND new.last";
    let query = match (&owners(new)[..], layout) {
        ([owner], _) => NEAR.replace("OWNER", &owner.0.to_string()),
        (_, Layout::Plain) => NEAR.replace("OWNER", "new.number"),
        (_, Layout::Distributed) => NEAR_ON_EACH_SHARD.to_owned(),
    };
    diesel::sql_query(query)
        .bind::<Array<BigInt>, _>((1..).take(new.len()).collect::<Vec<i64>>())
        .bind::<Array<BigInt>, _>(new.iter().map(|call| call.number).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(new.iter().map(|call| call.counterparty).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(new.iter().map(|call| call.call_type).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(new.iter().map(|call| call.created_at - within).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(new.iter().map(|call| call.created_at + within).collect::<Vec<_>>())
        .load(connection)
}

/// A row of `calls`.
#[derive(Insertable)]
#[diesel(table_name = calls, treat_none_as_default_value = false)]
struct CallInsert {
    number: PartyKey,
    id: CallId,
    counterparty: PartyKey,
    created_at: DateTime<Utc>,
    duration_ms: Option<i32>,
    #[diesel(column_name = type_)]
    call_type: TypeColumn,
    disposition: DispositionColumn,
    ring_ms: Option<i32>,
    via: Option<PartyKey>,
}

/// Inserts sorted calls by binary COPY, the fastest method, with their reserved ids. None of them is stored
/// yet, since the histories are locked.
fn copy_calls(
    connection: &mut PgConnection,
    new: &[NewCall],
    reserved: &HashMap<PartyKey, Reserved>,
) -> QueryResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(new.len());
    let (mut owner, mut id) = (None, 0);
    for call in new {
        if owner != Some(call.number) {
            owner = Some(call.number);
            id = reserved.get(&call.number).map(|taken| taken.first_id).ok_or(diesel::NotFound)?;
        }
        rows.push(CallInsert {
            number: call.number,
            id: CallId(id),
            counterparty: call.counterparty,
            created_at: call.created_at,
            duration_ms: call.duration_ms,
            call_type: call.call_type,
            disposition: call.disposition,
            ring_ms: call.ring_ms,
            via: call.via,
        });
        id += 1;
    }
    diesel::copy_from(calls::table).from_insertable(&rows[..]).execute(connection).map(|_| ())
}

/// The channel for notifications of new calls.
pub const CHANNEL: &str = "calls";

/// Notifies of new calls at commit. Many histories share one notification, whose listeners check their own.
fn tell(connection: &mut PgConnection, added: &[NewCall]) -> QueryResult<()> {
    const MOST: usize = 100;
    let owners = owners(added);
    let payloads = match owners.len() {
        0 => return Ok(()),
        1..=MOST => owners.iter().map(|owner| owner.0.to_string()).collect(),
        _ => vec![String::new()],
    };
    diesel::sql_query("SELECT pg_notify($1, payload) FROM unnest($2) AS payload")
        .bind::<Text, _>(CHANNEL)
        .bind::<Array<Text>, _>(payloads)
        .execute(connection)?;
    Ok(())
}

/// Whether the database has any call.
pub fn any_calls(connection: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(histories::table.select(histories::number))).get_result(connection)
}
