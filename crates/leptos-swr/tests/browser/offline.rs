//! The example `offline`: mutations that wait for the network, and the panel of the cache.

use crate::page::{Page, build};
use crate::server::{Mood, Server};

#[test]
fn names_added_offline_are_shown_and_sent_in_order() {
    let server = Server::start(build("offline"), 0).expect("a port");
    let page = Page::open(&server);
    page.wait_for("state", "ready");

    page.set_offline(true);
    page.wait_for("network", "offline");
    page.click("ada");
    page.click("grace");
    page.wait_for("names", "AdaGrace");
    page.wait_for("waiting", "2");
    assert!(server.log().posted.is_empty());
    page.wait_for("devtools", "Names: Data, shown by 1");

    page.set_offline(false);
    page.wait_until("both names", |log| log.posted == ["Ada", "Grace"]);
    page.wait_for("waiting", "0");
    page.wait_for("names", "AdaGrace");

    // Shown while the server does not answer.
    server.set_mood(Mood::Silent);
    page.click("alan");
    page.wait_for("waiting", "1");
    page.wait_for("names", "AdaGraceAlan");
    server.set_mood(Mood::Good);
    page.wait_for("waiting", "0");

    // A failure is rolled back.
    server.set_mood(Mood::Broken);
    page.click("ada");
    page.wait_for("failed", "Ada");
    server.set_mood(Mood::Good);
    page.wait_for("waiting", "0");
    let names = page.text("names");
    assert!(names.ends_with("Alan"), "the failed name is gone, but found {names:?}");
    page.close();
}
