//! Summary and callbacks of several lines, and named sets of lines.

use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{CallbackQueue, Coverage, LineSet, Summary, UnidentifiedCallers, requests};
use calls_store::keys::{PartyKey, Version};
use calls_store::pool::Database;
use calls_store::summary::{self, Question};
use calls_store::{counts, lines};

use super::callbacks::{self, Wanted};
use super::lines::{Lines, Tag, newest_of_lines};
use super::parameters::{FilterParameters, Query};
use super::people_schemas::{LineCallbackParameters, LineSummaryParameters};
use super::responses::respond_tagged;
use super::summary::{compared, spell};
use crate::app::App;
use crate::problem::ApiError;

/// Summary of the calls of several numbers together.
///
/// `top_counterparties` are those among the first ten of any line, with their calls there.
#[utoipa::path(
    get,
    path = "/api/calls/summary",
    tag = "lines",
    params(LineSummaryParameters),
    responses(
        (status = 200, description = "The summary.", body = Summary,
         headers(("ETag" = String, description = "Derived from the versions of all histories."))),
        (status = 304, description = "The client has the current summary, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn summarize_lines(
    request: HttpRequest,
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::LINES, &requests::FILTER, &requests::SUMMARY])?;
    let parameters = FilterParameters::read(&query, app.region)?;
    let previous = compared(&query, &parameters)?;
    let lines = Lines::read(&app, &query).await?;
    // An open period is compared with one that moves with the clock.
    let is_timeless = previous.as_ref().is_none_or(|previous| !previous.is_open);
    let find = move |app: &App, database: &Database, lines: &Lines| {
        let mut summary = app.line_summary(database, lines, &parameters)?;
        if let Some(previous) = &previous {
            let before = parameters.within(previous.from, previous.until);
            summary.previous = Some(previous.filled(&app.line_summary(database, lines, &before)?));
        }
        Ok(summary)
    };
    let subject = (lines, newest_of_lines(&request), is_timeless);
    respond_tagged(&request, &app, subject, tag, find).await
}

fn tag(database: &Database, lines: &Lines) -> Result<(Version, String), ApiError> {
    let Tag { newest, etag } = lines.tag(database)?;
    Ok((newest, etag))
}

impl App {
    fn line_summary(
        &self,
        database: &Database,
        lines: &Lines,
        parameters: &FilterParameters,
    ) -> Result<Summary, ApiError> {
        let owners: Vec<PartyKey> = lines.iter().filter_map(|line| line.key).collect();
        owners.iter().try_for_each(|owner| self.bring_counts_forward(*owner))?;
        let patience = database.deadlines().search() / u32::try_from(owners.len().max(1)).unwrap_or(1);
        let zone = parameters.zone;
        let mut summary = database.read(|connection| {
            let mut filters = Vec::with_capacity(owners.len());
            for owner in &owners {
                filters.push((*owner, parameters.resolve(connection, *owner)?));
            }
            let long = counts::LONG;
            let mut questions = Vec::with_capacity(filters.len());
            for (owner, filter) in &filters {
                questions.push(Question { owner: *owner, filter, zone, patience, long });
            }
            summary::summarize_lines(connection, &self.labels, zone.name(), &questions)
        })?;
        spell(&mut summary);
        Ok(summary)
    }
}

/// People to call back on several lines: the queues of the lines merged, each entry with the number of its
/// line.
///
/// A person with missed calls on two lines has two entries, which are marked done separately.
#[utoipa::path(
    get,
    path = "/api/calls/callbacks",
    tag = "lines",
    params(LineCallbackParameters),
    responses(
        (status = 200, description = "The people, in the requested order.", body = CallbackQueue,
         headers(("ETag" = String, description = "Derived from the versions of all histories."))),
        (status = 304, description = "The client has the current people, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn list_line_callbacks(
    request: HttpRequest,
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::LINES, &requests::CALLBACKS])?;
    let wanted = Wanted::read(&query)?;
    let lines = Lines::read(&app, &query).await?;
    let find = move |app: &App, database: &Database, lines: &Lines| line_queue(app, database, lines, wanted);
    let subject = (lines, newest_of_lines(&request), true);
    respond_tagged(&request, &app, subject, tag, find).await
}

fn line_queue(
    app: &App,
    database: &Database,
    lines: &Lines,
    wanted: Wanted,
) -> Result<CallbackQueue, ApiError> {
    let none = UnidentifiedCallers::default();
    let mut all = CallbackQueue { callbacks: Vec::new(), people: 0, withheld: none, covers: None };
    for line in lines.iter() {
        let Some(owner) = line.key else { continue };
        let queue = callbacks::read(app, database, owner, wanted, Some(&line.party))?;
        all.people += queue.people;
        all.withheld.calls += queue.withheld.calls;
        all.withheld.last = all.withheld.last.max(queue.withheld.last);
        let sum = |one: Coverage, other: Coverage| Coverage {
            calls: one.calls + other.calls,
            of: one.of + other.of,
        };
        all.covers = match (all.covers, queue.covers) {
            (Some(one), Some(other)) => Some(sum(one, other)),
            (one, other) => one.or(other),
        };
        all.callbacks.extend(queue.callbacks);
    }
    wanted.order(&mut all.callbacks);
    Ok(all)
}

/// The named sets of lines, as made by `calls lines set`.
#[utoipa::path(
    get,
    path = "/api/lines",
    tag = "lines",
    responses((status = 200, description = "The sets, by name.", body = Vec<LineSet>), ApiError)
)]
pub(super) async fn list_sets(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    app.expect_directory()?;
    let data = app.clone();
    let find = move || {
        let sets = data.reads().read(|connection| {
            let sets = lines::sets(connection)?;
            data.labels.load(connection, sets.iter().flat_map(|set| set.numbers.iter().copied()))?;
            Ok(sets)
        })?;
        let numbers = |set: &lines::Set| set.numbers.iter().map(|key| data.labels.get(*key)).collect();
        let set = |set: lines::Set| LineSet { numbers: numbers(&set), name: set.name };
        Ok::<_, ApiError>(sets.into_iter().map(set).collect::<Vec<_>>())
    };
    Ok(HttpResponse::Ok().json(app.reads().block(find).await?))
}
