//! Calls that arrive while the list is scrolled. They are held back, so that nothing moves on the screen.

use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::{CallsPage, Wanted};
use super::timeline::place_of;
use crate::api::ApiError;
use crate::icon::{Icon, Symbol};
use crate::reactive::{effect, memo};
use crate::script::{count, t};

/// Calls that are held back.
#[derive(Clone, Copy)]
pub struct PendingCalls {
    /// Their number.
    pub waiting: Memo<usize>,
    /// Shows them.
    pub show: Callback<()>,
}

/// The first call shown, and its list.
type Head = (Wanted, String);

impl PendingCalls {
    /// Calls are held back while `is_scrolled`. `show` scrolls to the beginning of the list.
    pub fn new(
        calls: SwrPages<CallsPage, ApiError>,
        is_scrolled: Memo<bool>,
        show: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let held = RwSignal::new(None::<Head>);
        let head = memo(move || {
            calls.data.with(|pages| {
                let page = pages.as_ref()?.first()?;
                Some((page.wanted.clone(), page.calls.get(0)?.call.id))
            })
        });
        effect(move || {
            let head = head.get();
            let is_of_list = |held: &Option<Head>| match (held, &head) {
                (Some((held, _)), Some((shown, _))) => held == shown,
                _ => false,
            };
            match is_scrolled.get() {
                false => held.set(None),
                true if held.with_untracked(is_of_list) => {}
                true => held.set(head),
            }
        });
        let waiting = memo(move || {
            let held = held.get();
            calls.data.with(|pages| {
                let (pages, (wanted, id)) = (pages.as_deref()?, held?);
                let is_of_list = pages.first().is_some_and(|page| page.wanted == wanted);
                place_of(pages, &id).filter(|_| is_of_list)
            })
        });
        let waiting = memo(move || waiting.get().unwrap_or_default());
        let show = Callback::new(move |()| {
            held.set(None);
            show();
        });
        Self { waiting, show }
    }

    /// Announcement of pending calls, once and not for each.
    pub fn announcement(&self) -> Option<String> {
        (self.waiting.get() > 0).then(|| t("New calls have come in. Press Home in the list to see them."))
    }
}

/// Button that shows the pending calls.
#[component]
pub fn NewCalls(pending: PendingCalls) -> impl IntoView {
    let has_some = memo(move || pending.waiting.get() > 0);
    let label = move || count("{n} new calls", pending.waiting.get() as u64);
    move || {
        has_some.get().then(|| {
            view! {
                <div class="new-calls">
                    <button class="button" type="button" data-new-calls="" on:click=move |_| pending.show.run(())>
                        <Icon symbol=Symbol::Up />
                        {label}
                    </button>
                </div>
            }
        })
    }
}
