//! `use-swr-fetcher.test.tsx`.

use leptos_swr::use_swr;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};

use crate::rig::{Rig, some};

#[test]
fn a_fetcher_reads_signals_as_they_are_when_it_is_called() {
    let rig = Rig::new();
    let signal = RwSignal::new(1);
    let hook = rig.mount(|| {
        use_swr(
            || some("a"),
            move |_| {
                let value = signal.get();
                async move { Ok::<_, String>(value) }
            },
        )
    });
    rig.host.settle();
    signal.set(2);
    rig.host.settle();
    assert_eq!(hook.data.get_untracked(), Some(1), "a fetcher is not tracked");
    hook.revalidate();
    rig.host.settle();
    assert_eq!(hook.data.get_untracked(), Some(2));
}

#[test]
fn a_fetcher_gets_the_key_as_it_is() {
    let rig = Rig::new();
    for key in [0, 7] {
        let hook = rig.mount(|| use_swr(move || Some(key), |key| async move { Ok::<_, String>(key) }));
        rig.host.settle();
        assert_eq!(hook.data.get_untracked(), Some(key));
    }
}
