//! A static server: the minimum work of a server on actix-web.

use std::path::PathBuf;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};

/// Options of the static server.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    status: u16,
    /// File with the body
    file: PathBuf,
}

/// Serves until the process is ended.
#[actix_web::main]
pub async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let status = StatusCode::from_u16(arguments.status)?;
    let body = web::Bytes::from(std::fs::read(&arguments.file)?);
    let server = HttpServer::new(move || {
        let body = body.clone();
        let answer = move || {
            let body = body.clone();
            async move { HttpResponse::build(status).content_type(ContentType::json()).body(body) }
        };
        App::new().default_service(web::to(answer))
    })
    .bind("127.0.0.1:0")?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    Ok(server.run().await?)
}
