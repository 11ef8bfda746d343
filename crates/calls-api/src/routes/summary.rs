//! `GET /api/calls/{number}/summary`.

use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Party, PreviousPeriod, Summary, requests};
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::parameters::{FilterParameters, Query};
use super::people_schemas::SummaryParameters;
use super::responses::respond;
use super::schemas::NumberPath;
use crate::app::App;
use crate::details::Detailer;
use crate::problem::ApiError;
use calls_phone as phone;
use calls_store::keys::PartyKey;
use calls_store::pool::Database;
use calls_store::summary::{self, Question};
use calls_store::{counts, parties};

/// Summary of the calls of a number. Takes the filters of the list; `tz` is also the zone of days and hours.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/summary",
    tag = "calls",
    params(
        NumberPath,
        SummaryParameters
    ),
    responses(
        (status = 200, description = "The summary.", body = Summary,
         headers(("ETag" = String, description = "Derived from the version of the history."))),
        (status = 304, description = "The client has the current summary, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn get_summary(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let party = phone::parse(&number, app.region)?;
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::FILTER, &requests::SUMMARY])?;
    let parameters = FilterParameters::read(&query, app.region)?;
    let previous = compared(&query, &parameters)?;
    // An open period is compared with one that moves with the clock.
    let is_timeless = previous.as_ref().is_none_or(|previous| !previous.is_open);
    respond(&request, &app, party, is_timeless, move |app, database, party| {
        let mut summary = summarize(app, database, party, &parameters)?;
        if let Some(previous) = &previous {
            let before = summarize(app, database, party, &parameters.within(previous.from, previous.until))?;
            summary.previous = Some(previous.filled(&before));
        }
        Ok(summary)
    })
    .await
}

/// The summary of the matching calls of a number.
pub(super) fn summarize(
    app: &App,
    database: &Database,
    number: &Party,
    parameters: &FilterParameters,
) -> Result<Summary, ApiError> {
    let zone = parameters.zone;
    let owner = database.read(|connection| parties::find_party(connection, number))?;
    let Some(owner) = owner else { return Ok(Summary::empty(zone.name())) };
    app.bring_counts_forward(owner)?;
    let patience = database.deadlines().search();
    let mut summary = database.read(|connection| {
        let filter = parameters.resolve(connection, owner)?;
        let question = Question { owner, filter: &filter, zone, patience, long: counts::LONG };
        summary::summarize(connection, &app.labels, question)
    })?;
    spell(&mut summary);
    Ok(summary)
}

/// Adds the spellings of the counterparties to a summary.
pub(super) fn spell(summary: &mut Summary) {
    let mut detailer = Detailer::default();
    for one in &mut summary.top_counterparties {
        one.details = detailer.spell(&one.counterparty);
    }
}

impl App {
    /// Counts the newest calls of a long history.
    pub(super) fn bring_counts_forward(&self, owner: PartyKey) -> Result<(), ApiError> {
        match self.replica {
            None => Ok(self.counter.bring_forward(owner)?),
            // Counts are written on the primary. If it is away, the next request counts them.
            Some(_) => {
                let counter = self.counter.clone();
                tokio::task::spawn_blocking(move || counter.bring_forward(owner));
                Ok(())
            }
        }
    }
}

/// The previous period, for comparison.
pub(super) struct Compared {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Whether the requested period is still open, and is taken to end now.
    pub is_open: bool,
}

impl Compared {
    pub(super) fn filled(&self, summary: &Summary) -> PreviousPeriod {
        let Self { from, until, .. } = *self;
        PreviousPeriod {
            from,
            until,
            calls: summary.calls,
            inbound: summary.inbound,
            outbound: summary.outbound,
        }
    }
}

/// The period before that of the filter, if a comparison is requested and the filter has a beginning.
pub(super) fn compared(query: &Query, parameters: &FilterParameters) -> Result<Option<Compared>, ApiError> {
    let is_wanted = query.once(&requests::COMPARE, |_| Some(()))?.is_some();
    let (from, until) = parameters.period();
    let Some(from) = from.filter(|_| is_wanted) else { return Ok(None) };
    let now = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap_or_default();
    let (until, is_open) = (until.unwrap_or(now), until.is_none_or(|until| until > now));
    Ok(before(from, until, parameters.zone).map(|(from, until)| Compared { from, until, is_open }))
}

/// The period of as many days before, by the clocks of the zone, so that the same hours are compared: a week
/// so far with the previous week up to the same hour. A period within one day is compared with the day
/// before.
fn before(from: DateTime<Utc>, until: DateTime<Utc>, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (first, end) = (from.with_timezone(&zone).naive_local(), until.with_timezone(&zone).naive_local());
    let whole_days = (end.date() - first.date()).num_days();
    let days = whole_days + i64::from(end.time() > first.time());
    let shift = |time: NaiveDateTime| {
        let earlier = time.checked_sub_signed(TimeDelta::days(days))?;
        // A time that clocks skip is replaced by the first one after it.
        let later =
            (0..=24 * 4).filter_map(|quarters| earlier.checked_add_signed(TimeDelta::minutes(15 * quarters)));
        let found =
            later.map(|local| zone.from_local_datetime(&local).earliest()).find(Option::is_some)??;
        Some(found.with_timezone(&Utc))
    };
    let (first, end) = (shift(first)?, shift(end)?.min(from));
    let is_year = |time: &DateTime<Utc>| (0..=9999).contains(&chrono::Datelike::year(time));
    (days > 0 && first < end && is_year(&first)).then_some((first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_compared_with_as_many_days_before_by_the_clocks_of_the_zone() {
        let before = |from: &str, until: &str, zone: &str| {
            let found = before(from.parse().unwrap(), until.parse().unwrap(), zone.parse().unwrap());
            found.map_or_else(
                || "-".to_owned(),
                |(from, until)| [from, until].map(|time| time.format("%FT%H:%MZ").to_string()).join(" "),
            )
        };
        for (from, until, zone, expected) in [
            // A month of 31 days, and the 31 days before.
            ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "UTC", "2023-12-01T00:00Z 2024-01-01T00:00Z"),
            // The week in which clocks are set forward has 167 hours, and the week before 168.
            (
                "2024-03-25T23:00:00Z",
                "2024-04-01T22:00:00Z",
                "Europe/Berlin",
                "2024-03-18T23:00Z 2024-03-25T23:00Z",
            ),
            // Three days so far, up to the same hour.
            ("2024-01-08T00:00:00Z", "2024-01-10T15:30:00Z", "UTC", "2024-01-05T00:00Z 2024-01-07T15:30Z"),
            // Today so far, and yesterday.
            ("2024-01-08T00:00:00Z", "2024-01-08T09:00:00Z", "UTC", "2024-01-07T00:00Z 2024-01-07T09:00Z"),
            ("2024-01-08T00:00:00Z", "2024-01-08T00:00:00Z", "UTC", "-"),
            ("2024-01-08T00:00:00Z", "2024-01-07T00:00:00Z", "UTC", "-"),
            ("0000-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "UTC", "-"),
        ] {
            assert_eq!(before(from, until, zone), expected, "{from} {until}");
        }
    }
}
