//! Waiting for a hook's first answer: `hook.await`, as in Leptos' `Suspend`.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use reactive_graph::effect::RenderEffect;
use reactive_graph::traits::{Get, Track};
use send_wrapper::SendWrapper;

use crate::hook::Swr;
use crate::request::Reply;
use crate::value::Value;

/// `hook.await` is the data as soon as there is any, else the failure as soon as there is one.
///
/// In `Suspend` the view shows its fallback until then. Later answers draw it again, at once and without the
/// fallback: data that is known stays while it is fetched anew, and a failure never takes it away.
///
/// ```no_run
/// # use leptos::prelude::*;
/// # use leptos_swr::Swr;
/// # fn demo(name: Swr<String, String>) -> impl IntoView {
/// view! {
///     <Suspense fallback=|| "Loading">
///         {move || Suspend::new(async move { name.await })}
///     </Suspense>
/// }
/// # }
/// ```
impl<T: Value, E: Value> IntoFuture for Swr<T, E> {
    type Output = Result<T, E>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(SendWrapper::new(async move {
            loop {
                // Tracked by whoever polls, so that later answers draw a `Suspend` again.
                match (self.data.get(), self.error.get()) {
                    (Some(data), _) => return Ok(data),
                    (None, Some(error)) => return Err(error),
                    (None, None) => self.next_change().await,
                }
            }
        }))
    }
}

impl<T: Value, E: Value> Swr<T, E> {
    /// Waits until data or error change.
    async fn next_change(self) {
        let (changed, send) = Reply::new();
        let send = Cell::new(Some(send));
        let effect = RenderEffect::new(move |first: Option<()>| {
            self.data.track();
            self.error.track();
            if let Some(send) = first.and_then(|()| send.take()) {
                send(());
            }
        });
        changed.await;
        drop(effect);
    }
}
