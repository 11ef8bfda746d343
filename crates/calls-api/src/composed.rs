//! SQL around queries of diesel's, whose values stay parameters. For what diesel has no words for.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;

/// A statement whose rows are of the type `ST`; without one they are read by the names of their columns.
pub(crate) struct Composed<'a, ST = Untyped> {
    before: &'static str,
    parts: Vec<(Box<dyn QueryFragment<Pg> + Send + 'a>, &'static str)>,
    rows: PhantomData<ST>,
}

impl<'a, ST> Composed<'a, ST> {
    pub(crate) fn new(before: &'static str) -> Self {
        Self { before, parts: Vec::new(), rows: PhantomData }
    }

    pub(crate) fn subquery(mut self, fragment: impl QueryFragment<Pg> + Send + 'a) -> Self {
        self.parts.push((Box::new(fragment), ""));
        self
    }

    pub(crate) fn sql(mut self, sql: &'static str) -> Self {
        if let Some((_, after)) = self.parts.last_mut() {
            *after = sql;
        }
        self
    }
}

impl<ST> QueryFragment<Pg> for Composed<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.before);
        for (fragment, after) in &self.parts {
            fragment.walk_ast(out.reborrow())?;
            out.push_sql(after);
        }
        Ok(())
    }
}

impl<ST> QueryId for Composed<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Composed<'_, ST> {
    type SqlType = ST;
}

impl<ST> RunQueryDsl<PgConnection> for Composed<'_, ST> {}
