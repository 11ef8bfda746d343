//! Responses during a slow start: PostgreSQL may have to recover, or a migration may move every call.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::http::header::{ACCEPT, REFRESH, RETRY_AFTER};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use anyhow::Context as _;
use tokio::sync::oneshot;

use crate::assets::Language;
use crate::base_path::{self, BasePath};
use crate::listen::Socket;
use crate::problem::ApiError;
use crate::routes;

/// A temporary server on the same sockets, for a start that takes longer than a request may. It responds to
/// every request with 503 and `Retry-After`. After a fast start it is never used: connections wait in the
/// sockets.
pub(super) struct WaitingRoom {
    /// Dropping it stops the server.
    _stop: oneshot::Sender<()>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl WaitingRoom {
    /// Responds once `patience` is over.
    ///
    /// # Errors
    /// The system provides no thread or no copy of a socket.
    pub(super) fn open(sockets: &[Socket], base_path: &BasePath, patience: Duration) -> anyhow::Result<Self> {
        let sockets = sockets.iter().map(Socket::try_clone).collect::<std::io::Result<Vec<_>>>()?;
        let (stop, stopped) = oneshot::channel();
        let base_path = base_path.clone();
        let run = move || {
            rt::System::new().block_on(async {
                let mut stopped = stopped;
                match tokio::time::timeout(patience, &mut stopped).await {
                    Ok(_) => Ok(()),
                    Err(_) => serve(sockets, base_path, stopped).await,
                }
            })
        };
        let thread = thread::Builder::new().name("waiting-room".to_owned()).spawn(run)?;
        Ok(Self { _stop: stop, thread })
    }

    /// Finishes the requests that have been read. Later ones wait for the next server on the sockets.
    ///
    /// # Errors
    /// The server could not listen.
    pub(super) fn close(self) -> anyhow::Result<()> {
        let Self { _stop: stop, thread } = self;
        drop(stop);
        let served = thread.join().map_err(|_| anyhow::anyhow!("the thread panicked"));
        served.and_then(|served| Ok(served?)).context("cannot answer while the server starts")
    }
}

async fn serve(
    sockets: Vec<Socket>,
    base_path: BasePath,
    stopped: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let mut server = HttpServer::new(move || {
        let base = base_path.clone();
        App::new()
            .wrap(from_fn(routes::add_headers))
            .wrap(from_fn(routes::log_request))
            .wrap(from_fn(move |request, next| base_path::mount(base.clone(), request, next)))
            .default_service(web::to(refuse))
    })
    .workers(1)
    .shutdown_signal(async {
        // Nothing is sent: the sender is dropped.
        stopped.await.ok();
    })
    .shutdown_timeout(1);
    for socket in sockets {
        server = match socket {
            Socket::Tcp(listener) => server.listen(listener)?,
            Socket::Unix(listener, _) => server.listen_uds(listener)?,
        };
    }
    server.run().await
}

/// Responds with a problem to programs, and with a page that reloads itself to browsers.
async fn refuse(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if !accept.is_some_and(|accept| accept.contains("text/html")) {
        return Err(ApiError::Starting);
    }
    let language = Language::of(&request).tag();
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><title>Calls</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><p role=\"status\" dir=\"auto\">{}",
        text(language)
    );
    let mut response = HttpResponse::ServiceUnavailable();
    response.insert_header((RETRY_AFTER, "2")).insert_header((REFRESH, "2")).force_close();
    Ok(response.content_type("text/html; charset=utf-8").body(html))
}

/// The text of the page in one of its languages.
fn text(language: &str) -> &'static str {
    match language {
        "ar" => "يجري تشغيل الخادم. ستُحمَّل هذه الصفحة من جديد تلقائيًا.",
        "de" => "Der Server startet. Diese Seite lädt von selbst neu.",
        "es" => "El servidor se está iniciando. Esta página se recargará sola.",
        "fr" => "Le serveur démarre. Cette page se rechargera d’elle-même.",
        "pt-BR" => "O servidor está iniciando. Esta página será recarregada sozinha.",
        _ => "The server is starting. This page reloads by itself.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_of_the_page_has_its_sentence() {
        let mut texts: Vec<_> = Language::all().map(|language| text(language.tag())).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Language::all().count());
    }
}
