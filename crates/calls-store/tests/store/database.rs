//! A database of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use calls_store::migrations;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use local_postgres::testing;

/// A migrated database, dropped in the end.
pub struct Database {
    pub url: String,
    name: String,
}

impl Database {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("store_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let cluster = testing::cluster_url();
        testing::create_database(&name, None, |statement| _ = execute(&mut maintenance(), statement));
        let database = Self { url: testing::database_url(&cluster, &name), name };
        migrations::migrate(&mut database.connect(), |_| {}).unwrap();
        database
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        testing::drop_database(&self.name, |statement| _ = execute(&mut maintenance(), statement));
    }
}

fn maintenance() -> PgConnection {
    PgConnection::establish(&testing::cluster_url()).unwrap()
}

pub fn execute(connection: &mut PgConnection, query: &str) -> usize {
    diesel::sql_query(query).execute(connection).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// One number.
pub fn number(connection: &mut PgConnection, query: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let query = format!("SELECT ({query})::bigint AS number");
    diesel::sql_query(query).get_result::<Row>(connection).unwrap().number
}
