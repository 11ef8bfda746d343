//! `peer`: a minimal server for comparison. actix-web with one tokio-postgres connection per worker, which
//! pipelines one prepared statement.
//!
//! `DATABASE_URL` names the database. With `PAGE=versioned` the same statement also reads the history's
//! version, for an ETag, and the labels of parties without a number; otherwise only rows of `calls`.

use std::fmt::Write as _;

use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, ResponseError, rt, web};
use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use tokio_postgres::{Client, NoTls, Row, Statement};

const TYPES: [&str; 4] = ["Completed Inbound", "Missed Inbound", "Completed Outbound", "Missed Outbound"];

const BARE: &str = "
    SELECT id, created_at, counterparty, type, duration_ms, NULL::text, 0::bigint FROM calls
    WHERE number = $1 ORDER BY created_at DESC, id DESC LIMIT 51";

const VERSIONED: &str = "
    SELECT page.id, page.created_at, page.counterparty, page.type, page.duration_ms, page.label, histories.version
    FROM histories CROSS JOIN LATERAL (
        SELECT id, created_at, counterparty, type, duration_ms,
               CASE WHEN counterparty < 0
                    THEN (SELECT label FROM other_parties WHERE other_parties.number = counterparty) END AS label
        FROM calls WHERE calls.number = $1 ORDER BY created_at DESC, id DESC LIMIT 51
    ) AS page WHERE histories.number = $1";

struct Database {
    client: Client,
    page: Statement,
}

impl Database {
    async fn connect(url: String, sql: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        rt::spawn(async move { connection.await.ok() });
        let page = client.prepare(sql).await?;
        Ok(Self { client, page })
    }
}

#[derive(Debug)]
struct Failed(tokio_postgres::Error);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Failed {}

async fn list(database: web::Data<Database>, number: web::Path<String>) -> Result<HttpResponse, Failed> {
    let number: i64 = number.trim_start_matches('+').parse().unwrap_or_default();
    let rows = database.client.query(&database.page, &[&number]).await.map_err(Failed)?;
    let mut body = String::with_capacity(8192);
    for row in rows.iter().take(50) {
        body.push(if body.is_empty() { '[' } else { ',' });
        write_call(&mut body, row);
    }
    body.push_str(if body.is_empty() { "[]" } else { "]" });
    let version: i64 = rows.first().map_or(0, |row| row.get(6));
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).ok();
    let mut response = HttpResponse::Ok();
    tag.into_iter().for_each(|tag| _ = response.insert_header((ETAG, tag)));
    Ok(response.content_type("application/json").body(body))
}

/// Numbers, times and labels of this dataset need no escapes. Writing to a String cannot fail.
fn write_call(body: &mut String, row: &Row) {
    let (id, at, party): (i64, DateTime<Utc>, i64) = (row.get(0), row.get(1), row.get(2));
    let (code, duration_ms): (i16, Option<i32>) = (row.get(3), row.get(4));
    let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let call_type = usize::try_from(code - 1).ok().and_then(|code| TYPES.get(code)).unwrap_or(&"");
    let _ = write!(body, r#"{{"id":"{id}","created_at":"{at}","counterparty":""#);
    let _ = match row.get::<_, Option<&str>>(5) {
        Some(label) => write!(body, r#"{label}","type":"{call_type}""#),
        None => write!(body, r#"+{party}","type":"{call_type}""#),
    };
    if let Some(ms) = duration_ms {
        let _ = write!(body, r#","duration":"{}.{}""#, ms / 1000, ms % 1000 / 100);
    }
    body.push('}');
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL")?;
    let sql = if std::env::var("PAGE").is_ok_and(|page| page == "versioned") { VERSIONED } else { BARE };
    let server = HttpServer::new(move || {
        let url = url.clone();
        let app = App::new().data_factory(move || Database::connect(url.clone(), sql));
        app.route("/api/calls/{number}", web::get().to(list))
    });
    let server = server.workers(2).bind("127.0.0.1:0")?;
    server.addrs().iter().for_each(|address| println!("listening on http://{address}"));
    Ok(server.run().await?)
}
