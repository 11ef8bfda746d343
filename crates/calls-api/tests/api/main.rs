//! The built binary `calls`, used over HTTP, in a browser and from the command line, with a real PostgreSQL.

mod browser;
mod calls;
mod database;
mod import;
mod numbers;
mod page;
mod paging;
mod seed;
mod serve;
mod test_app;
