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

    // The request that is under way when the page is reloaded is sent again, and adds the name once.
    server.set_mood(Mood::Silent);
    page.click("grace");
    page.wait_for("waiting", "1");
    page.goto();
    page.wait_for("waiting", "1");
    server.set_mood(Mood::Good);
    page.wait_for("names", "AdaGraceAlanGrace");
    page.wait_for("waiting", "0");
    assert_eq!(server.log().posted, ["Ada", "Grace", "Alan", "Grace"]);

    // The first request was done and its answer lost: its key tells the second from another addition.
    server.set_mood(Mood::Lost);
    page.click("ada");
    page.wait_until("the name", |log| log.posted.len() == 5);
    page.goto();
    server.set_mood(Mood::Good);
    page.wait_for("state", "ready");
    page.wait_for("waiting", "0");
    page.wait_for("names", "AdaGraceAlanGraceAda");
    assert_eq!(server.log().posted, ["Ada", "Grace", "Alan", "Grace", "Ada"]);

    // A failure is rolled back.
    server.set_mood(Mood::Broken);
    page.click("alan");
    page.wait_for("failed", "Alan");
    server.set_mood(Mood::Good);
    page.wait_for("waiting", "0");
    let names = page.text("names");
    assert_eq!(names, "AdaGraceAlanGraceAda", "the failed name is not shown");
    page.close();
}
