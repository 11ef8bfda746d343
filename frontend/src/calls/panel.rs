//! The panel of a call over the list: `?call=4711`. Rendered by panel.js.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::number::Number;
use crate::reactive::{effect, memo};
use crate::{path, script};

/// Shows the call in the address, while it is there.
pub fn use_panel(number: Number) {
    let search = use_location().search;
    let call = memo(move || {
        search.with(|search| path::pairs(search).find(|(name, _)| name == "call").map(|(_, id)| id))
    });
    let mut was_open = false;
    effect(move || {
        let id = call.get();
        if id.is_some() || was_open {
            let rest: Vec<_> = search
                .with_untracked(|search| path::pairs(search).filter(|(name, _)| name != "call").collect());
            let rest: Vec<(&str, String)> =
                rest.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            let back = number.base.get_untracked() + &path::query(&rest);
            script::panel(&number.asked.get_untracked(), id.as_deref(), &back);
        }
        was_open = id.is_some();
    });
    on_cleanup(|| script::panel("", None, ""));
}
